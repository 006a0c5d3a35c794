/** A caller killed after the broker confirmed and before `applyAsync` returned: each task counted where Python ran it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { describeEachGeneration } from "../../../services/inject.js";
import { eventually } from "../../eventually.js";
import { closeAfterEach } from "../../kept.js";

const SCRIPT = fileURLToPath(new URL("./publisher.mjs", import.meta.url));
const BATCH = 10;
const TOTAL = 12 * BATCH;
/** The first of the batches in which the caller is killed, and whether it then makes the calls again that did not return. */
const KILLS = [
  { hangAt: 3 * BATCH, callsAgain: false },
  { hangAt: 8 * BATCH, callsAgain: true },
] as const;
const NEVER = -1;

/** What a caller had written when it ended. */
interface Calls {
  readonly confirmed: readonly number[];
  readonly returned: readonly number[];
}

describeEachGeneration("a caller killed between confirm and return", (set) => {
  const kept = closeAfterEach();

  /** Runs the script to its end, or until all of the batch at `hangAt` is confirmed; then it is killed. */
  async function call(args: readonly string[], first: number, last: number, hangAt: number): Promise<Calls> {
    const lines: Record<string, number[]> = { confirmed: [], returned: [] };
    const numbers = [first, last, hangAt].map(String);
    const child = spawn(process.execPath, [SCRIPT, ...args, ...numbers], { stdio: ["ignore", "pipe", "inherit"] });
    const exited = once(child, "exit");
    kept({ close: async () => void (child.kill("SIGKILL") && (await exited)) });
    for await (const line of createInterface({ input: child.stdout })) {
      const [what, number] = line.split(" ") as [string, string];
      lines[what]!.push(Number(number));
      const hanging = lines.confirmed!.filter((one) => one >= hangAt);
      if (hangAt !== NEVER && hanging.length === BATCH) child.kill("SIGKILL");
    }
    await exited;
    return { confirmed: lines.confirmed!, returned: lines.returned! };
  }

  test.each(["amqp", "redis"] as const)("on %s loses nothing, and only what is called again is twice", async (kind) => {
    const isolation = await set.isolate();
    const queue = isolation.name("calls");
    const broker = kind === "amqp" ? isolation.amqp : isolation.redis(0);
    const marks = isolation.name("marks");
    const env = { MARKS: `${isolation.redis(2).pythonUrl} ${marks}` };
    const worker = await set.python.celeryWorker({ broker: kind, backend: "disabled", isolation, queue, env });
    kept({ close: () => worker.stop() });
    const counts = new Redis(isolation.redis(2).url);
    kept({ close: () => counts.quit() });

    const expected = new Map(Array.from({ length: TOTAL }, (_, number) => [String(number), "1"]));
    let first = 0;
    for (const { hangAt, callsAgain } of KILLS) {
      const { confirmed, returned } = await call([kind, broker.url, queue], first, TOTAL, hangAt);
      const unsure = confirmed.filter((number) => !returned.includes(number));
      expect(unsure.sort((x, y) => x - y)).toEqual(Array.from({ length: BATCH }, (_, index) => hangAt + index));
      if (callsAgain) for (const number of unsure) expected.set(String(number), "2");
      first = callsAgain ? hangAt : hangAt + BATCH;
    }
    const rest = await call([kind, broker.url, queue], first, TOTAL, NEVER);
    expect(rest.returned).toHaveLength(TOTAL - first);
    const wanted = Object.fromEntries(expected);
    await eventually(async () => expect(await counts.hgetall(marks)).toEqual(wanted));
  });
});
