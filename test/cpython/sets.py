"""What CPython makes of two sets: JSON out.

Out: [[shown, base64 of the pickle of (a, b, a | b, a & b, a - b, a ^ b), a <= b, a >= b, a.isdisjoint(b)], ...]
"""

import base64
import json
import pickle
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

UTC = timezone.utc
MEMBERS = [
    set(),
    {1, 2, 3},
    {True, 2.0},
    {Decimal(1), Fraction(1, 2)},
    {0.5, "a", None},
    {(1, 2), (3, 4)},
    {(1.0, Decimal(2)), (True, "x")},
    {frozenset([(1, 2)]), (3, (4, frozenset()))},
    {frozenset([(True, 2.0)]), b"ab", "ab"},
    {2**70, -(2**70), float(2**70)},
    {datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1)},
    {datetime(2024, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), timedelta(1)},
    {(1, 2)},
    set(range(20)),
]
KINDS = [set, frozenset]


def rows():
    for first in MEMBERS:
        for second in MEMBERS:
            for kind in KINDS:
                a, b = kind(first), set(second)
                made = (a, b, a | b, a & b, a - b, a ^ b)
                yield [
                    "%r and %r" % (a, b),
                    base64.b64encode(pickle.dumps(made, 4)).decode(),
                    a <= b,
                    a >= b,
                    a.isdisjoint(b),
                ]


print(json.dumps(list(rows())))
