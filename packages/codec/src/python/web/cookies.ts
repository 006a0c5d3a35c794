/** `http.cookies`. */
import { PyDict } from "../containers/dict.js";

/** `http.cookies.Morsel`: the attributes of one cookie, and its name and value as own properties. */
export class Morsel extends PyDict<string, unknown> {
  readonly key: unknown = null;
  readonly value: unknown = null;
  readonly coded_value: unknown = null;
}

/** `http.cookies.SimpleCookie`: cookies by name. */
export class SimpleCookie extends PyDict<string, unknown> {}
