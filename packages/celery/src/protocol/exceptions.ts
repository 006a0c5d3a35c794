/**
 * Errors between the two languages. What a Node task throws becomes a Python exception in either of Celery's forms (an
 * instance for pickle, `exc_type`/`exc_message`/`exc_module` for the rest); what a Python task raised becomes an Error.
 */
import {
  type AnyClass,
  type ClassRegistryView,
  exceptionClass,
  PyException,
  type PyExceptionClass,
  type PyExceptionName,
  PyObject,
  pyExceptions,
} from "@brine/codec";
import { UnpickleableExceptionWrapper } from "./pickle-globals.js";
import { saferepr } from "./saferepr.js";
import { isPlainRecord } from "./signature.js";
import { DIRECT_CAUSE, MAX_CAUSES, type TracebackSection, tracebackSections } from "./traceback.js";

/** Python's names for JavaScript's own errors. */
const BUILTIN_ERRORS: ReadonlyMap<unknown, PyExceptionName> = new Map<unknown, PyExceptionName>([
  [Error, "Exception"],
  [TypeError, "TypeError"],
  [RangeError, "ValueError"],
  [SyntaxError, "SyntaxError"],
  [ReferenceError, "NameError"],
  [URIError, "ValueError"],
  [EvalError, "RuntimeError"],
  // Not ExceptionGroup, which no Python before 3.11 can unpickle.
  [AggregateError, "RuntimeError"],
]);

/** The module that Python shows for error classes which only Node has. It must not be the name of a real module. */
const NODE_MODULE = "node";

/** Celery's form of an exception outside of pickle. */
export interface JsonException {
  exc_type: string;
  exc_message: unknown[];
  exc_module: string;
}

/** An Error that a result brought, with what Python said about it. */
export interface RemoteError extends Error {
  /** Python's traceback text, or Node's stack. */
  readonly traceback?: string | undefined;
  /** The task whose result it is. */
  readonly taskId?: string | undefined;
}

/**
 * The exception to pickle for anything thrown: registered classes and {@link PyException}s stay what they are, JavaScript's
 * errors become Python's, system errors become `OSError(errno, message)`, and classes that Python cannot know travel as
 * Celery's `UnpickleableExceptionWrapper`, from which Python makes a class of the same name.
 */
export function exceptionToPickle(thrown: unknown, registry: ClassRegistryView): object {
  if (thrown instanceof PyException) return thrown;
  if (!(thrown instanceof Error)) return new pyExceptions.Exception(saferepr(thrown));
  const builtin = BUILTIN_ERRORS.get(thrown.constructor);
  if (builtin !== undefined) return systemError(thrown) ?? new pyExceptions[builtin](thrown.message);
  if (registry.findByTarget(thrown.constructor as AnyClass) !== undefined) return thrown;
  return wrapException(thrown);
}

/** An exception that any Python can load, whatever the arguments of `thrown` are. */
export function wrapException(thrown: unknown): object {
  const { exc_module, exc_type, exc_message } = exceptionToJson(thrown);
  const args = exc_message.map((arg) => (isScalar(arg) ? arg : saferepr(arg)));
  return new UnpickleableExceptionWrapper(
    exc_module,
    exc_type,
    args,
    `${exc_type}(${args.map((arg) => saferepr(arg)).join(", ")})`,
  );
}

/** `{exc_type, exc_message, exc_module}`; arguments are as they are, so they may not fit the serializer. */
export function exceptionToJson(thrown: unknown, registry?: ClassRegistryView): JsonException {
  if (thrown instanceof PyException) return named(thrown.pythonClass, [...thrown.args]);
  if (!(thrown instanceof Error)) return named("builtins.Exception", [saferepr(thrown)]);
  const builtin = BUILTIN_ERRORS.get(thrown.constructor);
  if (builtin !== undefined) {
    const system = systemError(thrown);
    return system === undefined ? named(`builtins.${builtin}`, [thrown.message]) : exceptionToJson(system);
  }
  const entry = registry?.findByTarget(thrown.constructor as AnyClass);
  if (entry !== undefined) return { exc_type: entry.name, exc_message: [thrown.message], exc_module: entry.module };
  return { exc_type: thrown.name || "Error", exc_message: [thrown.message], exc_module: NODE_MODULE };
}

