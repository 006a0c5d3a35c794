/** Every transport and result store keeps the contract that `@brine/celery` is written against. */
import { amqp } from "@brine/amqp-adapter";
import { MemoryBroker, MemoryResultStore, MemoryTransport } from "@brine/celery";
import { type RedisSource, redis, redisBackend } from "@brine/redis-adapter";
import { Redis as Redis5 } from "ioredis5";
import { beforeAll } from "vitest";
import { testResultStore } from "../../contract/result-store.js";
import { testTransport } from "../../contract/transport.js";
import type { Isolation } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";

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
  // A client of another version is given to be copied: its own module makes the connections then.
  const ioredis5 = (index: number) => {
    const client = new Redis5(isolation.redis(index).url, { lazyConnect: true });
    return client as unknown as RedisSource & object;
  };
  testTransport("Redis with ioredis 5", {
    make: () => redis(ioredis5(2)),
    firstPriority: "lower",
    carriesExpiration: true,
    deadLetters: false,
  });
  testResultStore("Redis with ioredis 5", () => redisBackend(ioredis5(3)));
  testResultStore("Redis", () => redisBackend(isolation.redis(1).url));
});
