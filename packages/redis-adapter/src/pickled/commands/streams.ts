import { extendOptionNames, optionNames } from "@brine/codec/options";
import { DecodeError } from "../../errors.js";
import { type CommandContext, command, text, toNumber, toText } from "../context.js";
import type { Arg } from "../driver/client.js";
import { after, type Eventual, mapAll } from "../eventual.js";
import { READ_OPTIONS, type ReadOptions } from "../options.js";
import { pairs } from "./collections.js";

/** The id of the new entry, and how the stream is trimmed. */
export interface XaddOptions {
  /** The id of the entry. Default `"*"`: Redis makes one of the time. */
  readonly id?: string | undefined;
  /** Entries that the stream keeps, the newest. Default: all. */
  readonly maxlen?: number | undefined;
  /** Whether it may keep some more, which is cheaper (`MAXLEN ~`). Default true. */
  readonly approximate?: boolean | undefined;
}

export const XADD_OPTIONS = /* @__PURE__ */ optionNames<XaddOptions>({ id: true, maxlen: true, approximate: true });

/** How much is read, and how long is waited for it. */
export interface XreadOptions extends ReadOptions {
  /** Entries of each stream at most. Default: all. */
  readonly count?: number | undefined;
  /** Milliseconds to wait for an entry; 0: for ever. Blocks the connection. Default: not waited. */
  readonly block?: number | undefined;
}

export const XREAD_OPTIONS = /* @__PURE__ */ extendOptionNames<XreadOptions, ReadOptions>(READ_OPTIONS, {
  count: true,
  block: true,
});

/** An entry of a stream, with its fields decoded. */
export interface StreamEntry<T = Record<string, unknown>> {
  /** The key of the stream, without what the dialect puts around it. */
  readonly stream: string;
  /** As Redis numbers it: `"1700000000000-0"`. */
  readonly id: string;
  /** Decoded values by field. */
  readonly fields: T;
}

/** Streams: names of fields are text, their values are values. */
export function streamCommands(context: CommandContext) {
  return {
    xadd(key: string, fields: Readonly<Record<string, unknown>>, options: XaddOptions = {}) {
      const { maxlen, approximate = true } = options;
      const trim: Arg[] = maxlen === undefined ? [] : ["MAXLEN", approximate ? "~" : "=", maxlen];
      const args = Object.entries(fields).flatMap(([field, value]) => [
        text(field, "the name of a field"),
        context.encode(value, `${context.key(key)} ${field}`),
      ]);
      return command("xadd", [context.key(key), ...trim, options.id ?? "*", ...args], toText);
    },
    xlen: (key: string) => command("xlen", [context.key(key)], toNumber),
    xrange: (
      key: string,
      start = "-",
      end = "+",
      options: ReadOptions & { readonly count?: number | undefined } = {},
    ) => {
      const count = options.count === undefined ? [] : ["COUNT", options.count];
      return command("xrange", [context.key(key), start, end, ...count], (reply) =>
        entries(context, key, reply, options),
      );
    },
    xdel: (key: string, ...ids: string[]) => command("xdel", [context.key(key), ...ids], toNumber),
    xread(streams: Readonly<Record<string, string>>, options: XreadOptions = {}) {
      const names = Object.keys(streams);
      const args: Arg[] = [];
      if (options.count !== undefined) args.push("COUNT", options.count);
      if (options.block !== undefined) args.push("BLOCK", options.block);
      args.push("STREAMS", ...names.map((name) => context.key(name)), ...names.map((name) => streams[name]!));
      return command("xread", args, (reply) => streamsOf(context, reply, options));
    },
  };
}

/** The reply of XREAD and XREADGROUP. */
export function streamsOf(
  context: CommandContext,
  reply: unknown,
  options?: ReadOptions,
): StreamEntry[] | Promise<StreamEntry[]> {
  const streams = mapAll(pairs(reply), ([stream, list]) =>
    entries(context, context.dialect.unkey(String(stream)), list, options),
  );
  return after(streams, (each) => each.flat());
}

function entries(
  context: CommandContext,
  stream: string,
  reply: unknown,
  options?: ReadOptions,
): StreamEntry[] | Promise<StreamEntry[]> {
  return mapAll((reply ?? []) as RawEntry[], (entry) => entryOf(context, stream, entry, options));
}

/** An entry as it comes: its fields are null when it was deleted while it was pending. */
export type RawEntry = readonly [id: Buffer, items: unknown[] | null];

export function entryOf(
  context: CommandContext,
  stream: string,
  [id, items]: RawEntry,
  options?: ReadOptions,
): Eventual<StreamEntry> {
  const named = pairs(items).map(([field, raw]) => [String(field), raw] as const);
  const values = mapAll(named, ([field, raw]) => {
    try {
      return context.decode(raw, `${context.key(stream)} ${field}`, `${stream} ${id}.${field}`, options);
    } catch (error) {
      throw error instanceof DecodeError ? Object.assign(error, { entryId: String(id) }) : error;
    }
  });
  return after(values, (all) => {
    const fields: Record<string, unknown> = Object.create(null);
    for (const [i, [field]] of named.entries()) fields[field] = all[i];
    return { stream, id: String(id), fields };
  });
}
