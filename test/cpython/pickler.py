"""Builds values from descriptions and pickles them in sessions of one C pickler each: JSON in, JSON out.

In:  [{"nodes": [[kind, ...], ...], "options": {...}, "steps": [["dump", node], ["clear"], ["fast", bool]]}, ...]
Out: [[answer, ...], ...], of each dump {"pickle": base64, "buffers": [base64, ...]} or {"error": str}
`test/conformance/pickler-cases.ts` makes the descriptions; `pickler-sessions.ts` there builds the same values and runs the same sessions with Brine.
"""

import base64
import collections
import copyreg
import datetime
import decimal
import functools
import io
import json
import pickle
import sys
import types

app = types.ModuleType("app")
sys.modules["app"] = app


def in_app(item):
    """Makes a class or function one of the module `app`."""
    item.__module__ = sys.intern("app")
    setattr(app, item.__name__, item)
    return item


@in_app
class Plain:
    pass


@in_app
class Outer:
    class Inner:
        pass

    class Middle:
        class Deep:
            pass


for nested in (Outer.Inner, Outer.Middle, Outer.Middle.Deep):
    nested.__module__ = sys.intern("app")
    nested.__qualname__ = sys.intern(nested.__qualname__)


@in_app
class State:
    def __getstate__(self):
        return self.state

    def __setstate__(self, state):
        self.state = state


@in_app
class NewArgs:
    def __getnewargs__(self):
        return self.args

    def __getstate__(self):
        return None


@in_app
class NewArgsEx:
    def __new__(cls, *args, **kwargs):
        return object.__new__(cls)

    def __getnewargs_ex__(self):
        # Brine makes a dict of them each time.
        return self.args, dict(self.kwargs)

    def __getstate__(self):
        return None


NewArgsEx.__new__.__module__ = sys.intern("app")


@in_app
class Reduced:
    def __reduce__(self):
        return self.reduction()


@in_app
class Items(list):
    pass


@in_app
class Table(dict):
    pass


@in_app
class Special(Plain):
    """What `reducer_override` writes."""


@in_app
class Tabled(Plain):
    """What the dispatch table writes."""


@in_app
class Persisted(Plain):
    """What `persistent_id` gives its id of."""


@in_app
def make(*args):
    return Plain()


@in_app
def set_state(value, state):
    pass


# Of each opcode the least and the greatest code, and one of a nested class.
EXTENSIONS = {
    "Ext1": 1,
    "set_state": 7,
    "Ext255": 255,
    "Ext256": 256,
    "Outer.Middle": 300,
    "Table": 301,
    "Ext65535": 65535,
    "Ext65536": 65536,
    "Items": 70000,
    "ExtMax": 0x7FFFFFFF,
}
for name, code in EXTENSIONS.items():
    if name.startswith("Ext"):
        in_app(type(name, (), {"__qualname__": sys.intern(name)}))
    copyreg.add_extension("app", name, code)

# What `__reduce__` may not return, by name; `pickler-sessions.ts` has the same.
MISUSES = {
    "one item": lambda: (make,),
    "no item": lambda: (),
    "seven items": lambda: (make, (), None, None, None, None, None),
    "None": lambda: None,
    "an int": lambda: 5,
    "an empty name": lambda: "",
    "a callable that is an int": lambda: (5, ()),
    "a callable that is a str": lambda: ("make", ()),
    "a callable that is a dict": lambda: ({}, ()),
    "arguments that are a str": lambda: (make, "ab"),
    "arguments that are None": lambda: (make, None),
    "list items that are an int": lambda: (make, (), None, 5),
    "dict items that are an int": lambda: (make, (), None, None, 5),
    "dict items that are no pairs": lambda: (make, (), None, None, iter([1])),
    "dict items of three": lambda: (make, (), None, None, iter([(1, 2, 3)])),
    "a state setter that is an int": lambda: (make, (), 1, None, None, 5),
    "a state setter that is a list": lambda: (make, (), 1, None, None, []),
}


@in_app
class Misused:
    def __reduce__(self):
        return MISUSES[self.misuse]()


@in_app
class OwnNewobj:
    """CPython sees through `__newobj__` whoever returns it, from protocol 2 on."""

    def __reduce__(self):
        return copyreg.__newobj__, (OwnNewobj,), self.__dict__

GLOBALS = {
    "app.Plain": Plain,
    "app.Outer": Outer,
    "app.Outer.Inner": Outer.Inner,
    "app.Outer.Middle": Outer.Middle,
    "app.Outer.Middle.Deep": Outer.Middle.Deep,
    "app.make": make,
    "builtins.int": int,
    "builtins.list": list,
    "builtins.range": range,
    "builtins.len": len,
    "builtins.ValueError": ValueError,
    "builtins.FileNotFoundError": FileNotFoundError,
    "collections.OrderedDict": collections.OrderedDict,
    "collections.Counter": collections.Counter,
    "datetime.date": datetime.date,
    "decimal.Decimal": decimal.Decimal,
}


def interned(text):
    """Every string is the only one of its value, as Brine takes it; up to 3.12 a Latin-1 character may be interned as another object."""
    return chr(ord(text)) if len(text) == 1 and text < "\u0100" else sys.intern(text)


def build(nodes):
    values = []
    for kind, *rest in nodes:
        values.append(created(kind, rest, values))
    for value, (kind, *rest) in zip(values, nodes):
        fill(kind, value, rest, values)
    return values


