/** Beaker's sessions with `type = ext:redis`. */
import { deflateSync, inflateSync } from "node:zlib";
import { jsonSerializer } from "@brine/codec/kombu";
import { optionNames } from "@brine/codec/options";
import { RedisAdapterError } from "../errors.js";
import { checkNames } from "../option-names.js";
import { type Dialect, lifetime, type PickleOptions, pickleCodec } from "./dialect.js";
import { modelOf, serializerCodec } from "./django-redis.js";

/** Options of {@link beakerSession}. */
export interface BeakerSessionOptions {
  /**
   * What is written: `"pickle"` (default) and `"json"`, the session's `data_serializer`, as Beaker 1.13; `"dict"` as Beaker
   * 1.11, which has no other form in Redis. All are read.
   */
  readonly format?: "pickle" | "json" | "dict" | undefined;
  /** Bytes of decompressed JSON at most. Default 64 MiB. */
  readonly maxDecompressedBytes?: number | undefined;
  /** Of pickle's decoder and encoder: registry, limits, protocol. Default: theirs. */
  readonly pickle?: PickleOptions | undefined;
}

const BEAKER_SESSION_OPTIONS = /* @__PURE__ */ optionNames<BeakerSessionOptions>(
  { format: true, maxDecompressedBytes: true, pickle: true },
  {
    instead: [
      ["dataSerializer", "format"],
      ["registry", "write pickle: { registry }"],
    ],
  },
);

const DEFAULT_MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024;
/** What zlib's streams start with, and pickles never. */
const ZLIB = 0x78;

/**
 * A pickled session under `beaker_cache:<session id>:session`: since Beaker 1.13 the base64 of a pickle, or of compressed
 * JSON, of its dict, before that the dict itself. One that is made here needs `_creation_time` and `_accessed_time`, in
 * seconds. Encrypted sessions are not read.
 *
 * @throws RedisAdapterError `bad-option` for a format that there is not
 */
export function beakerSession(options: BeakerSessionOptions = {}): Dialect {
  checkNames(options, BEAKER_SESSION_OPTIONS, "options of beakerSession()");
  const { format = "pickle", maxDecompressedBytes = DEFAULT_MAX_DECOMPRESSED_BYTES } = options;
  if (format !== "pickle" && format !== "json" && format !== "dict") {
    throw new RedisAdapterError(`Cannot use the session format ${JSON.stringify(format)}: there is none`, {
      code: "bad-option",
    });
  }
  const [prefix, suffix] = ["beaker_cache:", ":session"];
  const pickle = pickleCodec(options.pickle);
  const json = serializerCodec(jsonSerializer({ ...modelOf(options.pickle), dialect: "5.2" }));
  const inflate = (data: Buffer) => inflateSync(data, { maxOutputLength: maxDecompressedBytes });
  return Object.freeze({
    name: "beaker-session",
    key: (sid: string) => prefix + sid + suffix,
    unkey: (redisKey: string) => redisKey.slice(prefix.length, -suffix.length),
    pattern: (pattern: string) => prefix + pattern + suffix,
    encode(session: unknown) {
      if (format === "dict") return pickle.encode(session);
      const data = format === "json" ? deflateSync(json.encode(session)) : Buffer.from(pickle.encode(session));
      return pickle.encode(data.toString("base64"));
    },
    decode(raw: Buffer) {
      const stored = pickle.decode(raw);
      if (typeof stored !== "string") return stored;
      const data = Buffer.from(stored, "base64");
      return data[0] === ZLIB ? json.decode(inflate(data)) : pickle.decode(data);
    },
    ...lifetime(null),
    digits: false,
    canonical: format !== "json",
  });
}
