/** Results in a {@link ResultStore} under Celery's keys. Celery 5.2 `backends/redis.py`. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ResultStore } from "@brine/codec/kombu";
import { errorFromResult } from "../protocol/exceptions.js";
import { PythonTimeoutError } from "../protocol/python-exceptions.js";
import { childIds } from "../protocol/result-meta.js";
import { isPlainRecord } from "../protocol/signature.js";
import { PROPAGATE_STATES, READY_STATES } from "../protocol/states.js";
import type { ChordOutcome, ChordPart, ResultBackend, StoreRequest, TaskResult } from "./backend.js";
import type { ResultCodec } from "./result-codec.js";

export interface StoreBackendOptions {
  readonly store: ResultStore;
  readonly codec: ResultCodec;
  readonly expiresSeconds: number | null;
  readonly isChordOrdered: boolean;
  readonly joinTimeoutSeconds: number;
}

/** Groups in groups. */
const MAX_DEPTH = 100;

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

  async growChord(groupId: string): Promise<void> {
    await (await this.#store()).chord.grow(groupKey(groupId), this.#expires);
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
    const saved = await this.restoreGroup(part.groupId);
    if (saved !== undefined) return this.#join(saved);
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

  /**
   * Python saves the group of a chord's header when parts of it end in groups: each of their tasks then counts, and what the
   * body gets is put together in the shape of that group. Celery 5.2 sends the body when the size of the last such group is
   * reached, so that others may still be on their way.
   */
  async #join(tuple: unknown): Promise<ChordOutcome> {
    const taskIds = childIds([tuple]);
    const results = new Map<string, TaskResult>();
    const deadline = Date.now() + this.#options.joinTimeoutSeconds * 1000;
    for (const taskId of taskIds) {
      const result = await this.#ready(taskId, deadline);
      if (result === undefined) {
        const error = new PythonTimeoutError("The operation timed out.");
        return { kind: "failed", taskId, error };
      }
      if (result.error !== undefined) return { kind: "failed", taskId, error: result.error };
      results.set(taskId, result);
    }
    const resultIn = (node: unknown, depth: number): unknown => {
      if (!Array.isArray(node) || depth > MAX_DEPTH) return null;
      const [[id] = [], members] = node as [[string]?, unknown?];
      return Array.isArray(members) ? members.map((one) => resultIn(one, depth + 1)) : results.get(id!)?.value;
    };
    return { kind: "complete", results: resultIn(tuple, 0) as unknown[] };
  }

  /** The result of a task that has ended or is about to; `undefined` when it has not at `deadline`. */
  async #ready(taskId: string, deadline: number): Promise<TaskResult | undefined> {
    let onReady: (result: TaskResult) => void = () => {};
    let onError: (error: Error) => void = () => {};
    const ready = new Promise<TaskResult>((resolve, reject) => {
      onReady = resolve;
      onError = reject;
    });
    ready.catch(() => {});
    const stop = await this.watch(taskId, (result) => READY_STATES.has(result.meta.status) && onReady(result), onError);
    const timeout = new AbortController();
    const timeoutMs = Math.max(0, deadline - Date.now());
    try {
      return await Promise.race([ready, sleep(timeoutMs, undefined, timeout)]);
    } finally {
      timeout.abort();
      await stop();
    }
  }

  async clearChord(groupId: string): Promise<void> {
    await (await this.#store()).chord.clear(groupKey(groupId));
  }

  async close(): Promise<void> {
    this.#connected = undefined;
    await this.#options.store.close();
  }
}
