/**
 * A process to be killed: publishes the numbers from `first` up to `last`, or consumes. Writes a line for each number that is
 * confirmed, or received and about to be acknowledged, and goes on when it is written, so that a line is never lost.
 */
import { amqp } from "@brine/amqp-adapter";
import { redis } from "@brine/redis-adapter";

const AT_ONCE = 20;

const [role, kind, url, queue, first, last] = process.argv.slice(2);
const transport =
  kind === "amqp" ? amqp(url) : redis(url, { visibilityTimeoutSeconds: 8, unackedMutexExpireSeconds: 2 });
await transport.declareQueue({ name: queue });

/** A pipe that nobody reads takes a few hundred lines; what Node keeps beyond dies with it. */
const say = (number) => new Promise((resolve) => process.stdout.write(`${number}\n`, resolve));

async function publish(number) {
  const content = { body: Buffer.from(String(number)), contentType: "text/plain", contentEncoding: "utf-8" };
  const message = {
    ...content,
    headers: {},
    properties: { deliveryMode: 2, correlationId: String(number), replyTo: "" },
  };
  await transport.publish(message, { exchange: "", routingKey: queue });
  await say(number);
}

if (role === "publish") {
  for (let start = Number(first); start < Number(last); start += AT_ONCE) {
    const count = Math.min(AT_ONCE, Number(last) - start);
    await Promise.all(Array.from({ length: count }, (_, index) => publish(start + index)));
  }
  await transport.close();
} else {
  const onMessage = async (delivery) => {
    await say(Buffer.from(delivery.body).toString());
    await delivery.ack();
  };
  await transport.consume([{ name: queue }], onMessage, { prefetch: AT_ONCE });
}
