/**
 * Keys of RQ's that hold another kind of value than RQ keeps there, whoever put it. It is never removed: what the key is for is
 * left undone and told, and the rest is done.
 */
import { isWrongType } from "../driver-errors.js";
import { RedisAdapterError } from "../errors.js";
import { otherKind as otherKindOf } from "../jobs/other-kind.js";
import { type Arg, type RedisLike, sendAll } from "../pickled/driver/client.js";

/** `what` could not be done: "read job x". */
export function otherKind(what: string, cause: unknown, key?: string): RedisAdapterError {
  return otherKindOf("RQ", what, cause, key);
}

/** As `reply`, but for a key of another kind. @throws RedisAdapterError `job` */
export function ofItsKind<T>(what: string, reply: Promise<T>): Promise<T> {
  return reply.catch((error: unknown) => {
    throw isWrongType(error) ? otherKind(what, error) : error;
  });
}

/** A command of a transaction, with its key first. */
export interface Step {
  readonly name: string;
  readonly args: readonly Arg[];
}

export function step(name: string, ...args: Arg[]): Step {
  return { name, args };
}

/** In place of the reply to a command whose key holds another kind of value. */
export const REFUSED = Symbol("refused");

/** A transaction. What is {@link REFUSED} is told: Redis does the rest of it even so. */
export async function commit(
  client: RedisLike,
  steps: readonly Step[],
  report: (error: Error) => void,
): Promise<unknown[]> {
  const told = new Set<Arg | undefined>();
  const replies = await sendAll(client, steps, true);
  return replies.map(([error, reply], i) => {
    if (error === null) return reply;
    if (!isWrongType(error)) throw error;
    const { name, args } = steps[i]!;
    const [key] = args;
    if (!told.has(key)) report(otherKind(`${name.toUpperCase()} ${key}`, error, "it"));
    told.add(key);
    return REFUSED;
  });
}

/** What a script could not enqueue: pairs of an id and what is wrong with it. `why`: what they were to be enqueued for. */
export function notEnqueued(refused: unknown, why: string): RedisAdapterError[] {
  const errors: RedisAdapterError[] = [];
  const list = (refused as readonly unknown[]).map(String);
  for (let i = 0; i < list.length; i += 2) {
    const what = list[i] === "" ? "the jobs" : `job ${list[i]}`;
    errors.push(new RedisAdapterError(`Cannot enqueue ${what} ${why}: ${list[i + 1]}`, { code: "job" }));
  }
  return errors;
}
