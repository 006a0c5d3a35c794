import { isRedisAdapterError } from "./errors.js";

/** The same error of ioredis without the commands that it carries: their arguments are values, and not for logs. */
export function withoutCommand<E>(error: E): E {
  if (!(error instanceof Error)) return error;
  const carrier = error as { previousErrors?: readonly unknown[] };
  // Of a transaction that was discarded.
  const { previousErrors = [] } = carrier;
  for (const each of [error, ...previousErrors])
    if (each instanceof Error && Object.hasOwn(each, "command")) delete (each as { command?: unknown }).command;
  // One that was refused from the start is among its own, and could not be written as JSON.
  if (previousErrors.includes(error)) delete carrier.previousErrors;
  return error;
}

/** Error replies of a server that will answer otherwise in a while. */
const PASSING = /^(LOADING|BUSY|READONLY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|MISCONF|OOM) /;

/** Whether the server answered, and would answer the same again. */
export function isLasting(error: unknown): boolean {
  return error instanceof Error && error.name === "ReplyError" && !PASSING.test(error.message);
}

/** Whether a key holds another kind of value than the command is for; before Redis 7, a script's error has the place before it. */
export function isWrongType(error: unknown): boolean {
  return error instanceof Error && /^(ERR Error running script .*: )?WRONGTYPE /.test(error.message);
}

/** What ioredis rejects with when a connection is away: `MaxRetriesPerRequestError`, `AbortError`, and errors without a name of their own. */
const AWAY =
  /^(Connection is closed\.|Command aborted due to connection close|Stream isn't writeable|Reached the max retries)/;

/** Whether the connection is away or was lost, and the same command may succeed on the next one. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (isRedisAdapterError(error)) return error.code === "unavailable" && !isLasting(error.cause);
  if (error.name === "ReplyError") return PASSING.test(error.message);
  // Node's own, of sockets and name servers, have a code and a system call.
  return AWAY.test(error.message) || typeof (error as NodeJS.ErrnoException).syscall === "string";
}
