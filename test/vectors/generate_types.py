"""Writes types.json: what CPythons make of values of the standard library's types, at every protocol.

    python3 generate_types.py PYTHON [PYTHON ...]

Each PYTHON is an interpreter to ask. Runs on Python 2.7 and on 3.8 and later. Rows that an interpreter cannot
evaluate (a newer feature, a package that it does not have) are left out for it.
"""
import base64
import json
import os
import subprocess
import sys

APP = '''
import collections, datetime, enum, sys
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
if sys.version_info >= (3, 11):
    class Text(enum.StrEnum):
        A = "a"
class Outer:
    class Shade(enum.Enum):
        DARK = 1
    class Inner(object):
        pass
import dataclasses
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
'''

APP2 = '''
from collections import namedtuple
Point = namedtuple("Point", "x y")
class Plain(object):
    pass
def plain(**kw):
    p = Plain(); p.__dict__.update(kw); return p
class Old:
    pass
class Items(list):
    pass
class Table(dict):
    pass
class Boom(Exception):
    pass
class State(object):
    def __init__(self):
        self.a = 1
    def __getstate__(self):
        return {"kept": self.a}
    def __setstate__(self, state):
        self.a = state["kept"]
'''

PRELUDE = '''
import array, collections, datetime, decimal, fractions, functools, ipaddress, itertools, json, operator, pathlib, re, time
import types, typing, uuid, http, http.cookies, io, string, random, os
from datetime import date, datetime as dt, time as tm, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from collections import *
from app import *
import app
try:
    from zoneinfo import ZoneInfo
except ImportError:
    pass
def django_model(**values):
    from django.db import models
    class Order(models.Model):
        number = models.IntegerField()
        price = models.DecimalField(max_digits=9, decimal_places=2)
        paid_at = models.DateTimeField(null=True)
        class Meta:
            app_label = 'shop'
    return Order(**values)
def log_record():
    import logging
    record = logging.LogRecord('n', logging.INFO, '/p/f.py', 1, 'm %s', ('x',), None)
    # What another run, or a newer Python, has otherwise.
    record.__dict__.pop('taskName', None)
    record.__dict__.update(created=1.5, msecs=500.0, relativeCreated=2.0, thread=1, process=2)
    return record
'''

PRELUDE2 = '''
import array, collections, datetime, decimal, fractions, re, time, uuid, functools
from datetime import date, datetime as dt, time as tm, timedelta
from decimal import Decimal
from fractions import Fraction
from collections import *
from app import *
import app
'''

