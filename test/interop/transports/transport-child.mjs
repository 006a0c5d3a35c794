/**
 * A process to be killed: publishes the numbers from `first` up to `last`, or consumes. Writes a line for each number that is
 * confirmed, or received and about to be acknowledged; Node writes to a pipe before it goes on, so a line is never lost.
 */
import { amqp } from "@brine/amqp-adapter";
import { redis } from "@brine/redis-adapter";

const AT_ONCE = 20;

const [role, kind, url, queue, first, last] = process.argv.slice(2);
const transport =
  kind === "amqp" ? amqp(url) : redis(url, { visibilityTimeoutSeconds: 8, unackedMutexExpireSeconds: 2 });
await transport.declareQueue({ name: queue });

const say = (number) => process.stdout.write(`${number}\n`);

async function publish(number) {
  const content = { body: Buffer.from(String(number)), contentType: "text/plain", contentEncoding: "utf-8" };
  const message = {
    ...content,
    headers: {},
    properties: { deliveryMode: 2, correlationId: String(number), replyTo: "" },
  };
  await transport.publish(message, { exchange: "", routingKey: queue });
  say(number);
}

if (role === "publish") {
  for (let start = Number(first); start < Number(last); start += AT_ONCE) {
    const count = Math.min(AT_ONCE, Number(last) - start);
    await Promise.all(Array.from({ length: count }, (_, index) => publish(start + index)));
  }
  await transport.close();
} else {
  const onMessage = (delivery) => {
    say(Buffer.from(delivery.body).toString());
    void delivery.ack();
  };
  await transport.consume([{ name: queue }], onMessage, { prefetch: AT_ONCE });
}
