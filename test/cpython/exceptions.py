"""What CPython makes of a call of each builtin exception with each of some arguments: JSON out.

Out: [[name and arguments, base64 of the pickle, class of the result or None, its repr or the error, its str], ...]
"""

import base64
import builtins
import collections
import datetime
import decimal
import fractions
import ipaddress
import json
import pathlib
import pickle
import sys
import uuid

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
    ("utf-8", b"\xff\xfea", 0, 2, "r"),
    ("utf-8", b"\xff\xfea", 2, 3, 'it"s'),
    ("utf-8", b"\xff\xfea", 3, 4, "r"),
    ("ascii", "\xe9\u20ac\U0001f600a", 0, 1, "r"),
    ("ascii", "\xe9\u20ac\U0001f600a", 1, 2, "r"),
    ("ascii", "\xe9\u20ac\U0001f600a", 2, 3, "r"),
    ("ascii", "\xe9\u20ac\U0001f600a", 3, 4, "r"),
    ("ascii", "\xe9\u20ac\U0001f600a", 1, 4, "r"),
    ("ascii", "\xe9\u20ac\U0001f600a", 4, 5, "r"),
    ("\xe9\u20ac\U0001f600a", 2, 3, "r"),
    ("\xe9\u20ac\U0001f600a", 1, 3, "r"),
    ("it's",),
    ('a"b\n\x00\xe9\u2028', "it's"),
    (b"a'b",),
    (bytearray(b"x"), 2**70),
    (1e16, 1.5, float("nan"), -0.0, True, None),
    (2, "m", "it's"),
    (2, "m", b"a'b", None, "it's"),
    ("m", ("/d/f.py", 1, 2, "t")),
    ("m", (None, 1, 2, "t")),
    ("m", ("/d/f.py", None, 2, "t")),
    (5, ("/d/", "1", 2, "t")),
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
    (decimal.Decimal("1.50"),),
    (fractions.Fraction(1, 3), decimal.Decimal("1.50")),
    (datetime.timedelta(1, 2), uuid.UUID(int=7)),
    (datetime.datetime(2024, 1, 2, 3, 4, 5),),
    (datetime.datetime(2024, 1, 2, 3, 4, 5, 6, datetime.timezone.utc),),
    (datetime.date(2024, 1, 2),),
    (datetime.time(1, 2),),
    (datetime.timedelta(-1, 2, 3),),
    (datetime.timezone(datetime.timedelta(0, 3600)),),
    (ipaddress.ip_network("10.0.0.0/8"),),
    (collections.deque([1], 2),),
    (collections.Counter(a=1),),
    (pathlib.PurePosixPath("/a/b"),),
    (2, pathlib.PurePosixPath("m"), pathlib.PurePosixPath("/a/b")),
    (["it's", 1.0, None, b"x", (1,)],),
    ({"field": ["m", {1}]},),
    (frozenset([1]), int),
    (int,),
    (ValueError("m", KeyError("k")), "n"),
    (OSError(2, "m", "f"), [OSError(2, "m", "f")]),
    (range(3),),
    ([],),
    ((),),
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
            made = [type(value).__name__, repr(value), str(value)]
        except Exception as error:
            made = [None, repr(error), None]
        rows.append(["%s%r" % (name, args), base64.b64encode(data).decode()] + made)
print(json.dumps(rows))
