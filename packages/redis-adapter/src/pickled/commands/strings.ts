import { RedisAdapterError } from "../../errors.js";
import { type CommandContext, command } from "../context.js";
import type { Arg, Command } from "../driver/client.js";
import { mapAll } from "../eventual.js";
import type { ReadOptions, SetOptions } from "../options.js";
import { checkStep, counted, INCR } from "./counters.js";
import { inOrder, spread } from "./spread.js";

/** SET with these lifetimes and conditions. */
function setArguments(context: CommandContext, key: string, value: unknown, options: SetOptions): Arg[] {
  if (options.nx && options.xx) throw new RedisAdapterError("Cannot use nx and xx together", { code: "bad-option" });
  const place = context.key(key, options.version);
  const args: Arg[] = [place, context.encode(value, place, context.lifetime(options))];
  context.addExpiry(args, options);
  if (options.nx) args.push("NX");
  if (options.xx) args.push("XX");
  return args;
}

/** SET, or DEL where the lifetime is over before it begins: nobody is to see such a value, however short. */
export function setOrDelete(context: CommandContext, key: string, value: unknown, options: SetOptions): Command {
  const args = setArguments(context, key, value, options);
  const isOver = options.ttl !== undefined && context.dialect.ttl(options.ttl) === "delete";
  return isOver && !options.nx && !options.xx ? command("del", [args[0]!], () => true) : command("set", args, isStored);
}

/** What SET replies: OK, or nothing where a condition kept it from storing. */
const isStored = (reply: unknown): boolean => reply !== null;

export function stringCommands(context: CommandContext) {
  /** A command on one key whose reply is the value there. */
  const reading = (name: string, key: string, args: readonly Arg[], options?: ReadOptions): Command => {
    const place = context.key(key, options?.version);
    return command(name, [place, ...args], (reply) => context.decode(reply, place, key, options));
  };
  return {
    get: (key: string, options?: ReadOptions) => reading("get", key, [], options),
    getdel: (key: string, options?: ReadOptions) => reading("getdel", key, [], options),
    mget: (keys: readonly string[], options?: ReadOptions) => {
      const places = keys.map((key) => context.key(key, options?.version));
      return spread(
        places,
        (some, indexes) =>
          command("mget", some, (reply) =>
            mapAll(reply as unknown[], (raw, i) => {
              const at = indexes[i]!;
              return context.decode(raw, places[at]!, keys[at]!, options);
            }),
          ),
        inOrder,
      );
    },
    set: (key: string, value: unknown, options: SetOptions & { readonly get?: boolean | undefined } = {}) => {
      if (!options.get) return setOrDelete(context, key, value, options);
      const args = setArguments(context, key, value, options);
      return command("set", [...args, "GET"], (reply) => context.decode(reply, args[0] as string, key));
    },
    getset: (key: string, value: unknown, options?: ReadOptions) =>
      reading("getset", key, [context.encode(value, context.key(key, options?.version), null)], options),
    getex: (key: string, options: SetOptions & ReadOptions & { readonly persist?: boolean | undefined }) => {
      const args: Arg[] = [];
      if (options.persist) args.push("PERSIST");
      else context.addExpiry(args, options);
      return reading("getex", key, args, options);
    },
    incr: (key: string, by: number | bigint = 1) => {
      if (!context.dialect.digits) {
        throw new RedisAdapterError(
          `Cannot increment ${JSON.stringify(key)}: ${context.dialect.name} does not store ints as digits`,
          { code: "unsupported" },
        );
      }
      checkStep(by);
      const parse = (reply: unknown) => counted(reply, by, key);
      // The driver makes a number of INCRBY's reply.
      return typeof by === "bigint"
        ? command("eval", [INCR, 1, context.key(key), String(by)], parse)
        : command("incrby", [context.key(key), by], parse);
    },
  };
}
