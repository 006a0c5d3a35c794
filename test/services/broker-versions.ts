import { once } from "node:events";
import { connect } from "amqplib";
import { Redis } from "ioredis";

const TIMEOUT_MS = 10_000;

/** Asks both brokers who they are, which also proves that they can be reached. */
export async function brokerVersions(amqpUrl: string, redisUrl: string): Promise<{ rabbitmq: string; redis: string }> {
  const [rabbitmq, redis] = await Promise.all([rabbitmqVersion(amqpUrl), redisVersion(redisUrl)]);
  return { rabbitmq, redis };
}

export async function rabbitmqVersion(url: string): Promise<string> {
  const connection = await connect(url, { timeout: TIMEOUT_MS });
  const { version } = connection.connection.serverProperties;
  await connection.close();
  return version;
}

export async function redisVersion(url: string): Promise<string> {
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: TIMEOUT_MS, retryStrategy: () => null });
  redis.on("error", () => undefined);
  await redis.connect();
  const info = await redis.info("server");
  const closed = once(redis, "end");
  redis.disconnect();
  await closed;
  return /^(?:valkey|redis)_version:(\S+)/m.exec(info)?.[1] ?? "unknown";
}
