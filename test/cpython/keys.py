"""Which values CPython takes for one key of a dict: JSON out.

Out: [[repr, base64 of the pickle, the number of the first value that equals it], ...]
"""

import base64
import datetime
import decimal
import fractions
import ipaddress
import json
import math
import pathlib
import pickle
import random
import sys
import uuid

Decimal = decimal.Decimal
Fraction = fractions.Fraction
EXACT = decimal.Context(prec=4000, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)
random.seed(20240506)


def forms(number):
    """A Fraction, as every type of number that has its value."""
    yield number
    n, d = number.numerator, number.denominator
    if d == 1:
        yield n
    try:
        double = n / d
        if Fraction(double) == number:
            yield double
            yield complex(double)
    except OverflowError:
        pass
    rest = d
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest == 1:
        exact = EXACT.divide(Decimal(n), Decimal(d))
        yield exact
        yield EXACT.scaleb(EXACT.multiply(exact, Decimal("1.000")), 0)
        yield EXACT.normalize(exact)


def numbers():
    yield from (True, False, 0, 0.0, -0.0, Decimal("-0.00"), Decimal("0E+50"), 0j, complex(-0.0, -0.0), None)
    yield from (math.inf, -math.inf, Decimal("inf"), Decimal("-Infinity"), complex(math.inf))
    yield from (1e308, int(1e308), Decimal(1e308), 5e-324, Decimal(5e-324), Fraction(5e-324), 1e-300, Decimal(1e-300))
    yield from (Decimal("1E+999999999999999999"), Decimal("1.0E+999999999999999999"), Decimal("1E-1999999999999999997"))
    yield from (2j, complex(-0.0, 2), complex(1, -0.0), complex(0.5, 0), complex(0.1, 1))
    for n in (1, 3, 7, 10, 25, 2**31, 2**53 - 1, 2**53, 2**53 + 1, 2**64, 2**64 + 2**90, 10**30, 3**200, 10**400, 10**990, 7**1100):
        for d in (1, 2, 3, 5, 10, 2**20, 2**53, 5**30, 6**9, 10**60, 2**1022, 2**1074, 2**1075):
            yield from forms(Fraction(n, d))
            yield from forms(Fraction(-n, d))
    for _ in range(300):
        yield from forms(Fraction(random.choice([random.random(), random.random() * 2.0 ** random.randint(-1100, 300)])))
        yield from forms(Fraction(random.getrandbits(random.randint(1, 120)), 10 ** random.randint(0, 40)))
    for _ in range(100):
        yield Fraction(random.getrandbits(90), random.getrandbits(40) + 1)


def times():
    delta = datetime.timedelta
    zones = [None, datetime.timezone.utc]
    for minutes in (-90, 60, 120):
        zones += [datetime.timezone(delta(minutes=minutes)), datetime.timezone(delta(minutes=minutes), "named")]
    zones.append(datetime.timezone(delta(seconds=12, microseconds=5)))
    if sys.version_info >= (3, 9):
        import zoneinfo

        zones += [zoneinfo.ZoneInfo(key) for key in ("UTC", "Europe/Paris", "Europe/Berlin", "America/St_Johns")]
    yield from zones[1:]
    hours = [datetime.datetime(2024, 3, 30), datetime.datetime(2024, 10, 26)]
    for zone in zones:
        for hour in hours:
            # The hour that the clock skips, and the one that it shows twice, among others.
            for i in range(120):
                moment = hour + delta(minutes=30 * i)
                yield moment.replace(tzinfo=zone)
                yield moment.replace(tzinfo=zone, fold=1)
        if zone is None or isinstance(zone, datetime.timezone):
            yield datetime.datetime.min.replace(tzinfo=zone)
            yield datetime.datetime.max.replace(tzinfo=zone)
    for zone in zones:
        for i in range(48):
            time = (hours[0] + delta(minutes=30 * i)).time()
            yield time.replace(tzinfo=zone)
            yield time.replace(tzinfo=zone, fold=1)
    yield from (datetime.date.min, datetime.date.max, datetime.date(2024, 3, 31), datetime.date(2024, 3, 31))
    yield from (delta.min, delta.max, delta(0), delta(1), delta(0, 86400), delta(0, 0, -1), delta(-1, 86399, 999999))


def others():
    yield from ("", "1", "a", b"", b"a", b"1", (), (1,), (1.0,), (True, "a"), (Decimal(1), "a"), frozenset())
    yield from (frozenset([1, 2]), frozenset([2.0, True]), frozenset([(1, 2)]), frozenset([(1.0, Fraction(2))]))
    yield from ((2**70, 0), (float(2**70), -0.0), (Decimal(2**70), 0j), ((1,), 2), ((True,), 2.0), (((1,),),))
    yield from (tuple(range(12)), tuple(float(i) for i in range(12)), tuple(Decimal(i) for i in range(12)))
    yield from (range(0), range(5, 5), range(0, 5, 2), range(0, 6, 2), range(3, 4), range(3, 9, 100), range(2**70))
    yield from (uuid.UUID(int=1), uuid.UUID(int=2**127), uuid.UUID(int=1))
    for address in ("10.0.0.1", "::1", "::ffff:10.0.0.1"):
        yield ipaddress.ip_address(address)
        yield ipaddress.ip_interface(address)
        yield ipaddress.ip_network(address)
        yield int(ipaddress.ip_address(address))
    for text in ("a/b", "a//b/.", "A/B", "/", "c:/a", "C:\\A", ".", ""):
        yield pathlib.PurePosixPath(text)
        yield pathlib.PosixPath(text)
        yield pathlib.PureWindowsPath(text)
    yield from (pathlib.PurePosixPath("//"), pathlib.PurePosixPath("///"))


rows = []
first = {}
for value in [*numbers(), *times(), *others()]:
    index = first.setdefault(value, len(rows))
    rows.append([repr(value)[:200], base64.b64encode(pickle.dumps(value, 4)).decode(), index])
json.dump(rows, sys.stdout)
