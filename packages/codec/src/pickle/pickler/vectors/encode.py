"""Writes encode.json: what CPython's C pickler makes of some values, for encoder.test.ts.

Run with CPython 3.12, and again with 3.13: python3.12 encode.py > encode-3.12.json
"""
import base64
import collections
import copyreg
import hashlib
import json
import pickle
import sys
import types

PICKLES = {
    "None": "None",
    "bools": "[True, False]",
    "small ints": "[0, 255, 256, 65535, 65536, -1, 2147483647, -2147483648]",
    "long ints": "[2147483648, -2147483649, 2**39, -2**39, 2**53-1, 2**55, -2**55, 2**63, -2**63, 2**100, -2**127]",
    "floats": "[0.5, -0.0, 1e16, 1e-05, float('inf'), float('-inf'), 123456.789]",
    "nan": "float('nan')",
    "empty strings": "['', '']",
    "strings": "['abc', 'é', '日本', '\\U0001f600', 'a\\nb\\\\\\0\\r\\x1a', '\\ud800']",
    "equal strings": "['key', 'key', {'key': 'key'}]",
    "string lengths": "['a'*255, 'a'*256, 'é'*127, 'é'*128]",
    "bytes": "[b'', b'a', bytes([0, 255, 128]), b'', b'a']",
    "bytearrays": "[bytearray(), bytearray(b'ab')]",
    "tuples": "[(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)]",
    "lists": "[[], [1], [1, 2]]",
    "dicts": "[{}, {'a': 1}, {'a': 1, 'b': 2}, {1: 'x', None: 2.5}]",
    "sets": "[set(), {1}, frozenset(), frozenset([1, 2])]",
    "complex": "4+6j",
    "range": "range(1, 10, 2)",
    "classes": "['int', int, OrderedDict, ValueError]",
    "nested class": "[Outer.Inner, Outer]",
    "list in itself": "(lambda x: (x.append(x), x)[1])([])",
    "tuple in itself": "(lambda x: (x.append((x, 1)), x[0])[1])([])",
    "long tuple in itself": "(lambda x: (x.append((x, 1, 2, 3)), x[0])[1])([])",
    "call": "Call(0)",
    "call with state": "Call(1)",
    "call with items": "Call(2)",
    "call with state setter": "Call(3)",
    "new object": "New()",
    "new object with keywords": "NewEx()",
    "call in itself": "(lambda c: (setattr(c, 'inner', [c]), c)[1])(Call(6))",
}

SHA256 = {
    **{f"list of {n}": f"list(range({n}))" for n in (999, 1000, 1001, 2000, 2001, 30000)},
    **{f"dict of {n}": f"{{i: i for i in range({n})}}" for n in (999, 1000, 1001, 2000, 2001)},
    **{f"object of {n}": f"{{'k%d' % i: i for i in range({n})}}" for n in (999, 1000, 1001, 2000, 2001)},
    **{f"set of {n}": f"set(range({n}))" for n in (999, 1000, 1001, 2000)},
    **{f"bytes of {n}": f"[1, b'x' * {n}, 'end']" for n in (65535, 65536, 200000)},
    **{f"string of {n}": f"['a' * {n}, 'end', 'a']" for n in (65535, 65536, 200000)},
    "bytearray of 70000": "bytearray(b'x' * 70000)",
    "strings": "[['s%d' % i, i] for i in range(9000)]",
    "items of a call": "Call(7)",
}


class Outer:
    class Inner:
        pass


class New:
    """CPython insists that the class of `__newobj__` is the object's own."""

    def __reduce_ex__(self, protocol):
        return copyreg.__newobj__, (New, 1), {"x": 1}


class NewEx:
    def __reduce_ex__(self, protocol):
        return copyreg.__newobj_ex__, (NewEx, (1,), {"k": 2})

    def __new__(cls, *args, **kwargs):
        return object.__new__(cls)


class Call:
    def __init__(self, kind):
        self.kind = kind

    def __reduce_ex__(self, protocol):
        return {
            0: lambda: (Outer, (1, "a")),
            1: lambda: (Outer, (), {"x": 1}),
            2: lambda: (Outer, (), None, iter([1]), iter([("a", 1), ("b", 2)])),
            3: lambda: (Outer, (), {"x": 1}, None, None, Outer.Inner),
            6: lambda: (Outer, (self.inner,)),
            7: lambda: (Outer, (), None, iter(range(1001)), iter((i, i) for i in range(2000))),
        }[self.kind]()


module = types.ModuleType("app.models")
for cls in (Outer, Outer.Inner, New, NewEx):
    cls.__module__ = "app.models"
NewEx.__new__.__module__ = "app.models"
module.Outer, module.New, module.NewEx = Outer, New, NewEx
sys.modules["app"] = types.ModuleType("app")
sys.modules["app.models"] = module
names = {"OrderedDict": collections.OrderedDict, "Outer": Outer, "Call": Call, "New": New, "NewEx": NewEx}


def dumps(expression):
    # The recursive call is one that Python cannot read, but writes.
    return [pickle.dumps(eval(expression, names), protocol) for protocol in range(6)]


json.dump(
    {
        "version": sys.version.split()[0],
        "pickles": {name: [base64.b64encode(p).decode() for p in dumps(e)] for name, e in PICKLES.items()},
        "sha256": {name: [hashlib.sha256(p).hexdigest() for p in dumps(e)] for name, e in SHA256.items()},
    },
    sys.stdout,
    indent=1,
)
print()
