"""The module `app` of types.json, on Python 3: `test/conformance/app-registry.ts` maps its classes."""
import collections, datetime, enum, functools, ipaddress, pathlib, sys, types, uuid
from collections import namedtuple
Point = namedtuple("Point", "x y")
class Plain(object):
    pass
def plain(**kw):
    p = Plain(); p.__dict__.update(kw); return p
class Color(enum.Enum):
    RED = 1
    BLUE = "blue"
class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2
class Perm(enum.Flag):
    R = 1
    W = 2
    X = 4
class IntPerm(enum.IntFlag):
    R = 1
    W = 2
class Name(str, enum.Enum):
    A = "a"
class Wide(enum.Flag):
    A = 1
    C = 4
    AC = 5
class WideInt(enum.IntFlag):
    A = 1
    C = 4
    AC = 5
class Sign(enum.IntFlag):
    NONE = 0
    MINUS = -1
class Odd(enum.Enum):
    NOTHING = None
    PAIR = (1, "a")
    HALF = 0.5
    BYTES = b"x"
    LIST = [1, 2]
    MAP = {"a": 1}
    COLOR = Color.RED
    DAY = datetime.date(2024, 5, 6)
    MANY = frozenset([1])
    YES = True
class Real(float, enum.Enum):
    HALF = 0.5
class Days(datetime.date, enum.Enum):
    MAY = 2024, 5, 6
class Pairs(tuple, enum.Enum):
    A = (1, 2)
Api = enum.Enum("Api", "one two", module=__name__)
if sys.version_info >= (3, 11):
    class Conform(enum.Flag, boundary=enum.CONFORM):
        R = 1
        X = 4
    class Eject(enum.IntFlag, boundary=enum.EJECT):
        R = 1
        X = 4
    class Strict(enum.IntFlag, boundary=enum.STRICT):
        R = 1
        X = 4
if sys.version_info >= (3, 12):
    # 3.11 cannot read what it writes of it.
    class Keep(enum.Flag, boundary=enum.KEEP):
        R = 1
        X = 4
if hasattr(enum, "pickle_by_enum_name"):
    class ByName(enum.Enum):
        A = 1
        __reduce_ex__ = enum.pickle_by_enum_name
    class ByGlobal(enum.IntEnum):
        BY_GLOBAL_A = 1
        __reduce_ex__ = enum.pickle_by_global_name
    BY_GLOBAL_A = ByGlobal.BY_GLOBAL_A
if sys.version_info >= (3, 11):
    class Text(enum.StrEnum):
        A = "a"
class Outer:
    class Shade(enum.Enum):
        DARK = 1
    class Inner(object):
        pass
    class Middle(object):
        class Deep(object):
            pass
        class Tone(enum.IntEnum):
            LOW = 1
import dataclasses
from dataclasses import InitVar, dataclass, field
from typing import NamedTuple
class Named(Point):
    pass
class Bare(Point):
    __slots__ = ()
Defaults = namedtuple("Defaults", "a b c", defaults=(2, 3))
Renamed = namedtuple("Renamed", "a class b a", rename=True)
Empty = namedtuple("Empty", "")
class Typed(NamedTuple):
    x: int
    y: str = "d"
class Swapped(Point):
    def __new__(cls, y, x):
        return super().__new__(cls, x, y)
    def __getnewargs__(self):
        return self.y, self.x
@dataclass
class Sub(object):
    pass
@dataclass
class Parent:
    x: int
@dataclass
class Child(Parent):
    y: str = "d"
    z: list = field(default_factory=list)
@dataclass
class WithInit:
    x: int
    seed: InitVar[int] = 3
    total: int = field(init=False)
    def __post_init__(self, seed):
        self.total = self.x + seed
@dataclass(eq=True, unsafe_hash=True, order=True)
class Ranked:
    x: int
    y: int = field(compare=False, default=1)