/** As {@link exceptionToJson}, with arguments that every serializer can carry. */
export function exceptionToSafeJson(thrown: unknown): JsonException {
  const form = exceptionToJson(thrown);
  return { ...form, exc_message: form.exc_message.map((arg) => (isScalar(arg) ? arg : saferepr(arg))) };
}

function named(pythonName: string, args: unknown[]): JsonException {
  const dot = pythonName.lastIndexOf(".");
  return { exc_type: pythonName.slice(dot + 1), exc_message: args, exc_module: pythonName.slice(0, dot) };
}

/** `ENOENT: no such file` with its errno: what Python has `OSError` for. */
function systemError(error: Error): PyException | undefined {
  const { errno, code } = error as NodeJS.ErrnoException;
  if (typeof errno !== "number" || typeof code !== "string") return undefined;
  return new pyExceptions.OSError(Math.abs(errno), error.message);
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === "string" || typeof value === "boolean" || Number.isSafeInteger(value);
}

/**
 * The Error for the result of a task that did not succeed: the class registered for the Python exception, or one made with
 * its name. Nothing is imported and no constructor but an exception's own runs.
 */
export function errorFromResult(
  value: unknown,
  details: {
    readonly registry: ClassRegistryView;
    readonly taskId: string;
    readonly traceback: string | null;
  },
): RemoteError {
  const error = toError(value, details.registry);
  const { taskId, traceback } = details;
  const sections = traceback === null ? [] : tracebackSections(traceback);
  if (error instanceof PyException) error.message = messageOf(error, sections.at(-1));
  // Whoever waits for the result is who it is thrown at; where it was decoded says nothing.
  Error.captureStackTrace(error, errorFromResult);
  Object.defineProperty(error, "taskId", { value: taskId, configurable: true, writable: true });
  if (traceback !== null) {
    Object.defineProperty(error, "traceback", { value: traceback, configurable: true, writable: true });
    const cause = causeOf(sections, details.registry);
    if (cause !== undefined && !(error.cause instanceof Error)) {
      Object.defineProperty(error, "cause", { value: cause, configurable: true, writable: true });
    }
    error.stack = `${error.stack ?? String(error)}\nRemote traceback of task ${taskId}:\n${traceback}`;
  }
  return error;
}

/**
 * Python's `str` of it, which a `__str__` of its class may have made, and which shows what `...` stands for: the text of its
 * traceback ends with it, and with the notes.
 */
function messageOf(error: PyException, said: TracebackSection | undefined): string {
  const isKnown = error.pythonClass.startsWith("builtins.") && !error.message.includes("...");
  if (isKnown || said?.name.split(".").at(-1) !== error.className) return error.message;
  const notes = error.notes.map((note) => `\n${note}`).join("");
  return said.message.endsWith(notes) ? said.message.slice(0, said.message.length - notes.length) : said.message;
}

/** Neither pickle nor JSON carries what caused an exception, but the text of its traceback does. */
function causeOf(sections: readonly TracebackSection[], registry: ClassRegistryView): Error | undefined {
  let cause: Error | undefined;
  // The last section is the error itself; the first is where it all began.
  for (const { name, message, text } of sections.slice(0, -1)) {
    const pythonName = name.includes(".") ? name : `builtins.${name}`;
    const dot = pythonName.lastIndexOf(".");
    const known = registry.find(pythonName.slice(0, dot), pythonName.slice(dot + 1))?.target;
    // Classes of the application's own may make of their arguments what they like; text is not what they expect.
    const isPlainException = known !== undefined && known.prototype instanceof PyException;
    const errorClass = isPlainException ? (known as unknown as PyExceptionClass) : exceptionClass(pythonName);
    const error: Error = new errorClass(message);
    Object.defineProperty(error, "traceback", { value: text, configurable: true, writable: true });
    if (cause !== undefined) error.cause = cause;
    cause = error;
  }
  return cause;
}

