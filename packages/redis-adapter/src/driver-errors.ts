/** The same error of ioredis without the commands that it carries: their arguments are values, and not for logs. */
export function withoutCommand<E>(error: E): E {
  if (!(error instanceof Error)) return error;
  const carrier = error as { command?: unknown; previousErrors?: readonly unknown[] };
  if (Object.hasOwn(error, "command")) delete carrier.command;
  // Of a transaction that was discarded.
  if (Array.isArray(carrier.previousErrors)) carrier.previousErrors.forEach(withoutCommand);
  return error;
}

/** Error replies of a server that will answer otherwise in a while. */
const PASSING = /^(LOADING|BUSY|READONLY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|MISCONF|OOM) /;

/** Whether the server answered, and would answer the same again. */
export function isLasting(error: unknown): boolean {
  return error instanceof Error && error.name === "ReplyError" && !PASSING.test(error.message);
}
