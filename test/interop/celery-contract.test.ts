/** Every transport and result store keeps the contract that `@brine/celery` is written against. */
import { amqp } from "@brine/amqp-adapter";
import { MemoryBroker, MemoryResultStore, MemoryTransport } from "@brine/celery";
import { redis, redisBackend } from "@brine/redis-adapter";
import { beforeAll } from "vitest";
import { testResultStore } from "../contract/result-store.js";
import { testTransport } from "../contract/transport.js";
import type { Isolation } from "../services/index.js";
import { describeEachGeneration } from "../services/inject.js";

const broker = new MemoryBroker();
testTransport("memory", {
  make: () => new MemoryTransport(broker),
  firstPriority: "higher",
  carriesExpiration: true,
  deadLetters: true,
});
testResultStore("memory", () => new MemoryResultStore());

describeEachGeneration("services", (set) => {
  let isolation: Isolation;
  beforeAll(async () => {
    isolation = await set.isolate();
  });
  testTransport("RabbitMQ", {
    make: () => amqp(isolation.amqp.url),
    firstPriority: "higher",
    carriesExpiration: true,
    deadLetters: true,
  });
  testTransport("Redis", {
    make: () => redis(isolation.redis(0).url),
    firstPriority: "lower",
    carriesExpiration: true,
    deadLetters: false,
  });
  testResultStore("Redis", () => redisBackend(isolation.redis(1).url));
});
