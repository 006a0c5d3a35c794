/** What some builtin exceptions do in their own way, each for itself and its subclasses. */
import { bigintOf, bytesOf, intOf } from "../coerce.js";
import { Tuple } from "../containers/sequences.js";
import { type OwnRepr, ownRepr } from "../repr.js";
import { isShort, PyException, quoted, shown } from "./exception.js";

/** `OSError` and its subclasses. CPython 3.12 `exceptions.c` oserror_parse_args, oserror_init. */
export class OsException extends PyException {
  /** `(errno, strerror, filename, winerror, filename2)`; nothing of fewer than two or more than five arguments. */
  protected get osArguments(): readonly unknown[] {
    const { args } = this;
    return args.length >= 2 && args.length <= 5 ? args : [];
  }

  get errno(): unknown {
    return this.osArguments[0] ?? null;
  }

  get strerror(): unknown {
    return this.osArguments[1] ?? null;
  }

  get filename(): unknown {
    const filename = this.osArguments[2] ?? null;
    // How many characters were written.
    const isCount = this.pythonClass === "builtins.BlockingIOError" && intOf(filename) !== undefined;
    return isCount ? null : filename;
  }

  get filename2(): unknown {
    return this.filename === null ? null : (this.osArguments[4] ?? null);
  }

  protected override describe(): string {
    if (this.osArguments.length === 0) return super.describe();
    const file = this.filename === null ? "" : `: ${quoted(this.filename)}`;
    const second = this.filename2 === null ? "" : ` -> ${quoted(this.filename2)}`;
    return `[Errno ${shown(this.errno)}] ${shown(this.strerror)}${file}${second}`;
  }

  /** Python's `args`, which leave the file names out. */
  protected get argsWithoutFiles(): Tuple {
    return this.filename === null ? this.args : Tuple.from(this.args.slice(0, 2));
  }

  override [ownRepr](): OwnRepr {
    return { name: this.className, args: this.argsWithoutFiles };
  }
}

export class KeyException extends PyException {
  protected override describe(): string {
    return this.args.length === 1 ? quoted(this.args[0]) : super.describe();
  }
}

/** `SyntaxError(message, (filename, line, ...))`. CPython 3.12 `exceptions.c` SyntaxError_str. */
export class SyntaxException extends PyException {
  protected override describe(): string {
    const { args } = this;
    const message = shown(args[0]);
    const place: unknown = args.length === 2 ? args[1] : undefined;
    const [filename, line] = Array.isArray(place) || typeof place === "string" ? (place as readonly unknown[]) : [];
    const places: string[] = [];
    if (typeof filename === "string") {
      places.push(isShort(filename) ? filename.slice(filename.lastIndexOf("/") + 1) : "...");
    }
    if (typeof line === "number" || typeof line === "bigint") places.push(`line ${shown(line)}`);
    return places.length === 0 ? message : `${message} (${places.join(", ")})`;
  }
}

/** `codec can't encode character '\xe9' in position 3`, of what is from `start` up to, but not including, `end`. */
function failure(verb: string, what: string, shownItem: string | undefined, start: unknown, end: unknown): string {
  const [first, next] = [bigintOf(start) ?? 0n, bigintOf(end) ?? 0n];
  if (shownItem !== undefined && next === first + 1n) return `can't ${verb} ${what} ${shownItem} in position ${first}`;
  return `can't ${verb} ${what}s in position ${first}-${next - 1n}`;
}

/** The character at an index, as Python counts them, escaped. */
function shownCharacter(text: unknown, index: unknown): string | undefined {
  const at = intOf(index);
  if (typeof text !== "string" || at === undefined || at < 0) return undefined;
  const code = Array.from(text)[at]?.codePointAt(0);
  if (code === undefined) return undefined;
  const [letter, digits] = code <= 0xff ? ["x", 2] : code <= 0xffff ? ["u", 4] : (["U", 8] as const);
  return `'\\${letter}${code.toString(16).padStart(digits, "0")}'`;
}

/** `UnicodeDecodeError(encoding, bytes, start, end, reason)`. CPython 3.12 `exceptions.c`, as those below. */
export class UnicodeDecodeException extends PyException {
  protected override describe(): string {
    const [encoding, object, start, end, reason] = this.args;
    const byte = bytesOf(object)?.[intOf(start) ?? -1];
    const item = byte === undefined ? undefined : `0x${byte.toString(16).padStart(2, "0")}`;
    return `'${shown(encoding)}' codec ${failure("decode", "byte", item, start, end)}: ${shown(reason)}`;
  }
}

/** `UnicodeEncodeError(encoding, str, start, end, reason)` */
export class UnicodeEncodeException extends PyException {
  protected override describe(): string {
    const [encoding, object, start, end, reason] = this.args;
    const item = shownCharacter(object, start);
    return `'${shown(encoding)}' codec ${failure("encode", "character", item, start, end)}: ${shown(reason)}`;
  }
}

/** `UnicodeTranslateError(str, start, end, reason)` */
export class UnicodeTranslateException extends PyException {
  protected override describe(): string {
    const [object, start, end, reason] = this.args;
    return `${failure("translate", "character", shownCharacter(object, start), start, end)}: ${shown(reason)}`;
  }
}

/** `ExceptionGroup(message, exceptions)` */
export class GroupException extends PyException {
  get errors(): readonly unknown[] {
    const [, errors] = this.args;
    return Array.isArray(errors) ? errors : [];
  }

  protected override describe(): string {
    const count = this.errors.length;
    return `${shown(this.args[0])} (${count} sub-exception${count === 1 ? "" : "s"})`;
  }
}
