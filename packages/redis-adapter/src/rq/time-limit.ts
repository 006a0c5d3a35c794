/** The time that a job or a callback has. JavaScript cannot interrupt code: it is told, and no longer waited for. */

/** Why a job's signal was aborted, named as Python names it. */
export class JobTimeout extends Error {
  override name = "JobTimeoutException";
}

/** Longer delays would overflow and fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Runs `run` until `controller` is aborted, which it is when `seconds` are over; 0 and less: never. */
export async function limited(controller: AbortController, seconds: number, run: () => unknown): Promise<unknown> {
  const { signal } = controller;
  signal.throwIfAborted();
  const deadline = performance.now() + seconds * 1000;
  let timer: NodeJS.Timeout | undefined;
  const arm = () => {
    const left = deadline - performance.now();
    timer = setTimeout(
      () =>
        left > MAX_DELAY_MS
          ? arm()
          : controller.abort(new JobTimeout(`Task exceeded maximum timeout value (${seconds} seconds)`)),
      Math.min(Math.max(left, 0), MAX_DELAY_MS),
    );
  };
  if (seconds > 0) arm();
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([Promise.resolve().then(run), aborted]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop!);
  }
}
