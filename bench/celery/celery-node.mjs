/**
 * celery-node's worker under the orders and reports of `node.ts`. Its client is not measured: it offers no way to learn that
 * a message was sent.
 */
import { createWorker } from "celery-node";

const order = JSON.parse(process.argv[2]);
// It stores every result, and over AMQP as a queue each: Redis is what it does best.
const worker = createWorker(order.broker, order.backend, order.queue);
let seen = 0;
let begun = 0;
let before;
worker.register("bench.noop", () => {
  if (seen === 0) {
    begun = performance.now();
    before = process.cpuUsage();
  }
  seen++;
  if (seen !== order.count) return;
  const { user, system } = process.cpuUsage(before);
  process.send({ consumed: seen, seconds: (performance.now() - begun) / 1000, cpu: (user + system) / 1e6 });
});
worker.start();
process.on("disconnect", () => process.exit());
