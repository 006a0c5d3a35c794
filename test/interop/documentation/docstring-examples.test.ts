/** Runs the examples of doc strings that need a server and nobody behind it: no worker, no other peer. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CONNECTS, examplesOf, givenOf, programOfExample } from "../../package/docstring-examples.js";
import { javascriptOf } from "../../package/javascript.js";
import { ROOT } from "../../package/sources.js";
import type { Isolation } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";
import { READY_MS } from "../../services/patience.js";

const run = promisify(execFile);

/** Whose results only a worker or a server of yours brings, or that have no server here. */
const NEEDS_PEERS = /\/src\/(?:arq|dramatiq|huey|moleculer|nestjs|rq|transport)\/|\/rpc-client\.ts|\/shards\.ts/;

const examples = ["amqp-adapter", "redis-adapter"]
  .flatMap((name) => examplesOf(name))
  .filter(({ place }) => !NEEDS_PEERS.test(place))
  .filter((example) => CONNECTS.test(example.code + givenOf(example)));

describeEachGeneration("examples of doc strings", (set) => {
  let place: Isolation;
  let folder: string;

  beforeAll(async () => {
    const scratch = path.join(ROOT, "test-results");
    mkdirSync(scratch, { recursive: true });
    folder = mkdtempSync(path.join(scratch, "examples-services-"));
    place = await set.isolate();
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("there are some", () => expect(examples.length).toBeGreaterThan(7));

  test.each(examples.map((example, index) => ({ ...example, index })))("$place", async ({ index, ...example }) => {
    const code = programOfExample(example)
      .replaceAll("new Redis()", `new Redis(${JSON.stringify(place.redis().url)})`)
      .replaceAll(/"amqp:\/\/[^"]*"/g, JSON.stringify(place.amqp.url));
    const file = path.join(folder, `example-${index}.mjs`);
    // Connections stay open in the examples, as in a service.
    writeFileSync(file, javascriptOf(`${code}process.exit(0);\n`));
    await run(process.execPath, [file], { cwd: folder, timeout: READY_MS });
  });
});
