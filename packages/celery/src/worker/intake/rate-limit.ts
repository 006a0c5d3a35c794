/** Rate limits of tasks: a token bucket each. kombu `utils/limits.py`. */

/** Per second: `"100/m"` is 1.67. `null` for no limit, 0 for none at all. */
export function parseRate(rate: string | number | null | undefined): number | null {
  if (rate === null || rate === undefined || rate === "") return null;
  if (typeof rate === "number") return Number.isFinite(rate) && rate > 0 ? rate : null;
  const match = /^\s*(\d+(?:\.\d+)?)\s*(?:\/\s*([smh])\w*)?\s*$/.exec(rate);
  if (match === null)
    throw new RangeError(`Cannot read rate limit "${rate.slice(0, 50)}": needs a form such as "100/m"`);
  const perSecond = Number(match[1]) / { s: 1, m: 60, h: 3600 }[(match[2] ?? "s") as "s" | "m" | "h"];
  return perSecond > 0 ? perSecond : null;
}

export class TokenBucket {
  readonly perSecond: number;
  #tokens = 1;
  #at: number;

  constructor(perSecond: number, now = Date.now()) {
    this.perSecond = perSecond;
    this.#at = now;
  }

  /** Takes a token, or says in how many milliseconds there will be one. 0: taken. */
  take(now = Date.now()): number {
    this.#tokens = Math.min(1, this.#tokens + ((now - this.#at) / 1000) * this.perSecond);
    this.#at = now;
    if (this.#tokens >= 1 - 1e-9) {
      this.#tokens -= 1;
      return 0;
    }
    return Math.ceil(((1 - this.#tokens) / this.perSecond) * 1000);
  }
}
