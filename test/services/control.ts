/**
 * The process that started the services is not the one that runs the tests: vitest's workers ask it, over a Unix socket,
 * to stop and start a broker, to run its tool, and for a slot of their own. One JSON object per line each way.
 */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { ISOLATION_SLOTS, type Service } from "./local-service.js";
import type { Generation } from "./types.js";

/** What a set has to stop and start. */
export type ServiceName = "amqp" | "redis" | "valkey";

const ACTIONS = ["start", "stop", "kill"] as const;
export type ServiceAction = (typeof ACTIONS)[number];

type Request =
  | { readonly op: "slot"; readonly generation: Generation }
  | { readonly op: "rabbitmqctl"; readonly generation: Generation; readonly args: readonly string[] }
  | {
      readonly op: "service";
      readonly generation: Generation;
      readonly service: ServiceName;
      readonly action: ServiceAction;
    };
type Answer = { readonly ok: number | string | null } | { readonly error: string };

export interface ControlledSet {
  readonly generation: Generation;
  /** Absent: given by URL. */
  readonly services: { readonly [Name in ServiceName]?: Service | undefined };
}

export async function serveControl(
  socketPath: string,
  sets: readonly ControlledSet[],
): Promise<{ close(): Promise<void> }> {
  const nextSlot = new Map<Generation, number>();
  const answer = async (request: Request): Promise<number | string | null> => {
    if (request.op === "slot") {
      const slot = nextSlot.get(request.generation) ?? 0;
      if (slot >= ISOLATION_SLOTS) throw new Error(`All ${ISOLATION_SLOTS} isolation slots of this run are taken`);
      nextSlot.set(request.generation, slot + 1);
      return slot;
    }
    const services = sets.find((set) => set.generation === request.generation)?.services;
    if (request.op === "rabbitmqctl") return (await services?.amqp?.rabbitmqctl?.(request.args)) ?? null;
    const service = services?.[request.service];
    if (service === undefined || !ACTIONS.includes(request.action)) throw new Error("This service is not ours");
    await service[request.action]();
    return null;
  };
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    createInterface({ input: socket }).on("line", (line) => {
      void answer(JSON.parse(line) as Request)
        .then(
          (ok): Answer => ({ ok }),
          (error: unknown): Answer => ({ error: String(error) }),
        )
        .then((reply) => socket.end(`${JSON.stringify(reply)}\n`));
    });
  }).listen(socketPath);
  await once(server, "listening");
  return {
    close: async () => {
      server.close();
      await once(server, "close");
    },
  };
}

/** Asks the owner and waits for its answer; a broker's start can take 15 s. */
async function ask(socketPath: string, request: Request): Promise<number | string | null> {
  const socket = connect(socketPath);
  await once(socket, "connect");
  socket.write(`${JSON.stringify(request)}\n`);
  let text = "";
  for await (const chunk of socket) text += chunk;
  const answer = JSON.parse(text) as Answer;
  if ("error" in answer) throw new Error(answer.error);
  return answer.ok;
}

export async function controlService(
  socketPath: string,
  generation: Generation,
  service: ServiceName,
  action: ServiceAction,
): Promise<void> {
  await ask(socketPath, { op: "service", generation, service, action });
}

export async function takeSlot(socketPath: string, generation: Generation): Promise<number> {
  return Number(await ask(socketPath, { op: "slot", generation }));
}

export async function runRabbitmqctl(
  socketPath: string,
  generation: Generation,
  args: readonly string[],
): Promise<string> {
  return String(await ask(socketPath, { op: "rabbitmqctl", generation, args }));
}
