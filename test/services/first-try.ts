/**
 * `BRINE_FAIL_FIRST_TRY`: lets the first try of every test fail, so that every second try is made, which else only a test
 * that fails by chance has. `end`: after the whole test; a number: at its assertion of that number, counted from 1 (if the
 * test has fewer, or waits for that one to hold: after the whole test).
 */
import { afterEach, beforeEach, chai, type TestContext } from "vitest";

const place = process.env.BRINE_FAIL_FIRST_TRY;
if (place !== undefined) failFirstTries(place === "end" ? Number.POSITIVE_INFINITY : Number(place));

function failFirstTries(failing: number): void {
  if (!(failing >= 1)) throw new Error(`BRINE_FAIL_FIRST_TRY must be "end" or a number from 1, not ${place}`);
  const isFirst = ({ task }: TestContext) => task.result?.retryCount === 0;
  const fail = () => {
    throw new Error("The first try fails, as BRINE_FAIL_FIRST_TRY wants it");
  };
  let count = Number.NaN;

  beforeEach((context) => {
    count = isFirst(context) ? 0 : Number.NaN;
  });
  afterEach((context) => {
    if (isFirst(context) && context.task.result?.state === "pass") fail();
  });

  const { prototype } = chai.Assertion as unknown as { prototype: { assert(...args: unknown[]): void } };
  const assert = prototype.assert;
  prototype.assert = function (...args) {
    if (++count === failing) fail();
    assert.apply(this, args);
  };
}
