"""CPython's verdict on pickles: batches of base64 in, canonical texts out, one JSON document a line each way. A request with
a protocol wants pickles instead of texts: the values as CPython writes them. One with `tools` wants what pickletools says.

Only a short list of harmless globals resolves; memory and time of the process and of each pickle are bounded.
`CANONICAL` texts are those of canonical.ts: equal exactly when the graphs of objects are.
"""

import base64
import collections
import copyreg
import datetime
import decimal
import fractions
import gc
import io
import json
import pickle
import pickletools
import resource
import signal
import struct
import sys
import types
import uuid
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING

MEMORY = 2 << 30
SECONDS = 3
MAX_NODES = 20_000
# A pickle may call bytes(2**28).
MAX_BYTES = 1 << 20
SHARED = json.load(open(sys.argv[1], encoding="utf-8"))
ALLOWED = {tuple(name) for name in SHARED["globals"]}

app = types.ModuleType("app")


class Plain:
    pass


class State:
    def __setstate__(self, state):
        self.state = state


for cls in (Plain, State):
    cls.__module__ = "app"
    setattr(app, cls.__name__, cls)
sys.modules["app"] = app
for module, name, code in SHARED["extensions"]:
    copyreg.add_extension(module, name, code)


class TooBig(Exception):
    pass


class Expired(BaseException):
    pass


def restricted(base):
    class Restricted(base):
        def find_class(self, module, name):
            # The mapping of fix_imports belongs to the find_class that is called last; a name counts once it is mapped.
            if self.protocol_below_3():
                if (module, name) in NAME_MAPPING:
                    module, name = NAME_MAPPING[(module, name)]
                elif module in IMPORT_MAPPING:
                    module = IMPORT_MAPPING[module]
            if (module, name) not in ALLOWED:
                raise pickle.UnpicklingError("forbidden: %s.%s" % (module, name))
            __import__(module)
            return getattr(sys.modules[module], name)

        def persistent_load(self, pid):
            return ("persistent", pid)

    return Restricted


class COnly(restricted(pickle.Unpickler)):
    """The C unpickler does not show its protocol: it is the argument of the last PROTO, which the request tells."""

    below = True

    def protocol_below_3(self):
        # The default find_class knows; a name of Python 2 that is mapped resolves, one that is not is an ImportError.
        try:
            return pickle.Unpickler.find_class(self, "__builtin__", "object") is object
        except ImportError:
            return False


class PureOnly(restricted(pickle._Unpickler)):
    def protocol_below_3(self):
        return self.proto < 3


def number(value):
    return "nan" if value != value else struct.pack(">d", value).hex()


def leaf(value):
    """Text of what holds nothing else; None for the rest."""
    kind = type(value)
    if kind in (bytes, bytearray, str) and len(value) > MAX_BYTES:
        raise TooBig
    if value is None:
        return "None"
    if kind is bool:
        return "True" if value else "False"
    if kind is int:
        return "i" + (str(value) if -(10**4000) < value < 10**4000 else hex(value))
    if kind is float:
        return "f" + number(value)
    if kind is str:
        return json.dumps(value)
    if kind is bytes:
        return "b" + value.hex()
    if kind is complex:
        return "c%s,%s" % (number(value.real), number(value.imag))
    if kind in (
        datetime.date,
        datetime.datetime,
        datetime.time,
        datetime.timedelta,
        datetime.timezone,
        decimal.Decimal,
        fractions.Fraction,
        uuid.UUID,
        range,
    ):
        return "r" + json.dumps(repr(value))
    if kind in (type, types.BuiltinFunctionType, types.FunctionType) or isinstance(value, type):
        return "g%s.%s" % (value.__module__, value.__qualname__)
    if kind is tuple and not value:
        return "t()"
    if kind is frozenset and not value:
        return "z{}"
    if value is Ellipsis or value is NotImplemented:
        return "r" + json.dumps(repr(value))
    return None


def structural(value, budget):
    """Text of a hashable value without regard to identity, for what has no order of its own."""
    budget[0] -= 1
    if budget[0] < 0:
        raise TooBig
    text = leaf(value)
    if text is not None:
        return text
    if type(value) is tuple:
        return "t(" + ",".join([structural(item, budget) for item in value]) + ")"
    if type(value) is frozenset:
        return "z{" + ",".join(sorted([structural(item, budget) for item in value])) + "}"
    return "o" + type(value).__name__


