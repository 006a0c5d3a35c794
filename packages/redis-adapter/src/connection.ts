/** Redis addresses as Celery writes them, and connections of our own made from them or from the user's client. */
import { reasonOf } from "@brine/codec/errors";
import { tlsProblem } from "@brine/codec/kombu";
import { optionNames } from "@brine/codec/options";
import { Redis, type RedisOptions } from "ioredis";
import { RedisAdapterError } from "./errors.js";
import { tlsOptions } from "./tls-parameters.js";

/** Where Redis is: a URL (or several, for Sentinel, with `;` between them), or a client whose settings are taken over. */
export type RedisSource = string | Redis;

/** What is added to a URL, or to the settings of a client. */
export interface ConnectionOptions {
  /** Added to what the URL says, such as `tls` or `password`. Default: none. */
  readonly connection?: RedisOptions | undefined;
  /** How long a first connection may take, Sentinel's answer included. Milliseconds, default 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * Sentinel: the name of the master. kombu's `master_name`. Default: the URL's `master_name`, without which there must be one.
   */
  readonly masterName?: string | undefined;
  /** Sentinel: the password of the sentinels themselves. Default: none. */
  readonly sentinelPassword?: string | undefined;
}

export const CONNECTION_OPTIONS = /* @__PURE__ */ optionNames<ConnectionOptions>(
  { connection: true, connectTimeoutMs: true, masterName: true, sentinelPassword: true },
  {
    instead: [
      ["host", "it belongs to the URL, or into connection"],
      ["port", "it belongs to the URL, or into connection"],
      ["db", "it belongs to the URL, or into connection"],
      ["username", "it belongs to the URL, or into connection"],
      ["password", "it belongs to the URL, or into connection"],
      ["tls", "it belongs to the URL, or into connection"],
      ["family", "it belongs to the URL, or into connection"],
      ["path", "it belongs to the URL, or into connection"],
      ["socket*", "it belongs to the URL, or into connection"],
      ["ssl*", "it belongs to the URL, as in Celery's, or into connection: { tls: { ca, cert, key } }"],
      ["maxRetries*", "it belongs to the URL, or into connection"],
      ["retry*", "it belongs to the URL, or into connection"],
      ["lazyConnect", "it belongs to the URL, or into connection"],
      ["keepAlive", "it belongs to the URL, or into connection"],
      ["sentinels", "it belongs to the URL, or into connection"],
      ["sentinelKwargs", "write sentinelPassword"],
      ["connectTimeout", "connectTimeoutMs"],
    ],
  },
);