function toError(value: unknown, registry: ClassRegistryView): Error {
  if (value instanceof Error) return unwrap(withMembers(value), registry);
  if (value instanceof PyObject) return fromOpaque(value);
  if (isPlainRecord(value) && typeof value.exc_type === "string") {
    const module = typeof value.exc_module === "string" ? value.exc_module : "celery.backends.base";
    // Also as a dict it may be the wrapper, when Celery could not make the exception again to look at it.
    return unwrap(construct(module, value.exc_type, messageArgs(value.exc_message), registry), registry);
  }
  // Celery itself fails with these two on such results; celery-node stores them.
  if (value === null || value === undefined) return new pyExceptions.RuntimeError("No active exception to reraise");
  return new pyExceptions.ValueError(typeof value === "string" ? value : saferepr(value));
}

function messageArgs(message: unknown): readonly unknown[] {
  if (Array.isArray(message)) return message;
  return message === null || message === undefined ? [] : [message];
}

/** An error of a Python class by its full name: the class registered for it, or one made with its name. */
export function exceptionOf(pythonName: string, args: readonly unknown[], registry: ClassRegistryView): Error {
  const dot = pythonName.lastIndexOf(".");
  return construct(pythonName.slice(0, Math.max(dot, 0)), pythonName.slice(dot + 1), args, registry);
}

function construct(module: string, name: string, args: readonly unknown[], registry: ClassRegistryView): Error {
  const target = registry.find(module, name)?.target;
  if (target !== undefined && target.prototype instanceof Error) {
    try {
      return Reflect.construct(target, args as unknown[]) as Error;
    } catch {
      // A constructor of the application's that refuses these arguments: fall back to a plain exception of that name.
    }
  }
  return new (remoteClass(module, name))(...args.slice(0, 100));
}

/** What Celery wrapped because its reader might not be able to import it. */
function unwrap(error: Error, registry: ClassRegistryView): Error {
  if (!(error instanceof UnpickleableExceptionWrapper)) return error;
  const [module, name, args] = error.args as readonly unknown[];
  if (typeof module !== "string" || typeof name !== "string") return error;
  return construct(module, name, Array.isArray(args) ? args : [], registry);
}

/** A group's members, and those of groups in it, may be of classes that nobody registered. */
function withMembers(error: Error): Error {
  const groups = new Set<unknown>([error]);
  for (const group of groups) {
    const members = group instanceof pyExceptions.BaseExceptionGroup ? group.args[1] : undefined;
    if (!Array.isArray(members)) continue;
    for (const [index, member] of members.entries()) {
      if (member instanceof PyObject) members[index] = fromOpaque(member);
      else groups.add(member);
    }
  }
  return error;
}

/** An instance of an exception class nobody registered: its name, arguments and attributes are all there. */
function fromOpaque(object: PyObject): Error {
  const { callable, args, state } = madeOf(object);
  const text = String(callable);
  const dot = text.lastIndexOf(".");
  const error = new (remoteClass(text.slice(0, Math.max(dot, 0)), text.slice(dot + 1)))(...args.slice(0, 100));
  if (isPlainRecord(state)) PyException.setAttributes(error, Object.entries(state));
  return error;
}

/** What Python is to call; with tblib it is named by the arguments of what is called. */
function madeOf(object: PyObject): { callable: unknown; args: readonly unknown[]; state: unknown } {
  const [callable, made] = object.args;
  switch (String(object.callable)) {
    case "tblib.pickling_support.unpickle_exception":
      return { callable, args: messageArgs(made), state: object.state };
    case "tblib.pickling_support.unpickle_exception_with_attrs":
      return isPlainRecord(made) ? { callable, args: messageArgs(made.args), state: made.__dict__ } : object;
    default:
      return object;
  }
}

function remoteClass(module: string, name: string): PyExceptionClass {
  return exceptionClass(module === "" ? name : `${module}.${name}`);
}

/** A stack where Python's results have their traceback: with its causes above it, in Python's words. */
export function formatTraceback(thrown: unknown): string {
  const parts: string[] = [];
  const seen = new Set<unknown>();
  for (
    let error = thrown;
    error instanceof Error && !seen.has(error) && parts.length < MAX_CAUSES;
    error = error.cause
  ) {
    seen.add(error);
    parts.push(error.stack ?? `${error.name}: ${error.message}`);
  }
  return parts.length === 0 ? saferepr(thrown) : parts.reverse().join(DIRECT_CAUSE);
}
