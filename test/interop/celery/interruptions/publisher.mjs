/**
 * A caller to be killed: applies the task `mark` to the numbers from `first` up to `last`, a batch at once. Writes
 * `confirmed <n>` when the broker has the message and `returned <n>` when `applyAsync` has returned. From the batch that begins
 * with `hangAt` on nothing returns any more: the broker has answered, and the caller does not know yet.
 */
import { amqp } from "@brine/amqp-adapter";
import { Celery } from "@brine/celery";
import { redis } from "@brine/redis-adapter";

const BATCH = 10;

const [kind, url, queue, ...numbers] = process.argv.slice(2);
const [first, last, hangAt] = numbers.map(Number);
const transport = kind === "amqp" ? amqp(url) : redis(url);
const app = new Celery({ broker: transport, taskDefaultQueue: queue, taskSerializer: "pickle" });
const mark = app.task("mark", { ignoreResult: true });

/** Resolves when the line is written: one that Node still keeps dies with it. */
const say = (what, number) => new Promise((resolve) => process.stdout.write(`${what} ${number}\n`, resolve));

let isHanging = false;
const publish = transport.publish.bind(transport);
transport.publish = async (message, options) => {
  await publish(message, options);
  await say("confirmed", message.headers.id);
  if (isHanging) await new Promise(() => setInterval(() => {}, 1000));
};

for (let start = first; start < last; start += BATCH) {
  isHanging = start === hangAt;
  const batch = Array.from({ length: Math.min(BATCH, last - start) }, (_, index) => start + index);
  await Promise.all(
    batch.map(async (number) => {
      await mark.applyAsync({ args: [number], taskId: String(number) });
      await say("returned", number);
    }),
  );
}
await app.close();
