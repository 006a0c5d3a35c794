/**
 * A generator whose `return` ends a wait that is under way: that of a plain one is queued behind it, for ever when nothing comes.
 *
 * @param make - given a signal that is aborted by `signal`, and by `return`
 */
export function stoppable<T>(
  signal: AbortSignal | undefined,
  make: (signal: AbortSignal) => AsyncGenerator<T, void, void>,
): AsyncGenerator<T, void, void> {
  const stop = new AbortController();
  async function* run(): AsyncGenerator<T, void, void> {
    const onAbort = () => stop.abort(signal?.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      yield* make(stop.signal);
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }
  const running = run();
  const end = running.return.bind(running);
  running.return = (value) => {
    stop.abort();
    return end(value);
  };
  return running;
}