/** What makes connections to one Redis. */
export interface ConnectionFactory {
  /** For logs: without a password. */
  readonly description: string;
  readonly db: number;
  /** A connection that is not connected yet. */
  create(options: RedisOptions): Redis;
  /** Connects it; rejects when that fails or takes too long, or the server has no database of that number. */
  connect(client: Redis): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** Milliseconds that Redis may take to answer QUIT. */
const QUIT_MS = 1000;

/** With Sentinel ioredis tries for ever, and its promise settles never. */
async function connectWithin(client: Redis, timeoutMs: number): Promise<void> {
  const connecting = connectToDatabase(client);
  connecting.catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([connecting, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** ioredis goes on in database 0 when the server has none of that number: what is sent would be lost there. */
async function connectToDatabase(client: Redis): Promise<void> {
  await client.connect();
  const { db } = client.options;
  if (db) await client.select(db);
}

const TLS_NAMES = { server: "server", option: "connection.tls", authorities: "tls-ca-cert-file" };

/**
 * What `connect` of a transport or a store rejects with.
 *
 * @param reason - what the connection said last: ioredis' promises say less
 */
export function cannotConnect(description: string, reason: unknown, cause: unknown): RedisAdapterError {
  const why = tlsProblem(reason, TLS_NAMES) ?? `${reasonOf(reason)}${resetAdvice(description, reason)}`;
  return new RedisAdapterError(`Cannot connect to ${description}: ${why}`, { code: "unavailable", cause });
}

/** Redis refuses what does not fit by ending the connection, and its reason may be lost with it. */
function resetAdvice(description: string, reason: unknown): string {
  const { code } = Object(reason) as { readonly code?: unknown };
  if (code !== "ECONNRESET" && code !== "EPIPE") return "";
  return /^(?:rediss|valkeys):/.test(description)
    ? ". It may be that the server does not accept the client's certificate, `connection.tls.cert`"
    : ". It may be a port for rediss://";
}

/** Ends a connection: politely, unless Redis takes too long to answer that. */
export async function quit(client: Redis): Promise<void> {
  if (client.status !== "ready") return client.disconnect();
  const timer = setTimeout(() => client.disconnect(), QUIT_MS);
  await client.quit().catch(() => client.disconnect());
  clearTimeout(timer);
}

export function connectionFactory(source: RedisSource, options: ConnectionOptions): ConnectionFactory {
  const connect = (client: Redis) => connectWithin(client, options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
  if (typeof source !== "string") {
    const { db, host, port, path, sentinels, name } = source.options;
    const place = sentinels ? `sentinel master ${name}` : (path ?? `${host ?? "localhost"}:${port ?? 6379}`);
    return {
      description: `redis://${place}/${db ?? 0}`,
      db: db ?? 0,
      create: (own) => source.duplicate({ ...options.connection, ...ownOptions(own) }),
      connect,
    };
  }
  const settings: RedisOptions = { ...parseRedisUrl(source, options), ...options.connection };
  return {
    description: describeUrl(source),
    db: settings.db ?? 0,
    create: (own) => new Redis({ ...settings, ...ownOptions(own), replyMapping: "legacy" }),
    connect,
  };
}

/** What a connection of ours needs whatever the user's client is set to. */
function ownOptions(options: RedisOptions): RedisOptions {
  return {
    lazyConnect: true,
    // RESP2: messages and invalidations arrive the same way in ioredis 5 and 6.
    protocol: 2,
    replyMapping: "legacy",
    // Keys are prefixed as kombu does it, by `globalKeyprefix`; ioredis leaves channels and replies unprefixed.
    keyPrefix: "",
    // callBuffer fails with "unknown command" when it is on (ioredis issue 1923).
    enableAutoPipelining: false,
    stringNumbers: false,
    enableReadyCheck: true,
    commandTimeout: undefined,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 2000),
    // After a failover the old master answers READONLY until it is connected to anew; 2: and the command is sent again.
    reconnectOnError: (error) => (error.message.startsWith("READONLY") ? 2 : false),
    ...options,
  };
}

/**
 * The settings of ioredis that a URL says. Understands `redis://`, `rediss://`, `unix://` and kombu's `redis+socket://`, and `sentinel://a:26379;sentinel://b:26379/0`.
 *
 * @throws RedisAdapterError `bad-url`, without the URL in its message: it may hold a password
 */
export function parseRedisUrl(url: string, options: ConnectionOptions = {}): RedisOptions {
  const urls = url.split(";").map((part) => parsePart(part.trim()));
  const first = urls[0]!;
  const scheme = first.protocol.slice(0, -1);
  switch (scheme) {
    case "redis":
    case "rediss":
    case "valkey":
    case "valkeys": {
      const parsed = authority(first);
      const db = first.searchParams.get("db") ?? first.searchParams.get("virtual_host");
      return {
        host: parsed.host,
        port: parsed.port ?? 6379,
        db: database(db ?? first.pathname),
        ...credentials(first),
        ...(scheme.endsWith("s") && scheme !== "redis" ? { tls: tlsOptions(first) } : {}),
      };
    }
    case "unix":
    case "redis+socket":
      return {
        path: decodeURIComponent(first.pathname),
        db: database(first.searchParams.get("virtual_host") ?? first.searchParams.get("db") ?? ""),
        ...credentials(first),
      };
    case "sentinel": {
      const name = options.masterName ?? first.searchParams.get("master_name") ?? first.searchParams.get("name");
      if (!name) {
        throw new RedisAdapterError("Cannot use Sentinel: masterName is missing", { code: "bad-option" });
      }
      // kombu takes database and credentials from the last of the addresses that has them.
      const withPath = urls.findLast((part) => part.pathname.length > 1);
      const withAuth = urls.findLast((part) => part.password !== "" || part.username !== "");
      return {
        sentinels: urls.map((part) => {
          const { host, port } = authority(part);
          return { host, port: port ?? 26379 };
        }),
        name,
        db: database(withPath?.pathname ?? ""),
        ...(withAuth ? credentials(withAuth) : {}),
        ...(options.sentinelPassword === undefined ? {} : { sentinelPassword: options.sentinelPassword }),
      };
    }
    default:
      throw new RedisAdapterError(`Cannot use a URL of scheme ${JSON.stringify(scheme)}: it is not one of Redis`, {
        code: "bad-url",
      });
  }
}

function parsePart(part: string): URL {
  try {
    return new URL(part);
  } catch {
    // No cause: its message and input hold the URL, and with it the password.
    throw new RedisAdapterError("Cannot parse the Redis URL", { code: "bad-url" });
  }
}

function authority(url: URL): { readonly host: string; readonly port: number | undefined } {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return {
    host: host === "" ? "localhost" : decodeURIComponent(host),
    port: url.port === "" ? undefined : Number(url.port),
  };
}

function credentials(url: URL): RedisOptions {
  return {
    ...(url.username === "" ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
  };
}

function database(path: string): number {
  const text = path.replace(/^\/+/, "");
  if (text === "") return 0;
  if (!/^\d+$/.test(text)) {
    throw new RedisAdapterError(`Cannot use ${JSON.stringify(text)} as a Redis database: it is no number`, {
      code: "bad-url",
    });
  }
  return Number(text);
}

function describeUrl(url: string): string {
  return url
    .split(";")
    .map((part) => {
      const parsed = new URL(part.trim());
      return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
    })
    .join(";");
}
