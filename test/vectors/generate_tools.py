"""Writes tools.json: what CPython's pickletools prints and makes of many pickles, good and bad.

    python3.12 test/vectors/generate_tools.py

Each row has a name, the pickle in base64 (of its zlib form after `z:`), and what `dis` (plain, annotated, narrowly indented) and `optimize` give: the
text or the bytes, and where they raise, the lines printed before and the message.
"""

import array
import base64
import collections
import datetime
import decimal
import functools
import hashlib
import io
import json
import os
import pathlib
import pickle
import pickletools
import random
import sys
import uuid
import zlib


def b64(data):
    """Base64; of the zlib form and marked so where that is much shorter."""
    short = zlib.compress(data)
    if len(short) < len(data) / 2:
        return "z:" + base64.b64encode(short).decode("ascii")
    return base64.b64encode(data).decode("ascii")


def outcome_of_dis(data, **options):
    out = io.StringIO()
    try:
        pickletools.dis(data, out, **options)
    except Exception as error:
        return {"text": out.getvalue(), "error": str(error), "type": type(error).__name__}
    return {"text": out.getvalue()}


def outcome_of_optimize(data):
    try:
        return {"bytes": b64(pickletools.optimize(data))}
    except Exception as error:
        return {"error": str(error), "type": type(error).__name__}


def shared_list():
    inner = ["deep"]
    return [inner, inner, {"k": inner}]


def recursive_list():
    value = []
    value.append(value)
    return value


def recursive_dict():
    value = {}
    value["self"] = value
    return value


def values():
    yield "none", None
    yield "bools", [True, False]
    yield "ints", [0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, -(2**31), 2**31, 2**63, -(2**63), 2**100, -(2**2100)]
    yield "floats", [0.0, -0.0, 1.5, 1e16, 1e-5, 1e300, float("inf"), float("-inf"), float("nan"), 5e-324]
    yield "strs", ["", "abc", "it's", 'say "x"', "it's \"both\"", "tab\tnl\nbs\\", "caf\xe9", "\u20ac", "\U0001f600", "\ud800", "\x00\x7f\xa0\xad\u2028\u3000\ufeff"]
    yield "bytes", [b"", b"abc", bytes(range(256)), b"it's", b"'\""]
    yield "bytearrays", [bytearray(b""), bytearray(b"abc'")]
    yield "tuples", [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), ((), ((),))]
    yield "dicts", {"a": 1, 2: "b", (1, 2): None, "nested": {"x": {}}}
    yield "sets", [set(), {1}, frozenset(), frozenset({1, 2})]
    yield "shared", shared_list()
    yield "recursive-list", recursive_list()
    yield "recursive-dict", recursive_dict()
    yield "same-strings", ["key", "key", "other", {"key": "other"}]
    yield "complex", complex(1.5, -2)
    yield "datetimes", [datetime.datetime(2024, 2, 29, 12, 30, 45, 123456, datetime.timezone.utc), datetime.timedelta(1, 2, 3)]
    yield "decimal-uuid", [decimal.Decimal("1.10"), uuid.UUID(int=5)]
    yield "collections", [collections.OrderedDict(a=1), collections.Counter("aab"), collections.deque([1, 2], 5), collections.defaultdict(list, a=[1])]
    yield "path-array-partial", [pathlib.PurePosixPath("/a/b"), array.array("i", [1, 2]), functools.partial(int, base=2)]
    yield "exception", ValueError("no", 1)
    yield "builtins", [len, dict, type(None), Ellipsis, NotImplemented, range(3), slice(1, 2)]
    yield "many", list(range(1001))
    yield "many-memo", [str(i) for i in range(300)]
    yield "long-str", ["x" * 300, "y" * 300]


def big_values():
    yield "frames", ["z" * 1000 + str(i) for i in range(150)]
    yield "frameless", [b"b" * 70000, "s" * 70000, "end"]
    shared = [str(i) for i in range(300)]
    yield "many-gets", shared + shared
    yield "long-reprs", [bytes(range(256)) * 300, "it's \"\xe9\n\U0001f600" * 20000, "'" * 70000, b"it's " * 20000, bytearray(b"it's \"\xff" * 20000), bytearray(b"'" * 70000)]


