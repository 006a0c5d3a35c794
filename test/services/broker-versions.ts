import { once } from "node:events";
import { connect } from "amqplib";
import { Redis } from "ioredis";
import type { SetDescriptor } from "./descriptor.js";
import { CONDITION_MS } from "./patience.js";
import type { Address, RedisVersions } from "./types.js";

/** Asks both brokers who they are, which also proves that they can be reached. */
export async function brokerVersions(
  amqpUrl: string,
  redisUrl: string,
): Promise<RedisVersions & { readonly rabbitmq: string }> {
  const [rabbitmq, redis] = await Promise.all([rabbitmqVersion(amqpUrl), redisVersions(redisUrl)]);
  return { rabbitmq, ...redis };
}

/** As messages call the server: Redis or Valkey, with its own version. */
export function redisName({ redis, valkey }: RedisVersions): string {
  return valkey === undefined ? `Redis ${redis}` : `Valkey ${valkey}`;
}

/** What a set says of a Valkey that was started for it. */
export async function describeValkey(service: Address | undefined): Promise<SetDescriptor["valkey"]> {
  if (service === undefined) return undefined;
  const { url, pythonUrl } = service;
  return { url, pythonUrl, isOurs: true, versions: await redisVersions(url) };
}

export async function rabbitmqVersion(url: string): Promise<string> {
  const connection = await connect(url, { timeout: CONDITION_MS });
  const { version } = connection.connection.serverProperties;
  await connection.close();
  return version;
}

/** Valkey names two: the Redis whose commands it has, and its own. */
export async function redisVersions(url: string): Promise<RedisVersions> {
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: CONDITION_MS, retryStrategy: () => null });
  redis.on("error", () => undefined);
  await redis.connect();
  const info = await redis.info("server");
  const closed = once(redis, "end");
  redis.disconnect();
  await closed;
  const version = (field: string) => new RegExp(`^${field}:(\\S+)`, "m").exec(info)?.[1];
  return { redis: version("redis_version") ?? "unknown", valkey: version("valkey_version") };
}