# name, expression; one row a form. Names must be unique.
ROWS = [
    ("complex", "complex(4, 6)"),
    ("complex negative zero", "complex(-0.0, 2.5)"),
    ("complex inf", "complex(float('inf'), -1)"),
    ("range", "range(1, 10, 2)"),
    ("range big", "range(0, 2**70)"),
    ("slice", "slice(1, None, 2)"),
    ("Ellipsis", "Ellipsis"),
    ("NotImplemented", "NotImplemented"),
    ("type None", "type(None)"),
    ("type Ellipsis", "type(Ellipsis)"),
    ("type NotImplemented", "type(NotImplemented)"),
    ("bytes", "b'ab\\x00\\xff'"),
    ("bytes empty", "b''"),
    ("bytearray", "bytearray(b'ab\\xff')"),
    ("bytearray empty", "bytearray()"),
    ("set", "{1}"),
    ("set empty", "set()"),
    ("set numbers", "{1, 2, 3}"),
    ("frozenset", "frozenset([1])"),
    ("frozenset empty", "frozenset()"),
    ("frozenset nested", "frozenset([frozenset([1])])"),
    ("type references", "[int, str, float, bool, list, dict, tuple, set, frozenset, bytes, bytearray, complex, object, type, range, slice]"),
    ("function references", "[len, abs, sorted, isinstance]"),
    ("len", "len"),
    ("int", "int"),
    ("list and getattr", "[getattr, list]"),
    # datetime
    ("datetime", "dt(2024, 5, 6, 7, 8, 9, 123456)"),
    ("datetime midnight", "dt(2000, 1, 1)"),
    ("datetime min", "dt.min"),
    ("datetime max", "dt.max"),
    ("datetime fold", "dt(2024, 10, 27, 2, 30, fold=1)"),
    ("datetime utc", "dt(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc)"),
    ("datetime +05:30", "dt(2024, 5, 6, tzinfo=timezone(timedelta(hours=5, minutes=30)))"),
    ("datetime sub-minute", "dt(2024, 5, 6, tzinfo=timezone(timedelta(hours=-3, seconds=7, microseconds=5)))"),
    ("datetime named zone", "dt(2024, 5, 6, tzinfo=timezone(timedelta(hours=1), 'CET'))"),
    ("datetime ZoneInfo", "dt(2024, 5, 6, 7, 8, 9, tzinfo=ZoneInfo('Europe/Paris'))"),
    ("datetimes of one zone", "[dt(2024, 5, 6, tzinfo=timezone.utc), dt(2024, 5, 7, tzinfo=timezone.utc)]"),
    ("datetime string and class", "['datetime', dt(2024, 5, 6), date(2024, 5, 6), 'date', dt, date]"),
    ("date", "date(2024, 5, 6)"),
    ("date year 1", "date(1, 1, 1)"),
    ("time", "tm(7, 8, 9, 123456)"),
    ("time midnight", "tm()"),
    ("time fold", "tm(7, 8, 9, 5, fold=1)"),
    ("time utc", "tm(7, 8, 9, tzinfo=timezone.utc)"),
    ("timedelta", "timedelta(1, 2, 3)"),
    ("timedelta negative", "timedelta(microseconds=-1)"),
    ("timedelta zero", "timedelta()"),
    ("timedelta max", "timedelta.max"),
    ("timezone utc", "timezone.utc"),
    ("timezone", "timezone(timedelta(hours=-3))"),
    ("timezone zero named", "timezone(timedelta(0), 'GMT')"),
    ("tzinfo", "datetime.tzinfo()"),
    ("ZoneInfo", "ZoneInfo('Europe/Paris')"),
    ("ZoneInfo no_cache", "ZoneInfo.no_cache('Europe/Paris')"),
    ("ZoneInfo two", "[ZoneInfo('Europe/Paris'), ZoneInfo('UTC')]"),
    # numbers
    ("Decimal", "Decimal('3.140')"),
    ("Decimal NaN", "Decimal('NaN')"),
    ("Decimal sNaN", "Decimal('sNaN123')"),
    ("Decimal Infinity", "Decimal('-Infinity')"),
    ("Decimal exponent", "Decimal('1E+5')"),
    ("Decimal zero", "Decimal('-0.00')"),
    ("Decimals", "[Decimal('1.10'), Decimal('2.20')]"),
    ("Decimal string and class", "['decimal', 'Decimal', Decimal]"),
    ("decimal Context", "decimal.Context(prec=5)"),
    ("decimal Context traps", "decimal.Context(prec=9, rounding='ROUND_DOWN', Emin=-99, Emax=99, capitals=0, clamp=1, flags=[], traps=[decimal.Overflow])"),
    ("decimal signal", "decimal.DivisionByZero"),
    ("Fraction", "Fraction(1, 3)"),
    ("Fraction whole", "Fraction(7)"),
    ("Fraction big", "Fraction(-2**70, 3)"),
    ("UUID", "uuid.UUID('12345678-1234-5678-1234-567812345678')"),
    ("UUID small", "uuid.UUID(int=5)"),
    ("UUID is_safe", "uuid.UUID(int=5, is_safe=uuid.SafeUUID.safe)"),
    ("UUID unsafe", "uuid.UUID(int=2**127, is_safe=uuid.SafeUUID.unsafe)"),
    ("SafeUUID", "uuid.SafeUUID.unknown"),
    # collections
    ("OrderedDict", "OrderedDict([('a', 1), ('b', 2)])"),
    ("OrderedDict empty", "OrderedDict()"),
    ("OrderedDict one", "OrderedDict([(1, 2)])"),
    ("OrderedDict attribute", "with_attributes(OrderedDict(a=1), z=1)"),
    ("OrderedDict subclass", "with_attributes(Ordered(a=1), z=1)"),
    ("defaultdict list", "defaultdict(list, {'a': [1]})"),
    ("defaultdict int", "defaultdict(int, {1: 2})"),
    ("defaultdict None", "defaultdict(None, {'a': 1})"),
    ("defaultdict subclass", "Factory(int, {'a': 1})"),
    ("Counter", "Counter({'a': 2, 'b': 1})"),
    ("Counter empty", "Counter()"),
    ("Counter subclass", "Tally({'a': 2})"),
    ("deque", "deque([1, 2])"),
    ("deque one", "deque([1])"),
    ("deque empty", "deque()"),
    ("deque maxlen", "deque([1, 2], 3)"),
    ("deque maxlen empty", "deque(maxlen=0)"),
    ("deque subclass", "Line([1, 2], 5)"),
    ("ChainMap", "ChainMap({'a': 1}, {'b': 2})"),
    ("UserDict", "UserDict({'a': 1})"),
    ("UserList", "UserList([1])"),
    ("UserString", "UserString('s')"),
    ("namedtuple", "Point(1, 2)"),
    ("struct_time", "time.gmtime(0)"),
    ("struct_time plain", "time.struct_time((2024, 5, 6, 7, 8, 9, 0, 127, -1))"),
    # enum
    ("Enum", "Color.RED"),
    ("Enum str value", "Color.BLUE"),
    ("Enum twice", "[Color.RED, Color.RED]"),
    ("IntEnum", "Level.HIGH"),
    ("Flag", "Perm.R"),
    ("Flag composite", "Perm.R | Perm.X"),
    ("Flag zero", "Perm(0)"),
    ("IntFlag composite", "IntPerm.R | IntPerm.W"),
    ("str Enum", "Name.A"),
    ("StrEnum", "Text.A"),
    ("nested Enum", "Outer.Shade.DARK"),
    ("HTTPStatus", "http.HTTPStatus.OK"),
    ("HTTPMethod", "http.HTTPMethod.GET"),
    ("Signals", "__import__('signal').SIGINT"),
    ("Handlers", "__import__('signal').SIG_DFL"),
    ("Sigmasks", "__import__('signal').SIG_BLOCK"),
    ("AddressFamily", "__import__('socket').AF_INET6"),
    ("SocketKind", "[__import__('socket').SOCK_STREAM, __import__('socket').SocketKind]"),
    ("MsgFlag", "__import__('socket').MSG_PEEK"),
    ("MsgFlag composite", "__import__('socket').MSG_OOB | __import__('socket').MSG_PEEK"),
    ("AddressInfo", "__import__('socket').AI_PASSIVE"),
    ("TLSVersion", "__import__('ssl').TLSVersion.TLSv1_2"),
    ("VerifyMode", "__import__('ssl').CERT_REQUIRED"),
    ("VerifyFlags", "__import__('ssl').VERIFY_X509_STRICT"),
    ("ssl Options", "__import__('ssl').OP_NO_SSLv3"),
    ("ssl Options composite", "__import__('ssl').OP_NO_SSLv3 | __import__('ssl').Options(0x80000000)"),
    ("SSL method", "__import__('ssl').PROTOCOL_TLS_CLIENT"),
    ("calendar Month", "__import__('calendar').Month.MAY"),
    ("calendar Day", "__import__('calendar').Day.SUNDAY"),
    ("RegexFlag", "re.I | re.M"),
    ("SafeUUID", "[uuid.SafeUUID.safe, uuid.SafeUUID.unknown]"),
    ("ParameterKind", "__import__('inspect').Parameter.VAR_KEYWORD"),
    ("BufferFlags", "__import__('inspect').BufferFlags.FORMAT"),
    ("PlistFormat", "__import__('plistlib').FMT_XML"),
    ("SortKey", "__import__('pstats').SortKey.CUMULATIVE"),
    ("PycInvalidationMode", "__import__('py_compile').PycInvalidationMode.CHECKED_HASH"),
    # classes
    ("object", "object()"),
    ("plain instance", "plain(x=1, y='a')"),
    ("plain instance empty", "plain()"),
    ("nested class instance", "with_attributes(Outer.Inner(), a=1)"),
    ("dataclass", "Data(1, 'a')"),
    ("dataclass frozen", "Frozen(1, 'a')"),
    ("dataclass slots", "Slotted(1, 'a')"),
    ("dataclass frozen slots", "FrozenSlotted(1, 'a')"),
    ("list subclass", "Items([1, 2])"),
    ("list subclass attribute", "with_attributes(Items([1]), z=1)"),
    ("dict subclass", "Table({'a': 1})"),
    ("dict subclass attribute", "with_attributes(Table({'a': 1, 'b': 2}), z=1)"),
    ("tuple subclass", "Pair((1, 2))"),
    ("set subclass", "Group([1])"),
    ("getstate", "State()"),
    ("getnewargs", "NewArgs(1)"),
    ("getnewargs_ex", "NewArgsEx(1, 2)"),
    ("reduce with state setter", "with_attributes(framed(1), b=2)"),
    ("reduce_ex", "with_attributes(versioned(1), b=2)"),
    ("SimpleNamespace", "types.SimpleNamespace(a=1, b='x')"),
    ("SimpleNamespace empty", "types.SimpleNamespace()"),
    # exceptions
    ("ValueError", "ValueError('x', 1)"),
    ("ValueError empty", "ValueError()"),
    ("KeyError", "KeyError('k')"),
    ("Exception", "Exception('x')"),
    ("BaseException", "BaseException('x')"),
    ("StopIteration", "StopIteration(3)"),
    ("SystemExit", "SystemExit(1)"),
    ("OSError message", "OSError('x')"),
    ("OSError errno", "OSError(2, 'No such file', 'f.txt')"),
    ("OSError unknown errno", "OSError(9999, 'odd')"),
    ("OSError two files", "OSError(2, 'm', 'a', None, 'b')"),
    ("FileNotFoundError", "FileNotFoundError(2, 'nope')"),
    ("FileNotFoundError message", "FileNotFoundError('nope')"),
    ("PermissionError", "PermissionError(13, 'denied', '/x')"),
    ("TimeoutError", "TimeoutError(110, 'late')"),
    ("ConnectionRefusedError", "ConnectionRefusedError(111, 'refused')"),
    ("BlockingIOError", "BlockingIOError(11, 'again', 5)"),
    ("UnicodeDecodeError", "UnicodeDecodeError('utf-8', b'\\xff', 0, 1, 'bad')"),
    ("UnicodeEncodeError", "UnicodeEncodeError('ascii', '\\xe9', 0, 1, 'bad')"),
    ("ImportError", "ImportError('m', name='n', path='p')"),
    ("ModuleNotFoundError", "ModuleNotFoundError('m', name='n')"),
    ("SyntaxError", "SyntaxError('m', ('f', 1, 2, 't'))"),
    ("AttributeError", "AttributeError('m', name='n')"),
    ("AttributeError plain", "AttributeError('m')"),
    ("NameError", "NameError('m', name='n')"),
    ("ZeroDivisionError", "ZeroDivisionError('division by zero')"),
    ("JSONDecodeError", "json.JSONDecodeError('m', 'doc', 0)"),
    ("ExceptionGroup", "ExceptionGroup('g', [ValueError(1)])"),
    ("BaseExceptionGroup", "BaseExceptionGroup('g', [KeyboardInterrupt()])"),
    ("exception with notes", "noted(ValueError('a'), 'note')"),
    ("exception with attribute", "with_attributes(ValueError('a'), code=5)"),
    ("exception class", "ValueError"),
    ("own exception", "Boom('a', 1)"),
    ("own exception attribute", "Coded('a', 5)"),
    ("warning", "DeprecationWarning('old')"),
    ("InvalidOperation", "decimal.InvalidOperation([decimal.ConversionSyntax])"),
    ("AddressValueError", "ipaddress.AddressValueError('x')"),
    # pathlib, ipaddress
    ("PurePosixPath", "pathlib.PurePosixPath('/a/b.txt')"),
    ("PosixPath", "pathlib.PosixPath('a/b')"),
    ("PosixPath dot", "pathlib.PosixPath('.')"),
    ("PureWindowsPath", "pathlib.PureWindowsPath('c:/a/b')"),
    ("IPv4Address", "ipaddress.ip_address('1.2.3.4')"),
    ("IPv6Address", "ipaddress.ip_address('::1')"),
    ("IPv6Address long", "ipaddress.ip_address('2001:db8:0:0:1:0:0:1')"),
    ("IPv6Address scope", "ipaddress.ip_address('fe80::1%eth0')"),
    ("IPv4Network", "ipaddress.ip_network('10.0.0.0/8')"),
    ("IPv6Network", "ipaddress.ip_network('fe80::/10')"),
    ("IPv4Interface", "ipaddress.ip_interface('1.2.3.4/24')"),
    ("IPv6Interface", "ipaddress.ip_interface('::1/128')"),
    # array
    ] + [("array %s" % code, "array.array('%s', [1, 2])" % code) for code in "bBhHiIlLqQfd"] + [
    ("array negative", "array.array('h', [-1, -32768])"),
    ("array u", "array.array('u', 'ab')"),
    ("array w", "array.array('w', 'ab')"),
    ("array empty", "array.array('i')"),
    ("array q big", "array.array('q', [2**60])"),
    # functools, re, operator, typing
    ("partial", "functools.partial(int, '1', base=2)"),
    ("partial plain", "functools.partial(int)"),
    ("Pattern", "re.compile('a+', re.I)"),
    ("Pattern bytes", "re.compile(b'a+')"),
    ("itemgetter", "operator.itemgetter(1, 2)"),
    ("attrgetter", "operator.attrgetter('a.b')"),
    ("methodcaller", "operator.methodcaller('f', 1)"),
    ("methodcaller keywords", "operator.methodcaller('f', k=2)"),
    ("GenericAlias", "list[int]"),
    ("typing Optional", "typing.Optional[int]"),
    ("typing List", "typing.List[int]"),
    ("typing Any", "typing.Any"),
    # http.cookies
    ("SimpleCookie", "http.cookies.SimpleCookie('a=b')"),
    ("SimpleCookie empty", "http.cookies.SimpleCookie()"),
    # long tail
    ("BytesIO", "io.BytesIO(b'ab')"),
    ("StringIO", "io.StringIO('ab')"),
    ("Template", "string.Template('$a')"),
    ("ParseResult", "__import__('urllib.parse').parse.urlparse('http://a/b')"),
    ("SplitResult", "__import__('urllib.parse').parse.urlsplit('http://a/b')"),
    ("stat_result", "os.stat_result((0, 1, 2, 3, 4, 5, 6, 7, 8, 9))"),
    ("itertools count", "itertools.count(3, 2)"),
    ("itertools repeat", "itertools.repeat(1, 2)"),
    ("list iterator", "iter([1, 2])"),
    ("dict iterator", "iter({1: 2})"),
    ("range iterator", "iter(range(3))"),
    ("enumerate", "enumerate([1])"),
    ("zip", "zip([1], [2])"),
    ("map", "map(int, ['1'])"),
    ("filter", "filter(None, [1])"),
    ("reversed", "reversed([1, 2])"),
    ("itertools chain", "itertools.chain([1], [2])"),
    ("itertools cycle", "itertools.cycle([1])"),
    ("itertools product", "itertools.product([1], [2])"),
    ("itertools islice", "itertools.islice([1, 2], 1)"),
    ("itertools combinations", "itertools.combinations([1, 2], 2)"),
    ("itertools permutations", "itertools.permutations([1, 2])"),
    ("itertools accumulate", "itertools.accumulate([1, 2])"),
    ("itertools starmap", "itertools.starmap(pow, [(2, 3)])"),
    ("itertools zip_longest", "itertools.zip_longest([1], [2])"),
    ("itertools takewhile", "itertools.takewhile(bool, [1])"),
    ("itertools compress", "itertools.compress([1], [1])"),
    ("bound method", "plain(a=1).__init__"),
    ("class method", "dict.fromkeys"),
    ("builtin bound method", "[1].append"),
    ("bytes maketrans", "bytes.maketrans"),
    ("Random", "random.Random(1)"),
    ("Logger", "__import__('logging').getLogger('x')"),
    ("root Logger", "__import__('logging').getLogger()"),
    ("LogRecord", "log_record()"),
    ("Element", "__import__('xml.etree.ElementTree').etree.ElementTree.fromstring('<a b=\"c\">t<d/></a>')"),
    ("email Message", "__import__('email.message').message.Message()"),
    ("EmailMessage", "__import__('email.message').message.EmailMessage()"),
    ("Signature", "__import__('inspect').signature(app.signed)"),
    ("Parameter", "__import__('inspect').Parameter('x', __import__('inspect').Parameter.KEYWORD_ONLY)"),
    ("partialmethod", "functools.partialmethod(int, 1)"),
    ("functools.reduce", "functools.reduce"),
    ("int subclass", "with_attributes(app.Number(5), z=1)"),
    ("float subclass", "app.Ratio(1.5)"),
    ("str subclass", "app.Title('s')"),
    ("bytes subclass", "app.Blob(b's')"),
    ("bytearray subclass", "app.Buffer(b's')"),
    ("frozenset subclass", "app.Sealed([1])"),
    ("datetime subclass", "app.Moment(2024, 5, 6)"),
    ("CompletedProcess", "__import__('subprocess').CompletedProcess(['a'], 1)"),
    ("CalledProcessError", "__import__('subprocess').CalledProcessError(1, ['a'])"),
    ("queue.Empty", "__import__('queue').Empty()"),
    ("socket.gaierror", "__import__('socket').gaierror(-2, 'unknown')"),
    ("socket.timeout", "__import__('socket').timeout('late')"),
    ("URLError", "__import__('urllib.error').error.URLError('why')"),
    ("SSLError", "__import__('ssl').SSLError(1, 'bad')"),
    ("sqlite3 error", "__import__('sqlite3').OperationalError('locked')"),
    ("asyncio CancelledError", "__import__('asyncio').CancelledError()"),
    ("asyncio InvalidStateError", "__import__('asyncio').InvalidStateError('x')"),
    ("futures TimeoutError", "__import__('concurrent.futures').futures.TimeoutError()"),
    ("BrokenProcessPool", "__import__('concurrent.futures.process').futures.process.BrokenProcessPool('x')"),
    ("struct.error", "__import__('struct').error('x')"),
    ("zlib.error", "__import__('zlib').error('x')"),
    ("binascii.Error", "__import__('binascii').Error('x')"),
    ("csv.Error", "__import__('csv').Error('x')"),
    ("PicklingError", "__import__('pickle').PicklingError('x')"),
    ("re.error", "re.error('x', 'a', 0)"),
    ("ConfigParser error", "__import__('configparser').NoSectionError('x')"),
    ("Template class", "string.Template"),
    # pytz, dateutil
    ("pytz utc", "__import__('pytz').utc"),
    ("pytz zone", "__import__('pytz').timezone('Europe/Paris')"),
    ("pytz static zone", "__import__('pytz').timezone('Etc/GMT+5')"),
    ("pytz FixedOffset", "__import__('pytz').FixedOffset(90)"),
    ("pytz localized", "__import__('pytz').timezone('Europe/Paris').localize(dt(2024, 5, 6))"),
    ("pytz twice", "[__import__('pytz').utc, __import__('pytz').utc]"),
    ("dateutil tzutc", "__import__('dateutil.tz').tz.tzutc()"),
    ("dateutil tzoffset", "__import__('dateutil.tz').tz.tzoffset(None, 3600)"),
    ("dateutil tzlocal", "__import__('dateutil.tz').tz.tzlocal()"),
    ("dateutil tzstr", "__import__('dateutil.tz').tz.tzstr('EST5EDT')"),
    ("dateutil datetime", "dt(2024, 5, 6, tzinfo=__import__('dateutil.tz').tz.tzoffset('X', 3600))"),
    ("dateutil gettz", "__import__('dateutil.tz').tz.gettz('Asia/Kolkata')"),
    ("relativedelta", "__import__('dateutil.relativedelta').relativedelta.relativedelta(days=1)"),
    # Django
    ("SafeString", "__import__('django.utils.safestring').utils.safestring.mark_safe('<b>')"),
    ("lazy string", "__import__('django.utils.translation').utils.translation.gettext_lazy('hi')"),
    ("MultiValueDict", "__import__('django.utils.datastructures').utils.datastructures.MultiValueDict({'a': ['1', '2']})"),
    ("QueryDict", "__import__('django.http').http.QueryDict('a=1&a=2&b=3')"),
    ("QueryDict mutable", "__import__('django.http').http.QueryDict('a=1', mutable=True)"),
    ("HttpResponse", "__import__('django.http').http.HttpResponse('hi')"),
    ("Django model", "django_model(id=3, number=7, price=Decimal('1.10'), paid_at=dt(2024, 5, 6, tzinfo=timezone.utc))"),
    ("SimpleLazyObject", "__import__('django.utils.functional').utils.functional.SimpleLazyObject(lambda: 5)"),
    # werkzeug
    ("ImmutableMultiDict", "__import__('werkzeug.datastructures').datastructures.ImmutableMultiDict([('a', '1')])"),
    ("Headers", "__import__('werkzeug.datastructures').datastructures.Headers([('a', '1')])"),
]

