/** What some builtin exceptions do in their own way, each for itself and its subclasses. */
import { intOf } from "../coerce.js";
import { PyException, quoted, shown } from "./exception.js";

/** `(errno, strerror, filename, winerror, filename2)` of `OSError`; nothing of fewer than two or more than five arguments. */
function osArguments({ args }: PyException): readonly unknown[] {
  return args.length >= 2 && args.length <= 5 ? args : [];
}

/** `OSError` and its subclasses. CPython 3.12 `exceptions.c` oserror_parse_args, oserror_init. */
export class OsException extends PyException {
  get errno(): unknown {
    return osArguments(this)[0] ?? null;
  }

  get strerror(): unknown {
    return osArguments(this)[1] ?? null;
  }

  get filename(): unknown {
    const filename = osArguments(this)[2] ?? null;
    // How many characters were written.
    const isCount = this.pythonClass === "builtins.BlockingIOError" && intOf(filename) !== undefined;
    return isCount ? null : filename;
  }

  get filename2(): unknown {
    return this.filename === null ? null : (osArguments(this)[4] ?? null);
  }

  protected override describe(): string {
    if (osArguments(this).length === 0) return super.describe();
    const file = this.filename === null ? "" : `: ${quoted(this.filename)}`;
    const second = this.filename2 === null ? "" : ` -> ${quoted(this.filename2)}`;
    return `[Errno ${shown(this.errno)}] ${shown(this.strerror)}${file}${second}`;
  }
}

export class KeyException extends PyException {
  protected override describe(): string {
    return this.args.length === 1 ? quoted(this.args[0]) : super.describe();
  }
}

export class SyntaxException extends PyException {
  protected override describe(): string {
    return this.args.length > 0 ? shown(this.args[0]) : "";
  }
}

export class UnicodeException extends PyException {
  protected override describe(): string {
    if (this.args.length !== 5) return super.describe();
    const [encoding, , start, end, reason] = this.args;
    return `'${shown(encoding)}' codec: position ${shown(start)} to ${shown(end)}: ${shown(reason)}`;
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
