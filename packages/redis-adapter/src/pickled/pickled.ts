/** ioredis with values instead of bytes. */
import { optionNames } from "@brine/codec/options";
import type { Dialect, Ttl } from "../dialects/dialect.js";
import { plain } from "../dialects/plain.js";
import { RedisAdapterError } from "../errors.js";
import { checkNames } from "../option-names.js";
import { isSpread, type SpreadCommand } from "./commands/spread.js";
import { setOrDelete } from "./commands/strings.js";
import { type CommandName, type CommandTable, commandsOf, READS } from "./commands/table.js";
import { CommandContext } from "./context.js";
import { type Command, type RedisLike, send, sendAll, sendCommand } from "./driver/client.js";
import { bySlot } from "./driver/slots.js";
import { CONSUME_OPTIONS, type ConsumedEntry, type ConsumeStreamOptions, consumeStream } from "./iteration/consume.js";
import { SCAN_OPTIONS, type ScanOptions, scan } from "./iteration/scan.js";
import { SUBSCRIBE_OPTIONS, type SubscribeOptions, subscribe } from "./iteration/subscribe.js";
import { DEFAULT_MAX_VALUE_BYTES, PICKLED_OPTIONS, type PickledRedisOptions, type ResolvedOptions } from "./options.js";
import { createPipeline, type PickledPipeline } from "./pipeline.js";
import type { PickledCommands, ScanEntry } from "./types.js";

interface MsetOptions {
  readonly ttl?: Ttl | undefined;
  readonly version?: number | undefined;
}

const MSET_OPTIONS = optionNames<MsetOptions>({ ttl: true, version: true });

/** What {@link pickled} gives beside the commands of ioredis: the client, the dialect, and ways to iterate. */
export class PickledConnection<C extends RedisLike = RedisLike> {
  /** The client given, untouched, for everything else. */
  readonly client: C;
  /** How keys and values are written. */
  readonly dialect: Dialect;
  readonly #options: ResolvedOptions;
  readonly #context: CommandContext;
  readonly #table: CommandTable;
  #isLoaded: boolean;
  #loading: Promise<void> | undefined;

  /** For {@link pickled}. */
  constructor(client: C, options: ResolvedOptions) {
    this.client = client;
    this.dialect = options.dialect;
    this.#options = options;
    this.#isLoaded = options.dialect.load === undefined;
    this.#context = new CommandContext(options);
    this.#table = commandsOf(this.#context);
  }

