/** What some exceptions of the standard library's modules do in their own way, each for itself and its subclasses. */
import { bytesOf, intOf } from "../coerce.js";
import { PyException, type PyExceptionClass, quoted, shown } from "../objects/exception.js";
import { OsException } from "../objects/exception-behaviours.js";
import { type OwnRepr, ownRepr } from "../repr.js";
import { signalName } from "./signals.js";

/** What Python's `__init__` keeps as an attribute: as the pickle brought it, or as it was called. */
function field(exception: PyException, name: string, index: number): unknown {
  return exception.attributes[name] ?? exception.args[index] ?? null;
}

/** Shown as its message, without its name. */
class ConfigError extends PyException {
  protected override get describesAttributes(): boolean {
    return true;
  }

  protected override describe(): string {
    const { message } = this.attributes;
    return typeof message === "string" ? message : super.describe();
  }

  override [ownRepr](): OwnRepr {
    return this.message;
  }
}

/** `CalledProcessError(returncode, cmd)` */
class CalledProcessError extends PyException {
  protected override get describesAttributes(): boolean {
    return true;
  }

  protected override describe(): string {
    const status = field(this, "returncode", 0);
    const command = `Command '${shown(field(this, "cmd", 1))}'`;
    const number = -(intOf(status) ?? 0);
    if (number <= 0) return `${command} returned non-zero exit status ${shown(status)}.`;
    const name = signalName(number);
    return `${command} died with ${name === undefined ? `unknown signal ${number}` : `<Signals.${name}: ${number}>`}.`;
  }
}

/** `TimeoutExpired(cmd, timeout)` */
class TimeoutExpired extends PyException {
  protected override get describesAttributes(): boolean {
    return true;
  }

  protected override describe(): string {
    return `Command '${shown(field(this, "cmd", 0))}' timed out after ${shown(field(this, "timeout", 1))} seconds`;
  }
}

/** `IncompleteRead(partial)` of `http.client`, and what was expected as an attribute. */
class IncompleteRead extends PyException {
  protected override get describesAttributes(): boolean {
    return true;
  }

  protected override describe(): string {
    const length = bytesOf(field(this, "partial", 0))?.length;
    if (length === undefined) return super.describe();
    const expected = field(this, "expected", 1);
    return `IncompleteRead(${length} bytes read${expected === null ? "" : `, ${shown(expected)} more expected`})`;
  }

  override [ownRepr](): OwnRepr {
    return this.message;
  }
}

/** `IncompleteReadError(partial, expected)` of asyncio. */
class IncompleteReadError extends PyException {
  protected override describe(): string {
    const [partial, expected] = this.args;
    const length = bytesOf(partial)?.length;
    if (length === undefined || this.args.length !== 2) return super.describe();
    return `${length} bytes read on a total of ${expected === null ? "undefined" : quoted(expected)} expected bytes`;
  }

  /** Python hands the message alone to `Exception`. */
  override [ownRepr](): OwnRepr {
    return { name: this.className, args: this.args.length === 2 ? [this.message] : this.args };
  }
}

/** `LimitOverrunError(message, consumed)` */
class LimitOverrunError extends PyException {
  protected override describe(): string {
    return shown(this.args[0] ?? "");
  }

  override [ownRepr](): OwnRepr {
    return { name: this.className, args: this.args.slice(0, 1) };
  }
}

/** An OSError whose `__init__` keeps its arguments to itself: it has no errno. */
class UnnumberedOsError extends OsException {
  protected override get osArguments(): readonly unknown[] {
    return [];
  }
}

/** `URLError(reason)` */
class UrlError extends OsException {
  protected override get osArguments(): readonly unknown[] {
    return [];
  }

  protected override describe(): string {
    return `<urlopen error ${shown(field(this, "reason", 0))}>`;
  }
}

/** `HTTPError(url, code, msg, headers, file)`, which Python pickles without arguments. */
class HttpError extends UrlError {
  protected override get describesAttributes(): boolean {
    return true;
  }

  protected override describe(): string {
    return `HTTP Error ${shown(field(this, "code", 1))}: ${shown(field(this, "msg", 2))}`;
  }

  override [ownRepr](): OwnRepr {
    return `<HTTPError ${shown(field(this, "code", 1))}: ${quoted(field(this, "msg", 2))}>`;
  }
}

/** CPython 3.12 `_ssl.c` SSLError_str: what the system says, or the arguments. */
class SslError extends OsException {
  protected override describe(): string {
    const { strerror, argsWithoutFiles: args } = this;
    if (typeof strerror === "string") return strerror;
    return `(${args.map(quoted).join(", ")}${args.length === 1 ? "," : ""})`;
  }
}

/** By module and name. */
export const libraryBehaviours: ReadonlyMap<string, PyExceptionClass> = new Map<string, PyExceptionClass>([
  ["asyncio.exceptions:IncompleteReadError", IncompleteReadError],
  ["asyncio.exceptions:LimitOverrunError", LimitOverrunError],
  ["configparser:Error", ConfigError],
  ["http.client:IncompleteRead", IncompleteRead],
  ["smtplib:SMTPRecipientsRefused", UnnumberedOsError],
  ["smtplib:SMTPResponseException", UnnumberedOsError],
  ["ssl:SSLError", SslError],
  ["subprocess:CalledProcessError", CalledProcessError],
  ["subprocess:TimeoutExpired", TimeoutExpired],
  ["urllib.error:HTTPError", HttpError],
  ["urllib.error:URLError", UrlError],
]);
