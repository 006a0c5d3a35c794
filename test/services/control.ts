/**
 * The process that started the services is not the one that runs the tests: vitest's workers ask it, over a Unix socket,
 * for their turn, for a place of their own, to stop and start a broker, and to run its tool. One JSON object per line each
 * way, one request per connection.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { ISOLATION_SLOTS, type Service, virtualHost } from "./local/local-service.js";
import { Turns } from "./turns/turns.js";
import type { Generation } from "./types.js";

/** What a set has to stop and start. */
export type ServiceName = "amqp" | "redis" | "valkey";

const ACTIONS = ["start", "stop", "kill"] as const;
export type ServiceAction = (typeof ACTIONS)[number];

type Request =
  /** Answered with its lane when it has come; it ends with the connection, however that ends. */
  | { readonly op: "turn"; readonly isAlone: boolean }
  | { readonly op: "place"; readonly generation: Generation; readonly lane: number }
  | { readonly op: "rabbitmqctl"; readonly generation: Generation; readonly args: readonly string[] }
  | {
      readonly op: "service";
      readonly generation: Generation;
      readonly service: ServiceName;
      readonly action: ServiceAction;
    };
type Answer = { readonly ok: unknown } | { readonly error: string };

/** What one test file, or one test, has to itself. */
export interface Place {
  /** Of Redis databases; nobody else gets it in this run. */
  readonly slot: number;
  /** Nobody else has it at the same time. */
  readonly virtualHost: string;
}

export interface ControlledSet {
  readonly generation: Generation;
  /** Absent: given by URL. */
  readonly services: { readonly [Name in ServiceName]?: Service | undefined };
}

/** @param lanes - how many test files may use the services at the same time */
export async function serveControl(
  socketPath: string,
  sets: readonly ControlledSet[],
  lanes: number,
): Promise<{ close(): Promise<void> }> {
  const turns = new Turns(lanes);
  const takePlace = placesOf();
  const answer = async (request: Request, socket: Socket): Promise<unknown> => {
    if (request.op === "turn") {
      const { lane, end } = await turns.take(request.isAlone);
      if (socket.destroyed) end();
      else socket.once("close", end);
      return lane;
    }
    if (request.op === "place") return takePlace(request.generation, request.lane);
    const services = sets.find((set) => set.generation === request.generation)?.services;
    if (request.op === "rabbitmqctl") {
      turns.requireAlone("run rabbitmqctl on a shared broker");
      return (await services?.amqp?.rabbitmqctl?.(request.args)) ?? null;
    }
    const service = services?.[request.service];
    if (service === undefined || !ACTIONS.includes(request.action)) throw new Error("This service is not ours");
    turns.requireAlone(`${request.action} a shared ${request.service === "amqp" ? "broker" : "Redis"}`);
    await service[request.action]();
    return null;
  };
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    createInterface({ input: socket }).on("line", (line) => {
      void answer(JSON.parse(line) as Request, socket)
        .then(
          (ok): Answer => ({ ok }),
          (error: unknown): Answer => ({ error: error instanceof Error ? error.message : String(error) }),
        )
        .then((reply) => socket.write(`${JSON.stringify(reply)}\n`));
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

/** Hands out slots in turn, and to each lane its own virtual hosts in turn. */
function placesOf(): (generation: Generation, lane: number) => Place {
  const counts = new Map<string, number>();
  const count = (what: string) => {
    const before = counts.get(what) ?? 0;
    counts.set(what, before + 1);
    return before;
  };
  return (generation, lane) => {
    const slot = count(generation);
    if (slot >= ISOLATION_SLOTS) throw new Error(`All ${ISOLATION_SLOTS} isolation slots of this run are taken`);
    return { slot, virtualHost: virtualHost(lane, count(`${generation} ${lane}`)) };
  };
}

/** Asks the owner and waits for its answer; a broker's start can take 15 s. The connection is still open then. */
async function request<T>(socketPath: string, what: Request): Promise<{ answer: T; socket: Socket }> {
  const socket = connect(socketPath);
  await once(socket, "connect");
  socket.write(`${JSON.stringify(what)}\n`);
  let text = "";
  // Not `for await`, which would destroy the socket at its end.
  while (!text.endsWith("\n")) text += String((await once(socket, "data"))[0]);
  const answer = JSON.parse(text) as Answer;
  if ("error" in answer) {
    socket.destroy();
    throw new Error(answer.error);
  }
  return { answer: answer.ok as T, socket };
}

async function ask<T>(socketPath: string, what: Request): Promise<T> {
  const { answer, socket } = await request<T>(socketPath, what);
  socket.destroy();
  return answer;
}

/** That of this process's turn. Whoever has started the services himself needs no turn, and nobody is in his way. */
let lane = 0;

/** Waits until this process may use the services; returns what ends its turn. */
export async function takeTurn(socketPath: string, isAlone: boolean): Promise<() => void> {
  const turn = await request<number>(socketPath, { op: "turn", isAlone });
  lane = turn.answer;
  return () => turn.socket.destroy();
}

export async function controlService(
  socketPath: string,
  generation: Generation,
  service: ServiceName,
  action: ServiceAction,
): Promise<void> {
  await ask(socketPath, { op: "service", generation, service, action });
}

export async function takePlace(socketPath: string, generation: Generation): Promise<Place> {
  return await ask(socketPath, { op: "place", generation, lane });
}

export async function runRabbitmqctl(
  socketPath: string,
  generation: Generation,
  args: readonly string[],
): Promise<string> {
  return await ask(socketPath, { op: "rabbitmqctl", generation, args });
}
