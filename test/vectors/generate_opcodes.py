"""Writes opcodes.json: CPython's table of opcodes, and for each opcode pickles that use it, with their values' reprs.

    python3 test/vectors/generate_opcodes.py > test/vectors/opcodes.json
"""

import base64
import collections
import copyreg
import datetime
import decimal
import io
import json
import pickle
import pickletools
import sys

copyreg.add_extension("builtins", "complex", 1)
copyreg.add_extension("collections", "OrderedDict", 300)
copyreg.add_extension("decimal", "Decimal", 70000)

BUFFERS = [b"out of band", bytearray(b"writable")]

# Opcodes that no CPython 3 writes; the pickles are the smallest that hold them.
BY_HAND = [
    b"S'a\\x41\\n'\n.",
    b"T\x03\x00\x00\x00abc.",
    b"U\x03abc.",
    b"\x8b\x05\x00\x00\x00\xff\xff\xff\xff\x00.",
    b"\x8e\x03\x00\x00\x00\x00\x00\x00\x00abc.",
    b"\x8d\x03\x00\x00\x00\x00\x00\x00\x00abc.",
    b"](I1\nI2\n20e.",
    b"(I1\n1N.",
    b"(icollections\nOrderedDict\n.",
    b"(cdecimal\nDecimal\nX\x03\x00\x00\x001.5o.",
    b"Pid\n.",
    b"K\x07Q.",
    b"\x82\x01G?\xf0\x00\x00\x00\x00\x00\x00G@\x00\x00\x00\x00\x00\x00\x00\x86R.",
    b"\x83,\x01)R.",
    b"\x84p\x11\x01\x00X\x04\x00\x00\x001.10\x85R.",
    b"\x97.",
    b"\x97\x97\x98\x86.",
    b"N2\x86.",
    b"}I1\nI2\ns.",
    b"(I1\nI2\nd.",
    b"]r\x00\x01\x00\x00K\x01aj\x00\x01\x00\x00\x86.",
    b"]p300\n0g300\n.",
    b"\x80\x04ccollections\nOrderedDict\n)}\x92.",
]

shared = ["twice"]
VALUES = [
    None,
    True,
    False,
    0,
    -1,
    255,
    256,
    65536,
    2**31,
    -(2**63),
    2**2100,
    1.5,
    "text",
    "é€😀",
    "x" * 300,
    b"bytes",
    b"y" * 300,
    bytearray(b"array"),
    [],
    [1],
    [1, 2, 3],
    (),
    (1,),
    (1, 2),
    (1, 2, 3),
    (1, 2, 3, 4),
    {},
    {"a": 1},
    {"a": 1, "b": 2},
    set(),
    {1},
    frozenset({1}),
    [shared, shared],
    ["s%d" % (n % 260) for n in range(300)],
    complex(1, 2),
    decimal.Decimal("1.10"),
    datetime.datetime(2024, 5, 6, 7, 8, 9, 123456),
    collections.OrderedDict([("z", 1), ("a", 2)]),
    collections.deque([1, 2], 5),
    collections.ChainMap({"a": 1}),
    ValueError("state"),
    int,
]


class Unpickler(pickle.Unpickler):
    def persistent_load(self, pid):
        return ("persistent", pid)


def load(data):
    return Unpickler(io.BytesIO(data), buffers=BUFFERS, encoding="latin1").load()


def names(data):
    return sorted({op.name for op, _, _ in pickletools.genops(data)})


def stateful(value):
    """Exceptions are written with BUILD when they have attributes."""
    value.note = "kept"
    return value


pickles = {}
for value in VALUES:
    for protocol in range(6):
        data = pickle.dumps(value, protocol)
        pickles.setdefault(data, None)
for protocol in range(6):
    pickles.setdefault(pickle.dumps(stateful(ValueError("state")), protocol), None)
for data in BY_HAND:
    pickles.setdefault(data, None)

rows = []
for data in pickles:
    value = load(data)
    if type(value) is tuple and any(type(item) is memoryview for item in value):
        # A read-only view, which Brine has no type for: compared by what it shows.
        value = tuple(item.obj if type(item) is memoryview else item for item in value)
    rows.append({"data": base64.b64encode(data).decode(), "repr": repr(value), "opcodes": names(data)})

table = [
    {
        "name": op.name,
        "code": ord(op.code),
        "arg": None if op.arg is None else op.arg.name,
        "before": [item.name for item in op.stack_before],
        "after": [item.name for item in op.stack_after],
        "proto": op.proto,
    }
    for op in pickletools.opcodes
]
used = {name for row in rows for name in row["opcodes"]}
missing = sorted({op["name"] for op in table} - used)
if missing:
    sys.exit("no pickle uses " + " ".join(missing))

print('{"python": %s,' % json.dumps(sys.version.split()[0]))
print('"opcodes": [\n%s\n],' % ",\n".join(json.dumps(op) for op in table))
print('"pickles": [\n%s\n]}' % ",\n".join(json.dumps(row) for row in rows))
