"""What CPython's repr says of values: JSON out. Only of what every Python 3 shows alike.

Out: [[base64 of the pickle, repr], ...]
"""

import array
import base64
import collections
import datetime
import decimal
import fractions
import ipaddress
import json
import math
import pathlib
import pickle
import random
import re
import types
import uuid

random.seed(20240506)


def values():
    yield from (collections.Counter(a=1, b=3, c=2, d=3), collections.Counter({1: -2, 2: 0, "x": 2**70}))
    yield from (collections.Counter({1: 1.5, 2: True, 3: 1}), collections.Counter({1: None, 2: 3}), collections.Counter())
    yield from (collections.deque([1], 0), collections.deque([1, 2], 1), collections.deque([(1,)]))
    yield from (collections.defaultdict(None, a=1), collections.defaultdict(int), collections.ChainMap({1: 2}, {}))
    for code in "bBhHiIlLqQfd":
        yield from (array.array(code), array.array(code, [0, 1, 100]))
    yield from (array.array("u", "a\xe9'"), array.array("d", [math.nan, -0.0, 1e300]), array.array("f", [0.1, 1e-40]))
    for data in (b"it's", b'a"', b"it's\"", b"\\", b"\t\n\r\x00\x7f\xff", bytes(range(256))):
        yield from (data, bytearray(data), data.decode("latin-1"))
    yield "\u0378\u200b\u2028\ufeff\ud800\U0001f600\U000e0001\U0010ffff\ue000"
    for pattern in ("a", "it's", "x" * 197, "x" * 198, "x" * 300, "\U0001f600" * 300, b"x" * 300, b"it's"):
        yield from (re.compile(pattern), re.compile(pattern, re.I | re.M | re.S | re.X), re.compile(pattern, re.A))
    floats = [0.0, -0.0, 1e16, 1e15, 1e-4, 1e-5, 5e-324, 1.7976931348623157e308, math.inf, -math.inf, math.nan, 1e22]
    floats += [random.uniform(-1, 1) * 10.0 ** random.randint(-320, 308) for _ in range(200)]
    for number in floats:
        yield from (number, complex(number, 1), complex(1, number), complex(-0.0, number), complex(number, -0.0))
    for _ in range(200):
        digits = tuple(random.randint(0, 9) for _ in range(random.randint(1, 8)))
        yield decimal.Decimal((random.randint(0, 1), digits, random.randint(-20, 20)))
        yield fractions.Fraction(random.randint(-99, 99), random.randint(1, 99))
        yield datetime.timedelta(random.randint(-999, 999), random.randint(0, 86399), random.choice([0, 7]))
    for text in ("NaN", "-NaN", "sNaN", "NaN123", "-Infinity", "0E+5", "-0", "0E-7", "0.000000", "1E-1999999999999999997"):
        yield decimal.Decimal(text)
    delta = datetime.timedelta
    zones = [None, datetime.timezone.utc, datetime.timezone(delta(0), "it's")]
    zones += [datetime.timezone(delta(0, *parts)) for parts in ((19800,), (-1,), (0, 1), (0, -1), (-86399, -999999))]
    for zone in zones:
        yield zone
        for moment in (datetime.datetime.min, datetime.datetime.max, datetime.datetime(2024, 1, 2, 3, 4, 5, fold=1)):
            yield from (moment.replace(tzinfo=zone), moment.replace(tzinfo=zone).timetz())
    yield from (datetime.date.min, datetime.date.max, delta.min, delta.max, delta(0))
    for text in ("1.2.3.4", "::", "::1", "1::", "1:0:0:2:0:0:0:3", "1:0:0:2:3:0:0:4", "2001:db8:0:1:1:1:1:1"):
        address = ipaddress.ip_address(text)
        yield from (address, ipaddress.ip_interface(address), ipaddress.ip_network(address))
    segments = ["a", "b/", "/c", ".", "", "..", "c:x", "D:/y", "\\\\srv\\share", "//srv/share/z", "\\q", "a\\b", "~", "it's"]
    for _ in range(200):
        chosen = [random.choice(segments) for _ in range(random.randint(1, 3))]
        yield from (pathlib.PurePosixPath(*chosen), pathlib.PureWindowsPath(*chosen))
    yield from (range(5), range(5, 1, -1), slice(1), slice(None, None, -1), types.SimpleNamespace(a=1, b="x"))
    yield from (frozenset(), frozenset([1]), set(), {1}, (), (1,), Ellipsis, NotImplemented, type(None), uuid.UUID(int=7))


print(json.dumps([[base64.b64encode(pickle.dumps(value, 4)).decode(), repr(value)] for value in values()]))
