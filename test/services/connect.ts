import { randomBytes } from "node:crypto";
import { launchInContainer } from "./containers/container-process.js";
import { controlService, type Place, runRabbitmqctl, type ServiceName, takePlace } from "./control.js";
import type { EndpointDescriptor, Provision, PythonPlace, SetDescriptor } from "./descriptor.js";
import { launchLocally } from "./local/local-process.js";
import { DATABASES_PER_SLOT } from "./local/local-service.js";
import { CONTAINER_SCRIPTS_DIRECTORY, SCRIPTS_DIRECTORY } from "./paths.js";
import { LaunchedPythonSide } from "./python-side.js";
import type { Launch } from "./running-process.js";
import type { Address, Endpoint, Generation, Isolation, ServiceSet } from "./types.js";

/** Makes live objects of what another process (or this one) has started. */
export function connectServices(provision: Provision): ServiceSet[] {
  return provision.sets.map((set) => connectSet(set, provision.controlSocket));
}

function connectSet(set: SetDescriptor, controlSocket: string, redis: ServiceName = "redis"): ServiceSet {
  const { generation, valkey } = set;
  return {
    generation,
    mode: set.mode,
    versions: set.versions,
    amqp: {
      ...connectEndpoint("amqp", "amqp", set.amqp, generation, controlSocket),
      rabbitmqctl: async (...args) => {
        if (!set.amqp.isOurs) throw new Error("Cannot run rabbitmqctl: the broker was given by URL");
        return await runRabbitmqctl(controlSocket, generation, args);
      },
    },
    redis: connectEndpoint("redis", redis, set.redis, generation, controlSocket),
    onValkey:
      valkey &&
      connectSet(
        { ...set, redis: valkey, versions: { ...set.versions, ...valkey.versions }, valkey: undefined },
        controlSocket,
        "valkey",
      ),
    python: new LaunchedPythonSide({
      ...pythonPlace(set.python, set.versions.python),
      amqp: set.amqp,
      redis: set.redis,
    }),
    isolate: async () => {
      const suffix = randomBytes(4).toString("hex");
      const name = (label: string) => `${label}-${suffix}`;
      if (!set.amqp.isOurs) return { amqp: set.amqp, redis: (index = 0) => database(set.redis, index), name };
      return isolation(set, await takePlace(controlSocket, generation), name);
    },
  };
}

function connectEndpoint(
  kind: "amqp" | "redis",
  service: ServiceName,
  endpoint: EndpointDescriptor,
  generation: Generation,
  controlSocket: string,
): Endpoint {
  const control = async (action: "start" | "stop" | "kill") => {
    if (!endpoint.isOurs) throw new Error(`Cannot ${action} ${service}: it was given by URL`);
    await controlService(controlSocket, generation, service, action);
  };
  return {
    kind,
    ...endpoint,
    start: () => control("start"),
    stop: () => control("stop"),
    kill: () => control("kill"),
    restart: async () => {
      await control("stop");
      await control("start");
    },
  };
}

function pythonPlace(
  place: PythonPlace,
  version: string,
): { description: string; interpreter: string; scriptsDirectory: string; launch: Launch } {
  if (place.kind === "local") {
    return {
      description: `${place.interpreter} (${version})`,
      interpreter: place.interpreter,
      scriptsDirectory: SCRIPTS_DIRECTORY,
      launch: launchLocally,
    };
  }
  return {
    description: `python3 (${version}) in ${place.image}`,
    interpreter: "/usr/bin/python3",
    scriptsDirectory: CONTAINER_SCRIPTS_DIRECTORY,
    launch: (argv, options) => launchInContainer(place.id, argv, options),
  };
}

function isolation(set: SetDescriptor, { slot, virtualHost }: Place, name: (label: string) => string): Isolation {
  return {
    amqp: { url: `${set.amqp.url}/${virtualHost}`, pythonUrl: `${set.amqp.pythonUrl}/${virtualHost}` },
    // Group 0 is left to those who do not isolate themselves.
    redis: (index = 0) => database(set.redis, (slot + 1) * DATABASES_PER_SLOT + index, index),
    name,
  };
}

function database(redis: Address, db: number, index = db): Address & { readonly db: number } {
  if (index < 0 || index >= DATABASES_PER_SLOT) throw new RangeError(`Redis index must be 0 to 7, not ${index}`);
  const at = (text: string, path: (given: string) => string) => {
    const url = new URL(text);
    url.pathname = path(url.pathname);
    return url.href;
  };
  const given = Number(new URL(redis.url).pathname.slice(1) || "0");
  const path = () => `/${given + db}`;
  return { url: at(redis.url, path), pythonUrl: at(redis.pythonUrl, path), db: given + db };
}