ROWS += [("numpy " + name, "(lambda np: %s)(__import__('numpy'))" % expression) for name, expression in [
    ("int32 2x2", "np.arange(4, dtype='i4').reshape(2, 2)"),
    ("F order", "np.asfortranarray(np.arange(4, dtype='i4').reshape(2, 2))"),
    ("0-d", "np.array(5)"),
    ("empty", "np.empty((0, 3))"),
    ("bool", "np.array([True, False])"),
    ("big-endian", "np.array([1], dtype='>i2')"),
    ("str", "np.array([['ab', 'b'], ['c', '']])"),
    ("bytes", "np.array([b'ab', b'c'])"),
    ("object", "np.array([1, 'a', None], dtype=object)"),
    ("datetime64", "np.array(['2024-01-01'], dtype='M8[D]')"),
    ("structured", "np.array([(1, 2.0)], dtype=[('left', 'i4'), ('right', 'f8')])"),
    ("complex128", "np.array([1 + 2j])"),
    ("float16", "np.array([1], dtype='f2')"),
    ("float64", "np.linspace(0, 1, 5)"),
    ("uint64", "np.array([2**63], dtype='u8')"),
    ("float64 scalar", "np.float64(1.5)"),
    ("int64 scalar", "np.int64(7)"),
    ("bool scalar", "np.bool_(True)"),
    ("str scalar", "np.str_('ab')"),
    ("bytes scalar", "np.bytes_(b'ab')"),
    ("datetime64 scalar", "np.datetime64('2024-01-01T00:00:00')"),
    ("timedelta64 scalar", "np.timedelta64(5, 's')"),
    ("complex64 scalar", "np.complex64(1 + 2j)"),
    ("void scalar", "np.array([(1, 2.0)], dtype=[('left', 'i4'), ('right', 'f8')])[0]"),
    ("dtype", "np.dtype('i4')"),
    ("dtype structured", "np.dtype([('a', 'i4')])"),
    ("float64 type", "np.float64"),
    ("matrix", "np.matrix([[1]])"),
    ("recarray", "np.rec.array([(1, 2.0)], dtype=[('left', 'i4'), ('right', 'f8')])"),
    ("masked", "np.ma.masked_array([1, 2], [False, True])"),
    ("two arrays", "[np.zeros(2), np.ones(2)]"),
    ("non-contiguous", "np.arange(6)[::2]"),
    ("ufunc", "np.add"),
    ("Generator", "np.random.Generator(np.random.PCG64(1))"),
    ("RandomState", "np.random.RandomState(1)"),
    ("MT19937", "np.random.MT19937(1)"),
    ("Philox", "np.random.Philox(1)"),
    ("SeedSequence", "np.random.SeedSequence(1)"),
    ("nested structured", "np.array([((1, 2), [3, 4])], dtype=[('pair', [('left', 'i2'), ('right', 'u1')]), ('rest', 'f4', (2,))])"),
    ("aligned dtype", "np.dtype({'names': ['a', 'b'], 'formats': ['u1', 'f8']}, align=True)"),
    ("titled dtype", "np.dtype([(('title', 'a'), 'i4')])"),
    ("offset dtype", "np.dtype({'names': ['a', 'b'], 'formats': ['i4', 'i4'], 'offsets': [4, 12], 'itemsize': 20})"),
    ("datetime64 NaT", "np.array(['NaT', '2024-01-01T00:00:00.000000001'], dtype='M8[ns]')"),
    ("timedelta64", "np.array([1, -1], dtype='m8[10ms]')"),
    ("void bytes", "np.array([b'ab'], dtype='V2')"),
    ("longdouble", "np.longdouble(1.5)"),
    ("object 2-d", "np.array([[1, None], ['a', [2]]], dtype=object)"),
    ("object F order", "np.array([[1, None], ['a', 2]], dtype=object, order='F')"),
    ("poly1d", "np.poly1d([1, 2])"),
    ("ndarray type", "np.ndarray"),
    ("StringDType", "[np.dtypes.StringDType(), np.dtypes.StringDType(coerce=False, na_object=None)]"),
    ("StringDType array", "np.array(['a', 'b\u20ac', ''], dtype=np.dtypes.StringDType())"),
    ("StringDType missing", "np.array([['a', None], ['b' * 20, 'c']], dtype=np.dtypes.StringDType(na_object=None))"),
    ("StringDType NaN", "np.array(['a', np.nan], dtype=np.dtypes.StringDType(na_object=np.nan))"),
    ("StringDType F order", "np.array([['a', 'b'], ['c', 'd']], dtype=np.dtypes.StringDType(), order='F')"),
    ("StringDType 0-d", "np.array('a', dtype=np.dtypes.StringDType())"),
]]

