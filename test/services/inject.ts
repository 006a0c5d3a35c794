import { describe, inject, test } from "vitest";
import { connectServices } from "./connect.js";
import type {} from "./global-setup.js";
import type { ServiceSet } from "./types.js";

/** The services of this run, one set for each generation that it has. Call it in a test file, at its top level or below. */
export function services(): ServiceSet[] {
  return connectServices(inject("services"));
}

/**
 * Defines the suite once for each Celery generation. One that this run cannot have becomes a skipped test that says why,
 * so that a report never passes for more than was run.
 */
export function describeEachGeneration(name: string, define: (set: ServiceSet) => void): void {
  for (const set of services()) {
    describe(`${name} [Celery ${set.versions.celery}]`, () => define(set));
  }
  for (const { generation, reason } of inject("services").missing) {
    test(`${name} [Celery ${generation}]: ${reason}`, (context) => context.skip(reason));
  }
}

/** Tests of what may be done only to a broker that this run started; where it was given by URL, a skipped test that says so. */
export function describeOurBroker(set: ServiceSet, define: () => void): void {
  if (set.amqp.isOurs) return void describe("where the broker is ours", define);
  const reason = "the broker was given by URL and is not ours to reconfigure";
  test(reason, (context) => context.skip(reason));
}

/** As `describeEachGeneration`, and once more on Valkey; where there is none, a skipped test says so. */
export function describeEachRedis(name: string, define: (set: ServiceSet) => void): void {
  describeEachGeneration(name, define);
  const onValkey = services().flatMap(({ onValkey: set }) => (set === undefined ? [] : [set]));
  for (const set of onValkey) {
    describe(`${name} [Celery ${set.versions.celery}, Valkey ${set.versions.valkey}]`, () => define(set));
  }
  if (onValkey.length > 0) return;
  const reason = "no valkey-server is installed here; with Docker, BRINE_SERVICES=containers has one";
  test(`${name} [Valkey]: ${reason}`, (context) => context.skip(reason));
}
