/** `pathlib`: paths as values; nothing here touches a file system. */
import { hashKey, type PyHashable } from "../hash.js";
import { pyBase } from "../objects/objects.js";

/** Drive, root and the names below. */
interface ParsedPath {
  readonly drive: string;
  readonly root: string;
  readonly names: readonly string[];
}

/** CPython 3.12 `posixpath.splitroot`: exactly two slashes are a root of their own. */
function parsePosix(text: string): ParsedPath {
  const root = text.startsWith("//") && !text.startsWith("///") ? "//" : text.startsWith("/") ? "/" : "";
  return { drive: "", root, names: text.split("/").filter((name) => name !== "" && name !== ".") };
}

/** CPython 3.12 `ntpath.splitroot`, without the `\\?\` forms. */
function parseWindows(text: string): ParsedPath {
  const path = text.replaceAll("/", "\\");
  const match = /^(\\\\[^\\]+\\[^\\]+|[A-Za-z]:)?(\\*)/.exec(path)!;
  const drive = match[1] ?? "";
  const isShare = drive.startsWith("\\\\");
  const root = match[2] !== "" || isShare ? "\\" : "";
  const names = path
    .slice(match[0].length)
    .split("\\")
    .filter((name) => name !== "" && name !== ".");
  return { drive, root, names };
}

/** A Python path: `PurePosixPath`, `PosixPath`, `PureWindowsPath`, `WindowsPath`. Made of segments that are joined. */
export abstract class PurePath implements PyHashable {
  /** `C:` or `\\server\share` on Windows, else `""`. */
  readonly drive: string;
  /** `/` or `\`; `//` of a POSIX path that begins with exactly two slashes; `""` of a relative one. */
  readonly root: string;
  /** As Python's `parts`: the anchor, then the names. */
  readonly parts: readonly string[];
  // Not seen by deep comparison, as two paths are equal however they were put together.
  readonly #segments: readonly string[];

  /** @param segments - joined as Python's `Path(*segments)`; one that is absolute drops those before it. None: `.` */
  constructor(...segments: readonly (string | PurePath)[]) {
    this.#segments = segments.flatMap((segment) => (typeof segment === "string" ? [segment] : segment.segments));
    let [drive, root] = ["", ""];
    let names: string[] = [];
    for (const segment of this.#segments) {
      const next = this.parse(segment);
      const isOtherDrive = next.drive !== "" && next.drive.toLowerCase() !== drive.toLowerCase();
      if (next.root !== "" || isOtherDrive) {
        if (next.root === "" || next.drive !== "" || next.root === "//") drive = next.drive;
        root = next.root;
        names = [];
      }
      for (const name of next.names) names.push(name);
    }
    this.drive = drive;
    this.root = root;
    const anchor = drive + root;
    this.parts = anchor === "" ? names : [anchor, ...names];
  }

  /** Takes one segment apart. Called by the constructor, before a subclass has its fields. */
  protected abstract parse(text: string): ParsedPath;
  /** `/` or `\`: what {@link toString} puts between names. Asked for by the constructor. */
  protected abstract readonly separator: string;

  /** What it was made of, as given; Python 3.13 writes these. */
  get segments(): readonly string[] {
    return this.#segments;
  }

  get #names(): readonly string[] {
    return this.drive + this.root === "" ? this.parts : this.parts.slice(1);
  }

  /** Python's `name`: the last part without the anchor, `""` without one. */
  get name(): string {
    return this.#names.at(-1) ?? "";
  }

  /** Python's `is_absolute()`: on Windows only with both drive and root. */
  get isAbsolute(): boolean {
    return this.root !== "" && (this.separator === "/" || this.drive !== "");
  }

  /** As Python's `==`: a `PosixPath` equals a `PurePosixPath`, no POSIX path a Windows one; on Windows without case. */
  equals(other: unknown): boolean {
    return other instanceof PurePath && this.separator === other.separator && this.key() === other.key();
  }

  /** The text by which paths are compared: on Windows in lower case, as Windows does not tell it from upper. */
  protected key(): string {
    return this.separator === "/" ? this.toString() : this.toString().toLowerCase();
  }

  /** Python's `as_posix()`: the path with forward slashes. A `\` in a POSIX path is part of a name and stays. */
  asPosix(): string {
    return this.separator === "/" ? this.toString() : this.toString().replaceAll("\\", "/");
  }

  /** Python's `str`, with `\` on Windows; `.` for no path at all. */
  toString(): string {
    const path = this.drive + this.root + this.#names.join(this.separator);
    return path === "" ? "." : path;
  }

  /** As {@link toString}: with `\` on Windows. */
  toJSON(): string {
    return this.toString();
  }

  [hashKey](): unknown {
    return `P${this.separator}${this.key()}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `${this.constructor.name}('${this.asPosix()}')`;
  }
}

/** Python's `pathlib.PurePosixPath`: parts between `/`. */
export class PurePosixPath extends PurePath {
  static readonly [pyBase] = true;

  protected override parse(text: string): ParsedPath {
    return parsePosix(text);
  }

  protected override get separator(): string {
    return "/";
  }
}

/** Python's `pathlib.PosixPath`: what `Path` is on Linux and macOS. Text only, no file is touched. */
export class PosixPath extends PurePosixPath {
  static override readonly [pyBase] = true;
}

/** Python's `pathlib.PureWindowsPath`: a drive, parts between `\` or `/`, compared without case. */
export class PureWindowsPath extends PurePath {
  static readonly [pyBase] = true;

  protected override parse(text: string): ParsedPath {
    return parseWindows(text);
  }

  protected override get separator(): string {
    return "\\";
  }
}

/** Python's `pathlib.WindowsPath`: what `Path` is on Windows. Text only, no file is touched. */
export class WindowsPath extends PureWindowsPath {
  static override readonly [pyBase] = true;
}
