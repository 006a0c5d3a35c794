import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { READY_MS } from "../patience.js";
import { outputOf, RunningProcess } from "../running-process.js";
import type { Certificate } from "./certificate.js";
import { findExecutable, freePort } from "./executables.js";
import { launchLocally } from "./local-process.js";

/** A TLS listener of a broker: its port, and the certificate it shows. */
interface TlsListener {
  readonly port: number;
  readonly certificate: Certificate;
  /** Who has to have signed the certificate of a client. Default: none is asked for. */
  readonly clientAuthority?: Certificate | undefined;
  /** A user to whom a certificate is the login, by its common name. */
  readonly certifiedUser?: string | undefined;
}

/** A broker that can be ended and started again under the same URL, its data kept. */
export interface Service {
  readonly url: string;
  readonly pythonUrl: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** RabbitMQ's; gives what it writes. */
  rabbitmqctl?(args: readonly string[]): Promise<string>;
  /** Ends it for good. */
  dispose(): Promise<void>;
}

/** How many groups of Redis databases there are to hand out to tests. */
export const ISOLATION_SLOTS = 256;

/** How many test files use the services side by side. */
export const LANES = Math.min(Math.max(availableParallelism(), 2), 4);

/** Handed out in turn: each makes every start of RabbitMQ 0.1 s longer, and unique names keep a second use harmless. */
const VIRTUAL_HOSTS_PER_LANE = 8;

export const DATABASES_PER_SLOT = 8;

/** Database 0 to 7 are nobody's own. */
export const REDIS_DATABASES = (ISOLATION_SLOTS + 1) * DATABASES_PER_SLOT;

