/** `@brine/celery`: Celery in Node. Public names only; no logic. */
export type {
  ChordStore,
  ConsumeOptions,
  Consumer,
  DelayedDelivery,
  Delivery,
  Exchange,
  MessageProperties,
  PublishOptions,
  Queue,
  ResultStore,
  Transport,
  TransportEvents,
  TransportMessage,
} from "@brine/codec/kombu";
export { Celery } from "./client/app.js";
export type { ApplyOptions, Time } from "./client/apply-options.js";
export {
  chain,
  chord,
  chunks,
  type GroupSignature,
  group,
  type LastResultOf,
  map,
  type ResultOf,
  type ResultsOf,
  starmap,
} from "./client/canvas/canvas.js";
export { Signature, type SignatureFields } from "./client/canvas/signature.js";
export type { Stamps } from "./client/canvas/stamps.js";
export { type BroadcastOptions, Control, type Replies, type RevokeOptions } from "./client/control.js";
export { broadcast, workerDirect } from "./client/publishing/special-queues.js";
export { AsyncResult, type GetOptions, type ResultDetails, type StateChange } from "./client/results/async-result.js";
export { type CompletedTask, GroupResult } from "./client/results/group-result.js";
export type { ResultGraph } from "./client/results/result-graph.js";
export type {
  CelerySettings,
  Logger,
  ResolvedSettings,
  RetryPolicy,
  Route,
  RouteFunction,
  Routes,
} from "./client/settings/settings.js";
export {
  type AutoRetryOptions,
  type LastOf,
  Task,
  type TaskCall,
  type TaskHandler,
  type TaskOptions,
} from "./client/task.js";
export type { PublishDiagnostics, RunDiagnostics } from "./client/telemetry/diagnostics.js";
export {
  CeleryError,
  type CeleryErrorCode,
  type CeleryErrorOptions,
  InvalidMessageError,
  isCeleryError,
  ResultTimeoutError,
} from "./errors.js";
export { MemoryBroker } from "./memory/broker.js";
export { MemoryResultStore } from "./memory/result-store.js";
export { MemoryTransport } from "./memory/transport.js";
export type { CeleryEvent } from "./protocol/events.js";
export type { RemoteError } from "./protocol/exceptions.js";
export { celeryRegistry, createRegistry } from "./protocol/pickle-globals.js";
export {
  ChordError,
  InvalidTaskError,
  MaxRetriesExceededError,
  NotRegistered,
  PYTHON_EXCEPTIONS,
  SoftTimeLimitExceeded,
  TaskRevokedError,
  Terminated,
  TimeLimitExceeded,
  WorkerLostError,
} from "./protocol/python-exceptions.js";
export type { SignatureDict, SignatureLike, SubtaskType } from "./protocol/signature.js";
export type { TaskState } from "./protocol/states.js";
export type { TaskMessage } from "./protocol/task-message.js";
export { type OutgoingTask, validateTask } from "./protocol/validate.js";
export { type RetryOptions, TaskContext } from "./worker/execution/context.js";
export { Ignore, Reject, Replace, Retry, type RetryChanges } from "./worker/execution/control-flow.js";
export type { ThreadContext } from "./worker/execution/thread-signal.js";
export type { Peer } from "./worker/gossip/gossip.js";
export type { BadMessage } from "./worker/intake/intake.js";
export type { Autoscale } from "./worker/intake/run-queue.js";
export { Worker } from "./worker/worker.js";
export type { StopOptions, WorkerEvents, WorkerOptions } from "./worker/worker-options.js";