# Whether the strings of a class's name are the interned ones: they are then shared with equal strings in the data.
ROWS += [("strings of %s.%s" % (module, name), "[%r, %r, __import__(%r, fromlist=['x']).%s]" % (module, name, module, name)) for module, name in [
    ("collections", "OrderedDict"), ("collections", "defaultdict"), ("collections", "deque"), ("collections", "Counter"),
    ("collections", "ChainMap"), ("collections", "UserDict"), ("fractions", "Fraction"), ("uuid", "UUID"),
    ("time", "struct_time"), ("types", "SimpleNamespace"), ("types", "GenericAlias"), ("functools", "partial"),
    ("array", "array"), ("zoneinfo", "ZoneInfo"), ("ipaddress", "IPv4Address"), ("decimal", "Decimal"), ("decimal", "Context"),
    ("decimal", "Overflow"), ("datetime", "timedelta"), ("datetime", "timezone"),
    ("builtins", "range"), ("builtins", "complex"), ("builtins", "int"), ("builtins", "object"), ("builtins", "ValueError"),
    ("builtins", "OSError"), ("builtins", "ExceptionGroup"), ("builtins", "len"), ("operator", "itemgetter"),
    ("_operator", "or_"), ("itertools", "count"), ("os", "stat_result"), ("http", "HTTPStatus"),
]]