def canonical(root):
    out = []
    numbers = {}
    nodes = 0
    stack = [root]
    budget = [MAX_NODES]
    texts = {}

    class Text(str):
        pass

    while stack:
        value = stack.pop()
        if type(value) is Text:
            out.append(value)
            continue
        nodes += 1
        if nodes > MAX_NODES:
            raise TooBig
        # What READONLY_BUFFER makes of a bytearray: its bytes, which may not be written to.
        if type(value) is memoryview:
            value = bytes(value)
        text = leaf(value)
        if text is not None:
            out.append(text)
            continue
        seen = numbers.get(id(value))
        if seen is not None:
            out.append("@%d" % seen)
            continue
        n = numbers[id(value)] = len(numbers)
        kind = type(value)
        parts = []

        def listed(before, items, after):
            parts.append(Text(before))
            for item in items:
                parts.append(item)
                parts.append(Text(","))
            parts.append(Text(after))

        def paired(before, pairs, after):
            parts.append(Text(before))
            for key, item in pairs:
                parts.append(key)
                parts.append(Text(":"))
                parts.append(item)
                parts.append(Text(","))
            parts.append(Text(after))

        if kind is list:
            listed("l%d[" % n, value, "]")
        elif kind is tuple:
            listed("t%d(" % n, value, ")")
        elif kind is dict:
            paired("d%d{" % n, value.items(), "}")
        elif kind in (set, frozenset):
            texts = sorted([structural(item, budget) for item in value])
            parts.append(Text("%s%d{%s}" % ("s" if kind is set else "z", n, ",".join(texts))))
        elif kind is bytearray:
            parts.append(Text("B%d:%s" % (n, value.hex())))
        elif kind is collections.defaultdict:
            parts.append(Text("defaultdict%d" % n))
            parts.append(value.default_factory)
            paired("{", value.items(), "}")
        elif kind in (collections.OrderedDict, collections.Counter):
            paired("%s%d{" % (kind.__name__, n), value.items(), "}")
        elif kind is collections.deque:
            listed("deque%d:%s[" % (n, value.maxlen), value, "]")
        elif kind is slice:
            listed("slice%d(" % n, (value.start, value.stop, value.step), ")")
        elif kind in (Plain, State):
            paired("%s%d{" % (kind.__name__, n), value.__dict__.items(), "}")
        elif kind is object:
            parts.append(Text("object%d" % n))
        else:
            parts.append(Text("?%d%s" % (n, kind.__name__)))
        stack.extend(reversed(parts))
    return "".join(out)


def expire(signum, frame):
    raise Expired


def load(data, unpickler):
    machine = unpickler(
        io.BytesIO(data),
        buffers=[base64.b64decode(SHARED["buffers"][0]), bytearray(base64.b64decode(SHARED["buffers"][1]))],
        encoding="latin1",
    )
    return machine.load()


def answer(data, unpickler, protocol):
    value = None
    try:
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            value = load(data, unpickler)
        except (MemoryError, RecursionError) as error:
            return {"skip": type(error).__name__}
        except Exception as error:
            return {"error": "%s: %s" % (type(error).__name__, str(error)[:200])}
        try:
            if protocol is not None:
                return {"pickle": base64.b64encode(pickle.dumps(value, protocol)).decode()}
            return {"value": canonical(value)}
        except (TooBig, MemoryError, RecursionError) as error:
            return {"skip": type(error).__name__}
        except Exception as error:
            # A value that cannot be looked at or written, such as a half-built object, cannot be compared either.
            return {"skip": "%s: %s" % (type(error).__name__, str(error)[:200])}
    except Expired:
        return {"skip": "time"}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def tried(call):
    try:
        return {"result": call()}
    except (MemoryError, RecursionError) as error:
        return {"skip": type(error).__name__}
    except Exception as error:
        return {"error": str(error)}


def tools(data, options):
    text = io.StringIO()
    disassembled = tried(lambda: pickletools.dis(data, text, indentlevel=options["indentLevel"], annotate=options["annotate"]))
    optimized = tried(lambda: base64.b64encode(pickletools.optimize(data)).decode())
    return {"text": text.getvalue(), "dis": disassembled, "optimize": optimized}


def main():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, expire)
    sys.stdout.write(json.dumps({"version": sys.version.split()[0]}) + "\n")
    sys.stdout.flush()
    gc.disable()
    for line in sys.stdin:
        request = json.loads(line)
        unpickler = PureOnly if request["reader"] == "pure" else COnly
        protocol = request.get("protocol")
        if "tools" in request:
            answers = [tools(base64.b64decode(data), request["tools"]) for data in request["pickles"]]
        else:
            answers = [answer(base64.b64decode(data), unpickler, protocol) for data in request["pickles"]]
        sys.stdout.write(json.dumps(answers) + "\n")
        sys.stdout.flush()
        gc.collect()


main()
