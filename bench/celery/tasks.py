"""The Python side of the benchmark: Celery's own worker and client.

    celery -A tasks worker ...      prints `{"consumed": ..., "seconds": ..., "cpu": ..., "idle": ...}` after COUNT runs
    python tasks.py publish N       prints `{"published": ..., "seconds": ..., "cpu": ...}`
    python tasks.py roundtrip N     prints `{"latencies": [[published, started, returned], ...]}`, milliseconds, one task after
                                    the other

`cpu`: seconds that the process that reports computed. `idle`: seconds in pauses between tasks of more than half a second.

BROKER, BACKEND, QUEUE, SERIALIZER, COUNT, PREFETCH (the multiplier): as their names say.
"""

import itertools
import json
import os
import sys
import time

from celery import Celery

count = int(os.environ.get("COUNT", "0"))
serializer = os.environ.get("SERIALIZER", "pickle")
app = Celery("tasks", broker=os.environ["BROKER"], backend=os.environ.get("BACKEND", "disabled://"))
app.conf.update(
    task_default_queue=os.environ["QUEUE"],
    task_serializer=serializer,
    result_serializer=serializer,
    accept_content=[serializer],
    # As Brine publishes: the broker has the message when the call returns. Celery's default is not to ask.
    broker_transport_options={"confirm_publish": True} if os.environ.get("CONFIRMS") else {},
    worker_prefetch_multiplier=int(os.environ.get("PREFETCH", "4")),
)
# Counts exactly under threads too, where `seen += 1` may lose one.
runs = itertools.count(1)
begun = cpu = last = idle = 0.0
PAUSE = 0.5


def say(message):
    sys.__stdout__.write(json.dumps(message) + "\n")
    sys.__stdout__.flush()


@app.task(name="bench.noop", ignore_result=True)
def noop():
    """Counts in the process that runs it: one process of a pool, or one with threads."""
    global begun, cpu, last, idle
    now = time.perf_counter()
    seen = next(runs)
    if seen == 1:
        begun, cpu = now, time.process_time()
    elif now - last > PAUSE:
        idle += now - last
    last = now
    if seen == count:
        say({"consumed": seen, "seconds": now - begun, "cpu": time.process_time() - cpu, "idle": idle})


@app.task(name="bench.clock")
def clock():
    return time.time() * 1000


def publish(n):
    noop.delay()
    begun, cpu = time.perf_counter(), time.process_time()
    for _ in range(n - 1):
        noop.delay()
    say({"published": n - 1, "seconds": time.perf_counter() - begun, "cpu": time.process_time() - cpu})


def roundtrip(n):
    clock.delay().get(timeout=60)
    latencies = []
    for _ in range(n):
        begun = time.time() * 1000
        result = clock.delay()
        published = time.time() * 1000
        started = result.get(timeout=60)
        latencies.append([published - begun, started - begun, time.time() * 1000 - begun])
    say({"latencies": latencies})


if __name__ == "__main__":
    {"publish": publish, "roundtrip": roundtrip}[sys.argv[1]](int(sys.argv[2]))
