/** kombu's `SerializerRegistry`: content types, and who reads and writes them. kombu 5.6 `serialization.py`. */
import { reasonOf } from "../coded-error.js";
import { nearest } from "../options/nearest.js";
import { optionNames } from "../options/option-names.js";
import { DEFAULT_CONTENT_TYPE, isContentType, normalizeContentType, TRUSTED_CONTENT } from "./content-type.js";
import { ContentDisallowed, DecodeError, EncodeError, isKombuError, SerializerNotInstalled } from "./errors.js";
import { checkOptions } from "./option-names.js";
import { checkList } from "./option-values.js";
import { decodeText, encodeUtf8 } from "./text.js";

/** One format. Without `encode` it can only be read, without `decode` only written. */
export interface Serializer {
  /** Goes into the message, and finds the decoder there: `"application/json"`. */
  readonly contentType: string;
  /** Goes into the message: the character set of the bytes, `"utf-8"` by default; `"binary"` for none. */
  readonly contentEncoding?: string | undefined;
  /** The body of a value. What it throws becomes an {@link EncodeError}. */
  encode?(value: unknown): Uint8Array;
  /** The value of a body, which belongs to the caller: copy what the result keeps. What it throws becomes a {@link DecodeError}. */
  decode?(body: Uint8Array): unknown;
}

/** A body with what a reader must know of it. */
export interface EncodedContent {
  /** `"application/json"`: who reads it. */
  readonly contentType: string;
  /** Character set of the body, such as `"utf-8"`; `"binary"` for none. */
  readonly contentEncoding: string;
  /** Bytes that were given without naming a serializer are passed on as they are, not copied. */
  readonly body: Uint8Array;
}

/** What {@link SerializerRegistry.dumps} takes. */
export interface DumpsOptions {
  /**
   * Name of a serializer. Without one, bytes and strings are sent as they are (`application/data`, `text/plain`) and
   * everything else in the registry's default format. `"raw"`: bytes and strings as they are, both as `application/data`.
   */
  readonly serializer?: string | undefined;
}

const DUMPS_OPTIONS = /* @__PURE__ */ optionNames<DumpsOptions>({ serializer: true });

/** What {@link SerializerRegistry.loads} takes. */
export interface LoadsOptions {
  /** Default `"application/data"`, which is not decoded. */
  readonly contentType?: string | undefined;
  /** Read only where no decoder has the content type: `"binary"` gives bytes, anything else text. Default `"utf-8"`. */
  readonly contentEncoding?: string | undefined;
  /**
   * Names and content types that may be decoded. Default: those that are enabled: only JSON in a registry made by
   * `createSerializers`. `application/data` and `application/text` are always let through.
   */
  readonly accept?: Iterable<string> | undefined;
}

/** What `dumps` gave may be passed on as it is, body and all. */
const LOADS_OPTIONS = /* @__PURE__ */ optionNames<LoadsOptions & EncodedContent>({
  contentType: true,
  contentEncoding: true,
  accept: true,
  body: true,
});

interface Registered extends Serializer {
  readonly name: string;
}

/**
 * Names, content types, and the functions behind them. A value, not a global: each application makes its own.
 *
 * @example
 * const serializers = createSerializers();
 * const { body, contentType } = serializers.dumps([1, 2], { serializer: "pickle" });
 * serializers.loads(body, { contentType, accept: ["pickle"] }) // => [ 1, 2 ]
 */
export class SerializerRegistry {
  readonly #byName = new Map<string, Registered>();
  readonly #byType = new Map<string, Registered>();
  readonly #disabled = new Set<string>();
  #default: string | undefined;

