/** Values that Django puts into caches, sessions and messages. */
import { PyDict } from "../containers/dict.js";
import { hashKey, type PyHashable } from "../hash.js";

/** `django.utils.safestring.SafeString`: HTML that need not be escaped. A str to Python. */
export class SafeString implements PyHashable {
  readonly value: string;

  constructor(value: string) {
    this.value = value;
  }

  valueOf(): string {
    return this.value;
  }

  toString(): string {
    return this.value;
  }

  toJSON(): string {
    return this.value;
  }

  [hashKey](): unknown {
    return `s${this.value}`;
  }
}

/** `gettext_lazy("hi")`: a text that Python translates when it is shown. Data: what to call, and with what. */
export class LazyString {
  readonly func: unknown;
  readonly args: readonly unknown[];
  readonly kwargs: unknown;
  /** The types the call may give, such as a reference to `str`. */
  readonly resultClasses: readonly unknown[];

  constructor(func: unknown, args: readonly unknown[], kwargs: unknown = {}, resultClasses: readonly unknown[] = []) {
    this.func = func;
    this.args = args;
    this.kwargs = kwargs;
    this.resultClasses = resultClasses;
  }

  /** The untranslated text. */
  toString(): string {
    const text = this.args.find((arg) => typeof arg === "string");
    return typeof text === "string" ? text : "";
  }

  toJSON(): string {
    return this.toString();
  }
}

/** `SimpleLazyObject`, evaluated when it was pickled. */
export class LazyObject {
  readonly wrapped: unknown;

  constructor(wrapped: unknown) {
    this.wrapped = wrapped;
  }
}

/** `MultiValueDict`: every key has a list of values. `get` gives that list, `getLast` what Python's `[key]` does. */
export class MultiValueDict<V = unknown> extends PyDict<string, V[]> {
  getLast(key: string): V | undefined {
    return this.get(key)?.at(-1);
  }
}

/** `django.http.QueryDict` */
export class QueryDict extends MultiValueDict<string> {}

/** A row of a Django model. Nothing is known of the model but its name. */
export class DjangoModel {
  readonly app: string;
  readonly model: string;
  /** Field values, and what Django keeps beside them (`_state`, `_django_version`). */
  readonly state: Record<string, unknown>;

  constructor(app: string, model: string, state: Record<string, unknown> = {}) {
    this.app = app;
    this.model = model;
    this.state = state;
  }

  /** The values of fields and attributes: the state without names that start with `_`. */
  get fields(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this.state).filter(([name]) => !name.startsWith("_")));
  }
}
