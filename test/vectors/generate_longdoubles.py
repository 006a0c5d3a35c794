"""Writes longdoubles.json: what numpy on x86-64 makes doubles of, by `astype`.

    python3 test/vectors/generate_longdoubles.py

A row is {type, pickle in base64, doubles in hex}. The items are edges of both formats, and random ones.
"""
import base64
import json
import os
import pickle
import random

import numpy as np

EDGES = (
    "0 -0.0 1.5 -0.1 inf -inf nan 1e4000 -1e4000 1e-4950 4.9e-324 2.4703282292062327e-324 2.4703282292062328e-324 "
    "2.2250738585072011e-308 2.2250738585072012e-308 1.7976931348623157e308 1.7976931348623158e308 1.797693134862315808e308 "
    "1.00000000000000011102230246251565404 1.00000000000000011113 1.000000000000000333066907387546962"
).split()


def longdoubles(count, dtype):
    """Of random digits and exponents: most about those of small doubles."""
    choose = random.Random(7)
    items = bytearray()
    for _ in range(count):
        exponent = 16383 + choose.choice([choose.randint(-1080, -1010), choose.randint(-1080, 1030), choose.randint(-16382, 16383)])
        digits = choose.getrandbits(63) | 1 << 63
        if choose.random() < 0.4:
            digits &= ~((1 << choose.randint(1, 62)) - 1)
        items += digits.to_bytes(8, "little") + (exponent | choose.getrandbits(1) << 15).to_bytes(2, "little") + b"\1\2\3\4\5\6"
    return np.frombuffer(bytes(items), dtype=dtype)


def rows():
    edges = np.array([np.longdouble(text) for text in EDGES])
    for array in [edges, edges.astype(">g"), longdoubles(300, "g"), longdoubles(40, "G"), np.asfortranarray(longdoubles(6, "g").reshape(2, 3))]:
        yield array
    yield edges[2]
    yield np.clongdouble(1 - 2j)


def row(value):
    name = "complex128" if value.dtype.kind == "c" else "float64"
    doubles = value.astype("<" + np.dtype(name).str[1:])
    return {
        "type": value.dtype.str,
        "pickle": base64.b64encode(pickle.dumps(value, 4)).decode(),
        "doubles": doubles.tobytes("A").hex(),
    }


np.seterr(all="ignore")
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "longdoubles.json")
with open(path, "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(row(value)) for value in rows()) + "\n]\n")
