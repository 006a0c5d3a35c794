/** A name that is no option is a mistake that would show nowhere else: `fix_imports`, `ttlSecond`. */
import { nearest } from "./nearest.js";

/** What the message about an unknown name knows of names from elsewhere: Python's, or another library's. */
export interface NameHints {
  /** In camelCase (`*`: all that begin so), each with the name that it has here, or what to do instead. Default: none. */
  readonly instead?: readonly (readonly [name: string, instead: string])[] | undefined;
  /** What a name may be in camelCase. Default: `job_timeout` is `jobTimeout`. */
  readonly spellings?: ((name: string) => readonly string[]) | undefined;
}

/** The names of the options of one kind, `T`. */
export interface OptionNames<T extends object> {
  /** The names that there are, with those of the options that they extend. */
  readonly known: ReadonlySet<keyof T & string>;
  /** What to say of a name that is not among `known`. */
  readonly hints: NameHints;
}

/** One row a name; the values do not matter. */
type Names<K extends PropertyKey> = Readonly<Record<K, unknown>>;

/**
 * The names of an interface; the compiler sees to it that they are all there, and no others.
 *
 * @example
 * interface LockOptions {
 *   readonly ttl?: number;
 *   readonly wait?: number;
 * }
 * const LOCK_OPTIONS = optionNames<LockOptions>({ ttl: true, wait: true }, { instead: [["blockingTimeout", "wait"]] });
 * LOCK_OPTIONS.known.has("ttl") // => true
 */
/* @__NO_SIDE_EFFECTS__ */
export function optionNames<T extends object>(names: Names<keyof T>, hints: NameHints = {}): OptionNames<T> {
  return { known: new Set(Object.keys(names) as (keyof T & string)[]), hints };
}

/** The names of an interface `T` that has all of `B` and some of its own, which alone are given; hints of both are kept. */
/* @__NO_SIDE_EFFECTS__ */
export function extendOptionNames<T extends object, B extends object>(
  base: keyof B extends keyof T ? OptionNames<B> : never,
  own: Names<Exclude<keyof T, keyof B>>,
  hints: NameHints = {},
): OptionNames<T> {
  const { known, hints: inherited } = base as OptionNames<B>;
  return {
    known: new Set([...Object.keys(own), ...known] as (keyof T & string)[]),
    hints: { ...inherited, ...hints, instead: [...(hints.instead ?? []), ...(inherited.instead ?? [])] },
  };
}

/**
 * The check of a package: it throws the package's own error, made by `fail`, for what is no object and for a name that is
 * none, with what to write instead. It looks at names only, so a call with options pays some nanoseconds, one without nothing.
 *
 * @param fail - makes the error, of the message and the name that is wrong; `undefined` for what is no object
 * @returns the check: of options (`undefined`: none were given), their names, and what the message calls them
 */
/* @__NO_SIDE_EFFECTS__ */
export function optionChecker(
  fail: (message: string, name: string | undefined) => Error,
): (given: object | undefined, names: OptionNames<never>, what: string) => void {
  return (given, names, what) => {
    if (given === undefined) return;
    const known: ReadonlySet<string> = names.known;
    if (typeof given !== "object" || given === null || Array.isArray(given)) {
      const some = [...known].slice(0, 3).join(", ");
      throw fail(`Cannot use ${what}: want an object with any of ${some}, ...`, undefined);
    }
    for (const name in given) {
      // Options may be inherited; what somebody put on the prototype of all objects is not among them.
      if (known.has(name) || (Object.hasOwn(Object.prototype, name) && !Object.hasOwn(given, name))) continue;
      throw fail(`Cannot use ${what}: ${explain(name, known, names.hints)}`, name);
    }
  };
}

/** Enough to find it by, and no option is longer. */
const MAX_SHOWN = 80;

function explain(
  name: string,
  known: ReadonlySet<string>,
  { instead = [], spellings = camelCaseOnly }: NameHints,
): string {
  const shown = JSON.stringify(name.slice(0, MAX_SHOWN));
  const meant = spellings(name.slice(0, MAX_SHOWN));
  const found = meant.find((spelling) => known.has(spelling));
  if (found !== undefined) return `${shown} is written ${found} here`;
  for (const spelling of meant) {
    const row = instead.find(([pattern]) => covers(pattern, spelling));
    if (row === undefined) continue;
    return known.has(row[1]) ? `${shown} is written ${row[1]} here` : `${shown} is not supported: ${row[1]}`;
  }
  const near = nearest(meant[0] ?? name, known);
  return `there is no ${shown}${near === undefined ? "" : `; did you mean ${near}?`}`;
}

function covers(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** A name in Python's or an HTTP header's spelling as JavaScript has it: `taskSerializer` of `task_serializer`. */
export function camelCase(name: string): string {
  return name.replaceAll(/(?<=\w)[_-]+(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** `socket_timeout`, `socket-timeout`, and the `SOCKET_TIMEOUT` of Python's settings. */
function camelCaseOnly(name: string): readonly string[] {
  return [camelCase(/^[A-Z0-9_]+$/.test(name) ? name.toLowerCase() : name)];
}
