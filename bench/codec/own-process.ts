import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/**
 * Runs a module of this folder in a process of its own, with `argument` as JSON on its command line, and fails when that does.
 * Returns what it sends, if anything.
 */
export async function inOwnProcess(module: string, argument: unknown, execArgv: string[] = []): Promise<unknown> {
  const child = fork(fileURLToPath(new URL(module, import.meta.url)), [JSON.stringify(argument)], {
    execArgv: [...process.execArgv, ...execArgv],
  });
  let message: unknown;
  child.on("message", (received) => {
    message = received;
  });
  const [code] = (await once(child, "close")) as [number | null];
  // It has said why.
  if (code !== 0) process.exitCode = 1;
  return message;
}