if sys.version_info >= (3, 10):
    @dataclass(kw_only=True)
    class KwOnly:
        x: int
        y: int = 2
    @dataclass(slots=True)
    class SlottedParent:
        x: int
    @dataclass(slots=True)
    class SlottedChild(SlottedParent):
        y: int
class Both(object):
    __slots__ = ("a", "__dict__")
class SlotsOnly(object):
    __slots__ = ("a", "b", "unset")
class SlotsChild(SlotsOnly):
    pass
def fill(x, **kw):
    for name, value in kw.items():
        setattr(x, name, value)
    return x
class Refused(OSError):
    pass
class Missing(FileNotFoundError):
    pass
class Quiet(Exception):
    def __reduce__(self):
        return Quiet, (), {"a": 1}
class Kw(Exception):
    def __init__(self, *, code):
        super().__init__()
        self.code = code
    def __reduce__(self):
        return _kw, (self.code,)
def _kw(code):
    return Kw(code=code)
if sys.version_info >= (3, 11):
    class Batch(ExceptionGroup):
        pass
@dataclasses.dataclass
class Data:
    x: int
    y: str
@dataclasses.dataclass(frozen=True)
class Frozen:
    x: int
    y: str
if sys.version_info >= (3, 10):
    @dataclasses.dataclass(slots=True)
    class Slotted:
        x: int
        y: str
    @dataclasses.dataclass(frozen=True, slots=True)
    class FrozenSlotted:
        x: int
        y: str
class Items(list):
    pass
class Table(dict):
    pass
class Pair(tuple):
    pass
class Group(set):
    pass
class Ordered(collections.OrderedDict):
    pass
class Factory(collections.defaultdict):
    pass
class Tally(collections.Counter):
    pass
class Line(collections.deque):
    pass
class Boom(Exception):
    pass
class Coded(Exception):
    def __init__(self, message, code=None):
        super().__init__(message)
        self.code = code
class State(object):
    def __init__(self):
        self.a = 1
    def __getstate__(self):
        return {"kept": self.a}
    def __setstate__(self, state):
        self.a = state["kept"]
class NewArgs(object):
    def __new__(cls, a, b=None):
        self = object.__new__(cls); self.a = a; self.b = b; return self
    def __getnewargs__(self):
        return (self.a,)
class NewArgsEx(object):
    def __new__(cls, a, b=None):
        self = object.__new__(cls); self.a = a; self.b = b; return self
    def __getnewargs_ex__(self):
        return (self.a,), {"b": self.b}
    def __getstate__(self):
        return None
class Moment(datetime.datetime):
    pass
class Phase(complex):
    pass
class Host(ipaddress.IPv4Address):
    pass
class Site(ipaddress.IPv4Network):
    pass
class Port(ipaddress.IPv6Interface):
    pass
class Key(pathlib.PurePosixPath):
    if sys.version_info < (3, 12):
        _flavour = pathlib.PurePosixPath._flavour
class Call(functools.partial):
    pass
class Options(types.SimpleNamespace):
    pass
class Slug(collections.UserString):
    pass
class Id(uuid.UUID):
    pass
class Number(int):
    pass
class Ratio(float):
    pass
class Title(str):
    pass
class Blob(bytes):
    pass
class Buffer(bytearray):
    pass
class Sealed(frozenset):
    pass
class Framed(object):
    def __reduce__(self):
        return framed, (self.a,), {"b": self.b}, None, None, set_framed
def framed(a):
    self = Framed(); self.a = a; return self
def set_framed(self, state):
    self.b = state["b"]
class Versioned(object):
    def __reduce_ex__(self, protocol):
        return versioned, (self.a,), {"b": 2}
def versioned(a):
    self = Versioned(); self.a = a; return self
def signed(x: int, *rest, y=2) -> str:
    return ""
def with_attributes(x, **kw):
    x.__dict__.update(kw); return x
def loop(make):
    return make()
def noted(e, *notes):
    for note in notes:
        e.add_note(note)
    return e
