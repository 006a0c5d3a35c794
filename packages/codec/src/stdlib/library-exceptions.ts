/** Exceptions of the standard library's modules: what a failing Python task may well send. `Class(*args)`, then attributes. */
import { exceptionEntry } from "../globals/entries/exception-entry.js";
import type { GlobalEntry } from "../globals/registry.js";
import { libraryBehaviours } from "../python/library/exceptions.js";
import { behave, exceptionClass, type PyExceptionName, pyExceptions } from "../python/objects/builtin-exceptions.js";
import type { PyExceptionClass } from "../python/objects/exception.js";

/** By module: `Name<Parent`, the parent being one of the same module, of another (`module:Name`), or a builtin. */
const CLASSES: Readonly<Record<string, string>> = {
  _csv: "Error<Exception",
  _lzma: "LZMAError<Exception",
  // What Python's own pickler throws; `pickle` where the one in C is missing.
  _pickle: "PickleError<Exception PicklingError<PickleError UnpicklingError<PickleError",
  pickle: "PickleError<Exception PicklingError<PickleError UnpicklingError<PickleError",
  _queue: "Empty<Exception",
  // Classes of their own before Python 3.11, names of `TimeoutError` since.
  "asyncio.exceptions":
    "CancelledError<BaseException TimeoutError<Exception InvalidStateError<Exception SendfileNotAvailableError<RuntimeError IncompleteReadError<EOFError LimitOverrunError<Exception BrokenBarrierError<RuntimeError",
  "asyncio.queues": "QueueEmpty<Exception QueueFull<Exception QueueShutDown<Exception",
  binascii: "Error<ValueError Incomplete<Exception",
  "concurrent.futures._base":
    "Error<Exception CancelledError<Error TimeoutError<Error InvalidStateError<Error BrokenExecutor<RuntimeError",
  "concurrent.futures.process": "BrokenProcessPool<concurrent.futures._base:BrokenExecutor",
  "concurrent.futures.thread": "BrokenThreadPool<concurrent.futures._base:BrokenExecutor",
  configparser:
    "Error<Exception NoSectionError<Error DuplicateSectionError<Error DuplicateOptionError<Error NoOptionError<Error InterpolationError<Error InterpolationMissingOptionError<InterpolationError InterpolationSyntaxError<InterpolationError InterpolationDepthError<InterpolationError ParsingError<Error MissingSectionHeaderError<ParsingError MultilineContinuationError<ParsingError",
  copy: "Error<Exception",
  "email.errors":
    "MessageError<Exception MessageParseError<MessageError HeaderParseError<MessageParseError BoundaryError<MessageParseError MultipartConversionError<MessageError CharsetError<MessageError HeaderWriteError<MessageError",
  ftplib: "Error<Exception error_reply<Error error_temp<Error error_perm<Error error_proto<Error",
  graphlib: "CycleError<ValueError",
  gzip: "BadGzipFile<OSError",
  "http.client":
    "HTTPException<Exception NotConnected<HTTPException InvalidURL<HTTPException UnknownProtocol<HTTPException UnknownTransferEncoding<HTTPException UnimplementedFileMode<HTTPException IncompleteRead<HTTPException ImproperConnectionState<HTTPException CannotSendRequest<ImproperConnectionState CannotSendHeader<ImproperConnectionState ResponseNotReady<ImproperConnectionState BadStatusLine<HTTPException LineTooLong<HTTPException RemoteDisconnected<ConnectionResetError",
  "http.cookies": "CookieError<Exception",
  io: "UnsupportedOperation<OSError",
  "multiprocessing.context":
    "ProcessError<Exception BufferTooShort<ProcessError TimeoutError<ProcessError AuthenticationError<ProcessError",
  poplib: "error_proto<Exception",
  queue: "Full<Exception ShutDown<Exception",
  // `error` up to Python 3.12.
  re: "error<Exception PatternError<Exception",
  shutil:
    "Error<OSError SameFileError<Error SpecialFileError<OSError ExecError<OSError ReadError<OSError RegistryError<Exception",
  smtplib:
    "SMTPException<OSError SMTPNotSupportedError<SMTPException SMTPServerDisconnected<SMTPException SMTPResponseException<SMTPException SMTPSenderRefused<SMTPResponseException SMTPRecipientsRefused<SMTPException SMTPDataError<SMTPResponseException SMTPConnectError<SMTPResponseException SMTPHeloError<SMTPResponseException SMTPAuthenticationError<SMTPResponseException",
  socket: "herror<OSError gaierror<OSError timeout<OSError",
  sqlite3:
    "Error<Exception Warning<Exception InterfaceError<Error DatabaseError<Error InternalError<DatabaseError OperationalError<DatabaseError ProgrammingError<DatabaseError IntegrityError<DatabaseError DataError<DatabaseError NotSupportedError<DatabaseError",
  ssl: "SSLError<OSError SSLZeroReturnError<SSLError SSLWantReadError<SSLError SSLWantWriteError<SSLError SSLSyscallError<SSLError SSLEOFError<SSLError SSLCertVerificationError<SSLError",
  statistics: "StatisticsError<ValueError",
  struct: "error<Exception",
  subprocess: "SubprocessError<Exception CalledProcessError<SubprocessError TimeoutExpired<SubprocessError",
  tarfile:
    "TarError<Exception ExtractError<TarError ReadError<TarError CompressionError<TarError StreamError<TarError HeaderError<TarError",
  threading: "BrokenBarrierError<RuntimeError",
  tomllib: "TOMLDecodeError<ValueError",
  "urllib.error": "URLError<OSError HTTPError<URLError ContentTooShortError<URLError",
  "xml.etree.ElementTree": "ParseError<SyntaxError",
  "xml.parsers.expat": "ExpatError<Exception",
  zipfile: "BadZipFile<Exception LargeZipFile<Exception",
  zlib: "error<Exception",
  "zoneinfo._common": "ZoneInfoNotFoundError<KeyError",
};

/** Modules written in C, whose classes' strings are their own. */
const IN_C: ReadonlySet<string> = new Set(
  "_csv _lzma _pickle _queue binascii socket sqlite3 ssl struct zlib".split(" "),
);

/** The modules of {@link libraryExceptionEntries}. */
export const libraryExceptionModules: readonly string[] = Object.keys(CLASSES);

export function libraryExceptionEntries(): readonly GlobalEntry[] {
  const made = new Map<string, PyExceptionClass>();
  return Object.entries(CLASSES).flatMap(([module, classes]) =>
    classes.split(" ").map((row) => {
      const [name, parent] = row.split("<") as [string, string];
      const above = made.get(parent.includes(":") ? parent : `${module}:${parent}`);
      const jsClass = exceptionClass(`${module}.${name}`, above ?? pyExceptions[parent as PyExceptionName]);
      const behaviour = libraryBehaviours.get(`${module}:${name}`);
      if (behaviour !== undefined) behave(jsClass, behaviour);
      made.set(`${module}:${name}`, jsClass);
      return exceptionEntry({ module, name }, jsClass, { nameStrings: IN_C.has(module) ? "fresh" : "interned" });
    }),
  );
}
