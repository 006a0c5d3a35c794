/**
 * What workers hear of each other: who is there, what time it is (the Lamport clock), and who is elected to do something
 * once. Celery 5.2 `worker/consumer/gossip.py` and `mingle.py`.
 */
import { randomUUID } from "node:crypto";
import type { Consumer, Delivery } from "@brine/codec/kombu";
import type { Celery } from "../../client/app.js";
import { type CeleryEvent, eventExchange, readEvents } from "../../protocol/events.js";
import { isPlainRecord } from "../../protocol/signature.js";
import type { RevokedTasks } from "../intake/revoked.js";
import { type Ballot, Elections } from "./elections.js";

const MINGLE_MS = 1000;
/** Milliseconds between looks for workers that were lost. */
const SWEEP_MS = 5000;
/** A worker is lost when it has missed this many of its heartbeats. Celery 5.2 `events/state.py` HEARTBEAT_EXPIRE_WINDOW. */
const MISSED_HEARTBEATS = 2;
const DEFAULT_FREQ_SECONDS = 60;
/** Events are old news after as long as a heartbeat. */
const QUEUE_TTL_MS = 2000;
const MAX_PEERS = 10_000;

/** Another worker, as it tells of itself in its events. */
export interface Peer {
  /** Its node name: `celery@host`. */
  readonly hostname: string;
  /** The id of its process; `undefined` when it did not say. */
  readonly pid: number | undefined;
  /** Seconds between its heartbeats. */
  readonly freq: number;
  /** What it is: `"py-celery"`, `"brine"`; `undefined` when it did not say. */
  readonly software: string | undefined;
  /** When it was last heard of, in milliseconds since the epoch. */
  readonly lastHeardAt: number;
}

export interface GossipOptions {
  readonly app: Celery;
  readonly hostname: string;
  readonly sendEvent: (type: string, fields: Readonly<Record<string, unknown>>) => void;
  readonly onJoin: (peer: Peer) => void;
  readonly onLeave: (peer: Peer) => void;
  readonly onLost: (peer: Peer) => void;
  readonly onWarning: (error: Error) => void;
}

export class Gossip {
  readonly #options: GossipOptions;
  readonly #peers = new Map<string, Peer>();
  readonly #elections: Elections;
  readonly #queueName = `celeryev.${randomUUID()}`;
  #consumer: Consumer | undefined;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: GossipOptions) {
    this.#options = options;
    this.#elections = new Elections({
      self: `${options.hostname}.${process.pid}`,
      sendEvent: options.sendEvent,
      // Itself and those it has heard of lately.
      countVoters: () => this.#peers.size + 1,
      onElected: (ballot) => void this.#act(ballot).catch(options.onWarning),
    });
  }

  get peers(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  async start(): Promise<void> {
    const { transport } = this.#options.app;
    const queue = {
      name: this.#queueName,
      exchange: eventExchange(transport.type),
      routingKey: "worker.#",
      durable: false,
      autoDelete: true,
      arguments: { "x-expires": 60_000, "x-message-ttl": QUEUE_TTL_MS },
    };
    await transport.declareQueue(queue);
    this.#consumer = await transport.consume([queue], (delivery) => this.#onDelivery(delivery), { noAck: true });
    this.#sweep = setInterval(() => this.#dropLost(), SWEEP_MS);
    this.#sweep.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#sweep);
    await this.#consumer?.cancel();
    this.#consumer = undefined;
  }

  #onDelivery(delivery: Delivery): void {
    try {
      for (const event of readEvents(this.#options.app.content.decodeEvent(delivery))) this.#onEvent(event);
    } catch (error) {
      this.#options.onWarning(error as Error);
    }
  }

  #onEvent(event: CeleryEvent): void {
    const { app, hostname } = this.#options;
    if (event.type === "worker-elect") this.#elections.onElect(event);
    else if (event.type === "worker-elect-ack") this.#elections.onVote(event);
    if (event.hostname === hostname || typeof event.hostname !== "string") return;
    app.clock.adjust(event.clock);
    if (event.type === "worker-offline") this.#onOffline(event.hostname);
    else if (event.type.startsWith("worker-")) this.#onSign(event);
  }

  #onSign(event: CeleryEvent): void {
    const known = this.#peers.get(event.hostname);
    if (known === undefined && this.#peers.size >= MAX_PEERS) return;
    const peer: Peer = {
      hostname: event.hostname,
      pid: typeof event.pid === "number" ? event.pid : undefined,
      freq: typeof event.freq === "number" && event.freq > 0 ? event.freq : (known?.freq ?? DEFAULT_FREQ_SECONDS),
      software: typeof event.sw_ident === "string" ? event.sw_ident : known?.software,
      lastHeardAt: Date.now(),
    };
    this.#peers.set(peer.hostname, peer);
    if (known === undefined) this.#options.onJoin(peer);
  }

  #onOffline(name: string): void {
    const peer = this.#peers.get(name);
    if (peer === undefined) return;
    this.#peers.delete(name);
    this.#options.onLeave(peer);
  }

  #dropLost(): void {
    for (const peer of this.peers) {
      if (Date.now() - peer.lastHeardAt < peer.freq * 1000 * MISSED_HEARTBEATS) continue;
      this.#peers.delete(peer.hostname);
      this.#options.onLost(peer);
    }
  }

  /** Asks all workers to elect one of them, which then does `action`; the topic `"task"` sends the signature it is. */
  elect(id: string, topic: string, action: unknown): void {
    this.#elections.call(id, topic, action);
  }

  async #act({ topic, action }: Ballot): Promise<void> {
    if (topic !== "task") throw new Error(`Cannot act on election: unknown topic "${topic}"`);
    await this.#options.app.signature(action as never).applyAsync();
  }
}

/** Celery's `hello`: learns what was revoked, and the clock, before it takes its first message. */
export async function mingle(app: Celery, hostname: string, revoked: RevokedTasks): Promise<void> {
  const greeting = { from_node: hostname, revoked: revoked.toWire() };
  const replies = await app.control.broadcast("hello", greeting, { timeoutMs: MINGLE_MS });
  for (const reply of Object.values(replies)) {
    if (!isPlainRecord(reply)) continue;
    app.clock.adjust(reply.clock);
    revoked.mergeWire(reply.revoked);
  }
}
