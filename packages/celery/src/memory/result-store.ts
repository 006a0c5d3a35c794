/** A result store in this process, with the semantics of Celery's Redis backend. */
import { EventEmitter } from "node:events";
import type { ChordStore, ResultStore, TransportEvents } from "@brine/codec/kombu";

interface Entry {
  readonly value: Uint8Array;
  readonly expiresAt: number;
}

interface ChordParts {
  readonly members: Map<string, { readonly member: Uint8Array; readonly score: number }>;
  size: number | undefined;
  extra: number;
}

/** A result store in this process, for `new Celery({ backend })`. Values live until they expire, are deleted, or the process ends. */
export class MemoryResultStore extends EventEmitter<TransportEvents> implements ResultStore {
  readonly type = "memory";
  readonly description = "memory://";
  readonly chord: ChordStore;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Map<string, Set<(value: Uint8Array) => void>>();

  constructor() {
    super();
    this.chord = new MemoryChordStore();
  }

  async connect(): Promise<void> {}

  async get(key: string): Promise<Uint8Array | undefined> {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAt > Date.now()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  async getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return Promise.all(keys.map((key) => this.get(key)));
  }

  async set(key: string, value: Uint8Array, expiresSeconds: number | undefined): Promise<void> {
    const expiresAt = expiresSeconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresSeconds * 1000;
    const copy = Uint8Array.from(value);
    this.#entries.set(key, { value: copy, expiresAt });
    for (const listener of this.#listeners.get(key) ?? []) setImmediate(listener, copy);
  }

  async delete(...keys: string[]): Promise<void> {
    for (const key of keys) this.#entries.delete(key);
  }

  async subscribe(key: string, onValue: (value: Uint8Array) => void): Promise<{ unsubscribe(): Promise<void> }> {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners);
    // A wrapper, so that the same function subscribed twice is two subscriptions.
    let isActive = true;
    const listener = (value: Uint8Array): void => {
      if (isActive) onValue(value);
    };
    listeners.add(listener);
    return {
      unsubscribe: async () => {
        isActive = false;
        listeners.delete(listener);
        if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
      },
    };
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }
}

class MemoryChordStore implements ChordStore {
  readonly #chords = new Map<string, ChordParts>();

  #of(key: string): ChordParts {
    const parts = this.#chords.get(key) ?? { members: new Map(), size: undefined, extra: 0 };
    this.#chords.set(key, parts);
    return parts;
  }

  async setSize(key: string, size: number): Promise<void> {
    this.#of(key).size = size;
  }

  async addPart(
    key: string,
    part: { readonly member: Uint8Array; readonly groupIndex: number | undefined },
  ): Promise<{ readonly ready: number; readonly extra: number; readonly size: number | undefined }> {
    const parts = this.#of(key);
    const score = part.groupIndex ?? Number.POSITIVE_INFINITY;
    parts.members.set(Buffer.from(part.member).toString("latin1"), { member: Uint8Array.from(part.member), score });
    return { ready: parts.members.size, extra: parts.extra, size: parts.size };
  }

  async grow(key: string): Promise<void> {
    this.#of(key).extra += 1;
  }

  async parts(key: string): Promise<Uint8Array[]> {
    const members = [...(this.#chords.get(key)?.members.values() ?? [])];
    return members.sort((a, b) => (a.score === b.score ? 0 : a.score - b.score)).map(({ member }) => member);
  }

  async clear(key: string): Promise<void> {
    this.#chords.delete(key);
  }
}
