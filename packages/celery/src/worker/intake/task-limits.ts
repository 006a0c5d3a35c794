/** Rate and time limits: those of tasks and settings, and those that remote control has set since. */
import type { ResolvedSettings } from "../../client/settings/settings.js";
import type { Task } from "../../client/task.js";
import type { Request } from "../execution/request.js";
import type { Limits } from "../execution/time-limits.js";
import { parseRate, TokenBucket } from "./rate-limit.js";

export class TaskLimits {
  readonly #settings: ResolvedSettings;
  /** As remote control gave them. */
  readonly #rates = new Map<string, string | number | null>();
  /** `null`: not limited. */
  readonly #buckets = new Map<string, TokenBucket | null>();
  readonly #times = new Map<string, { readonly hard: number | null; readonly soft: number | null }>();

  constructor(settings: ResolvedSettings) {
    this.#settings = settings;
  }

  /** Seconds a run may take. The message's own limits come first. */
  timesOf(request: Request): Limits {
    const set = this.#times.get(request.name);
    const [hard, soft] = request.message.timelimit;
    const { options } = request.task;
    return {
      hard: hard ?? set?.hard ?? options.timeLimit ?? this.#settings.taskTimeLimit,
      soft: soft ?? set?.soft ?? options.softTimeLimit ?? this.#settings.taskSoftTimeLimit,
    };
  }

  /** What remote control has set for a task, `undefined` when it has not. */
  timesSetFor(task: string): { readonly hard: number | null; readonly soft: number | null } | undefined {
    return this.#times.get(task);
  }

  setTimes(task: string, hard: number | null, soft: number | null): void {
    this.#times.set(task, { hard, soft });
  }

  /** What a request takes a token of before it runs; `undefined` when it is not limited. */
  bucketOf(request: Request): TokenBucket | undefined {
    if (this.#settings.workerDisableRateLimits) return undefined;
    const { name, task } = request;
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      bucket = bucketFor(this.rateOf(task));
      this.#buckets.set(name, bucket);
    }
    return bucket ?? undefined;
  }

  rateOf({ name, options }: Task): string | number | null | undefined {
    if (this.#rates.has(name)) return this.#rates.get(name);
    return options.rateLimit ?? this.#settings.taskDefaultRateLimit;
  }

  /** @throws RangeError for what is no rate */
  setRate(task: string, rate: string | number | null): void {
    this.#buckets.set(task, bucketFor(rate));
    this.#rates.set(task, rate);
  }
}

function bucketFor(rate: string | number | null | undefined): TokenBucket | null {
  const perSecond = parseRate(rate);
  return perSecond === null ? null : new TokenBucket(perSecond);
}
