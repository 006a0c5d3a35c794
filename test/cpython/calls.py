"""What CPython makes of calls of the standard library's types, with arguments that picklers write and others: JSON out.

Out: [[name and arguments, base64 of the pickle, class of the result or None, its repr or the error], ...]
"""

import base64
import importlib
import json
import pickle
import warnings
from array import array
from datetime import timedelta, timezone

# Names of types and functions, with arguments that a pickler writes. Each is called with these, with one less, with one
# more, and with each of OTHERS in the place of each.
CALLS = [
    ("_codecs.encode", ("a", "latin1")),
    ("array._array_reconstructor", (array, "b", 1, b"a")),
    ("array.array", ("b", [1])),
    ("builtins.bytearray", (b"a",)),
    ("builtins.bytearray", ("a", "latin1")),
    ("builtins.bytes", ([1],)),
    ("builtins.complex", (1.5, 2.5)),
    ("builtins.frozenset", ([1],)),
    ("builtins.list", ((1,),)),
    ("builtins.object", ()),
    ("builtins.range", (1, 5, 2)),
    ("builtins.set", ([1],)),
    ("builtins.slice", (1, 5, 2)),
    ("builtins.tuple", ([1],)),
    ("collections.Counter", ({"a": 1},)),
    ("collections.OrderedDict", ([["a", 1]],)),
    ("collections.deque", ((), 5)),
    ("datetime.date", (2020, 2, 3)),
    ("datetime.date", (b"\x07\xe4\x02\x03",)),
    ("datetime.datetime", (2020, 2, 3, 4, 5, 6, 7, timezone.utc)),
    ("datetime.datetime", (b"\x07\xe4\x02\x03\x04\x05\x06\x00\x00\x07", timezone.utc)),
    ("datetime.time", (4, 5, 6, 7, timezone.utc)),
    ("datetime.time", (b"\x04\x05\x06\x00\x00\x07", timezone.utc)),
    ("datetime.timedelta", (1, 2, 3)),
    ("datetime.timezone", (timedelta(hours=1), "a")),
    ("decimal.Decimal", ("1.5",)),
    ("fractions.Fraction", ("1/3",)),
    ("fractions.Fraction", (1, 3)),
    ("functools.partial", (int, 5)),
    ("http.HTTPStatus", (200,)),
    ("ipaddress.IPv4Address", ("1.2.3.4",)),
    ("ipaddress.IPv4Interface", ("1.2.3.4/24",)),
    ("ipaddress.IPv4Network", ("1.2.3.0/24",)),
    ("ipaddress.IPv4Network", ("0/1.2.3.0/24",)),
    ("ipaddress.IPv6Address", ("::1",)),
    ("ipaddress.IPv6Interface", ("::1/64",)),
    ("ipaddress.IPv6Network", ("::/64",)),
    ("json.decoder.JSONDecodeError", ("m", "d", 0)),
    ("os.stat_result", (tuple(range(10)), {})),
    ("operator.getitem", (list, int)),
    ("pathlib.PurePosixPath", ("a", "b")),
    ("pathlib.PureWindowsPath", ("a", "b")),
    ("re._compile", ("a", 2)),
    ("time.struct_time", ((2020, 2, 3, 4, 5, 6, 7, 8, 0), {})),
    ("types.GenericAlias", (list, (int,))),
    ("types.SimpleNamespace", ()),
    ("uuid.SafeUUID", (0,)),
    ("uuid.UUID", ("12345678123456781234567812345678",)),
]

# Names, arguments and states that a pickler writes; the last are varied in the same way.
STATES = [
    ("functools.partial", (int,), (int, (1,), {"a": 2}, None)),
    ("types.SimpleNamespace", (), {"a": 1}),
]

OTHERS = [None, True, 0, 5, -1, 2**70, 1.5, "", "x", "5", b"", b"x", [], ["x"], (), ("x",), {}, {"x": 1}, int, timedelta(1)]


def variations(args):
    yield args
    if not isinstance(args, tuple):
        return
    if args:
        yield args[:-1]
    for extra in (None, 5, "x", {}):
        yield (*args, extra)
    for i in range(len(args)):
        for other in OTHERS:
            yield (*args[:i], other, *args[i + 1 :])


class Call:
    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


def resolved(name):
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute, None)


def row(label, call):
    data = pickle.dumps(call, 4)
    try:
        value = pickle.loads(data)
        made = [type(value).__name__, repr(value)]
    except Exception as error:
        made = [None, repr(error)]
    return [label, base64.b64encode(data).decode()] + made


warnings.simplefilter("ignore")
rows = []
for name, good in CALLS:
    function = resolved(name)
    if function is None:
        # Of a later Python.
        continue
    rows += [row("%s%r" % (name, args), Call(function, args)) for args in variations(good)]
for name, args, good in STATES:
    function = resolved(name)
    states = [good, *OTHERS, *variations(good)]
    rows += [row("%s%r with state %r" % (name, args, state), Call(function, args, state)) for state in states]
print(json.dumps(rows))
