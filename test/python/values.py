"""Values to send to Node: every kind that travels by pickle between two standard libraries."""

import collections
import datetime
import decimal
import fractions
import uuid

import models


def rich():
    shared = ["shared"]
    return {
        "none": None,
        "flags": (True, False),
        "small": 42,
        "big": 2**80,
        "negative": -(2**63),
        "float": 1.5,
        "whole": 2.0,
        "infinite": float("-inf"),
        "complex": 4 + 6j,
        "text": "gr\u00fc\u00dfe \u4f60\u597d \U0001f952",
        "bytes": b"\x00\xff",
        "bytearray": bytearray(b"abc"),
        "list": [1, [2, [3]]],
        "tuple": (1, (2, ())),
        "set": {1, 2},
        "frozenset": frozenset(["a"]),
        "mixed keys": {1: "one", (2, 3): "pair", None: "none"},
        "datetime": datetime.datetime(2024, 2, 29, 12, 30, 45, 123456),
        "aware": datetime.datetime(2024, 2, 29, 12, 30, 45, tzinfo=datetime.timezone.utc),
        "date": datetime.date(2024, 2, 29),
        "time": datetime.time(12, 30, 45, 6),
        "timedelta": datetime.timedelta(days=-1, seconds=3, microseconds=5),
        "decimal": decimal.Decimal("1.10"),
        "uuid": uuid.UUID("12345678-1234-5678-1234-567812345678"),
        "fraction": fractions.Fraction(3, 4),
        "ordered": collections.OrderedDict([("z", 1), ("a", 2)]),
        "counter": collections.Counter("aab"),
        "deque": collections.deque([1, 2], maxlen=5),
        "point": models.Point(1, 2),
        "shared": [shared, shared],
    }
