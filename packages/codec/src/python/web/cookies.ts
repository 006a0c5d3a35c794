/** `http.cookies`. */
import { PyDict } from "../containers/dict.js";

/** `http.cookies.Morsel`: the attributes of one cookie, and its name and value as own properties. */
export class Morsel extends PyDict<string, unknown> {
  /** The cookie's name, a str; `null` before it is set. */
  readonly key: unknown = null;
  /** The cookie's value, a str, as the program gave it; `null` before it is set. */
  readonly value: unknown = null;
  /** The value as the header has it, quoted where needed; `null` before it is set. */
  readonly coded_value: unknown = null;
}

/** `http.cookies.SimpleCookie`: cookies by name, each a {@link Morsel}. */
export class SimpleCookie extends PyDict<string, unknown> {}
