/** The same error of ioredis without the command that it carries: its arguments are values, and not for logs. */
export function withoutCommand<E>(error: E): E {
  if (error instanceof Error && Object.hasOwn(error, "command")) delete (error as { command?: unknown }).command;
  return error;
}