export function redisArguments(bind: string, port: number, directory: string): string[] {
  const settings = {
    bind,
    port: String(port),
    dir: directory,
    databases: String(REDIS_DATABASES),
    "protected-mode": "no",
    save: "",
    // The page cache outlives a killed process, so that a kill loses nothing that was acknowledged.
    appendonly: "yes",
    appendfsync: "no",
    daemonize: "no",
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

/** @param use - how many the lane has had before */
export function virtualHost(lane: number, use: number): string {
  return `brine-${lane}-${use % VIRTUAL_HOSTS_PER_LANE}`;
}

/** What RabbitMQ imports when it starts: a virtual host takes 0.1 s then, and seconds through `rabbitmqctl`. */
export function rabbitmqDefinitions(certifiedUser?: string): string {
  const own = Array.from({ length: LANES * VIRTUAL_HOSTS_PER_LANE }, (_, i) =>
    virtualHost(i % LANES, Math.floor(i / LANES)),
  );
  const vhosts = ["/", ...own];
  const users = ["guest", ...(certifiedUser === undefined ? [] : [certifiedUser])];
  const everything = { configure: ".*", write: ".*", read: ".*" };
  return JSON.stringify({
    users: users.map((name) => ({ name, password: name, tags: "administrator" })),
    vhosts: vhosts.map((name) => ({ name })),
    permissions: users.flatMap((user) => vhosts.map((vhost) => ({ user, vhost, ...everything }))),
  });
}

/** `address` without a host listens on every interface. */
export function rabbitmqConfiguration(address: string, definitionsFile: string, tls?: TlsListener): string {
  return [
    `listeners.tcp.default = ${address}`,
    ...(tls === undefined ? [] : tlsConfiguration(tls)),
    "loopback_users = none",
    "log.console = true",
    "log.console.level = info",
    "log.file = false",
    // Both alarms block every publisher, and a test machine's disk or memory may be nearly full.
    "vm_memory_high_watermark.relative = 0.9",
    "disk_free_limit.absolute = 1MB",
    `load_definitions = ${definitionsFile}`,
    "",
  ].join("\n");
}

function tlsConfiguration({ port, certificate: { certFile, keyFile }, clientAuthority }: TlsListener): string[] {
  return [
    `listeners.ssl.default = 127.0.0.1:${port}`,
    `ssl_options.cacertfile = ${clientAuthority?.certFile ?? certFile}`,
    `ssl_options.certfile = ${certFile}`,
    `ssl_options.keyfile = ${keyFile}`,
    ...(clientAuthority === undefined ? ["ssl_options.verify = verify_none"] : CLIENT_CERTIFICATES),
  ];
}

const CLIENT_CERTIFICATES = [
  "ssl_options.verify = verify_peer",
  "ssl_options.fail_if_no_peer_cert = true",
  "ssl_cert_login_from = common_name",
  "auth_mechanisms.1 = PLAIN",
  "auth_mechanisms.2 = EXTERNAL",
];

/** The same virtual machine for a broker that serves one test at a time on a machine with other work to do. */
export const ERLANG_ARGUMENTS = "+S 2:2 +A 8 +sbwt none +sbwtdcpu none +sbwtdio none";

/**
 * @param names - of the server, the one that is preferred first
 * @returns `undefined`: not installed
 */
export async function startLocalRedis(
  names: readonly string[] = ["redis-server", "valkey-server"],
): Promise<Service | undefined> {
  const binary = await findExecutable(names);
  if (binary === undefined) return undefined;
  const port = await freePort();
  const directory = await mkdtemp(path.join(tmpdir(), "brine-redis-"));
  const url = `redis://127.0.0.1:${port}`;
  return await LocalService.start(url, directory, async () => {
    const launched = await launchLocally([binary, ...redisArguments("127.0.0.1", port, directory)], {
      cwd: directory,
      scratchDir: directory,
    });
    const server = new RunningProcess("redis-server", launched);
    await server.waitForLog(/Ready to accept connections/);
    return [server];
  });
}

/**
 * @param tls - a listener beside that of the service's URL
 * @returns `undefined`: not installed
 */
export async function startLocalRabbitmq(tls?: TlsListener): Promise<Service | undefined> {
  // Debian's wrapper on PATH changes user; the script itself runs as whoever we are.
  const binary = await findExecutable(
    ["rabbitmq-server"],
    ["/usr/lib/rabbitmq/bin", "/opt/homebrew/opt/rabbitmq/sbin"],
  );
  const epmd = await findExecutable(["epmd"]);
  if (binary === undefined || epmd === undefined) return undefined;
  const [port, distributionPort, epmdPort, toolPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const directory = await mkdtemp(path.join(tmpdir(), "brine-rabbitmq-"));
  const file = (name: string) => path.join(directory, name);
  await writeFile(file("rabbitmq.conf"), rabbitmqConfiguration(`127.0.0.1:${port}`, file("definitions.json"), tls));
  await writeFile(file("definitions.json"), rabbitmqDefinitions(tls?.certifiedUser));
  const plugins = tls?.clientAuthority === undefined ? "" : "rabbitmq_auth_mechanism_ssl";
  await writeFile(file("enabled_plugins"), `[${plugins}].\n`);
  await writeFile(file("env.conf"), "");
  // Nodes find each other through epmd and trust each other by cookie: with both of our own, nobody meets.
  const env = {
    PATH: process.env.PATH ?? "",
    LANG: "C.UTF-8",
    HOME: directory,
    RABBITMQ_NODENAME: `brine${port}@localhost`,
    RABBITMQ_CONF_ENV_FILE: file("env.conf"),
    RABBITMQ_CONFIG_FILE: file("rabbitmq.conf"),
    RABBITMQ_MNESIA_BASE: file("mnesia"),
    RABBITMQ_LOG_BASE: file("log"),
    RABBITMQ_ENABLED_PLUGINS_FILE: file("enabled_plugins"),
    RABBITMQ_PLUGINS_EXPAND_DIR: file("plugins"),
    RABBITMQ_PID_FILE: file("pid"),
    RABBITMQ_GENERATED_CONFIG_DIR: file("generated"),
    RABBITMQ_SCHEMA_DIR: file("schema"),
    RABBITMQ_LOGS: "-",
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_CTL_DIST_PORT_MIN: String(toolPort),
    RABBITMQ_CTL_DIST_PORT_MAX: String(toolPort),
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `-kernel inet_dist_use_interface {127,0,0,1} ${ERLANG_ARGUMENTS}`,
  };
  const url = `amqp://guest:guest@127.0.0.1:${port}`;
  const place = { cwd: directory, env, inheritEnv: false };
  const launch = async () => {
    // Started by us: an epmd that RabbitMQ starts itself detaches and stays behind.
    const names = new RunningProcess(
      "epmd",
      await launchLocally([epmd, "-port", String(epmdPort), "-address", "127.0.0.1"], place),
    );
    const broker = new RunningProcess(
      "rabbitmq-server",
      await launchLocally([binary], { ...place, scratchDir: directory }),
    );
    try {
      await broker.waitForLog(/Server startup complete/, READY_MS);
    } catch (error) {
      await Promise.all([broker.kill(), names.kill()]);
      throw error;
    }
    return [broker, names];
  };
  const service = await LocalService.start(url, directory, launch);
  const tool = path.join(path.dirname(binary), "rabbitmqctl");
  const rabbitmqctl = async (args: readonly string[]) =>
    outputOf("rabbitmqctl", await launchLocally([tool, ...args], place));
  return Object.assign(service, { rabbitmqctl });
}

class LocalService implements Service {
  readonly url: string;
  readonly pythonUrl: string;
  readonly #directory: string;
  readonly #launch: () => Promise<RunningProcess[]>;
  /** The service first, then what it needs. */
  #processes: readonly RunningProcess[] = [];

  private constructor(url: string, directory: string, launch: () => Promise<RunningProcess[]>) {
    this.url = url;
    this.pythonUrl = url;
    this.#directory = directory;
    this.#launch = launch;
  }

  static async start(url: string, directory: string, launch: () => Promise<RunningProcess[]>): Promise<LocalService> {
    const service = new LocalService(url, directory, launch);
    try {
      await service.start();
    } catch (error) {
      await service.dispose();
      throw error;
    }
    return service;
  }

  async start(): Promise<void> {
    if (this.#processes[0]?.hasExited === false) return;
    // What a broker that died of itself has left: its epmd holds the port that the next one needs.
    await this.kill();
    this.#processes = await this.#launch();
  }

  async stop(): Promise<void> {
    for (const process of this.#processes) await process.stop();
  }

  async kill(): Promise<void> {
    for (const process of this.#processes) await process.kill();
  }

  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
