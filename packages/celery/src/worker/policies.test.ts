/** The parts of a worker that decide: delays, rates, revoked ids, times. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { resolveSettings } from "../client/settings/settings.js";
import { ackPolicy } from "./execution/ack-policy.js";
import { Ignore, Retry } from "./execution/control-flow.js";
import { bindArguments } from "./execution/invoke.js";
import { isAutoRetried, retryDelay } from "./execution/retry.js";
import { parseRate, TokenBucket } from "./intake/rate-limit.js";
import { RevokedTasks } from "./intake/revoked.js";
import { Schedule } from "./schedule.js";

describe("retryDelay()", () => {
  const half = () => 0.5;
  test.each([
    [{}, 0, 180],
    [{ defaultRetryDelay: 5 }, 3, 5],
    [{ autoRetry: { backoff: true, jitter: false } }, 0, 1],
    [{ autoRetry: { backoff: true, jitter: false } }, 5, 32],
    [{ autoRetry: { backoff: 3, jitter: false } }, 2, 12],
    [{ autoRetry: { backoff: true, jitter: false } }, 5000, 600],
    [{ autoRetry: { backoff: true, backoffMax: 10, jitter: false } }, 9, 10],
    [{ autoRetry: { backoff: true } }, 4, 8],
  ])("%j after %i retries is %d s", (options, retries, seconds) => {
    expect(retryDelay(options, retries, half)).toBe(seconds);
  });

  test("only the errors asked for are retried, and never what the handler decided itself", () => {
    expect(isAutoRetried({}, new Error())).toBe(false);
    expect(isAutoRetried({ autoRetry: true }, new Error())).toBe(true);
    expect(isAutoRetried({ autoRetry: { for: [TypeError] } }, new Error())).toBe(false);
    expect(isAutoRetried({ autoRetry: { for: [TypeError] } }, new TypeError())).toBe(true);
    expect(isAutoRetried({ autoRetry: { for: (error) => (error as Error).message === "x" } }, new Error("x"))).toBe(
      true,
    );
    expect(isAutoRetried({ autoRetry: true }, new Ignore())).toBe(false);
    expect(
      isAutoRetried(
        { autoRetry: true },
        new Retry(0, undefined, {
          args: undefined,
          kwargs: undefined,
          queue: undefined,
          priority: undefined,
          headers: undefined,
        }),
      ),
    ).toBe(false);
  });
});

describe("rate limits", () => {
  test.each([
    ["10/s", 10],
    ["120/m", 2],
    ["3600/h", 1],
    ["5", 5],
    [2, 2],
    [null, null],
    ["", null],
    [0, null],
  ])("%j is %j a second", (rate, perSecond) => {
    expect(parseRate(rate)).toBe(perSecond);
  });

  test("what is no rate is an error", () => {
    expect(() => parseRate("often")).toThrow(RangeError);
  });

  test("a bucket gives one token at a time", () => {
    const bucket = new TokenBucket(2, 0);
    expect(bucket.take(0)).toBe(0);
    expect(bucket.take(0)).toBe(500);
    expect(bucket.take(250)).toBe(250);
    expect(bucket.take(500)).toBe(0);
  });
});

test("revoked ids are bounded in number and age", () => {
  const revoked = new RevokedTasks({ maxIds: 2, keepMs: 1000 });
  for (const id of ["a", "b", "c"]) revoked.add(id, 0);
  expect(revoked.ids(0)).toEqual(["b", "c"]);
  expect(revoked.has("b", 999)).toBe(true);
  expect(revoked.has("b", 1000)).toBe(false);
  expect(revoked.ids(1000)).toEqual([]);
});

describe("a schedule", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is not early for times that setTimeout cannot hold", () => {
    const due: string[] = [];
    const schedule = new Schedule<string>((item) => due.push(item));
    const at = Date.now() + 60 * 24 * 60 * 60 * 1000;
    schedule.add("far", at);
    schedule.add("near", Date.now() + 10);
    vi.advanceTimersByTime(0x7fffffff);
    expect(due).toEqual(["near"]);
    expect(schedule.entries()).toEqual([["far", at]]);
    vi.advanceTimersByTime(at - Date.now());
    expect(due).toEqual(["near", "far"]);
  });

  test("gives back what it holds", () => {
    const schedule = new Schedule<string>(() => {});
    schedule.add("a", Date.now() + 10);
    schedule.add("b", Date.now() + 5);
    expect(schedule.remove("a")).toBe(true);
    expect(schedule.remove("a")).toBe(false);
    expect(schedule.clear()).toEqual(["b"]);
    expect(schedule.size).toBe(0);
  });
});

test("bindArguments() speaks as Python", () => {
  const bind = (args: unknown[], kwargs: Record<string, unknown>) => bindArguments("f", ["x", "y"], args, kwargs);
  expect(bind([1], { y: 2 })).toEqual([1, 2]);
  expect(() => bind([1, 2, 3], {})).toThrow("f() takes 2 positional arguments but 3 were given");
  expect(() => bind([1], { x: 2 })).toThrow("f() got multiple values for argument 'x'");
  expect(() => bind([], { z: 2 })).toThrow("f() got an unexpected keyword argument 'z'");
});

test("ackPolicy() takes the task's word before the setting's", () => {
  const settings = resolveSettings({ taskAcksLate: true });
  expect(ackPolicy({}, settings)).toEqual({ isLate: true, onFailure: "ack", onWorkerLost: "ack" });
  const own = { acksLate: false, acksOnFailureOrTimeout: false, rejectOnWorkerLost: true };
  expect(ackPolicy(own, settings)).toEqual({ isLate: false, onFailure: "reject", onWorkerLost: "requeue" });
});
