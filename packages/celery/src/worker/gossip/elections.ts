/** Elections among workers: each hears the same candidates and comes to the same leader. Celery 5.2 `gossip.py`. */
import type { CeleryEvent } from "../../protocol/events.js";

/** Elections under way at most: the oldest are forgotten, as those whose voters have died must be. */
const MAX_ELECTIONS = 1000;

/**
 * Milliseconds from hearing of a candidate to the vote. A Python worker that has all votes before it has heard of a second
 * candidate ends with an IndexError (kombu 5.2 `clocks.py` sort_heap), and a vote at once would come before.
 */
const VOTE_DELAY_MS = 500;

export interface Ballot {
  readonly clock: number;
  /** `<node name>.<pid>`. */
  readonly candidate: string;
  readonly topic: string;
  readonly action: unknown;
}

export interface ElectionsOptions {
  readonly self: string;
  readonly sendEvent: (type: string, fields: Readonly<Record<string, unknown>>) => void;
  readonly countVoters: () => number;
  readonly onElected: (ballot: Ballot) => void;
}

export class Elections {
  readonly #options: ElectionsOptions;
  readonly #ballots = new Map<string, Ballot[]>();
  /** Of elections that this worker stands in. */
  readonly #votes = new Map<string, Set<string>>();

  constructor(options: ElectionsOptions) {
    this.#options = options;
  }

  call(id: string, topic: string, action: unknown): void {
    put(this.#votes, id, new Set());
    this.#options.sendEvent("worker-elect", { id, topic, action, cver: 1 });
  }

  onElect(event: CeleryEvent): void {
    const { id, clock, hostname, pid, topic, action } = event;
    if (typeof id !== "string" || typeof clock !== "number" || typeof topic !== "string") return;
    const ballots = this.#ballots.get(id) ?? [];
    ballots.push({ clock, candidate: `${hostname}.${pid}`, topic, action });
    put(this.#ballots, id, ballots);
    setTimeout(() => this.#options.sendEvent("worker-elect-ack", { id }), VOTE_DELAY_MS).unref();
  }

  /** All have voted: the candidate with the lowest clock leads, by name where clocks are equal. */
  onVote({ id, hostname }: CeleryEvent): void {
    if (typeof id !== "string") return;
    const votes = this.#votes.get(id);
    const ballots = this.#ballots.get(id);
    if (votes === undefined || ballots === undefined) return;
    votes.add(hostname);
    if (votes.size < this.#options.countVoters()) return;
    this.#votes.delete(id);
    this.#ballots.delete(id);
    const [leader] = ballots.sort((a, b) => a.clock - b.clock || (a.candidate < b.candidate ? -1 : 1));
    if (leader?.candidate === this.#options.self) this.#options.onElected(leader);
  }
}

function put<T>(map: Map<string, T>, id: string, value: T): void {
  map.set(id, value);
  if (map.size > MAX_ELECTIONS) map.delete(map.keys().next().value!);
}
