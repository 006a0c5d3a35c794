/** Connections for as long as a function runs, which fail at once where nobody answers. */
import { once } from "node:events";
import { type ConfirmChannel, connect } from "amqplib";
import { Redis } from "ioredis";

export async function withRedis<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1, retryStrategy: () => null });
  redis.on("error", () => undefined);
  await redis.connect();
  try {
    return await use(redis);
  } finally {
    const ended = once(redis, "end");
    redis.disconnect();
    await ended;
  }
}

export async function withChannel<T>(url: string, use: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
  const connection = await connect(url);
  connection.on("error", () => undefined);
  try {
    return await use(await connection.createConfirmChannel());
  } finally {
    await connection.close();
  }
}
