/** Makes transports and backends of what the settings name. */
import type { ResultStore, Transport } from "@brine/codec/kombu";
import type { ResultBackend } from "../backends/backend.js";
import { DisabledBackend } from "../backends/disabled.js";
import { ResultCodec } from "../backends/result-codec.js";
import { RpcBackend } from "../backends/rpc.js";
import { StoreBackend } from "../backends/store.js";
import { MemoryResultStore } from "../memory/result-store.js";
import { MemoryTransport } from "../memory/transport.js";
import type { ContentCodec } from "./content.js";
import { badOption, type CelerySettings, type ResolvedSettings } from "./settings/settings.js";

/** @throws CeleryError `bad-option` for a URL that nobody is named for */
export function makeTransport(settings: CelerySettings): Transport {
  const { broker, transports } = settings;
  if (broker === undefined) throw badOption("no broker is given, such as amqp(url) or redis(url)", "broker");
  if (typeof broker !== "string") {
    if (typeof broker.publish === "function") return broker;
    throw badOption("broker is no transport, such as amqp(url) or redis(url)", "broker");
  }
  const scheme = schemeOf(broker);
  const factory = own(transports, scheme);
  if (factory !== undefined) return factory(broker);
  if (scheme === "memory") return new MemoryTransport();
  throw badOption(`nothing in transports makes a broker of "${scheme}://"${hint(BROKERS, scheme, "broker")}`, "broker");
}

export function makeBackend(
  given: CelerySettings,
  settings: ResolvedSettings,
  parts: { readonly transport: Transport; readonly content: ContentCodec; readonly onWarning: (error: Error) => void },
): ResultBackend {
  const codec = new ResultCodec(parts.content, settings.resultSerializer, settings.registry);
  const {
    resultExpires: expiresSeconds,
    resultPersistent: isPersistent,
    resultChordOrdered: isChordOrdered,
    resultChordJoinTimeout: joinTimeoutSeconds,
  } = settings;
  if (given.backend === undefined || given.backend === "disabled://") return new DisabledBackend();
  if (typeof given.backend === "string" && schemeOf(given.backend) === "rpc") {
    const { transport, onWarning } = parts;
    return new RpcBackend({ transport, codec, expiresSeconds, isPersistent, onWarning });
  }
  const store = typeof given.backend === "string" ? makeStore(given.backend, given) : given.backend;
  if (typeof store.get !== "function")
    throw badOption("backend is no result store, such as redisBackend(url)", "backend");
  return new StoreBackend({ store, codec, expiresSeconds, isChordOrdered, joinTimeoutSeconds });
}

function makeStore(url: string, settings: CelerySettings): ResultStore {
  const scheme = schemeOf(url);
  const factory = own(settings.resultStores, scheme);
  if (factory !== undefined) return factory(url);
  if (scheme === "memory") return new MemoryResultStore();
  const how = hint(STORES, scheme, "backend");
  throw badOption(`nothing in resultStores makes a backend of "${scheme}://"${how}`, "backend");
}

const AMQP = "amqp(url) of @brine/amqp-adapter";
const REDIS = "redis(url) of @brine/redis-adapter";
const REDIS_STORE = "redisBackend(url) of @brine/redis-adapter";
const BROKERS = { amqp: AMQP, amqps: AMQP, pyamqp: AMQP, redis: REDIS, rediss: REDIS, sentinel: REDIS };
const STORES = { amqp: '"rpc://"', redis: REDIS_STORE, rediss: REDIS_STORE, sentinel: REDIS_STORE };

/** What to write instead of a URL that only Python understands. */
function hint(makers: Readonly<Record<string, string>>, scheme: string, setting: string): string {
  const maker = own(makers, scheme);
  return maker === undefined ? "" : `; use ${setting}: ${maker}`;
}

function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

function schemeOf(url: string): string {
  const end = url.indexOf(":");
  return end < 0 ? url : url.slice(0, end);
}
