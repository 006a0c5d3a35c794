/** Values that Django puts into caches, sessions and messages. */
import { PyDict } from "../containers/dict.js";
import { hashKey, type PyHashable } from "../hash.js";

/** `django.utils.safestring.SafeString`: HTML that need not be escaped. A str to Python. */
export class SafeString implements PyHashable {
  /** The text, as it is to be put into a page. */
  readonly value: string;

  constructor(value: string) {
    this.value = value;
  }

  /** As {@link value}, so that it can be joined to strings. */
  valueOf(): string {
    return this.value;
  }

  /** As {@link value}. */
  toString(): string {
    return this.value;
  }

  /** As {@link value}. */
  toJSON(): string {
    return this.value;
  }

  [hashKey](): unknown {
    return `s${this.value}`;
  }
}

/** `gettext_lazy("hi")`: a text that Python translates when it is shown. Data: what to call, and with what. */
export class LazyString {
  /** A reference to a function, such as `django.utils.translation.gettext`. */
  readonly func: unknown;
  /** Positional; the untranslated text is the first str among them. */
  readonly args: readonly unknown[];
  /** A plain object or a PyDict, as dicts are decoded. */
  readonly kwargs: unknown;
  /** The types the call may give, such as a reference to `str`. */
  readonly resultClasses: readonly unknown[];

  constructor(func: unknown, args: readonly unknown[], kwargs: unknown = {}, resultClasses: readonly unknown[] = []) {
    this.func = func;
    this.args = args;
    this.kwargs = kwargs;
    this.resultClasses = resultClasses;
  }

  /** The untranslated text: the first str among {@link args}. */
  toString(): string {
    const text = this.args.find((arg) => typeof arg === "string");
    return typeof text === "string" ? text : "";
  }

  /** The untranslated text. */
  toJSON(): string {
    return this.toString();
  }
}

/** Django's `SimpleLazyObject`, such as `request.user`, evaluated when it was pickled. Written back as one. */
export class LazyObject {
  /** What it stood for, decoded as any other value. */
  readonly wrapped: unknown;

  constructor(wrapped: unknown) {
    this.wrapped = wrapped;
  }
}

/** Django's `MultiValueDict`: every key has a list of values. `get` gives that list, `getLast` what Python's `[key]` does. */
export class MultiValueDict<V = unknown> extends PyDict<string, V[]> {
  /**
   * Django's `[key]`: the last value of a key. `undefined` for a key that is missing, where that raises a
   * `MultiValueDictKeyError`, and for one without values, where it gives `[]`.
   */
  getLast(key: string): V | undefined {
    return this.get(key)?.at(-1);
  }
}

/** `django.http.QueryDict`: the fields of a query or form, such as `request.GET`, each with a list of values. */
export class QueryDict extends MultiValueDict<string> {}

/** A row of a Django model. Nothing is known of the model but its name. */
export class DjangoModel {
  /** Django's `_meta.app_label`. */
  readonly app: string;
  /** The name of the class: Django's `_meta.object_name`. */
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