  /**
   * Adds a serializer, or replaces the one of that name. It is enabled unless {@link disable} is called, or was for its content
   * type before.
   *
   * @throws {@link SerializerNotInstalled} `bad-option` for a name that is empty or has a slash, as content types have
   */
  register(name: string, serializer: Serializer): void {
    if (name === "" || isContentType(name)) {
      throw new SerializerNotInstalled(`Cannot register a serializer named "${name}": a name must not have a slash`, {
        code: "bad-option",
      });
    }
    if (this.#byName.has(name)) this.unregister(name);
    const { contentType, contentEncoding } = serializer;
    const entry: Registered = {
      name,
      contentType,
      contentEncoding,
      ...(serializer.encode && { encode: (value: unknown) => serializer.encode!(value) }),
      ...(serializer.decode && { decode: (body: Uint8Array) => serializer.decode!(body) }),
    };
    this.#byName.set(name, entry);
    this.#byType.set(normalizeContentType(contentType), entry);
  }

  /**
   * Forgets a serializer. Its content type has no decoder then, unless another name has taken it over since.
   *
   * @throws {@link SerializerNotInstalled} `unknown-serializer` if there is none of that name
   */
  unregister(name: string): void {
    const entry = this.#get(name);
    this.#byName.delete(name);
    const type = normalizeContentType(entry.contentType);
    // Another name may have taken the content type over since.
    if (this.#byType.get(type) === entry) this.#byType.delete(type);
  }

  /**
   * Decode this format, given by name or content type, when there is no accept list.
   *
   * @throws {@link SerializerNotInstalled} `unknown-serializer` for a name that is not registered
   */
  enable(nameOrType: string): void {
    this.#disabled.delete(this.#typeOf(nameOrType));
  }

  /**
   * Refuse to decode this format, given by name or content type, unless an accept list names it.
   *
   * @throws {@link SerializerNotInstalled} `unknown-serializer` for a name that is not registered
   */
  disable(nameOrType: string): void {
    this.#disabled.add(this.#typeOf(nameOrType));
  }

  /**
   * The format for values that are neither bytes nor strings when `dumps` is given no serializer.
   *
   * @throws {@link SerializerNotInstalled} `unknown-serializer` for a name that is not registered, or that only reads
   */
  setDefaultSerializer(name: string): void {
    this.#encoder(name);
    this.#default = name;
  }

  /** Names of all serializers, in the order they were registered. */
  get names(): string[] {
    return [...this.#byName.keys()];
  }

  /** Whether a serializer has this name or content type, enabled or not. */
  has(nameOrType: string): boolean {
    return isContentType(nameOrType)
      ? this.#byType.has(normalizeContentType(nameOrType))
      : this.#byName.has(nameOrType);
  }

  /**
   * The content type behind a name; a content type is given back normalised, known or not.
   *
   * @throws {@link SerializerNotInstalled} `unknown-serializer` for a name that is not registered
   */
  contentTypeOf(nameOrType: string): string {
    return this.#typeOf(nameOrType);
  }

  /** The name behind a content type; `undefined`: no serializer has it. */
  nameOf(contentType: string): string | undefined {
    return this.#byType.get(normalizeContentType(contentType))?.name;
  }

  /**
   * The accept list as a set of content types: names are replaced by theirs, content types kept, known or not.
   *
   * Give the set to `loads` in place of the list, so that the list is looked through once.
   *
   * @throws {@link SerializerNotInstalled} `unknown-serializer` for a name that is not registered
   * @throws {@link KombuError} `bad-option` for a text in place of a list
   */
  prepareAcceptContent(accept: Iterable<string>): ReadonlySet<string> {
    // A set made by an earlier call holds content types only and is given back, so that consumers prepare it once.
    if (this.#prepared.has(accept)) return accept as ReadonlySet<string>;
    checkList("accept", accept);
    const types = new Set<string>();
    for (const nameOrType of accept) types.add(this.#typeOf(nameOrType));
    this.#prepared.add(types);
    return types;
  }
  readonly #prepared = new WeakSet<object>();

  /**
   * Encodes a value.
   *
   * @returns the body, with the content type and encoding that a reader needs
   * @throws {@link EncodeError} `encode-failed` if the value has no form in that format
   * @throws {@link SerializerNotInstalled} `unknown-serializer` if there is no such serializer, `not-installed` without its library
   * @throws {@link KombuError} `bad-option` for an option that there is not
   */
  dumps(value: unknown, options: DumpsOptions = {}): EncodedContent {
    checkOptions(options, DUMPS_OPTIONS, "options of dumps()");
    const { serializer } = options;
    if (serializer === "raw") return rawEncode(value);
    if (serializer === undefined) {
      if (value instanceof Uint8Array)
        return { contentType: "application/data", contentEncoding: "binary", body: value };
      if (typeof value === "string") return encodeString(value, "text/plain");
    }
    const name = serializer ?? this.#default;
    if (name === undefined) {
      throw new SerializerNotInstalled("Cannot encode: no serializer given and the registry has no default", {
        code: "unknown-serializer",
      });
    }
    const entry = this.#encoder(name);
    try {
      return {
        contentType: entry.contentType,
        contentEncoding: entry.contentEncoding ?? "utf-8",
        body: entry.encode(value),
      };
    } catch (error) {
      if (isKombuError(error)) throw error;
      throw new EncodeError(`Cannot encode as ${name}: ${reasonOf(error)}`, {
        code: "encode-failed",
        contentType: entry.contentType,
        path: pathOf(error),
        cause: error,
      });
    }
  }

  /**
   * Decodes a body.
   *
   * An empty body is given back as it is, whatever its type. A type without a decoder gives text, or bytes if
   * `contentEncoding` is `"binary"`.
   *
   * @throws {@link ContentDisallowed} `content-disallowed` if the content type is not accepted
   * @throws {@link DecodeError} `decode-failed` if the bytes are not of that format
   * @throws {@link SerializerNotInstalled} `unknown-serializer` for a name in `accept` that there is not, `not-installed` without
   *   the library
   * @throws {@link KombuError} `bad-option` for an option that there is not
   */
  loads(body: Uint8Array | string, options: LoadsOptions = {}): unknown {
    checkOptions(options, LOADS_OPTIONS, "options of loads()");
    const contentType = this.checkAccept(options.contentType, options.accept);
    if (body.length === 0) return body;
    const entry = this.#byType.get(contentType);
    try {
      if (entry?.decode !== undefined) return entry.decode(typeof body === "string" ? encodeUtf8(body) : body);
      if (typeof body === "string") return body;
      const encoding = (options.contentEncoding || "utf-8").toLowerCase();
      return encoding === "binary" || encoding === "ascii-8bit" ? body : decodeText(body, encoding);
    } catch (error) {
      if (isKombuError(error)) throw error;
      throw new DecodeError(`Cannot decode ${describe(entry?.name, contentType)}: ${reasonOf(error)}`, {
        code: "decode-failed",
        contentType,
        cause: error,
      });
    }
  }

  /**
   * Checks a content type as `loads` does, without a body, and gives it normalised.
   *
   * @throws {@link ContentDisallowed} `content-disallowed` if it is not accepted
   * @throws {@link SerializerNotInstalled} `unknown-serializer` for a name in `accept` that there is not
   */
  checkAccept(contentType: string | undefined, accept?: Iterable<string> | undefined): string {
    const given = contentType || DEFAULT_CONTENT_TYPE;
    const normalized = normalizeContentType(given);
    if (accept !== undefined) {
      // Prepared for trusted content too: a name that does not exist is a mistake whatever comes first.
      const accepted = this.prepareAcceptContent(accept);
      if (!TRUSTED_CONTENT.has(normalized) && !accepted.has(normalized)) {
        throw this.#refuse(normalized, given, "untrusted");
      }
    } else if (this.#disabled.has(normalized)) {
      throw this.#refuse(normalized, given, "disabled");
    }
    return normalized;
  }

  #get(name: string): Registered {
    const entry = this.#byName.get(name);
    if (entry === undefined) {
      const meant = nearest(name, this.#byName.keys());
      const hint =
        meant === undefined ? `; there are ${[...this.#byName.keys()].join(", ")}` : `; did you mean ${meant}?`;
      throw new SerializerNotInstalled(`No encoder/decoder installed for ${name}${hint}`, {
        code: "unknown-serializer",
      });
    }
    return entry;
  }

  #encoder(name: string): Registered & { encode(value: unknown): Uint8Array } {
    const entry = this.#byName.get(name);
    if (entry?.encode === undefined) {
      throw new SerializerNotInstalled(`No encoder installed for ${name}`, { code: "unknown-serializer" });
    }
    return entry as Registered & { encode(value: unknown): Uint8Array };
  }

  #typeOf(nameOrType: string): string {
    return normalizeContentType(isContentType(nameOrType) ? nameOrType : this.#get(nameOrType).contentType);
  }

  #refuse(contentType: string, given: string, why: "untrusted" | "disabled"): ContentDisallowed {
    const name = this.#byType.get(contentType)?.name;
    return new ContentDisallowed(
      `Refusing to deserialize ${why} content of type ${describe(name ?? contentType, given)}`,
      { code: "content-disallowed", contentType },
    );
  }
}

/** `json (application/json)` */
function describe(name: string | undefined, contentType: string): string {
  return name === undefined ? contentType : `${name} (${contentType})`;
}

/** The path of an encoder's error, whichever encoder it was. */
function pathOf(error: unknown): string | undefined {
  const path = error instanceof Error ? (error as { path?: unknown }).path : undefined;
  return typeof path === "string" ? path : undefined;
}

function rawEncode(value: unknown): EncodedContent {
  if (typeof value === "string") return encodeString(value, "application/data");
  if (value instanceof Uint8Array) return { contentType: "application/data", contentEncoding: "binary", body: value };
  throw new EncodeError(
    `Cannot encode as raw: needs bytes or a string, found ${value === null ? "null" : typeof value}`,
    {
      code: "encode-failed",
      contentType: "application/data",
    },
  );
}

function encodeString(text: string, contentType: string): EncodedContent {
  try {
    return { contentType, contentEncoding: "utf-8", body: encodeUtf8(text) };
  } catch (cause) {
    throw new EncodeError(`Cannot encode as ${contentType}: ${reasonOf(cause)}`, {
      code: "encode-failed",
      contentType,
      cause,
    });
  }
}
