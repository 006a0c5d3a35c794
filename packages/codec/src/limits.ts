/**
 * Bounds on what one pickle may cost. All are on by default; raise one where your data needs it. What goes beyond is an error,
 * `limit-exceeded`, whose `limit` has the name and the bound. The decoder keeps to all, the encoder to `maxBytes`, `maxDepth`
 * and `maxIntDigits`.
 */
export interface Limits {
  /** Bytes of one pickle, read or written. Default 512 MiB, the most a Redis value can hold. */
  readonly maxBytes: number;
  /**
   * Values open at once: the height of the decoder's stack, or the nesting of the value that is encoded.
   * Default 10,000,000; neither side recurses, so this bounds memory, not the call stack.
   */
  readonly maxDepth: number;
  /** Entries of the memo. Default 50,000,000. An index far above the number of entries costs no more than one entry. */
  readonly maxMemo: number;
  /** Items over all containers of one pickle. Default 100,000,000. */
  readonly maxItems: number;
  /** Decimal digits of an int in text form (INT, LONG), as protocols 0 and 1 have large ones. Default 4300, CPython's own limit since 3.11. */
  readonly maxIntDigits: number;
  /** Bytes of an int in binary form (LONG1, LONG4). Default 1 MiB. */
  readonly maxIntBytes: number;
  /**
   * Items, characters and bytes that calls such as `list(x)`, and states, copy of values that the pickle holds once, beyond one
   * for each of its bytes. Default 1,000,000.
   */
  readonly maxCopies: number;
}

/** The bounds of a decoder or encoder that is given none, each in the unit that its field says. Frozen. */
export const DEFAULT_LIMITS: Limits = Object.freeze({
  maxBytes: 512 * 1024 * 1024,
  maxDepth: 10_000_000,
  maxMemo: 50_000_000,
  maxItems: 100_000_000,
  maxIntDigits: 4300,
  maxIntBytes: 1024 * 1024,
  maxCopies: 1_000_000,
});
