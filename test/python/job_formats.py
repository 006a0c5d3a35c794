"""Reads and writes jobs as arq, huey and dramatiq do, with the standard library only.

None of the three is in Debian, so this stands in for them: huey's named tuples under the names that huey gives them, and what
their source says about keys and dicts. That the forms are theirs is shown by the captures in test/captures/redis.
"""

import collections
import datetime
import hashlib
import json
import pickle
import sys
import types

from peer import serve
from redis import Redis

connection = Redis.from_url(sys.argv[1])

FIELDS = (
    "id name eta retries retry_delay priority args kwargs on_complete on_error expires expires_resolved"
    " timeout chord_config retry_backoff"
).split()


def module(name, **members):
    made = types.ModuleType(name)
    for key, value in members.items():
        value.__module__ = name
        setattr(made, key, value)
    sys.modules[name] = made
    return made


module("huey", **{})
# Each version of huey has one class of this name; those of huey 2 stop at expires_resolved.
MESSAGES = {count: collections.namedtuple("Message", FIELDS[:count]) for count in (12, 15)}
for message in MESSAGES.values():
    message.__new__.__defaults__ = (None,) * len(message._fields)
    message.__module__ = "huey.registry"
registry = module("huey.registry", Message=MESSAGES[15])
utils = module("huey.utils", Error=collections.namedtuple("Error", ("metadata",)))


def loads(raw):
    return pickle.loads(raw)


def arq_run():
    """What an arq worker does with the jobs that are due, for the function \"add\"."""
    done = []
    for id in connection.zrange("arq:queue", 0, -1):
        id = id.decode()
        job = loads(connection.get("arq:job:" + id))
        done.append(repr(job))
        result = {**job, "t": 1, "s": True, "r": None, "st": job["et"] + 1, "ft": job["et"] + 2, "q": "arq:queue", "id": id}
        try:
            result["r"] = sum(job["a"]) + sum(job["k"].values())
        except Exception as error:
            result.update(s=False, r=error)
        connection.psetex("arq:result:" + id, 60000, pickle.dumps(result))
        connection.zrem("arq:queue", id)
        connection.delete("arq:job:" + id)
    return done


def huey_run(name, priority=False, fields=15):
    """What a huey consumer does with the tasks that wait."""
    registry.Message = MESSAGES[fields]
    done = []
    while True:
        if priority:
            popped = connection.zpopmin("huey.redis." + name)
            raw = popped[0][0][8:] if popped else None
        else:
            raw = connection.rpop("huey.redis." + name)
        if raw is None:
            return done
        task = loads(raw)
        assert len(task) == fields and raw == pickle.dumps(task, raw[1]), "not as huey writes it"
        done.append([type(task).__name__, task.name, repr(task.eta), repr(task.args), repr(task.kwargs), task.retries])
        try:
            result = sum(task.args) + sum(task.kwargs.values())
        except Exception as error:
            result = utils.Error({"error": repr(error), "retries": 0, "traceback": "a traceback", "task_id": task.id})
        connection.hset("huey.results." + name, task.id, pickle.dumps(result, pickle.HIGHEST_PROTOCOL))


def huey_enqueue(name, priority=False, fields=15):
    """What a huey does with a task that it is to run later."""
    registry.Message = MESSAGES[fields]
    due = datetime.datetime(2030, 1, 2, 3, 4, 5)
    raw = pickle.dumps(registry.Message("their-id", "tasks.add", due, 2, 10, 5, (1, {2}), {"c": None}), pickle.HIGHEST_PROTOCOL)
    if priority:
        connection.zadd("huey.redis." + name, {b"\x00\x06\x60\xf4\x32\xf7\xb9\x6e" + raw: -5})
    else:
        connection.lpush("huey.redis." + name, raw)
    connection.zadd("huey.schedule." + name, {raw: 1893553445})


def dramatiq_run(queue, encoder="pickle"):
    """What a dramatiq worker with Results does with the messages that wait."""
    dumps, decode = pickle.dumps, pickle.loads
    if encoder == "json":
        dumps, decode = lambda value: json.dumps(value, separators=(",", ":")).encode(), json.loads
    done = []
    while True:
        id = connection.lpop("dramatiq:" + queue)
        if id is None:
            return done
        message = decode(connection.hget("dramatiq:%s.msgs" % queue, id))
        connection.hdel("dramatiq:%s.msgs" % queue, id)
        assert message["options"]["redis_message_id"] == id.decode()
        done.append([message["queue_name"], message["actor_name"], repr(message["args"]), repr(message["kwargs"])])
        try:
            result = sum(message["args"]) + sum(message["kwargs"].values())
        except Exception as error:
            exn = {"type": type(error).__name__, "msg": str(error)}
            result = {"__t": "dramatiq.results.Result", "exn": exn}
        name = "dramatiq-results:%s:%s:%s" % (queue, message["actor_name"], message["message_id"])
        key = hashlib.md5(name.encode()).hexdigest()
        connection.lpush(key, dumps(result))
        connection.pexpire(key, 60000)


if __name__ == "__main__":
    serve({"arq": arq_run, "huey": huey_run, "huey_enqueue": huey_enqueue, "dramatiq": dramatiq_run})
