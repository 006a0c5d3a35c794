/** What client and worker need of wherever results are kept. */
import type { RemoteError } from "../protocol/exceptions.js";
import type { ResultMeta } from "../protocol/result-meta.js";

/** A state of a task with its value decoded. */
export interface TaskResult {
  readonly meta: ResultMeta;
  /** The return value of SUCCESS, the meta of custom states. */
  readonly value: unknown;
  /** For FAILURE, RETRY and REVOKED. */
  readonly error: RemoteError | undefined;
}

/** Where to answer, for backends that send results instead of keeping them. */
export interface ReplyAddress {
  readonly replyTo: string | undefined;
  readonly correlationId: string;
}

/** A result on its way in: `thrown` is set instead of `result` for exception states. */
export interface StoreRequest extends ReplyAddress {
  readonly meta: ResultMeta;
  readonly thrown?: unknown;
}

/** One part of a chord that ended. */
export interface ChordPart {
  readonly taskId: string;
  readonly groupId: string;
  readonly groupIndex: number | null;
  readonly state: string;
  readonly result: unknown;
  readonly thrown?: unknown;
}

/** All parts of a chord are there: the values in order, or why one has none. */
export type ChordOutcome =
  | { readonly kind: "incomplete" }
  | { readonly kind: "complete"; readonly results: readonly unknown[] }
  | { readonly kind: "failed"; readonly taskId: string; readonly error: RemoteError };

export interface ResultBackend {
  readonly type: string;
  readonly description: string;
  /** Whether chords work with it: it keeps results where all workers find them. */
  readonly hasChords: boolean;
  /** The queue replies come to; `""` when there is none. Resolves once they can come. */
  replyTo(): Promise<string>;
  get(taskId: string): Promise<TaskResult | undefined>;
  /** Calls back with the present state, if any, and every later one. */
  watch(
    taskId: string,
    onResult: (result: TaskResult) => void,
    onError: (error: Error) => void,
  ): Promise<() => Promise<void>>;
  store(request: StoreRequest): Promise<void>;
  forget(taskId: string): Promise<void>;
  /** `[[id, parent], [members]]` of a group, to find it again. */
  saveGroup(groupId: string, tuple: unknown): Promise<void>;
  restoreGroup(groupId: string): Promise<unknown>;
  deleteGroup(groupId: string): Promise<void>;
  setChordSize(groupId: string, size: number): Promise<void>;
  /** A part more than `setChordSize` said. */
  growChord(groupId: string): Promise<void>;
  addChordPart(part: ChordPart): Promise<ChordOutcome>;
  clearChord(groupId: string): Promise<void>;
  close(): Promise<void>;
}
