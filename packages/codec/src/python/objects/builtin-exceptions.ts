/**
 * Python's builtin exceptions: classes below {@link PyException}, made from the one table here, with Python's own
 * inheritance; so `error instanceof pyExceptions.LookupError` holds for a `KeyError`.
 */

import { PyException, type PyExceptionClass } from "./exception.js";
import {
  GroupException,
  KeyException,
  OsException,
  SyntaxException,
  UnicodeDecodeException,
  UnicodeEncodeException,
  UnicodeTranslateException,
} from "./exception-behaviours.js";
import { pyBase } from "./objects.js";

/** The builtin exceptions of Python 3.13 and their parents, parents first. CPython 3.13 `exceptions.c`. */
const BUILTINS = {
  Exception: "BaseException",
  GeneratorExit: "BaseException",
  KeyboardInterrupt: "BaseException",
  SystemExit: "BaseException",
  BaseExceptionGroup: "BaseException",
  ArithmeticError: "Exception",
  FloatingPointError: "ArithmeticError",
  OverflowError: "ArithmeticError",
  ZeroDivisionError: "ArithmeticError",
  AssertionError: "Exception",
  AttributeError: "Exception",
  BufferError: "Exception",
  EOFError: "Exception",
  ExceptionGroup: "BaseExceptionGroup",
  ImportError: "Exception",
  ModuleNotFoundError: "ImportError",
  LookupError: "Exception",
  IndexError: "LookupError",
  KeyError: "LookupError",
  MemoryError: "Exception",
  NameError: "Exception",
  UnboundLocalError: "NameError",
  OSError: "Exception",
  BlockingIOError: "OSError",
  ChildProcessError: "OSError",
  ConnectionError: "OSError",
  BrokenPipeError: "ConnectionError",
  ConnectionAbortedError: "ConnectionError",
  ConnectionRefusedError: "ConnectionError",
  ConnectionResetError: "ConnectionError",
  FileExistsError: "OSError",
  FileNotFoundError: "OSError",
  InterruptedError: "OSError",
  IsADirectoryError: "OSError",
  NotADirectoryError: "OSError",
  PermissionError: "OSError",
  ProcessLookupError: "OSError",
  TimeoutError: "OSError",
  ReferenceError: "Exception",
  RuntimeError: "Exception",
  NotImplementedError: "RuntimeError",
  PythonFinalizationError: "RuntimeError",
  RecursionError: "RuntimeError",
  StopAsyncIteration: "Exception",
  StopIteration: "Exception",
  SyntaxError: "Exception",
  IndentationError: "SyntaxError",
  TabError: "IndentationError",
  SystemError: "Exception",
  TypeError: "Exception",
  ValueError: "Exception",
  UnicodeError: "ValueError",
  UnicodeDecodeError: "UnicodeError",
  UnicodeEncodeError: "UnicodeError",
  UnicodeTranslateError: "UnicodeError",
  Warning: "Exception",
  BytesWarning: "Warning",
  DeprecationWarning: "Warning",
  EncodingWarning: "Warning",
  FutureWarning: "Warning",
  ImportWarning: "Warning",
  PendingDeprecationWarning: "Warning",
  ResourceWarning: "Warning",
  RuntimeWarning: "Warning",
  SyntaxWarning: "Warning",
  UnicodeWarning: "Warning",
  UserWarning: "Warning",
} as const;

/** The name of a builtin exception of Python 3.13. */
export type PyExceptionName = keyof typeof BUILTINS | "BaseException";

/** Which class gives a builtin and its subclasses their own ways. */
const BEHAVIOURS: Readonly<Partial<Record<PyExceptionName, PyExceptionClass>>> = {
  OSError: OsException,
  KeyError: KeyException,
  SyntaxError: SyntaxException,
  UnicodeDecodeError: UnicodeDecodeException,
  UnicodeEncodeError: UnicodeEncodeException,
  UnicodeTranslateError: UnicodeTranslateException,
  BaseExceptionGroup: GroupException,
};

/** Copies what `behaviour` overrides, so that the class keeps its Python parent. */
export function behave(jsClass: PyExceptionClass, behaviour: PyExceptionClass): void {
  for (const key of Reflect.ownKeys(behaviour.prototype)) {
    if (key === "constructor") continue;
    Object.defineProperty(jsClass.prototype, key, Object.getOwnPropertyDescriptor(behaviour.prototype, key)!);
  }
}

/**
 * Makes a class for a Python exception: `exceptionClass("app.errors.Boom")`. `BaseRegistry.registerException` makes one and
 * registers it, which reading and writing need.
 *
 * @param pythonName - module and qualified name
 * @param parent - default `pyExceptions.Exception`
 */
export function exceptionClass(
  pythonName: string,
  parent: PyExceptionClass = pyExceptions.Exception,
): PyExceptionClass {
  const name = pythonName.slice(pythonName.lastIndexOf(".") + 1);
  const made = {
    [name]: class extends parent {
      static readonly [pyBase] = true;
      static override readonly pythonName: string = pythonName;
    },
  };
  return made[name] as PyExceptionClass;
}

/** Classes are made when they are first asked for: most programs meet few of them. */
function builtinClasses(): Readonly<Record<PyExceptionName, PyExceptionClass>> {
  const made = new Map<string, PyExceptionClass>([["BaseException", PyException]]);
  function classOf(name: PyExceptionName): PyExceptionClass {
    const known = made.get(name);
    if (known !== undefined) return known;
    const jsClass = exceptionClass(`builtins.${name}`, classOf(BUILTINS[name as keyof typeof BUILTINS]));
    // With `super` in mind: the methods come from a class below PyException, which is where they continue.
    const behaviour = BEHAVIOURS[name];
    if (behaviour !== undefined) behave(jsClass, behaviour);
    made.set(name, jsClass);
    return jsClass;
  }
  const classes = {} as Record<PyExceptionName, PyExceptionClass>;
  for (const name of ["BaseException", ...Object.keys(BUILTINS)] as PyExceptionName[]) {
    Object.defineProperty(classes, name, { enumerable: true, get: () => classOf(name) });
  }
  return Object.freeze(classes);
}

/**
 * Python's builtin exceptions by name: the classes of Python 3.13, with Python's inheritance, so that a `KeyError` is an
 * `instanceof pyExceptions.LookupError`. Frozen.
 */
export const pyExceptions: Readonly<Record<PyExceptionName, PyExceptionClass>> = /* @__PURE__ */ builtinClasses();