# What Python 2.7 writes, to be read only.
ROWS2 = [
    ("bytearray", "bytearray(b'ab')"),
    ("complex", "complex(4, 6)"),
    ("xrange", "xrange(1, 10, 2)"),
    ("set", "set([1])"),
    ("frozenset", "frozenset([1])"),
    ("datetime", "dt(2024, 5, 6, 7, 8, 9, 123456)"),
    ("date", "date(2024, 5, 6)"),
    ("time", "tm(7, 8, 9, 123456)"),
    ("timedelta", "timedelta(1, 2, 3)"),
    ("Decimal", "Decimal('3.140')"),
    ("Fraction", "Fraction(1, 3)"),
    ("UUID", "uuid.UUID('12345678-1234-5678-1234-567812345678')"),
    ("OrderedDict", "OrderedDict([(1, 1), (2, 2)])"),
    ("defaultdict", "defaultdict(list, {1: [1]})"),
    ("Counter", "Counter({1: 2})"),
    ("deque", "deque([1, 2])"),
    ("deque maxlen", "deque([1, 2], 3)"),
    ("namedtuple", "Point(1, 2)"),
    ("struct_time", "time.gmtime(0)"),
    ("plain instance", "plain(x=1)"),
    ("old-style instance", "Old()"),
    ("list subclass", "Items([1, 2])"),
    ("dict subclass", "Table({1: 2})"),
    ("getstate", "State()"),
    ("ValueError", "ValueError('x', 1)"),
    ("KeyError", "KeyError('k')"),
    ("IOError", "IOError(2, 'nope', 'f')"),
    ("OSError", "OSError(13, 'denied')"),
    ("UnicodeDecodeError", "UnicodeDecodeError('utf-8', b'x', 0, 1, 'bad')"),
    ("own exception", "Boom('a', 1)"),
    ("array", "array.array('i', [1, 2])"),
    ("partial", "functools.partial(int, '1')"),
    ("Pattern", "re.compile('a+', re.I)"),
    ("object", "object()"),
    ("type references", "[int, long, str, unicode, list, dict, basestring]"),
]

