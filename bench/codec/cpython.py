"""Times `pickle` on request: one JSON object a line in, one out, so that CPython takes its turns between the others.

Request: {"file": path, "direction": "decode" | "encode", "protocol": n, "iterations": n}
Reply:   {"nanoseconds": per iteration}
"""

import functools
import gc
import json
import os
import pickle
import sys
import threading
import time

values = {}
inputs = {}
buffers = {}


def read_buffers(path):
    """The buffer out of band that belongs to a pickle, if there is one."""
    if not os.path.exists(path + ".buffer"):
        return None
    with open(path + ".buffer", "rb") as source:
        return [bytearray(source.read())]


def serve():
    for line in sys.stdin:
        request = json.loads(line)
        path = request["file"]
        if path not in inputs:
            with open(path, "rb") as source:
                inputs[path] = source.read()
            buffers[path] = read_buffers(path)
            values[path] = pickle.loads(inputs[path], buffers=buffers[path])
            if buffers[path]:
                values[path]["data"] = pickle.PickleBuffer(values[path]["data"])
        data, value, protocol = inputs[path], values[path], request["protocol"]
        count = range(request["iterations"])
        loads, dumps = pickle.loads, pickle.dumps
        if buffers[path]:
            loads = functools.partial(loads, buffers=buffers[path])
            dumps = functools.partial(dumps, buffer_callback=lambda buffer: None)
        # As timeit does: collections of the cycle collector are not what is compared.
        gc.disable()
        start = time.process_time_ns()
        if request["direction"] == "decode":
            for _ in count:
                loads(data)
        else:
            for _ in count:
                dumps(value, protocol)
        elapsed = time.process_time_ns() - start
        gc.enable()
        print(json.dumps({"nanoseconds": elapsed / request["iterations"]}), flush=True)


# Deep values need a deep stack.
sys.setrecursionlimit(60_000)
threading.stack_size(512 * 1024 * 1024)
thread = threading.Thread(target=serve)
thread.start()
thread.join()
