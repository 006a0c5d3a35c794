/**
 * Keys that hold another kind of value than a library of jobs keeps there, whoever put it: what cannot be done is told with the key,
 * which is never removed.
 */
import { isWrongType } from "../driver-errors.js";
import { RedisAdapterError } from "../errors.js";
import { type RedisLike, send } from "../pickled/driver/client.js";

/** As `TYPE` names them, and people. */
const KINDS = { string: "a string", hash: "a hash", list: "a list", zset: "a sorted set" } as const;

/** A key and what belongs there; `advice`: what to do where something else is there. Default: {@link ADVICE}. */
export interface KeyOfKind {
  readonly key: string;
  readonly kind: keyof typeof KINDS;
  readonly advice?: string | undefined;
}

const ADVICE = "remove what is there, or use another database";

/** `what` could not be done: "read job x". `library`: who keeps jobs there. */
export function otherKind(library: string, what: string, cause: unknown, key = "one of its keys"): RedisAdapterError {
  const message = `Cannot ${what}: ${key} holds another kind of value than ${library} keeps there`;
  return new RedisAdapterError(message, { code: "job", cause });
}

/** What is done with keys of a library: tells of those that hold another kind. */
export class Kinds {
  readonly #client: RedisLike;
  readonly #library: string;

  constructor(client: RedisLike, library: string) {
    this.#client = client;
    this.#library = library;
  }

  /** As `reply`, but for a key of another kind among `keys`. @throws RedisAdapterError `job` with the key, and what to do */
  async check<T>(what: string, keys: readonly KeyOfKind[], reply: Promise<T>): Promise<T> {
    try {
      return await reply;
    } catch (error) {
      if (!isWrongType(error)) throw error;
      throw await this.#told(what, keys, error);
    }
  }

  async #told(what: string, keys: readonly KeyOfKind[], cause: unknown): Promise<RedisAdapterError> {
    for (const { key, kind, advice = ADVICE } of keys) {
      const found = String(await send(this.#client, "type", [key]));
      if (found === kind || found === "none") continue;
      const there = found in KINDS ? KINDS[found as keyof typeof KINDS] : `a ${found}`;
      const message = `Cannot ${what}: ${key} holds ${there}, where ${this.#library} keeps ${KINDS[kind]}; ${advice}`;
      return new RedisAdapterError(message, { code: "job", cause });
    }
    // It was put right meanwhile.
    return otherKind(this.#library, what, cause);
  }
}
