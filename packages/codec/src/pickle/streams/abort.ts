/** Giving up when the caller's `AbortSignal` says so. What is thrown then is the signal's reason, as by `fetch`. */

/** What a promise that nobody waits for any more comes to. */
export const ignore = (): void => undefined;

/**
 * The result of `work`, or the signal's reason as soon as it aborts. The work goes on then, and how it ends does not matter.
 * No listener is left at the signal.
 */
export async function orAborted<T>(work: PromiseLike<T> | T, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise, stop } = abortOf(signal);
  try {
    return await Promise.race([promise, work]);
  } finally {
    stop();
  }
}

function abortOf(signal: AbortSignal): { readonly promise: Promise<never>; readonly stop: () => void } {
  let stop = ignore;
  const promise = new Promise<never>((_, reject) => {
    stop = whenAborted(signal, reject);
  });
  return { promise, stop };
}

/** Calls `react` with the reason once the signal aborts, at once if it has; until the function returned is called. */
export function whenAborted(signal: AbortSignal | undefined, react: (reason: unknown) => void): () => void {
  if (signal === undefined) return ignore;
  if (signal.aborted) {
    react(signal.reason);
    return ignore;
  }
  const listener = (): void => react(signal.reason);
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

/** Whether `error` is what an abort throws, and so goes to the caller as it is. */
export function isAbort(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true && error === signal.reason;
}

/**
 * The items of a source until the signal aborts, then its reason. A source that is asked for an item at that moment is told
 * to end, but not waited for.
 */
export async function* itemsUntilAborted(
  source: AsyncIterable<unknown> | Iterable<unknown>,
  signal: AbortSignal,
): AsyncGenerator<unknown, void, void> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let isAsked = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      isAsked = true;
      const step = await orAborted(iterator.next(), signal);
      if (step.done === true) return;
      isAsked = false;
      yield step.value;
    }
  } finally {
    // A source that has ended or failed by itself is left alone.
    if (signal.aborted) Promise.resolve(iterator.return?.()).catch(ignore);
    else if (!isAsked) await iterator.return?.();
  }
}

/** A stream of Node's, as far as it is listened to. */
interface Listenable {
  readonly closed?: boolean;
  on(event: "error" | "close", listener: (error?: Error) => void): unknown;
  off(event: "error" | "close", listener: (error?: Error) => void): unknown;
}

/** Lets a stream say what is wrong with it until it is closed: an error that nobody listens to would end the process. */
export function expectError(stream: Listenable): void {
  const stop = (): void => {
    stream.off("error", ignore);
    stream.off("close", stop);
  };
  stream.on("error", ignore);
  stream.on("close", stop);
  // It is closed before it says so, and says so before any timer.
  if (stream.closed === true) setTimeout(stop);
}
