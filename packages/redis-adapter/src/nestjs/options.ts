/** What both ends are given, and what they have in common. */
import { optionNames } from "@brine/codec/options";
import type { PickleOptions } from "../dialects/dialect.js";
import { plain } from "../dialects/plain.js";
import { checkNames } from "../option-names.js";
import type { RedisLike } from "../pickled/driver/client.js";
import { type PickledRedis, pickled } from "../pickled/pickled.js";

/** Options of {@link PickledRedisServer} and {@link PickledRedisClient}. */
export interface PickledRedisTransportOptions {
  /** A client of ioredis, which publishes. It stays yours; a duplicate of it listens. */
  readonly client: RedisLike;
  /** Of pickle's decoder and encoder: registry, limits, protocol. Default: theirs. */
  readonly pickle?: PickleOptions | undefined;
}

const TRANSPORT_OPTIONS = /* @__PURE__ */ optionNames<PickledRedisTransportOptions>(
  { client: true, pickle: true },
  {
    instead: [
      ["host", "give it to the client"],
      ["port", "give it to the client"],
      ["url", "give it to the client"],
      ["serializer", "values are pickled"],
      ["deserializer", "values are pickled"],
    ],
  },
);

/** A connection that listens. */
export interface Subscriber {
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  on(event: string, listener: (...args: Buffer[]) => void): unknown;
  disconnect(): void;
}

export function valuesOf(options: PickledRedisTransportOptions): PickledRedis {
  checkNames(options, TRANSPORT_OPTIONS, "options of a transport");
  return pickled(options.client, { dialect: plain(options.pickle) });
}

/** Where Nest's own Redis transport answers. */
export const replyChannel = (pattern: string): string => `${pattern}.reply`;

/** What a dict that was sent is here, by own keys only; `undefined`: it is no packet. */
export function packetOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (value instanceof Map) return Object.fromEntries(value);
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
}
