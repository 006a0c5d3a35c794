import type { Arg } from "./client.js";
import { pairs } from "./collection-commands.js";
import { type CommandContext, command, toNumber, toText } from "./context.js";
import type { ReadOptions } from "./options.js";

export interface XaddOptions {
  /** Default `"*"`. */
  readonly id?: string | undefined;
  /** Entries kept. */
  readonly maxlen?: number | undefined;
  /** Trim when it is cheap. Default true. */
  readonly approximate?: boolean | undefined;
}

export interface XreadOptions extends ReadOptions {
  readonly count?: number | undefined;
  /** Milliseconds; 0: for ever. Blocks the connection. */
  readonly block?: number | undefined;
}

export interface StreamEntry<T = Record<string, unknown>> {
  readonly stream: string;
  readonly id: string;
  readonly fields: T;
}

/** Streams: names of fields are text, their values are values. */
export function streamCommands(context: CommandContext) {
  return {
    xadd(key: string, fields: Readonly<Record<string, unknown>>, options: XaddOptions = {}) {
      const { maxlen, approximate = true } = options;
      const trim: Arg[] = maxlen === undefined ? [] : ["MAXLEN", approximate ? "~" : "=", maxlen];
      const args = Object.entries(fields).flatMap(([field, value]) => [
        field,
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
export function streamsOf(context: CommandContext, reply: unknown, options?: ReadOptions): StreamEntry[] {
  return pairs(reply).flatMap(([stream, list]) =>
    entries(context, context.dialect.unkey(String(stream)), list, options),
  );
}

function entries(context: CommandContext, stream: string, reply: unknown, options?: ReadOptions): StreamEntry[] {
  return ((reply ?? []) as [Buffer, unknown[] | null][]).map(([id, items]) => {
    const fields: Record<string, unknown> = Object.create(null);
    for (const [field, raw] of pairs(items))
      fields[String(field)] = context.decode(
        raw,
        `${context.key(stream)} ${String(field)}`,
        `${stream} ${id}.${field}`,
        options,
      );
    return { stream, id: String(id), fields };
  });
}
