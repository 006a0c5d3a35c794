/** The little that is needed of Temporal, whichever implementation it is. */

/** A class of Temporal; implementations differ in what their types say of the arguments. */
interface From {
  from(fields: never, options?: never): object;
}

/** The same as it is called here. */
interface LooseFrom {
  from(fields: object, options?: object): object;
}

/** A Temporal implementation: the engine's `Temporal`, or that of a polyfill. */
export interface TemporalLike {
  /** Made of a {@link PyDate}. */
  readonly PlainDate: From;
  /** Made of a {@link PyTime}. */
  readonly PlainTime: From;
  /** Made of a naive {@link PyDateTime}. */
  readonly PlainDateTime: From;
  /** Made of an aware {@link PyDateTime}. */
  readonly ZonedDateTime: From;
  /** Made of a {@link TimeDelta}. */
  readonly Duration: From;
}

/**
 * The implementation given, else the engine's own or the one a polyfill made global.
 *
 * @throws TypeError when there is none
 */
export function temporalOf(temporal: TemporalLike | undefined): Record<keyof TemporalLike, LooseFrom> {
  const implementation = temporal ?? (globalThis as { readonly Temporal?: TemporalLike }).Temporal;
  if (implementation === undefined) {
    throw new TypeError('Cannot use Temporal: this engine has none; import "temporal-polyfill/global" first');
  }
  return implementation as unknown as Record<keyof TemporalLike, LooseFrom>;
}
