/** Redis servers for one test: with TLS, with a replica and sentinels. Local processes on the loopback interface. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Certificate, makeCertificate } from "./local/certificate.js";
import { findExecutable, freePort } from "./local/executables.js";
import { launchLocally } from "./local/local-process.js";
import { redisArguments } from "./local/local-service.js";
import { RunningProcess } from "./running-process.js";

export interface RedisServer {
  readonly port: number;
  kill(): Promise<void>;
}

export interface SentinelGroup {
  /** As kombu writes it, database 0. */
  readonly url: string;
  readonly masterName: string;
  readonly master: RedisServer;
  dispose(): Promise<void>;
}

export interface TlsRedis extends Certificate {
  readonly url: string;
  dispose(): Promise<void>;
}

const SENTINELS = 3;

async function findServer(): Promise<string | undefined> {
  return await findExecutable(["redis-server", "valkey-server"]);
}

async function startServer(binary: string, directory: string, more: readonly string[]): Promise<RedisServer> {
  const port = await freePort();
  const folder = await mkdtemp(path.join(directory, "redis-"));
  const argv = [binary, ...redisArguments("127.0.0.1", port, folder), ...more];
  const server = new RunningProcess("redis-server", await launchLocally(argv, { cwd: folder }));
  await server.waitForLog(/Ready to accept connections/);
  return { port, kill: () => server.kill() };
}

/** A master, a replica in step with it, and three sentinels that fail over within seconds. `undefined`: not installed. */
export async function startSentinelGroup(): Promise<SentinelGroup | undefined> {
  const binary = await findServer();
  if (binary === undefined) return undefined;
  const directory = await mkdtemp(path.join(tmpdir(), "brine-sentinel-"));
  const running: { kill(): Promise<void> }[] = [];
  const dispose = async () => {
    await Promise.all(running.map((each) => each.kill()));
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const master = await startServer(binary, directory, []);
    running.push(master);
    running.push(await startServer(binary, directory, ["--replicaof", "127.0.0.1", String(master.port)]));
    const masterName = "brine-master";
    const ports: number[] = [];
    for (let index = 0; index < SENTINELS; index++) {
      const port = await freePort();
      const file = path.join(directory, `sentinel-${index}.conf`);
      const settings = [
        "bind 127.0.0.1",
        `port ${port}`,
        "protected-mode no",
        `dir ${directory}`,
        `sentinel monitor ${masterName} 127.0.0.1 ${master.port} ${Math.ceil(SENTINELS / 2)}`,
        `sentinel down-after-milliseconds ${masterName} 5000`,
        `sentinel failover-timeout ${masterName} 5000`,
      ];
      await writeFile(file, `${settings.join("\n")}\n`);
      const sentinel = new RunningProcess("redis-sentinel", await launchLocally([binary, file, "--sentinel"]));
      running.push(sentinel);
      // Each must have found the replica before the master may die.
      await sentinel.waitForLog(/\+slave slave/);
      ports.push(port);
    }
    return { url: ports.map((port) => `sentinel://127.0.0.1:${port}/0`).join(";"), masterName, master, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/**
 * A server that speaks nothing but TLS. `undefined`: Redis or openssl is not installed.
 *
 * @param files - its certificate, and who has to have signed that of a client. Default: a new one, and no client needs any
 */
export async function startTlsRedis(files?: {
  readonly certificate: Certificate;
  readonly clientAuthority: Certificate;
}): Promise<TlsRedis | undefined> {
  const binary = await findServer();
  const directory = await mkdtemp(path.join(tmpdir(), "brine-redis-tls-"));
  const remove = () => rm(directory, { recursive: true, force: true, maxRetries: 5 });
  const certificate = files?.certificate ?? (await makeCertificate(directory));
  if (binary === undefined || certificate === undefined) {
    await remove();
    return undefined;
  }
  const { keyFile, certFile } = certificate;
  const tlsPort = await freePort();
  const tls = ["--port", "0", "--tls-port", String(tlsPort), "--tls-cert-file", certFile, "--tls-key-file", keyFile];
  const clients =
    files === undefined
      ? ["--tls-auth-clients", "no"]
      : ["--tls-auth-clients", "yes", "--tls-ca-cert-file", files.clientAuthority.certFile];
  const server = await startServer(binary, directory, [...tls, ...clients]);
  const dispose = async () => {
    await server.kill();
    await remove();
  };
  return { ...certificate, url: `rediss://localhost:${tlsPort}/0`, dispose };
}
