/**
 * What is used of the user's client: ioredis 5 and 6, a Cluster, iovalkey. By shape, so that either major's types fit.
 *
 * Only the named `...Buffer` methods are called on it: `callBuffer` fails while `enableAutoPipelining` is on (ioredis issue
 * 1923), and the methods without `Buffer` turn bytes into text.
 */
import { withoutCommand } from "../../driver-errors.js";
import { RedisAdapterError } from "../../errors.js";
import { shareWrite } from "./one-write.js";
import { tooOld } from "./server-versions.js";

/** An argument that ioredis sends as it is. */
export type Arg = string | Buffer | number;

type AnyMethod = (...args: never[]) => unknown;

/** A client of ioredis: `Redis` or `Cluster`, version 5 or 6. */
export interface RedisLike {
  /** GET with the reply as a Buffer. By this method a client is known. */
  readonly getBuffer: AnyMethod;
  /** As all those that end in `Buffer`: strings of replies are Buffers, where others make text of them. */
  readonly setBuffer: AnyMethod;
  /** Gives an array with `null` for each missing key. */
  readonly mgetBuffer: AnyMethod;
  /** Several commands in one write, each with a reply or an error of its own. */
  readonly pipeline: AnyMethod;
  /** Several commands between MULTI and EXEC. */
  readonly multi: AnyMethod;
  /** Makes the connections that block or subscribe, which nothing else can use. */
  readonly duplicate: AnyMethod;
  /** Tells when the connection is ready and when it ends. */
  readonly on: AnyMethod;
  /** True of ioredis' `Cluster`, where commands of several keys are split by slot. */
  readonly isCluster?: boolean | undefined;
}

/** One command with its reply's meaning. */
export interface Command {
  /** In lower case: the method is `<name>Buffer`. */
  readonly name: string;
  readonly args: readonly Arg[];
  /** Makes the result of the reply, where strings are Buffers. */
  readonly parse: (reply: unknown) => unknown;
}

type Method = (...args: readonly unknown[]) => Promise<unknown>;

interface PipelineOfClient {
  callBuffer(command: string, ...args: Arg[]): unknown;
  exec(): Promise<[error: Error | null, result: unknown][] | null>;
}

/** `get` is `getBuffer`: names made once, since a new text is slow to look up. */
const METHODS = new Map<string, string>();

function methodOf(client: RedisLike, name: string): Method {
  let methodName = METHODS.get(name);
  if (methodName === undefined) {
    methodName = `${name}Buffer`;
    METHODS.set(name, methodName);
  }
  const method = (client as unknown as Readonly<Record<string, Method | undefined>>)[methodName];
  if (typeof method === "function") return method;
  throw new RedisAdapterError(`Cannot send ${name.toUpperCase()}: the client has no method ${methodName}`, {
    code: "unsupported",
  });
}

function call(client: RedisLike, name: string, args: readonly Arg[]): Promise<unknown> {
  const method = methodOf(client, name);
  shareWrite(client);
  return method.apply(client, args as unknown[]);
}

/** Sends one command; the reply has Buffers for strings. */
export function send(client: RedisLike, name: string, args: readonly Arg[]): Promise<unknown> {
  return call(client, name, args).catch(fail);
}

/** Sends one command; resolves to its result. */
export function sendCommand(client: RedisLike, command: Command): Promise<unknown> {
  // One promise, where `send` and a second `then` make two: a command costs a few microseconds in all.
  return call(client, command.name, command.args).then(command.parse, fail);
}

/** Several commands in one go; with `atomic` in MULTI and EXEC. Replies in order, errors in their places. */
export async function sendAll(
  client: RedisLike,
  commands: readonly { readonly name: string; readonly args: readonly Arg[] }[],
  atomic: boolean,
): Promise<[error: Error | null, result: unknown][]> {
  if (commands.length === 0) return [];
  const pipeline = (atomic ? client.multi() : client.pipeline()) as PipelineOfClient;
  for (const { name, args } of commands) pipeline.callBuffer(name.toUpperCase(), ...args);
  const replies = await pipeline.exec().catch(fail);
  if (replies === null)
    throw new RedisAdapterError("The transaction was discarded: a watched key changed", { code: "unavailable" });
  return replies.some(([error]) => error !== null)
    ? replies.map(([error, reply]) => [error === null ? null : (explained(error) as Error), reply])
    : replies;
}

/** Has `listener` called for an event of the client's, whichever major's types name it. */
export function listen(client: RedisLike, event: string, listener: (...args: never[]) => void): void {
  client.on(...([event, listener] as unknown as never[]));
}

function fail(error: unknown): never {
  throw explained(error);
}

/** The error to throw for one of the driver's: without the payload, and plain about a server that is too old. */
function explained(error: unknown): unknown {
  // Of a transaction that was discarded: why it was.
  const { previousErrors = [] } = error as { readonly previousErrors?: readonly unknown[] };
  const old = [error, ...previousErrors].map(tooOld).find((each) => each !== undefined);
  withoutCommand(error);
  return old ?? reasonOf(error, previousErrors);
}

/** EXECABORT says only that there is a reason. */
function reasonOf(error: unknown, [reason]: readonly unknown[]): unknown {
  return error instanceof Error && error.message.startsWith("EXECABORT ") ? (reason ?? error) : error;
}
