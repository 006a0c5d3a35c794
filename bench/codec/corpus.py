"""Writes the benchmark's workloads as pickles: one file a workload and protocol, from a fixed seed.

Usage: corpus.py FOLDER
"""

import datetime
import decimal
import json
import os
import pickle
import random
import sys
import uuid

WORDS = "order item user status active pending city street price total queue worker result error retry name mail".split()


def records(rng, count):
    return [
        {
            "id": i,
            "name": "user %d" % rng.randrange(10**6),
            "email": "u%d@example.org" % rng.randrange(10**6),
            "active": rng.random() < 0.5,
            "score": rng.random() * 100,
            "age": rng.randrange(18, 90),
            "city": rng.choice(WORDS) + str(rng.randrange(100)),
            "tags": [rng.choice(WORDS) for _ in range(3)],
            "balance": round(rng.random() * 10**4, 2),
            "parent": None,
        }
        for i in range(count)
    ]


def rich(rng):
    def moment():
        return datetime.datetime(2026, rng.randrange(1, 13), rng.randrange(1, 29), rng.randrange(24), rng.randrange(60), rng.randrange(60), rng.randrange(10**6))

    return [
        {
            "when": moment(),
            "aware": moment().replace(tzinfo=datetime.timezone.utc),
            "day": moment().date(),
            "took": datetime.timedelta(seconds=rng.randrange(10**5), microseconds=rng.randrange(10**6)),
            "price": decimal.Decimal(rng.randrange(10**8)).scaleb(-2),
            "id": uuid.UUID(int=rng.getrandbits(128)),
            "pair": (rng.randrange(1000), "n%d" % rng.randrange(10**5)),
        }
        for _ in range(400)
    ]


def task(rng, kwargs):
    return ((rng.randrange(100), rng.randrange(100)), kwargs, {"callbacks": None, "errbacks": None, "chain": None, "chord": None})


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def workloads():
    rng = random.Random(20260801)
    text = "the quick brown fox jumps over the lazy dog and then goes home to sleep "
    result = {
        "status": "SUCCESS",
        "result": {"total": 129.5, "items": [rng.randrange(10**4) for _ in range(10)], "currency": "EUR"},
        "traceback": None,
        "children": [],
        "date_done": "2026-08-01T10:11:12.345678+00:00",
        "task_id": str(uuid.UUID(int=rng.getrandbits(128))),
        "name": "shop.tasks.total",
        "worker": "celery@web1",
        "retries": 0,
        "queue": "celery",
        "parent_id": None,
        "args": [1, 2.5, "order"],
        "kwargs": {"order_id": 99120, "dry_run": False},
    }
    scripts = ["日本語のテキスト", "данные в юникоде", "café crème brûlée", "emoji 😀🚀 mixed", "数据库连接池", "naïve façade"]
    return {
        "a": task(rng, {"user_id": 184467, "template": "welcome-mail", "locale": "en_GB", "retry": True, "tags": ["new", "beta-programme"]}),
        "m": result,
        "b": task(rng, {"order": records(rng, 1)[0], "lines": [{"sku": "S%05d" % rng.randrange(10**5), "n": rng.randrange(9), "price": rng.random(), "label": "article %d" % rng.randrange(10**6)} for _ in range(24)]}),
        "c": records(rng, 1000),
        "c2": [{"column_%02d" % k: (rng.randrange(10**6) if k % 3 else "value %d" % rng.randrange(10**4)) for k in range(30)} for _ in range(300)],
        "k": rich(rng),
        "d": [rng.randrange(-(2**rng.randrange(1, 32)), 2 ** rng.randrange(1, 32)) for _ in range(290_000)],
        "d2": [rng.getrandbits(63) * rng.choice((1, -1)) for _ in range(110_000)],
        "e": [rng.random() * 10 ** rng.randrange(9) for _ in range(116_000)],
        "f": ["%s%d" % (rng.choice(WORDS), rng.randrange(10**7)) for _ in range(43_000)],
        "f2": [(text * 20)[: rng.randrange(500, 1400)] + str(i) for i in range(1000)],
        "g": [(rng.choice(scripts) + " ") * rng.randrange(1, 12) + str(i) for i in range(6000)],
        "i": nested(10_000),
        "j": {"key-%d-%d" % (i, rng.randrange(10**6)): i for i in range(100_000)},
        "h": random.Random(1).randbytes(16 * 1024 * 1024),
        "h-view": random.Random(1).randbytes(16 * 1024 * 1024),
    }


def main(folder):
    os.makedirs(folder, exist_ok=True)
    sys.setrecursionlimit(60_000)
    for name, value in workloads().items():
        for protocol in (2, 4, 5):
            with open(os.path.join(folder, "%s.p%d.pickle" % (name, protocol)), "wb") as out:
                # Loaded and dumped once, so that strings are shared as in a value that came from elsewhere.
                out.write(pickle.dumps(value, protocol))
        try:
            text = None if isinstance(value, bytes) else json.dumps(value, default=str)
        except (TypeError, ValueError, RecursionError):
            text = None
        if text is not None:
            with open(os.path.join(folder, name + ".json"), "w") as out:
                out.write(text)
    # A buffer out of band, as numpy's arrays are: the pickle has its place, a file next to it what is there.
    data = bytearray(random.Random(2).randbytes(8 * 1024 * 1024))
    with open(os.path.join(folder, "l.p5.pickle"), "wb") as out:
        out.write(pickle.dumps({"data": pickle.PickleBuffer(data)}, 5, buffer_callback=lambda buffer: None))
    with open(os.path.join(folder, "l.p5.pickle.buffer"), "wb") as out:
        out.write(data)
    print(sys.version.split()[0])


if __name__ == "__main__":
    main(sys.argv[1])
