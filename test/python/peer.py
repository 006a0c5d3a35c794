"""The Python end of `PythonPeer`: one JSON object per line each way.

In:   {"id": 1, "op": "name", "params": {...}}
Out:  {"ready": true} once, then {"id": 1, "ok": ...} or {"id": 1, "error": {"class", "message", "traceback"}}

Runs on Python 3.7 and later. Ends when standard input ends.
"""

import base64
import faulthandler
import gc
import json
import os
import sys
import traceback

STUCK_AFTER_SECONDS = 80


def b64(data):
    """Bytes for the way to Node."""
    return base64.b64encode(bytes(data)).decode("ascii")


def unb64(text):
    """Bytes that came from Node."""
    return base64.b64decode(text)


def class_name(cls):
    if cls.__module__ == "builtins":
        return cls.__qualname__
    return "%s.%s" % (cls.__module__, cls.__qualname__)


def type_tree(value, depth=50):
    """What `repr` hides: the exact class of a value and of everything in it. Shared references come out twice."""
    name = class_name(type(value))
    if depth == 0:
        return [name, "..."]
    if isinstance(value, dict):
        return [name, [[type_tree(k, depth - 1), type_tree(v, depth - 1)] for k, v in value.items()]]
    if isinstance(value, (set, frozenset)):
        return [name, sorted((type_tree(item, depth - 1) for item in value), key=repr)]
    if isinstance(value, (list, tuple)):
        return [name, [type_tree(item, depth - 1) for item in value]]
    return [name, repr(value)]


def serve(operations):
    """Answers requests one after another with `operations[op](**params)`.

    Garbage is collected between requests only: Celery's `AsyncResult.__del__` unsubscribes, and waits for ever when the
    collector calls it while redis-py holds the connection's lock to subscribe.
    """
    gc.collect()
    gc.freeze()
    gc.disable()
    # The protocol gets a standard output of its own, so that a stray print cannot break it.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def send(message):
        out.write(json.dumps(message) + "\n")
        out.flush()

    send({"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        # Before Node gives up on the answer, its log has where this one stands.
        faulthandler.dump_traceback_later(STUCK_AFTER_SECONDS)
        try:
            send({"id": request["id"], "ok": operations[request["op"]](**request["params"])})
        except BaseException as error:
            send(
                {
                    "id": request["id"],
                    "error": {
                        "class": class_name(type(error)),
                        "message": str(error),
                        "traceback": traceback.format_exc(),
                    },
                }
            )
        finally:
            faulthandler.cancel_dump_traceback_later()
            gc.collect()
