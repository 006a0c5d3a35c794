import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Duplex, Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Launched, LaunchOptions } from "../running-process.js";

const GUARD = fileURLToPath(new URL("./guard.sh", import.meta.url));

export interface LocalLaunchOptions extends LaunchOptions {
  readonly cwd?: string | undefined;
  /** Removed if this Node process dies without stopping the process first. */
  readonly scratchDir?: string | undefined;
  /** Default: true, `env` is added to this process's environment. */
  readonly inheritEnv?: boolean | undefined;
}

/**
 * Starts a process on this machine that cannot outlive this Node process, even one that is killed with SIGKILL: a pipe
 * held open here is watched by `guard.sh` there.
 */
export async function launchLocally(argv: readonly string[], options: LocalLaunchOptions = {}): Promise<Launched> {
  const child = spawn("/bin/sh", [GUARD, options.scratchDir ?? "", ...argv], {
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    detached: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...(options.inheritEnv === false ? {} : process.env), ...options.env },
  });
  await once(child, "spawn");
  const guardPipe = child.stdio[3] as Duplex;
  guardPipe.on("error", () => undefined);
  const [stdin, stdout, stderr] = child.stdio as unknown as [Writable, Readable, Readable];
  // EPIPE when the process ended first: its exit tells more.
  stdin.on("error", () => undefined);
  const group = -child.pid!;
  const send = (target: number, signal: NodeJS.Signals) => {
    try {
      process.kill(target, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  };
  const exited = once(child, "exit").then(async ([code]: (number | null)[]) => {
    // The watcher is still in the group, and so may be children that the process left behind.
    send(group, "SIGKILL");
    guardPipe.destroy();
    if (!stdout.readableEnded || !stderr.readableEnded) await once(child, "close");
    return code ?? null;
  });
  return {
    stdin,
    stdout,
    stderr,
    exited,
    signal: async (signal) => send(child.pid!, signal),
    killGroup: async () => send(group, "SIGKILL"),
  };
}
