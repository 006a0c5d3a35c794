import { request } from "node:http";

const PING_TIMEOUT_MS = 2000;

/**
 * Whether a Docker engine answers, within 2 s: testcontainers itself takes 40 s to find out that one is dead.
 * A TLS engine (`DOCKER_TLS_VERIFY`) is taken at its word.
 */
export function isDockerAlive(): Promise<boolean> {
  const host = process.env.DOCKER_HOST;
  if (host !== undefined && process.env.DOCKER_TLS_VERIFY) return Promise.resolve(true);
  const target = host?.startsWith("tcp://")
    ? { host: new URL(host).hostname, port: Number(new URL(host).port || "2375") }
    : { socketPath: host?.startsWith("unix://") ? host.slice("unix://".length) : "/var/run/docker.sock" };
  return new Promise((resolve) => {
    const ping = request({ ...target, path: "/_ping", timeout: PING_TIMEOUT_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on("timeout", () => ping.destroy(new Error("timeout")));
    ping.on("error", () => resolve(false));
    ping.end();
  });
}
