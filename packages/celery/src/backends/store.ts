/** Results in a {@link ResultStore} under Celery's keys. Celery 5.2 `backends/redis.py`. */

import type { ResultStore } from "@brine/codec/kombu";
import { errorFromResult } from "../protocol/exceptions.js";
import { isPlainRecord } from "../protocol/signature.js";
import { PROPAGATE_STATES } from "../protocol/states.js";
import type { ChordOutcome, ChordPart, ResultBackend, StoreRequest, TaskResult } from "./backend.js";
import type { ResultCodec } from "./result-codec.js";

export interface StoreBackendOptions {
  readonly store: ResultStore;
  readonly codec: ResultCodec;
  readonly expiresSeconds: number | null;
  readonly isChordOrdered: boolean;
}

const taskKey = (id: string): string => `celery-task-meta-${id}`;
const groupKey = (id: string): string => `celery-taskset-meta-${id}`;

export class StoreBackend implements ResultBackend {
  readonly type: string;
  readonly description: string;
  readonly hasChords = true;
  readonly #options: StoreBackendOptions;
  #connected: Promise<void> | undefined;

  constructor(options: StoreBackendOptions) {
    this.#options = options;
    this.type = options.store.type;
    this.description = options.store.description;
  }

  get #expires(): number | undefined {
    return this.#options.expiresSeconds ?? undefined;
  }

  async #store(): Promise<ResultStore> {
    this.#connected ??= this.#options.store.connect();
    try {
      await this.#connected;
    } catch (error) {
      this.#connected = undefined;
      throw error;
    }
    return this.#options.store;
  }

  async replyTo(): Promise<string> {
    return "";
  }

  async get(taskId: string): Promise<TaskResult | undefined> {
    const value = await (await this.#store()).get(taskKey(taskId));
    return value === undefined ? undefined : this.#options.codec.decode(value, undefined, taskId);
  }

  /** Subscribed before it looks, so that no state falls between the two. */
  async watch(
    taskId: string,
    onResult: (result: TaskResult) => void,
    onError: (error: Error) => void,
  ): Promise<() => Promise<void>> {
    const onValue = (value: Uint8Array): void => {
      try {
        onResult(this.#options.codec.decode(value, undefined, taskId));
      } catch (error) {
        onError(error as Error);
      }
    };
    const store = await this.#store();
    const subscription = await store.subscribe(taskKey(taskId), onValue);
    try {
      const value = await store.get(taskKey(taskId));
      if (value !== undefined) onValue(value);
    } catch (error) {
      await subscription.unsubscribe();
      throw error;
    }
    return () => subscription.unsubscribe();
  }

  /** As Celery, never overwrites a SUCCESS: a redelivered task that fails the second time did succeed. */
  async store(request: StoreRequest): Promise<void> {
    const { taskId, status } = request.meta;
    const encoded = this.#options.codec.encode(request);
    const store = await this.#store();
    if (status !== "SUCCESS" && (await this.#isSuccess(store, taskId))) return;
    await store.set(taskKey(taskId), encoded.body, this.#expires);
  }

  async #isSuccess(store: ResultStore, taskId: string): Promise<boolean> {
    const value = await store.get(taskKey(taskId));
    if (value === undefined) return false;
    try {
      return this.#options.codec.decode(value, undefined, taskId).meta.status === "SUCCESS";
    } catch {
      // Something unreadable is there; it is no result that anybody could lose.
      return false;
    }
  }

  async forget(taskId: string): Promise<void> {
    await (await this.#store()).delete(taskKey(taskId));
  }

  async saveGroup(groupId: string, tuple: unknown): Promise<void> {
    const { body } = this.#options.codec.dump({ result: tuple });
    await (await this.#store()).set(groupKey(groupId), body, this.#expires);
  }

  async restoreGroup(groupId: string): Promise<unknown> {
    const value = await (await this.#store()).get(groupKey(groupId));
    if (value === undefined) return undefined;
    const saved = this.#options.codec.load(value, undefined);
    return isPlainRecord(saved) ? saved.result : undefined;
  }

  async deleteGroup(groupId: string): Promise<void> {
    await (await this.#store()).delete(groupKey(groupId));
  }

  async setChordSize(groupId: string, size: number): Promise<void> {
    await (await this.#store()).chord.setSize(groupKey(groupId), size, this.#expires);
  }

  /** Celery's `on_chord_part_return`: the worker that ends the last part gets all results, in order. */
  async addChordPart(part: ChordPart): Promise<ChordOutcome> {
    const { codec, isChordOrdered: ordered } = this.#options;
    const { chord } = await this.#store();
    const key = groupKey(part.groupId);
    const member = codec.dumpPart(part.taskId, part.state, part.result, part.thrown).body;
    const groupIndex = part.groupIndex ?? undefined;
    const { ready, extra, size } = await chord.addPart(
      key,
      { member, groupIndex },
      { ordered, expiresSeconds: this.#expires },
    );
    if (size === undefined || ready !== size + extra) return { kind: "incomplete" };
    const results: unknown[] = [];
    for (const encoded of await chord.parts(key, { ordered })) {
      const [, taskId, state, result] = codec.load(encoded, undefined) as [number, string, string, unknown];
      if (PROPAGATE_STATES.has(state)) {
        const error = errorFromResult(result, { registry: codec.registry, taskId, traceback: null });
        return { kind: "failed", taskId, error };
      }
      results.push(result);
    }
    return { kind: "complete", results };
  }

  async clearChord(groupId: string): Promise<void> {
    await (await this.#store()).chord.clear(groupKey(groupId));
  }

  async close(): Promise<void> {
    this.#connected = undefined;
    await this.#options.store.close();
  }
}
