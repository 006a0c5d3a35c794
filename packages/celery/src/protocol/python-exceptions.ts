/** The exceptions of Celery, billiard and kombu that travel in results: classes to throw, catch and compare. */
import { exceptionClass, type PyExceptionClass, pyExceptions } from "@brine/codec";

const { Exception, KeyError } = pyExceptions;
const make = (name: string, parent: PyExceptionClass = Exception): PyExceptionClass => exceptionClass(name, parent);

/** Parent of Celery's errors. Celery 5.2 `celery/exceptions.py`. */
export const CeleryPythonError: PyExceptionClass = /* @__PURE__ */ make("celery.exceptions.CeleryError");
export const TaskPredicate: PyExceptionClass = /* @__PURE__ */ make(
  "celery.exceptions.TaskPredicate",
  CeleryPythonError,
);
export const TaskError: PyExceptionClass = /* @__PURE__ */ make("celery.exceptions.TaskError", CeleryPythonError);
/** Celery's `NotRegistered`: the worker does not know the task. */
export const NotRegistered: PyExceptionClass = /* @__PURE__ */ make("celery.exceptions.NotRegistered", KeyError);
export const AlreadyRegistered: PyExceptionClass = /* @__PURE__ */ make(
  "celery.exceptions.AlreadyRegistered",
  TaskError,
);
/** Celery's `TaskRevokedError`: the task was revoked, terminated, or expired. */
export const TaskRevokedError: PyExceptionClass = /* @__PURE__ */ make("celery.exceptions.TaskRevokedError", TaskError);
/** A message that is no task. Celery's `InvalidTaskError`. */
export const InvalidTaskError: PyExceptionClass = /* @__PURE__ */ make("celery.exceptions.InvalidTaskError", TaskError);
/** No retry is left. Celery's `MaxRetriesExceededError`. */
export const MaxRetriesExceededError: PyExceptionClass = /* @__PURE__ */ make(
  "celery.exceptions.MaxRetriesExceededError",
  TaskError,
);
/** Celery's `ChordError`: a part of a chord failed, so that its body did not run. */
export const ChordError: PyExceptionClass = /* @__PURE__ */ make("celery.exceptions.ChordError", TaskError);
export const PythonTimeoutError: PyExceptionClass = /* @__PURE__ */ make("celery.exceptions.TimeoutError", TaskError);
export const IncompleteStream: PyExceptionClass = /* @__PURE__ */ make("celery.exceptions.IncompleteStream", TaskError);
/** `Retry(message, exc, when, ...)` as Python stores it; throw {@link Retry} of this package in handlers. */
export const PythonRetry: PyExceptionClass = /* @__PURE__ */ make("celery.exceptions.Retry", TaskPredicate);
export const PythonIgnore: PyExceptionClass = /* @__PURE__ */ make("celery.exceptions.Ignore", TaskPredicate);
export const PythonReject: PyExceptionClass = /* @__PURE__ */ make("celery.exceptions.Reject", TaskPredicate);
export const QueueNotFound: PyExceptionClass = /* @__PURE__ */ make("celery.exceptions.QueueNotFound", KeyError);
export const ImproperlyConfigured: PyExceptionClass = /* @__PURE__ */ make("celery.exceptions.ImproperlyConfigured");
export const BackendError: PyExceptionClass = /* @__PURE__ */ make("celery.exceptions.BackendError");
export const BackendGetMetaError: PyExceptionClass = /* @__PURE__ */ make(
  "celery.exceptions.BackendGetMetaError",
  BackendError,
);
export const BackendStoreError: PyExceptionClass = /* @__PURE__ */ make(
  "celery.exceptions.BackendStoreError",
  BackendError,
);
export const SecurityError: PyExceptionClass = /* @__PURE__ */ make(
  "celery.exceptions.SecurityError",
  CeleryPythonError,
);

/** billiard's `SoftTimeLimitExceeded`: the soft time limit passed. */
export const SoftTimeLimitExceeded: PyExceptionClass = /* @__PURE__ */ make(
  "billiard.exceptions.SoftTimeLimitExceeded",
);
/** billiard's `TimeLimitExceeded`: the hard time limit passed; `args` is the limit in seconds. */
export const TimeLimitExceeded: PyExceptionClass = /* @__PURE__ */ make("billiard.exceptions.TimeLimitExceeded");
/** billiard's `WorkerLostError`: the process or thread that ran the task is gone. */
export const WorkerLostError: PyExceptionClass = /* @__PURE__ */ make("billiard.exceptions.WorkerLostError");
/** The process that ran the task was ended by a signal. billiard's `Terminated`. */
export const Terminated: PyExceptionClass = /* @__PURE__ */ make("billiard.exceptions.Terminated");
/** The result could not be encoded; `args` is the reason and the value, as text. */
export const MaybeEncodingError: PyExceptionClass = /* @__PURE__ */ make("billiard.pool.MaybeEncodingError");

export const KombuPythonError: PyExceptionClass = /* @__PURE__ */ make("kombu.exceptions.KombuError");
export const SerializationError: PyExceptionClass = /* @__PURE__ */ make(
  "kombu.exceptions.SerializationError",
  KombuPythonError,
);
export const PythonEncodeError: PyExceptionClass = /* @__PURE__ */ make(
  "kombu.exceptions.EncodeError",
  SerializationError,
);
export const PythonDecodeError: PyExceptionClass = /* @__PURE__ */ make(
  "kombu.exceptions.DecodeError",
  SerializationError,
);
export const KombuOperationalError: PyExceptionClass = /* @__PURE__ */ make(
  "kombu.exceptions.OperationalError",
  KombuPythonError,
);
export const PythonContentDisallowed: PyExceptionClass = /* @__PURE__ */ make(
  "kombu.exceptions.ContentDisallowed",
  KombuPythonError,
);
/** The classes of all exceptions of Celery, billiard and kombu that results may hold; {@link celeryRegistry} has them. */
export const PYTHON_EXCEPTIONS: readonly PyExceptionClass[] = [
  CeleryPythonError,
  TaskPredicate,
  TaskError,
  NotRegistered,
  AlreadyRegistered,
  TaskRevokedError,
  InvalidTaskError,
  MaxRetriesExceededError,
  ChordError,
  PythonTimeoutError,
  IncompleteStream,
  PythonRetry,
  PythonIgnore,
  PythonReject,
  QueueNotFound,
  ImproperlyConfigured,
  BackendError,
  BackendGetMetaError,
  BackendStoreError,
  SecurityError,
  SoftTimeLimitExceeded,
  TimeLimitExceeded,
  WorkerLostError,
  Terminated,
  MaybeEncodingError,
  KombuPythonError,
  SerializationError,
  PythonEncodeError,
  PythonDecodeError,
  KombuOperationalError,
  PythonContentDisallowed,
];
