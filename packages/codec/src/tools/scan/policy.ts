/**
 * Which globals a scan takes for harmless. A list of what is harmless is finite; lists of what is dangerous never end, so
 * what is on neither is "unknown", and a caller who runs pickles should refuse that too.
 */
import { PickleError } from "../../errors.js";

/** What a scan makes of a global or a pickle. What is `"unknown"` is on neither list: a caller who runs pickles should refuse it too. */
export type Verdict = "allowed" | "unknown" | "dangerous";

/** Which globals are harmless and which dangerous, beside the built-in lists. */
export interface ScanPolicy {
  /** Further harmless globals, `"module.QualName"`: those of your registry. A name ends in `.*` for all of a module. Default: none. */
  readonly allow?: Iterable<string> | undefined;
  /** Further dangerous globals, in the same form. These win. Default: none. */
  readonly deny?: Iterable<string> | undefined;
}

const EXCEPTIONS =
  "ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError BrokenPipeError BufferError " +
  "BytesWarning ChildProcessError ConnectionAbortedError ConnectionError ConnectionRefusedError ConnectionResetError " +
  "DeprecationWarning EOFError EncodingWarning EnvironmentError Exception ExceptionGroup FileExistsError FileNotFoundError " +
  "FloatingPointError FutureWarning GeneratorExit IOError ImportError ImportWarning IndentationError IndexError " +
  "InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError " +
  "NotADirectoryError NotImplementedError OSError OverflowError PendingDeprecationWarning PermissionError " +
  "ProcessLookupError RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration " +
  "StopIteration SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError TypeError UnboundLocalError " +
  "UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning " +
  "ZeroDivisionError";

/** Values of the standard library: making one, and setting its state, does nothing else. */
const HARMLESS: ReadonlyMap<string, ReadonlySet<string>> = tableOf({
  builtins:
    `bool bytearray bytes complex dict Ellipsis float frozenset int list NotImplemented object range set slice str tuple ` +
    EXCEPTIONS,
  _codecs: "encode",
  array: "array _array_reconstructor",
  collections: "ChainMap Counter OrderedDict UserDict UserList UserString defaultdict deque",
  copyreg: "__newobj__ __newobj_ex__ _reconstructor",
  datetime: "date datetime time timedelta timezone",
  decimal: "Decimal",
  fractions: "Fraction",
  ipaddress: "IPv4Address IPv4Interface IPv4Network IPv6Address IPv6Interface IPv6Network",
  pathlib: "Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath",
  "pathlib._local": "Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath",
  types: "SimpleNamespace",
  uuid: "UUID",
  zoneinfo: "ZoneInfo ZoneInfo._unpickle",
});

/** Enums, also of modules that are dangerous otherwise. A call only finds a member; every reader of the value has the same one. */
const ENUMS: ReadonlyMap<string, ReadonlySet<string>> = tableOf({
  calendar: "Day Month",
  http: "HTTPMethod HTTPStatus",
  inspect: "BufferFlags _ParameterKind",
  plistlib: "PlistFormat",
  pstats: "SortKey",
  py_compile: "PycInvalidationMode",
  re: "RegexFlag",
  signal: "Handlers Sigmasks Signals",
  socket: "AddressFamily AddressInfo MsgFlag SocketKind",
  ssl: "AlertDescription Options SSLErrorNumber TLSVersion VerifyFlags VerifyMode _SSLMethod _TLSAlertType _TLSContentType _TLSMessageType",
  uuid: "SafeUUID",
});

/** Of the builtins these reach code, files or attributes; the rest of them is unknown. */
const DANGEROUS_NAMES: ReadonlyMap<string, ReadonlySet<string>> = tableOf({
  // Python 2's among them: `apply`, `execfile`, `file`, `reload`.
  builtins:
    "__build_class__ __import__ apply breakpoint classmethod compile delattr dir eval exec execfile exit file filter getattr " +
    "globals help input locals map memoryview open property quit reload setattr staticmethod super type vars",
  types:
    "AsyncGeneratorType BuiltinFunctionType CodeType CoroutineType DynamicClassAttribute FrameType FunctionType GeneratorType " +
    "LambdaType MethodType ModuleType TracebackType new_class prepare_class resolve_bases coroutine",
  functools: "partial partialmethod reduce cached_property singledispatch",
  operator: "attrgetter itemgetter methodcaller call",
  _operator: "attrgetter itemgetter methodcaller call",
  numpy: "load loadtxt genfromtxt fromfile memmap save savetxt savez DataSource",
  torch: "load jit.load hub.load storage._load_from_bytes",
  "torch.storage": "_load_from_bytes",
  joblib: "load",
  pandas: "read_pickle eval",
});

