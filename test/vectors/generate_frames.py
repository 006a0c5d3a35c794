"""Writes frames.json: where CPython ends a frame that becomes full within an object.

    python3.12 test/vectors/generate_frames.py

A full frame ends before the next value, and arguments, states and names are values too. Each row is an object, written
behind so much text that every part of it once is where 64 KiB are full; `digest` is the SHA-256 of those pickles, one after
the other. `deep` is the same for the object within 300 lists.
"""

import base64
import hashlib
import json
import os
import pickle
import sys
import types

import generate_types as source

NAMES = """bytearray|bytearray empty|datetime ZoneInfo|datetime named zone|timedelta|decimal Context|Decimals|Fraction|UUID
|UUID is_safe|OrderedDict attribute|defaultdict list|Counter|deque|ChainMap|namedtuple|Enum|Flag composite|plain instance
|nested class instance|dataclass slots|list subclass attribute|dict subclass attribute|tuple subclass|set subclass|getstate
|getnewargs_ex|reduce with state setter|SimpleNamespace|OSError errno|exception with attribute|PosixPath dot|IPv4Network
|array d|partial|methodcaller keywords|object|type references"""
MORE = [
    ("containers", "[{1: 2, (3, 4, 5, 6): [7]}, {'k': 1}, (1,), {1}, frozenset([1]), [[], {}, (), b'', 'q'], 2**70, -5, 300]"),
    ("plain dicts", "[{'id': i, 'nm': 'u%d' % i, 'x1': 1.5, 'y1': None, 't1': (i, i)} for i in range(3)]"),
    ("shared", "(lambda a, t: [a, a, t, t, {'k': a, 'j': t}, (a, t), {5: a}])([1], (1, 2))"),
    ("recursive tuple", "(lambda l, t: [l.append(t), t][1])(*(lambda l: (l, (l, 1, 2, 3)))([]))"),
]
# Written behind 32,000 characters and so many more that 64 KiB are full `shift` bytes into the object.
FIRST = "x" * 32000
DEPTH = 300


def pickles(value, protocol, size, before):
    for shift in range(-8, size + 16):
        yield pickle.dumps([FIRST, "y" * (65536 - 32000 - 20 - before - shift), value, None, 5, []], protocol)


def digest(value, size, before=0):
    total = hashlib.sha256()
    for data in pickles(value, 4, size, before):
        total.update(data)
    return total.hexdigest()


def main():
    app = types.ModuleType("app")
    sys.modules["app"] = app
    exec(source.APP, app.__dict__)
    scope = {}
    exec(source.PRELUDE, scope)
    wanted = [name.strip() for name in NAMES.replace("\n", "").split("|")]
    expressions = dict(source.ROWS)
    rows = []
    for name, expression in [(name, expressions[name]) for name in wanted] + MORE:
        value = eval(expression, scope)
        data = pickle.dumps(value, 4)
        deep = value
        for _ in range(DEPTH):
            deep = [deep]
        rows.append({
            "name": name,
            "pickle": base64.b64encode(data).decode(),
            "digest": digest(value, len(data)),
            "deep": digest(deep, len(data), 2 * DEPTH),
        })
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "frames.json")
    with open(path, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    print("%s, %d rows" % (sys.version.split()[0], len(rows)))


if __name__ == "__main__":
    main()
