/** `pathlib`: paths as values; nothing here touches a file system. */
import { hashKey, type PyHashable } from "../hash.js";
import { pyBase } from "../objects/objects.js";

/** Drive, root, and the rest, which is relative. */
interface ParsedPath {
  readonly drive: string;
  readonly root: string;
  readonly rest: string;
}

/** CPython 3.12 `posixpath.join` and `splitroot`: exactly two slashes are a root of their own. */
function parsePosix(segments: readonly string[]): ParsedPath {
  const last = segments.findLastIndex((segment) => segment.startsWith("/"));
  const absolute = segments[last] ?? "";
  const root = absolute.startsWith("//") && !absolute.startsWith("///") ? "//" : absolute.startsWith("/") ? "/" : "";
  return { drive: "", root, rest: (last <= 0 ? segments : segments.slice(last)).join("/") };
}

/**
 * CPython 3.12 `ntpath.splitroot`. A drive is a letter, or all of `\\server\share`, `\\.\device` or `\\?\UNC\server\share` as far as
 * it goes. The text stays as given.
 */
function splitWindows(text: string): ParsedPath {
  const path = text.replaceAll("/", "\\");
  let drive = "";
  if (path.startsWith("\\\\")) {
    const server = path.slice(0, 8).toUpperCase() === "\\\\?\\UNC\\" ? 8 : 2;
    const share = path.indexOf("\\", server) + 1;
    const end = share === 0 ? -1 : path.indexOf("\\", share);
    drive = end === -1 ? text : text.slice(0, end);
  } else {
    // A character of Python's may be two of JavaScript's.
    const end = path.charCodeAt(1) === 0x3a || path.codePointAt(0)! <= 0xffff ? 1 : 2;
    if (path[end] === ":") drive = text.slice(0, end + 1);
  }
  const root = path[drive.length] === "\\" ? text.charAt(drive.length) : "";
  return { drive, root, rest: text.slice(drive.length + root.length) };
}

/** CPython 3.12 `ntpath.join`. */
function joinWindows(segments: readonly string[]): string {
  let [drive, root] = ["", ""];
  let rest: string[] = [];
  for (const segment of segments) {
    const next = splitWindows(segment);
    const isOther = next.drive !== "" && next.drive.toLowerCase() !== drive.toLowerCase();
    if (next.root !== "" || isOther) {
      root = next.root;
      rest = [];
    }
    // Of one drive in two cases the last is kept.
    if (next.drive !== "") drive = next.drive;
    if (next.rest === "") continue;
    if (rest.length > 0 && !/[\\/]$/.test(rest.at(-1)!)) rest.push("\\");
    rest.push(next.rest);
  }
  const isServer = rest.length > 0 && root === "" && drive !== "" && !/[:\\/]$/.test(drive);
  return `${drive}${isServer ? "\\" : root}${rest.join("")}`;
}

/** CPython 3.12 `PurePath._parse_path`: `\\server\share` and `\\?\UNC\server\share` have a root though none is written. */
function parseWindows(segments: readonly string[]): ParsedPath {
  const parsed = splitWindows(joinWindows(segments).replaceAll("/", "\\"));
  const { drive } = parsed;
  if (parsed.root !== "" || !drive.startsWith("\\") || drive.endsWith("\\")) return parsed;
  const parts = drive.split("\\");
  const isShare = (parts.length === 4 && !"?.".includes(parts[2]!)) || parts.length === 6;
  return isShare ? { ...parsed, root: "\\" } : parsed;
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
    this.#segments = segments.flatMap((segment) =>
      typeof segment === "string" ? [segment] : this.#segmentsOf(segment),
    );
    const { drive, root, rest } = this.parse(this.#segments);
    const names = this.#namesOf(rest);
    this.drive = drive;
    this.root = root;
    const anchor = drive + root;
    this.parts = anchor === "" ? names : [anchor, ...names];
  }

  /** Joins segments and takes them apart. Called by the constructor, before a subclass has its fields. */
  protected abstract parse(segments: readonly string[]): ParsedPath;
  /** `/` or `\`: what {@link toString} puts between names. Asked for by the constructor. */
  protected abstract readonly separator: string;

  /** What it was made of, as given; Python 3.13 writes these. */
  get segments(): readonly string[] {
    return this.#segments;
  }

  /** Of a Windows path within a POSIX one, with `/`. */
  #segmentsOf({ segments, separator }: PurePath): readonly string[] {
    if (this.separator === separator || separator === "/") return segments;
    return segments.map((segment) => segment.replaceAll("\\", "/"));
  }

  #namesOf(text: string): string[] {
    return text.split(this.separator).filter((name) => name !== "" && name !== ".");
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
    const { drive, root, separator } = this;
    const names = this.#names.join(separator);
    if (drive + root !== "") return drive + root + names;
    // What is a name would else be a drive.
    return separator === "\\" && splitWindows(names).drive !== "" ? `.\\${names}` : names || ".";
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

  protected override parse(segments: readonly string[]): ParsedPath {
    return parsePosix(segments);
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

  protected override parse(segments: readonly string[]): ParsedPath {
    return parseWindows(segments);
  }

  protected override get separator(): string {
    return "\\";
  }
}

/** Python's `pathlib.WindowsPath`: what `Path` is on Windows. Text only, no file is touched. */
export class WindowsPath extends PureWindowsPath {
  static override readonly [pyBase] = true;
}
