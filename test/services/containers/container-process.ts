import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { PROCESS_MS } from "../patience.js";
import { type Launched, type LaunchOptions, streamEnd } from "../running-process.js";

/** Starts a process in a running container, its three streams connected to this one. */
export async function launchInContainer(
  containerId: string,
  argv: readonly string[],
  options: LaunchOptions = {},
): Promise<Launched> {
  // Loaded where it is used: it takes longer than many a test file, which needs it for containers only.
  const { getContainerRuntimeClient } = await import("testcontainers");
  const { dockerode } = (await getContainerRuntimeClient()).container;
  const container = dockerode.getContainer(containerId);
  // The engine has no call to signal what was started so, and the pid it reports is the host's.
  const pidFile = `/tmp/brine-${randomUUID()}.pid`;
  const exec = await container.exec({
    Cmd: ["/bin/sh", "-c", `echo $$ > ${pidFile}; exec "$@"`, "sh", ...argv],
    Env: Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`),
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
  });
  const stream = await exec.start({ hijack: true, stdin: true, Tty: false });
  stream.on("error", () => stream.destroy());
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  dockerode.modem.demuxStream(stream, stdout, stderr);
  const finished = once(stream, "close").then(() => {
    stdout.end();
    stderr.end();
  });
  stream.once("end", () => stream.destroy());

  const exited = finished.then(async () => {
    await Promise.all([streamEnd(stdout), streamEnd(stderr)]);
    // The stream can end a moment before the engine has the exit code, and the container itself may be gone.
    for (const deadline = performance.now() + PROCESS_MS; performance.now() < deadline; ) {
      const state = await exec.inspect().catch(() => undefined);
      if (state === undefined) return null;
      if (!state.Running) return state.ExitCode;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return null;
  });

  const kill = async (signal: string, target: string) => {
    const killer = await container.exec({
      Cmd: ["/bin/sh", "-c", `kill -s ${signal} -- ${target}$(cat ${pidFile})`],
      AttachStdout: true,
    });
    const output = await killer.start({ hijack: false, stdin: false });
    output.resume();
    await streamEnd(output as PassThrough);
  };
  return {
    stdin: stream,
    stdout,
    stderr,
    exited,
    signal: (signal) => kill(signal.slice(3), ""),
    // The engine makes every such process the leader of its own session.
    killGroup: () => kill("KILL", "-"),
  };
}
