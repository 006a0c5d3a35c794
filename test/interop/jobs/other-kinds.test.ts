/** Keys of arq, huey and dramatiq that hold another kind of value than those keep there: whoever asks is told, and nothing changes. */
import { ArqQueue } from "@brine/redis-adapter/arq";
import { DramatiqQueue } from "@brine/redis-adapter/dramatiq";
import { HueyQueue } from "@brine/redis-adapter/huey";
import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import type { ServiceSet } from "../../services/index.js";
import { describeEachRedis } from "../../services/inject.js";
import { withClient } from "../redis/redis-client.js";

interface OtherKind {
  readonly key: string;
  /** Puts something else there. */
  readonly spoil: (client: Redis, key: string) => Promise<unknown>;
  readonly calls: Readonly<Record<string, (client: Redis) => Promise<unknown>>>;
  /** What is said after "Cannot do so: ". */
  readonly says: string;
}

const asString = (client: Redis, key: string) => client.set(key, "theirs");
const asList = (client: Redis, key: string) => client.rpush(key, "theirs");
const asSorted = (client: Redis, key: string) => client.zadd(key, 1, "theirs");

const WAIT = { timeoutMs: 60_000 };
const arq = (client: Redis) => new ArqQueue({ client });
const huey = (client: Redis) => new HueyQueue("app", { client });
const prioritized = (client: Redis) => new HueyQueue("app", { client, prioritized: true });
const dramatiq = (client: Redis) => new DramatiqQueue("default", { client });

const OTHER_KINDS: readonly OtherKind[] = [
  {
    key: "arq:queue",
    spoil: asString,
    calls: {
      "enqueue job mine": (client) => arq(client).enqueue("add", [1], {}, { id: "mine" }),
      "read queue arq:queue": (client) => arq(client).queued(),
      "read job mine": (client) => arq(client).job("mine").status(),
    },
    says: "arq:queue holds a string, where arq keeps a sorted set; name another queue",
  },
  {
    key: "arq:job:mine",
    spoil: asList,
    calls: {
      "enqueue job mine": (client) => arq(client).enqueue("add", [1], {}, { id: "mine" }),
      "read job mine": (client) => arq(client).job("mine").def(),
    },
    says: "arq:job:mine holds a list, where arq keeps a string; remove what is there",
  },
  {
    key: "arq:result:mine",
    spoil: asList,
    calls: {
      "read job mine": (client) => arq(client).job("mine").result(WAIT),
      "read job mine, at once": (client) => arq(client).job("mine").resultInfo(),
    },
    says: "arq:result:mine holds a list, where arq keeps a string; remove what is there",
  },
  {
    key: "arq:abort",
    spoil: asList,
    calls: { "abort job mine": (client) => arq(client).job("mine").abort() },
    says: "arq:abort holds a list, where arq keeps a sorted set; remove what is there",
  },
  {
    key: "huey.redis.app",
    spoil: asSorted,
    calls: {
      "enqueue task mine": (client) => huey(client).enqueue("tasks.add", [1], {}, { id: "mine" }),
      "read huey.redis.app": (client) => huey(client).pending(),
    },
    says: "huey.redis.app holds a sorted set, where huey keeps a list; a PriorityRedisHuey keeps a sorted set there: give",
  },
  {
    key: "huey.redis.app",
    spoil: asList,
    calls: {
      "enqueue task mine": (client) => prioritized(client).enqueue("tasks.add", [1], {}, { id: "mine" }),
      "read huey.redis.app": (client) => prioritized(client).pending(),
    },
    says: "huey.redis.app holds a list, where huey keeps a sorted set; a RedisHuey keeps a list there: leave",
  },
  {
    key: "huey.schedule.app",
    spoil: asString,
    calls: { "read huey.schedule.app": (client) => huey(client).scheduled() },
    says: "huey.schedule.app holds a string, where huey keeps a sorted set; remove what is there",
  },
  {
    key: "huey.results.app",
    spoil: asString,
    calls: { "read task mine": (client) => huey(client).task("mine").result(WAIT) },
    says: "huey.results.app holds a string, where huey keeps a hash; remove what is there",
  },
  {
    key: "dramatiq:default",
    spoil: asString,
    calls: {
      "enqueue message mine": (client) => dramatiq(client).enqueue("add", [1], {}, { messageId: "mine" }),
      "read dramatiq:default": (client) => dramatiq(client).messages(),
    },
    says: "dramatiq:default holds a string, where dramatiq keeps a list; give another namespace",
  },
  {
    key: "dramatiq:default.msgs",
    spoil: asList,
    calls: {
      "enqueue message mine": (client) => dramatiq(client).enqueue("add", [1], {}, { messageId: "mine" }),
      "read dramatiq:default.msgs": async (client) => {
        await client.rpush("dramatiq:default", "an id");
        return dramatiq(client)
          .messages()
          .finally(() => client.del("dramatiq:default"));
      },
    },
    says: "dramatiq:default.msgs holds a list, where dramatiq keeps a hash; give another namespace",
  },
];

describeEachRedis("keys of another kind", (set: ServiceSet) => {
  let client: Redis;

  withClient(set, (redis) => {
    client = redis;
  });

  test.for(OTHER_KINDS)("$key: $says", async ({ key, spoil, calls, says }) => {
    await spoil(client, key);
    for (const [action, call] of Object.entries(calls)) {
      const what = action.replace(", at once", "");
      await expect(call(client), action).rejects.toMatchObject({
        name: "RedisAdapterError",
        code: "job",
        message: expect.stringContaining(`Cannot ${what}: ${says}`),
      });
      expect(await client.keys("*")).toEqual([key]);
    }
  });

  test("one that a result is waited for in", async () => {
    const job = dramatiq(client).job("add", "mine");
    const told = expect(job.result(WAIT)).rejects.toMatchObject({
      code: "job",
      message: `Cannot read message mine: ${job.resultKey} holds a string, where dramatiq keeps a list; remove what is there, or use another database`,
    });
    await client.set(job.resultKey, "theirs");
    await told;
  });
});
