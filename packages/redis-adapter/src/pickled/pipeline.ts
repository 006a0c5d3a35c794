/** Commands collected and sent in one go, with the type of each result. */

import type { CommandName, CommandTable } from "./commands/table.js";
import type { Arg, Command, RedisLike } from "./driver/client.js";
import { sendAll } from "./driver/client.js";
import type { Counted, PickledCommands } from "./types.js";

type Settled<T> = readonly [error: Error, value: undefined] | readonly [error: null, value: T];

/**
 * Commands to be sent together. Each adds its result to the tuple that `results` resolves to.
 *
 * In a cluster all keys must be in slots of one node, as ioredis demands.
 *
 * @example
 * interface User {
 *   readonly name: string;
 * }
 * const py = pickled(new Redis(), { dialect: django() });
 * const [user, count] = await py.pipeline().get<User>("user:7").incr("hits").results();
 */
export type PickledPipeline<R extends readonly unknown[] = []> = {
  readonly [K in keyof PickledCommands]: K extends "get" | "getdel" | "lpop" | "rpop" | "spop"
    ? <T = unknown>(...args: Parameters<PickledCommands[K]>) => PickledPipeline<[...R, T | undefined]>
    : K extends "incr"
      ? <N extends number | bigint = number>(key: string, by?: N) => PickledPipeline<[...R, Counted<N>]>
      : (...args: PipelineArguments<K>) => PickledPipeline<[...R, Awaited<ReturnType<PickledCommands[K]>>]>;
} & {
  /** Any command, with its reply as it comes, strings as Buffers. Keys are used as they are. */
  raw(command: string, ...args: Arg[]): PickledPipeline<[...R, unknown]>;
  /** Sends; resolves to an error or a value for each. */
  exec(): Promise<{ readonly [I in keyof R]: Settled<R[I]> }>;
  /** Sends; rejects with the first error. */
  results(): Promise<R>;
};

/** `set` has overloads, of which `Parameters` sees the last. */
type PipelineArguments<K extends keyof PickledCommands> = Parameters<PickledCommands[K]>;

export function createPipeline(
  client: RedisLike,
  table: CommandTable,
  atomic: boolean,
  ready: () => Promise<void> | undefined,
): PickledPipeline {
  const queued: Command[] = [];
  const exec = async (): Promise<Settled<unknown>[]> => {
    await ready();
    const commands = queued.splice(0);
    const replies = await sendAll(client, commands, atomic);
    return Promise.all(
      replies.map(async ([error, reply], i): Promise<Settled<unknown>> => {
        if (error !== null) return [error, undefined];
        try {
          return [null, await commands[i]!.parse(reply)];
        } catch (cause) {
          return [cause as Error, undefined];
        }
      }),
    );
  };
  const pipeline: Record<string, unknown> = {
    raw(name: string, ...args: Arg[]) {
      queued.push({ name: name.toLowerCase(), args, parse: (reply) => reply });
      return pipeline;
    },
    exec,
    async results() {
      return (await exec()).map(([error, value]) => {
        if (error !== null) throw error;
        return value;
      });
    },
  };
  for (const name of Object.keys(table) as CommandName[]) {
    const make = table[name] as (...args: readonly unknown[]) => Command;
    pipeline[name] = (...args: readonly unknown[]) => {
      queued.push(make(...args));
      return pipeline;
    };
  }
  return pipeline as unknown as PickledPipeline;
}