def created(kind, rest, values):
    """The value of a node, without what it may contain of later ones."""
    if kind == "none":
        return None
    if kind == "bool":
        return rest[0]
    if kind == "int":
        return int(rest[0])
    if kind == "float":
        return float(rest[0])
    if kind == "str":
        return interned(rest[0])
    if kind == "bytes":
        return base64.b64decode(rest[0])
    if kind == "bytearray":
        return bytearray(base64.b64decode(rest[0]))
    if kind == "buffer":
        data = base64.b64decode(rest[0])
        return pickle.PickleBuffer(data if rest[1] else bytearray(data))
    if kind == "complex":
        return complex(rest[0], rest[1])
    if kind == "tuple":
        return tuple([values[i] for i in rest[0]])
    if kind == "frozenset":
        return frozenset([values[i] for i in rest[0]])
    if kind == "set":
        return {values[i] for i in rest[0]}
    if kind == "list":
        return []
    if kind == "dict":
        return {}
    if kind == "odict":
        return collections.OrderedDict()
    if kind == "date":
        return datetime.date(*rest)
    if kind == "decimal":
        return decimal.Decimal(rest[0])
    if kind == "global":
        return GLOBALS[rest[0]]
    if kind == "deque":
        return collections.deque()
    if kind == "defaultdict":
        return collections.defaultdict()
    if kind == "partial":
        return functools.partial(make, *[values[i] for i in rest[0]], **{interned(k): values[i] for k, i in rest[1]})
    if kind == "ValueError":
        return ValueError(*[values[i] for i in rest[0]])
    if kind == "Inner":
        return Outer.Inner()
    if kind == "Deep":
        return Outer.Middle.Deep()
    return getattr(app, kind)()


def attributes(value, names, values):
    for name, i in names:
        value.__dict__[interned(name)] = values[i]


def fill(kind, value, rest, values):
    if kind in ("list", "deque"):
        value.extend([values[i] for i in rest[0]])
    elif kind in ("dict", "odict", "defaultdict"):
        for key, i in rest[0]:
            value[values[key]] = values[i]
    elif kind in ("Plain", "Inner", "Deep", "Special", "Tabled", "OwnNewobj") or kind.startswith("Ext"):
        attributes(value, rest[0], values)
    elif kind == "ValueError":
        attributes(value, rest[1], values)
    elif kind == "Misused":
        value.misuse = rest[0]
    elif kind == "State":
        value.__dict__["state"] = values[rest[0]]
    elif kind == "Persisted":
        value.__dict__["pid"] = values[rest[0]]
    elif kind == "NewArgs":
        value.args = tuple([values[i] for i in rest[0]])
    elif kind == "NewArgsEx":
        value.args = tuple([values[i] for i in rest[0]])
        value.kwargs = {interned(name): values[i] for name, i in rest[1]}
    elif kind == "Items":
        value.extend([values[i] for i in rest[0]])
        attributes(value, rest[1], values)
    elif kind == "Table":
        for key, i in rest[0]:
            value[values[key]] = values[i]
        attributes(value, rest[1], values)
    elif kind == "Reduced":
        value.reduction = lambda: reduction(rest, values)


def reduction(parts, values):
    """`[callable, args, state, list items, dict items, state setter]` of a node, the last four possibly None."""
    callable_, args, state, items, pairs, setter = parts
    return (
        values[callable_],
        tuple([values[i] for i in args]),
        None if state is None else values[state],
        None if items is None else iter([values[i] for i in items]),
        None if pairs is None else iter([(values[k], values[v]) for k, v in pairs]),
        None if setter is None else set_state,
    )


def override(value):
    if type(value) is Special:
        return make, (), value.__dict__
    if value is Outer:
        return make, ()
    return NotImplemented


def tabled(value):
    return make, (interned("tabled"),), value.__dict__


def persistent_id(value):
    if type(value) is Persisted:
        return value.pid
    if type(value) is str and value == "persistent":
        return interned("id-of-str")
    if type(value) is int and value == 4242:
        return 7
    if value is collections.Counter:
        return interned("id-of-class")
    return None


def pickler(options, file, buffers):
    members = {}
    if options.get("persistentId"):
        members["persistent_id"] = lambda self, value: persistent_id(value)
    if options.get("reducerOverride"):
        members["reducer_override"] = lambda self, value: override(value)
    keywords = {"fix_imports": options["fixImports"]}
    kept_out = options.get("bufferCallback")
    if kept_out is not None:

        def callback(buffer):
            data = bytes(buffer.raw())
            buffers.append(data)
            return len(data) % 2 == 0 if kept_out == "even" else None

        keywords["buffer_callback"] = callback
    made = type("Pickler", (pickle.Pickler,), members)(file, options["protocol"], **keywords)
    if options.get("dispatchTable"):
        made.dispatch_table = {**copyreg.dispatch_table, Tabled: tabled}
    made.fast = options["fast"]
    return made


def run(case):
    values = build(case["nodes"])
    file = io.BytesIO()
    buffers = []
    made = pickler(case["options"], file, buffers)
    answers = []
    for step, *rest in case["steps"]:
        if step == "clear":
            made.clear_memo()
            continue
        if step == "fast":
            made.fast = rest[0]
            continue
        file.seek(0)
        file.truncate()
        del buffers[:]
        try:
            made.dump(values[rest[0]])
        except Exception as error:
            answers.append({"error": "%s: %s" % (type(error).__name__, error)})
            break
        answers.append(
            {
                "pickle": base64.b64encode(file.getvalue()).decode(),
                "buffers": [base64.b64encode(data).decode() for data in buffers],
            }
        )
    return answers


def main():
    sys.setrecursionlimit(5000)
    cases = json.load(sys.stdin)
    print(json.dumps({"version": list(sys.version_info[:2]), "answers": [run(case) for case in cases]}))


main()
