export type {
  ChordStore,
  ConsumeOptions,
  Consumer,
  DelayedDelivery,
  Delivery,
  Exchange,
  MessageProperties,
  PublishOptions,
  Queue,
  ResultStore,
  Transport,
  TransportEvents,
  TransportMessage,
} from "@brine/codec/kombu";
export { createCache, type PickleCache } from "./cache/cache.js";
export { type InvalidateCacheopsOptions, invalidateCacheops } from "./cache/cacheops.js";
export type { Lock, LockOptions } from "./cache/lock.js";
export type { CacheEvents, CacheOptions, GetOrSetOptions, LoadContext } from "./cache/options.js";
export { type ConnectionOptions, parseRedisUrl, type RedisSource } from "./connection.js";
export { type AiocacheOptions, aiocache } from "./dialects/aiocache.js";
export { type BeakerOptions, beaker } from "./dialects/beaker.js";
export { type BeakerSessionOptions, beakerSession } from "./dialects/beaker-session.js";
export { type CachelibOptions, cachelib, flaskCaching } from "./dialects/cachelib.js";
export { type CacheopsOptions, cacheops } from "./dialects/cacheops.js";
export { type CompressorName, compressor, type ValueCompressor } from "./dialects/compressors.js";
export type { Dialect, Expiry, PickleOptions, Ttl, ValueCodec } from "./dialects/dialect.js";
export { type DjangoKeyOptions, type DjangoOptions, django } from "./dialects/django.js";
export { type DjangoRedisOptions, djangoRedis } from "./dialects/django-redis.js";
export { type DogpileOptions, dogpile } from "./dialects/dogpile.js";
export { type PlainOptions, plain } from "./dialects/plain.js";
export {
  type DjangoSessionOptions,
  djangoSession,
  type FlaskSessionOptions,
  flaskSession,
} from "./dialects/sessions.js";
export { type SignedOptions, signed } from "./dialects/signed.js";
export {
  DecodeError,
  isRedisAdapterError,
  RedisAdapterError,
  type RedisAdapterErrorCode,
} from "./errors.js";
export type { RedisConsumer } from "./kombu/consumer.js";
export { type Envelope, formatEnvelope, parseEnvelope } from "./kombu/envelope.js";
export type { RedisTransportOptions } from "./kombu/settings.js";
export { RedisTransport, redis } from "./kombu/transport.js";
export type { StreamEntry, XaddOptions, XreadOptions } from "./pickled/commands/streams.js";
export type { Arg, RedisLike } from "./pickled/driver/client.js";
export type {
  ConsumedEntry,
  ConsumeStreamOptions,
  OnUndecodableEntry,
  UndecodableEntry,
} from "./pickled/iteration/consume.js";
export type { ScanOptions } from "./pickled/iteration/scan.js";
export type { OnOverflow, SubscribeOptions } from "./pickled/iteration/subscribe.js";
export type { OnDecodeError, PickledRedisOptions, ReadOptions, SetOptions, StandardSchema } from "./pickled/options.js";
export { type PickledConnection, type PickledRedis, pickled } from "./pickled/pickled.js";
export type { PickledPipeline } from "./pickled/pipeline.js";
export { type Shards, sharded } from "./pickled/shards.js";
export type { Counted, PickledCommands, ScanEntry, Scored } from "./pickled/types.js";
export type { RedisChordStore } from "./results/chord-store.js";
export { type RedisBackendOptions, RedisResultStore, redisBackend } from "./results/result-store.js";
