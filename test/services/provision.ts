import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { brokerVersions, describeValkey, redisName } from "./broker-versions.js";
import { connectServices } from "./connect.js";
import { startContainerSets } from "./containers/containers.js";
import { isDockerAlive } from "./containers/docker-engine.js";
import { type ControlledSet, serveControl } from "./control.js";
import type { MissingGeneration, Provision, SetDescriptor } from "./descriptor.js";
import { requireLocal } from "./local/local.js";
import { LANES, startLocalRabbitmq, startLocalRedis } from "./local/local-service.js";
import type { Generation, Mode, ServiceSet } from "./types.js";

export const GENERATIONS: readonly Generation[] = ["5.2", "5.5"];

export interface StartOptions {
  /** What is wanted, as far as the mode can offer it; default all. */
  readonly generations?: readonly Generation[] | undefined;
  /** Told what is being started and what it takes. Default: silent. */
  readonly log?: ((text: string) => void) | undefined;
}

/** What is running, until `stop`. If this process dies first, however it does, the services die with it. */
export interface RunningServices {
  readonly provision: Provision;
  readonly sets: readonly ServiceSet[];
  stop(): Promise<void>;
}

/** What a mode has started: data for whoever uses it, and handles for whoever owns it. */
export interface StartedSet {
  readonly descriptor: SetDescriptor;
  readonly services: ControlledSet["services"];
}

export interface StartedMode {
  readonly mode: Mode;
  readonly started: readonly StartedSet[];
  readonly missing: readonly MissingGeneration[];
  dispose(): Promise<void>;
}

/**
 * Gets hold of RabbitMQ, Redis and a Python side, in this order: those given in `BRINE_AMQP_URL` and `BRINE_REDIS_URL`
 * (with this machine's Python); Docker containers, both generations; processes of this machine, its own generation,
 * installed with apt-get first if need be and if we are root on Debian or Ubuntu.
 * `BRINE_SERVICES` = `containers` or `local` insists on one; default `auto`.
 *
 * @throws `Error` that says what to install, when nothing of this is possible
 */
export async function startServices(options: StartOptions = {}): Promise<RunningServices> {
  const log = options.log ?? (() => undefined);
  const wanted = options.generations ?? GENERATIONS;
  const mode = await startMode(wanted, log);
  const directory = await mkdtemp(path.join(tmpdir(), "brine-control-"));
  const controlSocket = path.join(directory, "socket");
  const control = await serveControl(
    controlSocket,
    mode.started.map(({ descriptor, services }) => ({ generation: descriptor.generation, services })),
    // Services that were given have one virtual host and few databases for all.
    mode.mode === "given" ? 1 : LANES,
  );
  const provision: Provision = {
    mode: mode.mode,
    sets: mode.started.map(({ descriptor }) => descriptor),
    missing: mode.missing.filter(({ generation }) => wanted.includes(generation)),
    controlSocket,
  };
  return {
    provision,
    sets: connectServices(provision),
    stop: async () => {
      await control.close();
      await mode.dispose();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function startMode(wanted: readonly Generation[], log: (text: string) => void): Promise<StartedMode> {
  const choice = process.env.BRINE_SERVICES || "auto";
  if (choice !== "auto" && choice !== "containers" && choice !== "local") {
    throw new Error(`BRINE_SERVICES must be "auto", "containers" or "local", not ${JSON.stringify(choice)}`);
  }
  const [amqpUrl, redisUrl] = [process.env.BRINE_AMQP_URL, process.env.BRINE_REDIS_URL];
  if (choice === "auto" && (amqpUrl || redisUrl)) {
    if (!amqpUrl || !redisUrl) throw new Error("Set both BRINE_AMQP_URL and BRINE_REDIS_URL, or neither");
    return await useGiven(amqpUrl, redisUrl, log);
  }
  if (choice === "local") return await startLocal(log);
  if (await isDockerAlive()) {
    try {
      return await startContainerSets(wanted, log);
    } catch (error) {
      if (choice === "containers") throw error;
      log(`Docker answers, but containers cannot be started, so local processes instead: ${error}`);
    }
  } else if (choice === "containers") {
    throw new Error("BRINE_SERVICES=containers, but no Docker engine answers: start one, or set DOCKER_HOST");
  }
  return await startLocal(log);
}

async function useGiven(amqpUrl: string, redisUrl: string, log: (text: string) => void): Promise<StartedMode> {
  const python = await requireLocal({ servers: false }, log);
  const generation = generationOf(python.versions.celery);
  const brokers = await brokerVersions(amqpUrl, redisUrl);
  log(`Using RabbitMQ ${brokers.rabbitmq} and ${redisName(brokers)} as given, Celery ${python.versions.celery}`);
  const descriptor: SetDescriptor = {
    generation,
    mode: "given",
    versions: { ...python.versions, ...brokers },
    amqp: { url: amqpUrl, pythonUrl: amqpUrl, isOurs: false },
    redis: { url: redisUrl, pythonUrl: redisUrl, isOurs: false },
    python: { kind: "local", interpreter: python.interpreter },
  };
  const reason = `services were given by URL, and this machine's Python has Celery ${python.versions.celery}`;
  return {
    mode: "given",
    started: [{ descriptor, services: {} }],
    missing: missingBut(generation, reason),
    dispose: async () => undefined,
  };
}

async function startLocal(log: (text: string) => void): Promise<StartedMode> {
  const python = await requireLocal({ servers: true }, log);
  const generation = generationOf(python.versions.celery);
  const startedAt = performance.now();
  const results = await Promise.allSettled([
    startLocalRabbitmq(),
    startLocalRedis(),
    startLocalRedis(["valkey-server"]),
  ]);
  const services = results.map((result) => (result.status === "fulfilled" ? result.value : undefined));
  const dispose = async () => {
    await Promise.all(services.map((service) => service?.dispose()));
  };
  const [amqp, redis, valkey] = services;
  if (amqp === undefined || redis === undefined) {
    await dispose();
    const failure = results.find((result) => result.status === "rejected");
    throw failure?.reason ?? new Error("RabbitMQ or Redis is no longer installed");
  }
  const brokers = await brokerVersions(amqp.url, redis.url);
  log(
    `RabbitMQ ${brokers.rabbitmq}, ${redisName(brokers)} as local processes in ${seconds(startedAt)}; ` +
      `Celery ${python.versions.celery} on ${python.interpreter} (Python ${python.versions.python})`,
  );
  const descriptor: SetDescriptor = {
    generation,
    mode: "local",
    versions: { ...python.versions, ...brokers },
    amqp: { url: amqp.url, pythonUrl: amqp.pythonUrl, isOurs: true },
    redis: { url: redis.url, pythonUrl: redis.pythonUrl, isOurs: true },
    valkey: await describeValkey(valkey),
    python: { kind: "local", interpreter: python.interpreter },
  };
  const reason = `this machine has Celery ${python.versions.celery}; with Docker, BRINE_SERVICES=containers has both`;
  return {
    mode: "local",
    started: [{ descriptor, services: { amqp, redis, valkey } }],
    missing: missingBut(generation, reason),
    dispose,
  };
}

/** Celery 5.3 is where kombu's JSON, stamps and the message headers became those of today. */
function generationOf(celery: string | undefined): Generation {
  const [major = 0, minor = 0] = (celery ?? "").split(".").map(Number);
  return major > 5 || (major === 5 && minor >= 3) ? "5.5" : "5.2";
}

function missingBut(present: Generation, reason: string): MissingGeneration[] {
  return GENERATIONS.filter((generation) => generation !== present).map((generation) => ({ generation, reason }));
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
