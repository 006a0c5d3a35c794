/** Processes killed in the middle of work, over both transports: every message, counted. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { amqp } from "@brine/amqp-adapter";
import type { Transport } from "@brine/codec/kombu";
import { redis } from "@brine/redis-adapter";
import { describe, expect, it } from "vitest";
import { describeEachGeneration } from "../../services/inject.js";
import { CONDITION_MS, TEST_MS } from "../../services/patience.js";
import { eventually } from "../eventually.js";
import { closeAfterEach } from "../kept.js";
import { numberedMessage, untold } from "../numbered-message.js";
import { soakCount, soakTimeoutMs } from "../soak.js";
import { Tally } from "../tally.js";

const SCRIPT = fileURLToPath(new URL("./transport-child.mjs", import.meta.url));
/**
 * As in `transport-child.mjs`. A consumer that a busy machine keeps from renewing what it holds for so long gets it again; one that
 * is killed as it restores leaves its lock behind, by default for 300 s.
 */
const REDIS_OPTIONS = { visibilityTimeoutSeconds: 8, unackedMutexExpireSeconds: 2 };
const TOTAL = soakCount(1000);
const KILLS = 3;
/** What the script has under way: published and not confirmed, or delivered and not acknowledged. */
const AT_ONCE = 20;

describeEachGeneration("after a kill", (set) => {
  describe.each(["amqp", "redis"] as const)("on %s", (kind) => {
    const kept = closeAfterEach();

    async function place(label: string) {
      const isolation = await set.isolate();
      const { url } = kind === "amqp" ? isolation.amqp : isolation.redis();
      return { url, queue: { name: isolation.name(label) } };
    }

    function transport(url: string): Transport {
      const backOff = { initialDelayMs: 20, maxDelayMs: 500 };
      return kept(kind === "amqp" ? amqp(url, { backOff }) : redis(url, REDIS_OPTIONS));
    }

    /** Runs the script until it has written `lines` lines, or to its end; what it wrote goes to `tally`. */
    async function runUntil(args: readonly (string | number)[], tally: Tally, lines: number): Promise<void> {
      const child: ChildProcess = spawn(process.execPath, [SCRIPT, ...args.map(String)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const exited = once(child, "exit");
      kept({ close: async () => void (child.kill("SIGKILL") && (await exited)) });
      let count = 0;
      for await (const line of createInterface({ input: child.stdout! })) {
        tally.add(Number(line));
        if (++count === lines) child.kill("SIGKILL");
      }
      await exited;
    }

    async function consumeAll(from: Transport, queue: { readonly name: string }, tally: Tally): Promise<void> {
      await from.consume(
        [queue],
        (delivery) => {
          tally.add(Number(Buffer.from(delivery.body).toString()));
          delivery.ack().catch(untold);
        },
        { prefetch: 100 },
      );
    }

    it(
      "of a publisher, all that it knows to be sent is there, once",
      async () => {
        const { url, queue } = await place("publisher");
        const confirmed = new Tally();
        for (let kill = 0; kill < KILLS; kill++) {
          await runUntil(
            ["publish", kind, url, queue.name, confirmed.firstMissing, TOTAL],
            confirmed,
            TOTAL / (KILLS + 1),
          );
        }
        await runUntil(["publish", kind, url, queue.name, confirmed.firstMissing, TOTAL], confirmed, -1);
        const arrived = new Tally();
        const consumer = transport(url);
        await consumer.declareQueue(queue);
        await consumeAll(consumer, queue, arrived);
        await eventually(() => expect(arrived.counts.size).toBe(TOTAL), { timeout: soakTimeoutMs(CONDITION_MS) });
        await eventually(async () => expect(await consumer.queueLength(queue.name)).toBe(0));
        // Confirmed or not, what was under way at a kill is sent again by whoever starts where it left off.
        expect(arrived.twice).toBeLessThanOrEqual(KILLS * AT_ONCE);
      },
      soakTimeoutMs(TEST_MS),
    );

    it(
      "of a consumer, what it had not acknowledged goes to the next",
      async () => {
        const { url, queue } = await place("consumer");
        const publisher = transport(url);
        await publisher.declareQueue(queue);
        for (let start = 0; start < TOTAL; start += 100) {
          const batch = Array.from({ length: Math.min(100, TOTAL - start) }, (_, index) =>
            numberedMessage(start + index),
          );
          await Promise.all(batch.map((each) => publisher.publish(each, { exchange: "", routingKey: queue.name })));
        }
        const arrived = new Tally();
        for (let kill = 0; kill < KILLS; kill++) {
          await runUntil(["consume", kind, url, queue.name], arrived, TOTAL / (KILLS + 1));
        }
        await consumeAll(publisher, queue, arrived);
        await eventually(() => expect(arrived.counts.size).toBe(TOTAL), { timeout: soakTimeoutMs(CONDITION_MS) });
        await eventually(async () => expect(await publisher.queueLength(queue.name)).toBe(0));
        expect(arrived.twice).toBeLessThanOrEqual(KILLS * AT_ONCE);
      },
      soakTimeoutMs(TEST_MS),
    );
  });
});