NO_REPR = (" at 0x", "<Swig", "<_io.")


def emit():
    """Runs in the interpreter asked: prints one JSON line a row."""
    import pickle
    import types

    two = sys.version_info[0] == 2
    app = types.ModuleType("app")
    sys.modules["app"] = app
    app.__dict__["__file__"] = "app.py"
    exec(compile(APP2 if two else APP, "app.py", "exec"), app.__dict__)
    try:
        from django.conf import settings
        settings.configure(USE_I18N=False)
        __import__("django").setup()
    except ImportError:
        pass
    scope = {}
    exec(compile(PRELUDE2 if two else PRELUDE, "prelude", "exec"), scope)
    for name, expression in ROWS2 if two else ROWS:
        try:
            value = eval(expression, scope)
        except Exception:
            continue
        pickles = []
        for protocol in range(3 if two else 6):
            try:
                pickles.append(base64.b64encode(pickle.dumps(value, protocol)).decode())
            except Exception:
                pickles.append(None)
        try:
            text = repr(value)
        except Exception:
            text = None
        if text is not None and any(part in text for part in NO_REPR):
            text = None
        print(json.dumps([name, expression, text, pickles]))


# numpy 2 writes other names than numpy 1. They are to be read, and get a version of their own.
VERSIONS = """
import sys
try:
    import numpy
except ImportError:
    numpy = None
print("%d.%d" % sys.version_info[:2])
print("numpy 2" if numpy is not None and numpy.__version__.startswith("2.") else "%d.%d" % sys.version_info[:2])
"""