  /** The commands bound to the client; for {@link pickled}. */
  static commandsOf(connection: PickledConnection): PickledCommands {
    const commands: Record<string, unknown> = {};
    for (const name of Object.keys(connection.#table) as CommandName[]) {
      const make = connection.#table[name] as (...args: readonly unknown[]) => Command;
      commands[name] = (...args: readonly unknown[]) => connection.#run(make, args);
    }
    return commands as unknown as PickledCommands;
  }

  /**
   * The bytes a value is stored as.
   *
   * @param redisKey - the key in Redis, for dialects that bind a value to its place ({@link signed}); default `""`
   * @throws RedisAdapterError `encode` or `too-large`; PicklingError
   */
  encode(value: unknown, redisKey = ""): Buffer | string {
    return this.#context.encode(value, redisKey);
  }

  /**
   * The value of stored bytes.
   *
   * @param redisKey - the key in Redis, for dialects that bind a value to its place ({@link signed}); default `""`
   * @throws DecodeError `decode`
   */
  decode<T = unknown>(raw: Buffer, redisKey = ""): T {
    return this.#context.decode(raw, redisKey, redisKey, { onDecodeError: "throw" }) as T;
  }

  /** The key as it is in Redis, with what the dialect puts around it. */
  key(key: string, version?: number): string {
    return this.#context.key(key, version);
  }

  /** The same client with these options over its own: another dialect, or other limits. */
  with(options: PickledRedisOptions): PickledRedis<C> {
    return pickled(this.client, { ...this.#options, ...options });
  }

  /** Commands that are sent together by `results` or `exec`, without a transaction. */
  pipeline(): PickledPipeline {
    return createPipeline(this.client, this.#table, false, () => this.#ready());
  }

  /** As {@link pipeline}, in one transaction: MULTI and EXEC. */
  multi(): PickledPipeline {
    return createPipeline(this.client, this.#table, true, () => this.#ready());
  }

  /** Stores several values, each with its lifetime; in one transaction unless in a cluster. */
  async mset(
    entries: Readonly<Record<string, unknown>> | Iterable<readonly [string, unknown]>,
    options: MsetOptions = {},
  ): Promise<void> {
    checkNames(options, MSET_OPTIONS, "options of mset()");
    await this.#ready();
    const list =
      Symbol.iterator in entries ? [...(entries as Iterable<readonly [string, unknown]>)] : Object.entries(entries);
    // MSET cannot set lifetimes.
    const commands = list.map(([key, value]) => setOrDelete(this.#context, key, value, options));
    if (this.client.isCluster) {
      await Promise.all(commands.map(({ name, args }) => send(this.client, name, args)));
      return;
    }
    for (const [error] of await sendAll(this.client, commands, true)) if (error !== null) throw error;
  }

  /** Keys of the dialect and their values, in no order; a key may come twice. Skips what is no string. */
  scan<T = unknown>(options: ScanOptions<T> = {}): AsyncGenerator<ScanEntry<T>, void, void> {
    checkNames(options, SCAN_OPTIONS, "options of scan()");
    return scan<T>(this.client, this.#context, options);
  }

  /**
   * Values published on channels, from when the iteration starts. On a connection of its own, which ends with the iteration.
   */
  subscribe<T = unknown>(
    channels: string | readonly string[],
    options: SubscribeOptions<T> = {},
  ): AsyncGenerator<{ readonly channel: string; readonly value: T }, void, void> {
    checkNames(options, SUBSCRIBE_OPTIONS, "options of subscribe()");
    return subscribe<T>(this.client, this.#context, [channels].flat() as string[], options);
  }

  /** Entries of a stream for one consumer of a group, those it left unacknowledged first. Acknowledge each. */
  consume(options: ConsumeStreamOptions): AsyncGenerator<ConsumedEntry, void, void> {
    checkNames(options, CONSUME_OPTIONS, "options of consume()");
    return consumeStream(this.client, this.#context, options);
  }

  /** No `async` on the way: each would add a promise and its turns to every command. */
  #run(make: (...args: readonly unknown[]) => Command, args: readonly unknown[]): Promise<unknown> {
    const loading = this.#ready();
    if (loading !== undefined) return loading.then(() => this.#run(make, args));
    try {
      const command = make(...args);
      return isSpread(command) ? this.#sendSpread(command) : this.#send(command);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #sendSpread(command: SpreadCommand): Promise<unknown> {
    if (command.keys.length === 0) return command.merge([]);
    const groups = this.client.isCluster ? bySlot(command.keys) : [];
    if (groups.length <= 1) return this.#send(command);
    const parts = groups.map(async (indexes) => ({ indexes, result: await this.#send(command.part(indexes)) }));
    return command.merge(await Promise.all(parts));
  }

  #send(command: Command): Promise<unknown> {
    const client = this.#clientFor(command);
    return command.name === "hgetall" ? sendAlone(client, command) : sendCommand(client, command);
  }

  #clientFor({ name }: Command): RedisLike {
    const { replicas } = this.#options;
    if (replicas.length === 0 || !READS.has(name)) return this.client;
    return replicas[Math.floor(Math.random() * replicas.length)]!;
  }

  /** `undefined`: at once. */
  #ready(): Promise<void> | undefined {
    if (this.#isLoaded) return undefined;
    this.#loading ??= this.dialect.load!().then(() => {
      this.#isLoaded = true;
    });
    return this.#loading;
  }
}

/** ioredis makes a plain object of HGETALL's reply, with a prototype for a field to hit; a pipeline leaves it alone. */
async function sendAlone(client: RedisLike, command: Command): Promise<unknown> {
  const [[error, reply]] = (await sendAll(client, [command], false)) as [[Error | null, unknown]];
  if (error !== null) throw error;
  return command.parse(reply);
}

/** A client with values instead of bytes: ioredis' commands, and what {@link PickledConnection} adds. */
export type PickledRedis<C extends RedisLike = RedisLike> = PickledConnection<C> & PickledCommands;

/**
 * Wraps a client of ioredis: the same names, values instead of bytes, in the form a Python library gives them.
 *
 * The client stays yours: its options, its life, its raw commands at `.client`. It must have no `keyPrefix`: ioredis adds one
 * to keys, but neither to patterns nor to what it gives back, so that scans and tags would miss; dialects have a `prefix`.
 * While commands are unanswered, those that follow in one turn of the event loop are sent in one write at its end.
 *
 * @throws RedisAdapterError `bad-option`
 * @example
 * const py = pickled(new Redis(), { dialect: django({ prefix: "app" }) });
 * await py.set("user:7", { name: "Ann", seen: new Date() }, { ttl: 300_000 }); // cache.set("user:7", ..., 300)
 * await py.get("user:7"); // undefined: no such key, null: None
 */
export function pickled<C extends RedisLike>(client: C, options: PickledRedisOptions = {}): PickledRedis<C> {
  if (typeof client?.getBuffer !== "function") {
    throw new RedisAdapterError("Cannot wrap the client: it is no client of ioredis", { code: "bad-option" });
  }
  if (hasKeyPrefix(client)) {
    throw new RedisAdapterError("Cannot wrap a client with keyPrefix: use the prefix of the dialect", {
      code: "bad-option",
    });
  }
  checkNames(options, PICKLED_OPTIONS, "options of pickled()");
  const { dialect = plain() } = options;
  if (typeof dialect?.encode !== "function") {
    const what = typeof dialect === "function" ? "the function that makes one: call it, as in django()" : "none";
    throw new RedisAdapterError(`Cannot use the dialect: it is ${what}`, { code: "bad-option" });
  }
  const connection = new PickledConnection(client, {
    dialect,
    maxValueBytes: options.maxValueBytes ?? DEFAULT_MAX_VALUE_BYTES,
    onDecodeError: options.onDecodeError ?? "throw",
    replicas: options.replicas ?? [],
  });
  return Object.assign(connection, PickledConnection.commandsOf(connection));
}

function hasKeyPrefix(client: RedisLike): boolean {
  type Prefixed = { readonly keyPrefix?: string } | undefined;
  const { options } = client as { readonly options?: Prefixed & { readonly redisOptions?: Prefixed } };
  return Boolean(options?.keyPrefix || options?.redisOptions?.keyPrefix);
}