/** Modules, with all that is in them, that run code, start processes, or reach files or the network. */
const DANGEROUS_MODULES: ReadonlySet<string> = new Set(
  (
    "_aix_support _bootsubprocess _ctypes _imp _interpreters _io _osx_support _pickle _posixshmem _posixsubprocess _pyio " +
    "_pyrepl _socket _sqlite3 _ssl _thread _winapi _xxinterpchannels _xxsubinterpreters aiohttp antigravity asyncio asyncore " +
    "asyncprocess atexit bdb bz2 cProfile cffi cgi cloudpickle cmd code codecs codeop commands concurrent configparser ctypes " +
    "dbm dill distutils doctest ensurepip faulthandler filecmp fileinput ftplib gc getpass glob gzip http httpx idlelib imaplib " +
    "imp importlib inspect io jsonpickle lib2to3 linecache logging lzma mailbox mailcap marshal mmap modulefinder msvcrt " +
    "multiprocessing netrc nntplib nt ntpath numpy.distutils numpy.f2py numpy.testing os pdb pickle pickletools pip pipes " +
    "pkg_resources pkgutil platform plistlib popen2 poplib posix posixpath profile pstats pty py_compile pydoc pyexpat requests " +
    "resource rlcompleter runpy sched select selectors setuptools shelve shlex shutil signal site smtpd smtplib socket " +
    "socketserver sqlite3 ssl subprocess symtable sys sysconfig tarfile telnetlib tempfile test threading timeit torch.hub " +
    "torch.jit torch.utils trace traceback tracemalloc turtle unittest urllib urllib2 urllib3 uu venv webbrowser winreg wsgiref " +
    "xml xmlrpc zipapp zipfile zipimport"
  ).split(" "),
);

function tableOf(rows: Readonly<Record<string, string>>): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(Object.entries(rows).map(([module, names]) => [module, new Set(names.split(" "))]));
}

/** A policy made ready to ask. */
export class GlobalJudge {
  readonly #allowed: NameList;
  readonly #denied: NameList;

  constructor(policy: ScanPolicy) {
    this.#allowed = new NameList("allow", policy.allow ?? []);
    this.#denied = new NameList("deny", policy.deny ?? []);
  }

  /** What to think of a global, by the names of Python 3. */
  judge(module: string, name: string): Verdict {
    if (this.#denied.has(module, name)) return "dangerous";
    if (this.#allowed.has(module, name)) return "allowed";
    if (HARMLESS.get(module)?.has(name) || isEnum(module, name)) return "allowed";
    if (isDangerousModule(module) || DANGEROUS_NAMES.get(module)?.has(name)) return "dangerous";
    // A dotted name walks attributes, and from nearly every module leads to `sys.modules`.
    if (name.includes(".") && (HARMLESS.has(module) || walksOut(name))) return "dangerous";
    // What a module of values has besides values: `uuid._get_command_stdout`.
    return HARMLESS.has(module) && name.startsWith("_") ? "dangerous" : "unknown";
  }
}

/** Whether a call of this class gives an object that others have too. */
export function isEnum(module: string, name: string): boolean {
  return ENUMS.get(module)?.has(name) ?? false;
}

function isDangerousModule(module: string): boolean {
  for (let end = module.length; end > 0; end = module.lastIndexOf(".", end - 1)) {
    if (DANGEROUS_MODULES.has(module.slice(0, end))) return true;
  }
  return false;
}

/** Whether a step of a dotted name is private or a module that one should not reach. */
function walksOut(name: string): boolean {
  return name.split(".").some((part) => part.startsWith("_") || part === "modules" || DANGEROUS_MODULES.has(part));
}

/** Names and whole modules that a caller gave. */
class NameList {
  readonly #names = new Set<string>();
  readonly #modules = new Set<string>();

  constructor(option: string, names: Iterable<string>) {
    // Its letters would be taken for names.
    if (typeof names === "string")
      throw new PickleError(
        `Cannot use option ${option}: must be a list of names, such as [${JSON.stringify(names)}]`,
        {
          code: "bad-option",
        },
      );
    for (const name of names) {
      if (name.endsWith(".*")) this.#modules.add(name.slice(0, -2));
      else this.#names.add(name);
    }
  }

  has(module: string, name: string): boolean {
    // Without the check for dots, `a.*` would let `a` be left through `a.b.c`.
    return this.#names.has(`${module}.${name}`) || (this.#modules.has(module) && !name.includes("."));
  }
}
