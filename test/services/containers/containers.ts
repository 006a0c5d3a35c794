import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type ContainerRuntimeClient, GenericContainer, getContainerRuntimeClient, Wait } from "testcontainers";
import { brokerVersions, describeValkey, rabbitmqVersion, redisName, redisVersions } from "../broker-versions.js";
import { freePort } from "../local/executables.js";
import { parseVersions } from "../local/local.js";
import {
  ERLANG_ARGUMENTS,
  rabbitmqConfiguration,
  rabbitmqDefinitions,
  redisArguments,
  type Service,
} from "../local/local-service.js";
import { CONTAINER_SCRIPTS_DIRECTORY, IMAGES_DIRECTORY, SCRIPTS_DIRECTORY } from "../paths.js";
import { PROCESS_MS, READY_MS } from "../patience.js";
import type { StartedMode, StartedSet } from "../provision.js";
import { outputOf } from "../running-process.js";
import type { Address, Generation } from "../types.js";
import { launchInContainer } from "./container-process.js";

const GUARD = fileURLToPath(new URL("./container-guard.mjs", import.meta.url));
const RUN_LABEL = "dev.brine.run";

type Docker = ContainerRuntimeClient["container"]["dockerode"];

/** What the containers of one run share. */
interface Run {
  readonly id: string;
  readonly docker: Docker;
  readonly host: string;
  readonly network: string;
  readonly log: (text: string) => void;
}

/**
 * Starts RabbitMQ, Redis and a Python side for each generation, from images built here out of Debian's packages.
 * The first build takes about a minute per image, later ones come from the engine's cache.
 */
export async function startContainerSets(
  generations: readonly Generation[],
  log: (text: string) => void,
): Promise<StartedMode> {
  // Its cleaner is an image that must be pulled, which not every network allows; the guard below does its work.
  process.env.TESTCONTAINERS_RYUK_DISABLED = "true";
  const client = await getContainerRuntimeClient();
  const docker = client.container.dockerode;
  const id = randomUUID();
  const guard = startGuard(id, docker);
  try {
    const network = await docker.createNetwork({ Name: `brine-${id}`, Labels: { [RUN_LABEL]: id } });
    const run: Run = { id, docker, host: client.info.containerRuntime.host, network: network.id, log };
    const started = await all<StartedSet[]>(generations.map((generation) => startSet(run, generation)));
    return { mode: "containers", started, missing: [], dispose: guard.cleanUp };
  } catch (error) {
    await guard.cleanUp();
    throw error;
  }
}

/** `Promise.all` that settles only when all have: a failure is cleaned up after the others' starts, not during them. */
async function all<T extends readonly unknown[]>(promises: { readonly [K in keyof T]: Promise<T[K]> }): Promise<T> {
  await Promise.allSettled(promises);
  return (await Promise.all(promises)) as unknown as T;
}

function startGuard(runId: string, docker: Docker): { cleanUp(): Promise<void> } {
  const { socketPath, protocol, host, port, ca, cert, key } = docker.modem as unknown as Record<string, unknown>;
  const engine = socketPath ? { socketPath } : { protocol, host, port, ca, cert, key };
  const argument = JSON.stringify({ label: `${RUN_LABEL}=${runId}`, engine });
  const guard = spawn(process.execPath, [GUARD, argument], { stdio: ["pipe", "ignore", "inherit"], detached: true });
  guard.stdin.on("error", () => undefined);
  return {
    cleanUp: async () => {
      if (guard.exitCode !== null) return;
      guard.stdin.end("done");
      await once(guard, "exit");
    },
  };
}

async function startSet(run: Run, generation: Generation): Promise<StartedSet> {
  const image = `brine-test:celery-${generation}`;
  const startedAt = performance.now();
  run.log(`Building ${image} (a minute, unless it is cached)`);
  await buildImage(generation, image);
  const builtAt = performance.now();
  const [amqp, redis, valkey, python] = await all<[Service, Service, Service | undefined, string]>([
    startRabbitmq(run, generation, image),
    startRedis(run, generation, image, "redis"),
    // Debian 12 has none.
    generation === "5.2" ? Promise.resolve(undefined) : startRedis(run, generation, image, "valkey"),
    startPython(run, generation, image),
  ]);
  const brokers = await whenAnswering(() => brokerVersions(amqp.url, redis.url));
  const versions = { ...(await pythonVersions(python)), ...brokers };
  const seconds = (from: number, to: number) => `${((to - from) / 1000).toFixed(1)} s`;
  run.log(
    `RabbitMQ ${brokers.rabbitmq}, ${redisName(brokers)}, Celery ${versions.celery} on Python ${versions.python} ` +
      `in containers: image ${seconds(startedAt, builtAt)}, start ${seconds(builtAt, performance.now())}`,
  );
  return {
    descriptor: {
      generation,
      mode: "containers",
      versions,
      amqp: { url: amqp.url, pythonUrl: amqp.pythonUrl, isOurs: true },
      redis: { url: redis.url, pythonUrl: redis.pythonUrl, isOurs: true },
      valkey: await whenAnswering(() => describeValkey(valkey)),
      python: { kind: "container", id: python, image },
    },
    services: { amqp, redis, valkey },
  };
}

