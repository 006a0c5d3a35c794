"""Loads pickles and writes them again, in one go: JSON in, JSON out.

In:  [[protocol, base64], ...]
Out: [[ascii() of the value, base64 of CPython's pickle of it at that protocol], ...]
"""

import base64
import json
import pickle
import sys

sys.setrecursionlimit(10000)
answers = []
for protocol, data in json.load(sys.stdin):
    value = pickle.loads(base64.b64decode(data))
    answers.append([ascii(value), base64.b64encode(pickle.dumps(value, protocol)).decode()])
print(json.dumps(answers))
