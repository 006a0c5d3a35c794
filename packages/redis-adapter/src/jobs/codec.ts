/** What the queues of RQ, arq, huey and dramatiq are given, and how they read what is stored. */
import { jsonSerializer } from "@brine/codec/kombu";
import { optionNames } from "@brine/codec/options";
import { type PickleOptions, pickleCodec, type ValueCodec } from "../dialects/dialect.js";
import { serializerCodec } from "../dialects/django-redis.js";
import { DecodeError } from "../errors.js";
import type { RedisLike } from "../pickled/driver/client.js";

/** Options of every job queue. */
export interface JobQueueOptions {
  /** It stays yours. Waiting for results opens two more connections, for all who wait. */
  readonly client: RedisLike;
  /** Of pickle's decoder and encoder: registry, limits, protocol. Default: theirs. */
  readonly pickle?: PickleOptions | undefined;
}

export const JOB_QUEUE_OPTIONS = /* @__PURE__ */ optionNames<JobQueueOptions>(
  { client: true, pickle: true },
  {
    instead: [
      ["registry", "write pickle: { registry }"],
      ["connection", "client"],
      ["redis", "client"],
    ],
  },
);

/** How calls and results travel: pickled, in JSON as Python's `json` writes it, or in a form of your own. */
export type JobSerializer = "pickle" | "json" | ValueCodec;

export function codecOf(serializer: JobSerializer | undefined, pickle: PickleOptions | undefined): ValueCodec {
  if (serializer === undefined || serializer === "pickle") return pickleCodec(pickle);
  if (serializer === "json") return serializerCodec(jsonSerializer({ dialect: "5.2" }));
  return serializer;
}

/** @throws DecodeError with the key, and as dialect the library whose value it is */
export function decodeStored(raw: Buffer, codec: ValueCodec, key: string, library: string): unknown {
  try {
    return codec.decode(raw);
  } catch (cause) {
    throw new DecodeError(key, library, raw, cause);
  }
}