async function buildImage(generation: Generation, image: string): Promise<void> {
  const context = path.join(IMAGES_DIRECTORY, `celery-${generation}`);
  try {
    await GenericContainer.fromDockerfile(context).build(image, { deleteOnExit: false });
  } catch (cause) {
    const hint = "its base image must be there or pullable, and Debian's packages reachable";
    throw new Error(`Cannot build ${image} from ${context} (${hint}): ${String(cause)}`, { cause });
  }
}

/** The containers of one run share a network; these are their names in it. */
function hostName(service: string, generation: Generation): string {
  return `${service}-${generation.replace(".", "-")}`;
}

function container(run: Run, image: string, name: string): GenericContainer {
  return new GenericContainer(image)
    .withLabels({ [RUN_LABEL]: run.id })
    .withNetworkMode(run.network)
    .withNetworkAliases(name)
    .withStartupTimeout(READY_MS);
}

async function startRedis(
  run: Run,
  generation: Generation,
  image: string,
  product: "redis" | "valkey",
): Promise<Service> {
  const name = hostName(product, generation);
  // A port of our choosing: one that the engine chooses is another after each start.
  const port = await freePort();
  const started = await container(run, image, name)
    .withExposedPorts({ container: 6379, host: port })
    .withCommand([`${product}-server`, ...redisArguments("0.0.0.0", 6379, "/tmp")])
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
    .start();
  const address = { url: `redis://${run.host}:${port}`, pythonUrl: `redis://${name}:6379` };
  return new ContainerService(run.docker, started.getId(), address, () => redisVersions(address.url));
}

async function startRabbitmq(run: Run, generation: Generation, image: string): Promise<Service> {
  const name = hostName("rabbitmq", generation);
  const port = await freePort();
  const definitions = "/etc/rabbitmq/definitions.json";
  const started = await container(run, image, name)
    .withExposedPorts({ container: 5672, host: port })
    .withCopyContentToContainer([
      { content: rabbitmqConfiguration("5672", definitions), target: "/etc/rabbitmq/rabbitmq.conf" },
      { content: rabbitmqDefinitions(), target: definitions },
    ])
    .withEnvironment({
      RABBITMQ_NODENAME: "rabbit@localhost",
      RABBITMQ_LOGS: "-",
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: ERLANG_ARGUMENTS,
    })
    // Debian's wrapper of that name on PATH runs it through `su`, and SIGTERM would end at the wrapper.
    .withCommand(["/usr/lib/rabbitmq/bin/rabbitmq-server"])
    .withWaitStrategy(Wait.forLogMessage(/Server startup complete/))
    .start();
  const address = {
    url: `amqp://guest:guest@${run.host}:${port}`,
    pythonUrl: `amqp://guest:guest@${name}:5672`,
  };
  const id = started.getId();
  const service = new ContainerService(run.docker, id, address, () => rabbitmqVersion(address.url));
  const rabbitmqctl = async (args: readonly string[]) =>
    outputOf("rabbitmqctl", await launchInContainer(id, ["/usr/lib/rabbitmq/bin/rabbitmqctl", ...args]));
  return Object.assign(service, { rabbitmqctl });
}

/** A container that does nothing: what runs in it is started by `launchInContainer`. */
async function startPython(run: Run, generation: Generation, image: string): Promise<string> {
  const started = await container(run, image, hostName("python", generation))
    .withCopyDirectoriesToContainer([{ source: SCRIPTS_DIRECTORY, target: CONTAINER_SCRIPTS_DIRECTORY }])
    // A shell as process 1 buries the orphans of killed workers, which `sleep` alone would leave as zombies.
    .withCommand(["/bin/sh", "-c", "echo up; trap 'exit 0' TERM; sleep infinity & wait"])
    .withWaitStrategy(Wait.forLogMessage(/up/))
    .start();
  return started.getId();
}

async function pythonVersions(containerId: string): Promise<ReturnType<typeof parseVersions>["versions"]> {
  const launched = await launchInContainer(containerId, ["python3", `${CONTAINER_SCRIPTS_DIRECTORY}/versions.py`]);
  launched.stdin.end();
  let output = "";
  launched.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  let errors = "";
  launched.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const code = await launched.exited;
  if (code !== 0) throw new Error(`versions.py failed in the container with exit code ${code}:\n${errors}`);
  return parseVersions(output).versions;
}

/** A broker's log says "ready" before the engine has published its port, on a busy machine by seconds. */
async function whenAnswering<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + READY_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

class ContainerService implements Service {
  readonly url: string;
  readonly pythonUrl: string;
  readonly #container: ReturnType<Docker["getContainer"]>;
  readonly #probe: () => Promise<unknown>;

  constructor(docker: Docker, id: string, address: Address, probe: () => Promise<unknown>) {
    this.url = address.url;
    this.pythonUrl = address.pythonUrl;
    this.#container = docker.getContainer(id);
    this.#probe = probe;
  }

  /** The engine's own "started" comes long before the broker's, so ask the broker. */
  async start(): Promise<void> {
    await this.#container.start();
    await whenAnswering(this.#probe);
  }

  async stop(): Promise<void> {
    await this.#container.stop({ t: PROCESS_MS / 1000 });
  }

  async kill(): Promise<void> {
    await this.#container.kill();
    await this.#container.wait();
  }

  /** The run's guard removes all its containers at once. */
  async dispose(): Promise<void> {}
}
