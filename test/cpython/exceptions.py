"""What CPython makes of a call of each builtin exception with each of some arguments: JSON out.

Out: [[name and arguments, base64 of the pickle, class of the result or None, its repr or the error], ...]
"""

import base64
import builtins
import json
import pickle
import sys

ARGUMENTS = [
    (),
    ("m",),
    (5,),
    ("m", "n"),
    (2, "m"),
    (2, "m", "f"),
    (2, "m", 7),
    (2, "m", None, None, "g"),
    (2, "m", "f", None, "g"),
    (2, "m", "f", None, "g", 6),
    (11, "m", "f"),
    (11, "m", 5, None, "g"),
    ("utf-8", b"x", 0, 1, "r"),
    ("utf-8", bytearray(b"x"), -5, True, "r"),
    ("utf-8", b"x", 0, 2**63, "r"),
    ("utf-8", b"x", 0, 1, 5),
    ("utf-8", "x", 0, 1, "r"),
    ("utf-8", b"x", 0, 1, "r", None),
    ("utf-8", "x", 0, 1, "r", None),
    ("x", 0, 1, "r"),
    ("x", 0, 1, "r", None),
    ("m", ("f", 1, 2, "t")),
    ("m", ["f", 1, 2, "t"]),
    ("m", ("f", 1, 2, "t", 3)),
    ("m", "abcd"),
    ("m", "abc"),
    ("m", 5),
    ("g", [ValueError(1)]),
    ("g", (ValueError(1), KeyError("k"))),
    ("g", []),
    ("g", [KeyboardInterrupt()]),
    ("g", [5]),
    ("g", [ValueError]),
    (5, [ValueError(1)]),
    ("g", [ValueError(1)], 1),
    ("g", {}),
]
if sys.version_info >= (3, 11):
    ARGUMENTS.append(("g", [ExceptionGroup("h", [ValueError(1)])]))
if sys.version_info >= (3, 10):
    ARGUMENTS.append(("m", ("f", 1, 2, "t", 3, 4)))


class Call:
    def __init__(self, cls, args):
        self.call = cls, args

    def __reduce__(self):
        return self.call


rows = []
for name, cls in sorted(vars(builtins).items()):
    if name.startswith("_") or not (isinstance(cls, type) and issubclass(cls, BaseException)):
        continue
    for args in ARGUMENTS:
        data = pickle.dumps(Call(cls, args), 4)
        try:
            value = pickle.loads(data)
            made = [type(value).__name__, repr(value)]
        except Exception as error:
            made = [None, repr(error)]
        rows.append(["%s%r" % (name, args), base64.b64encode(data).decode()] + made)
print(json.dumps(rows))