# Stack errors, mark errors, truncations: inputs of CPython's test.pickletester.
BAD = [
    b".", b"0", b"1", b"2", b"(", b"t", b"(2", b"(0.", b"]a", b"N2", b"Np0\np0\n.", b"g0\n.", b"h\x00.", b"j\x00\x00\x00\x00.",
    b"(p0\n0N.", b"(q\x000N.", b"p0\n.", b"q\x00.", b"\x94.", b"(\x940N.", b"N\x94\x94\x85h\x01.", b"Nq\x00\x94.", b"Nq\x05\x94h\x01.",
    b"NN.", b"N(.", b"(NN", b"(N0.", b"(t(N.", b"(NN0.", b"e", b"u", b"]Nu.", b"](a.", b"](a(e.", b"((a.", b"Ne.", b"\x85.", b"N\x86.", b"NN\x87.",
    b"\xff", b"\x00.", b"N\xfe.", b"", b"N", b"\x80", b"\x80\x04", b"\x80\xff.", b"\x80\x04\x95", b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00N.",
    b"I1", b"I1\n", b"Iabc\n.", b"I\n.", b"I00\n.", b"I01\n.", b"I02\n.", b"I-1\n.", b"I 12 \n.", b"I1_0\n.", b"I0x10\n.", b"L10L\n.", b"L10\n.", b"LL\n.", b"L\n.",
    b"I" + b"9" * 4300 + b"\n.", b"I" + b"9" * 4301 + b"\n.", b"F1.5\n.", b"F1e400\n.", b"Fx\n.", b"F\n.", b"F-inf\n.", b"Fnan\n.", b"F1_0.5\n.", b"F 1 \n.", b"F.5\n.", b"F5.\n.",
    b"J\x01\x02", b"K", b"M\x01", b"\x8a", b"\x8a\x05\x01", b"\x8b\xff\xff\xff\xff.", b"\x8b\x02\x00\x00\x00\x01", b"\x8b\x00\x00\x00\x00.", b"\x8a\x00.",
    b"S'abc'\n.", b'S"abc"\n.', b"Sabc\n.", b"S'abc\n.", b"S'\n.", b"S''\n.", b"S\n.", b"S'a\\n\\x41\\101\\q'\n.", b"S'abc", b"S'a\\'b'\n.", b"S'\\x4'\n.",
    b"T\xff\xff\xff\xff.", b"T\x05\x00\x00\x00abc", b"T\x03\x00\x00\x00a\xffc.", b"U\x03a\xe9'.", b"U\x05abc",
    b"B\x05\x00\x00\x00abc", b"B\x03\x00\x00\x00abc.", b"C\x05abc", b"\x8e\x05\x00\x00\x00\x00\x00\x00\x00abc", b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff.", b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
    b"\x96\x05\x00\x00\x00\x00\x00\x00\x00abc", b"\x96\x03\x00\x00\x00\x00\x00\x00\x00abc.", b"\x96\xff\xff\xff\xff\xff\xff\xff\xff.", b"\x96\xff\xff\xff\xff\xff\xff\xff\x7f.",
    b"Vabc\\u20ac\\\\u0041\n.", b"Vabc", b"V\xe9\\U0001f600\n.", b"X\x05\x00\x00\x00abc", b"X\x03\x00\x00\x00abc.", b"\x8c\x05abc", b"\x8c\x03abc.",
    b"\x8d\x05\x00\x00\x00\x00\x00\x00\x00abc", b"\x8d\x03\x00\x00\x00\x00\x00\x00\x00abc.", b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff.", b"\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.", b"\x8c\x03\xed\xa0\x80.",
    b"G\x01", b"G@\x00\x00\x00\x00\x00\x00\x00.", b"cos\nsystem\n.", b"cos\nsystem", b"cos", b"(ios\nsystem\n.", b"ios\nsystem\n.", b"(cos\nsystem\nS'id'\no.", b"c__main__\na\\x41\n.",
    b"Pabc\n.", b"P\n.", b"Pabc", b"NQ.", b"\x82\x01.", b"\x83\x01\x02.", b"\x84\x01\x02\x03\x04.", b"\x97.", b"\x97\x98.",
    b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.", b"N.trailing", b"N.\x80\x04N.", b"NNs.", b"}NNs.", b"}(NNu.", b"\x8f(N\x90.", b"(N\x91.", b"NNR.", b"NN\x81.", b"NNN\x92.", b"NNb.",
    b"r\x00\x00\x00\x00.", b"Nr\x00\x01\x00\x00j\x00\x01\x00\x00\x86.", b"Np0\ng0\n\x86.", b"Np5\n0g5\n.", b"\x80\x02Nq\x07h\x07\x86.", b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00N\x94h\x00\x86.",
    b"N\x80\x02.", b"\x80\x02\x80\x04N.", b"(K\x01K\x021N.", b"(lp0\nK\x01ag0\n\x86.", b"Np300\ng300\n\x86.", b"p-1\n.", b"Np-1\ng-1\n\x86.",
    b"I" + b"x" * 300 + b"\n.", b"L" + b"\x01" * 300 + b"\n.", b"F" + b"x" * 300 + b"\n.",
]


def rows():
    for name, value in values():
        for protocol in range(6):
            yield f"{name} p{protocol}", pickle.dumps(value, protocol)
    for name, value in big_values():
        for protocol in (2, 4, 5):
            yield f"{name} p{protocol}", pickle.dumps(value, protocol)
    for i, data in enumerate(BAD):
        yield f"bad {i} {data[:24]!r}", data
    rng = random.Random(12345)
    good = pickle.dumps([1, "two", {"three": 3.0}, ("x",) * 4, "two"], 4)
    for i in range(120):
        mutated = bytearray(good)
        for _ in range(rng.randint(1, 3)):
            mutated[rng.randrange(len(mutated))] = rng.randrange(256)
        yield f"mutated {i}", bytes(mutated)


def main():
    table = []
    for name, data in rows():
        row = {"name": name, "pickle": b64(data), "dis": outcome_of_dis(data), "optimize": outcome_of_optimize(data)}
        if len(data) < 1500:
            row["annotated"] = outcome_of_dis(data, annotate=30)
            row["narrow"] = outcome_of_dis(data, indentlevel=1, annotate=1)
        else:
            # The whole text would fill megabytes.
            row["annotated"] = outcome_of_dis(data, annotate=30)
            for outcome in (row["dis"], row["annotated"]):
                outcome["sha256"] = hashlib.sha256(outcome["text"].encode("utf-8", "surrogatepass")).hexdigest()
                outcome["text"] = outcome["text"][:2000]
        table.append(row)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tools.json")
    with open(path, "w", encoding="ascii", newline="\n") as file:
        lines = ",\n".join(json.dumps(row) for row in table)
        file.write('{"python": %s, "rows": [\n%s\n]}\n' % (json.dumps(sys.version.split()[0]), lines))


if __name__ == "__main__":
    main()