def ask(python):
    env = dict(os.environ, PYTHONHASHSEED="0", TZ="UTC", PYTHONWARNINGS="ignore", PYTHONDONTWRITEBYTECODE="1")
    version, numpy_version = subprocess.check_output([python, "-c", VERSIONS]).decode().splitlines()
    out = subprocess.check_output([python, os.path.abspath(__file__), "--emit"], env=env).decode()
    lines = [json.loads(line) for line in out.splitlines()]
    return [
        (version, [line for line in lines if not line[0].startswith("numpy ")]),
        (numpy_version, [line for line in lines if line[0].startswith("numpy ")]),
    ]


def merge(answers):
    rows = {}
    for version, lines in answers:
        for name, expression, text, pickles in lines:
            key = ("2.7 " if version == "2.7" else "") + name
            row = rows.setdefault(key, {"name": key, "python": expression, "repr": {}, "pickles": {}, "written": {}})
            if text is not None:
                row["repr"][version] = text
            if version not in row["written"]:
                row["written"][version] = pickles
            for protocol, data in enumerate(pickles):
                if data is not None:
                    seen = row["pickles"].setdefault(data, [])
                    origin = "%s:%d" % (version, protocol)
                    if origin not in seen:
                        seen.append(origin)
    result = []
    for row in rows.values():
        data = list(row["pickles"])
        written = {}
        for version in ("3.13", "3.12", "3.11", "numpy 2"):
            if version in row["written"] and (version in ("3.13", "3.12") or not written):
                written[version] = [None if d is None else data.index(d) for d in row["written"][version]]
        if written.get("3.13") == written.get("3.12"):
            written.pop("3.13", None)
        versions = sorted((v for v in row["repr"] if v[0].isdigit()), key=lambda v: [int(n) for n in v.split(".")])
        text = row["repr"].get("3.12", row["repr"][versions[-1]] if versions else None)
        result.append({
            "name": row["name"], "python": row["python"], "repr": text, "written": written,
            "pickles": [{"data": d, "from": row["pickles"][d]} for d in data],
        })
    return result


def main():
    if sys.argv[1:] == ["--emit"]:
        emit()
        return
    rows = merge([answer for python in sys.argv[1:] for answer in ask(python)])
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "types.json")
    with open(path, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    print("%d rows, %d pickles" % (len(rows), sum(len(row["pickles"]) for row in rows)))


if __name__ == "__main__":
    main()
