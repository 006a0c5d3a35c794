/** The differential fuzzer for a moment, with a fixed seed, and all that it ever found. */
import { isPickleError, loads, Unpickler } from "@brine/codec";
import { dis, genops, optimize, scan } from "@brine/codec/tools";
import { afterAll, describe, expect, it } from "vitest";
import { readCorpus } from "../fuzz/corpus.js";
import { compareBatch, judge, newTally } from "../fuzz/differential.js";
import { KNOWN_DIFFERENCES } from "../fuzz/known-differences.js";
import { mutate } from "../fuzz/mutate.js";
import { Oracle } from "../fuzz/oracle.js";
import { Random } from "../fuzz/random.js";
import { REGRESSIONS } from "../fuzz/regressions.js";

const oracle = new Oracle();
afterAll(() => oracle.close());

describe("Brine and CPython", () => {
  it.each(REGRESSIONS)("agree on $name", async ({ pickle }) => {
    const bytes = Buffer.from(pickle, "latin1");
    const [cpython] = await oracle.verdicts([bytes]);
    expect(await judge(bytes, cpython!, oracle)).toBe(undefined);
  });

  it("agree on pickles of the grammar and mutated ones, on what Brine writes of their values, and on what their tools say", async () => {
    const tally = newTally();
    const run = { corpus: readCorpus(), random: new Random(20_240_506), oracle, tally };
    const findings = [];
    for (let batch = 0; batch < 8; batch++) findings.push(...(await compareBatch(250, run)));
    expect(findings.map(({ pickle, ...finding }) => ({ pickle: pickle.toString("base64"), ...finding }))).toEqual([]);
    // The comparison is worth something only while much is accepted by both, and little set aside.
    expect(tally.accepted).toBeGreaterThan(200);
    expect(tally.rewritten).toBeGreaterThan(tally.accepted * 0.95);
    expect(tally.skipped).toBeLessThan(100);
    const known = [...tally.known.values()].reduce((sum, count) => sum + count, 0);
    expect(known).toBeLessThan(tally.pickles / 10);
    const names = KNOWN_DIFFERENCES.map(({ name }) => name);
    for (const name of tally.known.keys()) expect(names).toContain(name);
  });
});

describe("only Brine's errors", () => {
  it("leave loads(), dis(), optimize(), scan() and genops()", () => {
    const corpus = readCorpus();
    const random = new Random(7);
    const entries: readonly [string, (bytes: Buffer) => unknown][] = [
      ["loads", (bytes) => loads(bytes)],
      ["loads as data", (bytes) => loads(bytes, { unregistered: "opaque", encoding: "bytes", tuple: "array" })],
      ["Unpickler", (bytes) => new Unpickler(bytes, { int: "bigint", bytes: "view", dict: "object" }).load()],
      ["dis", (bytes) => dis(bytes)],
      ["optimize", (bytes) => optimize(bytes)],
      ["scan", (bytes) => scan(bytes)],
      ["genops", (bytes) => [...genops(bytes)]],
    ];
    for (let i = 0; i < 3000; i++) {
      const bytes = mutate(corpus, random);
      for (const [name, run] of entries) {
        try {
          run(bytes);
        } catch (error) {
          if (!isPickleError(error)) expect.unreachable(`${name} of ${bytes.toString("base64")}: ${String(error)}`);
        }
      }
    }
  });
});
