import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { Flight } from "./flight.js";

function flightOf<T>() {
  let settle!: { resolve(value: T): void; reject(error: Error): void };
  const onOver = vi.fn();
  const flight = new Flight<T>(
    () =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject };
      }),
    onOver,
  );
  return { flight, onOver, settle };
}

test("everybody who waits gets the value, and the signal stays quiet", async () => {
  const { flight, onOver, settle } = flightOf<number>();
  const caller = new AbortController();
  const both = Promise.all([flight.join(undefined), flight.join(caller.signal)]);
  settle.resolve(1);
  expect(await both).toEqual([1, 1]);
  caller.abort();
  expect(flight.signal.aborted).toBe(false);
  expect(onOver).toHaveBeenCalledOnce();
});

test("a caller who gives up gets its own reason, and leaves the others their value", async () => {
  const { flight, settle } = flightOf<number>();
  const caller = new AbortController();
  const [impatient, patient] = [flight.join(caller.signal), flight.join(undefined)];
  caller.abort(new Error("enough"));
  await expect(impatient).rejects.toThrow("enough");
  expect(flight.signal.aborted).toBe(false);
  settle.resolve(2);
  expect(await patient).toBe(2);
});

test("the last caller to give up aborts the flight, which is over at once", async () => {
  const { flight, onOver, settle } = flightOf<number>();
  const callers = [new AbortController(), new AbortController()];
  const waits = callers.map((caller) => flight.join(caller.signal));
  callers[0]!.abort(new Error("first"));
  await expect(waits[0]).rejects.toThrow("first");
  expect(onOver).not.toHaveBeenCalled();
  callers[1]!.abort(new Error("last"));
  await expect(waits[1]).rejects.toThrow("last");
  expect(flight.signal.reason).toEqual(new Error("last"));
  expect(onOver).toHaveBeenCalledOnce();
  // Whatever comes of it now is nobody's, and no unhandled rejection.
  settle.reject(new Error("late"));
  await nextTurn();
  expect(onOver).toHaveBeenCalledOnce();
});

test("a caller whose signal has aborted before does not get in", async () => {
  const { flight } = flightOf<number>();
  await expect(flight.join(AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
  expect(flight.signal.aborted).toBe(true);
});
