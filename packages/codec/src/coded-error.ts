/** `@brine/codec/errors`: what the errors of all of Brine have in common. */

/** The facts that every error carries beside its message. */
export interface CodedErrorOptions<Code extends string> {
  /** What went wrong, for programs: stable, where the message is meant for people and may change. */
  readonly code: Code;
  /** What was caught before, if anything was. Default: none. */
  readonly cause?: unknown;
}

/** The parent of each package's errors: an `Error` with a `code` for programs, and a `cause` where something was caught before. */
export abstract class CodedError<Code extends string = string> extends Error {
  /** The class's name as written here: also in minified programs, where `constructor.name` is another. */
  abstract override name: string;
  /** What went wrong, for programs: stable, where the message may change. */
  readonly code: Code;

  constructor(message: string, options: CodedErrorOptions<Code>) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
  }
}

/**
 * Whether `error` has the property `brand`: of this or another copy of the package, where `instanceof` knows only this copy's.
 *
 * @param brand - of `Symbol.for`, which all copies share
 */
export function hasBrand(error: unknown, brand: symbol): boolean {
  return typeof error === "object" && error !== null && (error as Record<symbol, unknown>)[brand] === true;
}

/** The message of anything thrown: that of an Error, else what `String` makes of it. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
