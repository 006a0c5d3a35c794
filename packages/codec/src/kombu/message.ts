/** A message's body and what its properties and headers say about it: serializer inside, compression around it. */
import { extendOptionNames, optionNames } from "../options/option-names.js";
import type { CompressionRegistry } from "./compression.js";
import { DecodeError, SerializerNotInstalled } from "./errors.js";
import { checkOptions } from "./option-names.js";
import { checkBound } from "./option-values.js";
import type { SerializerRegistry } from "./serialization.js";

/** What describes a body on the wire. `headers` may be any object of the driver's; only its own keys are read. */
export interface KombuMessage {
  /** What the serializer wrote, in the compression that `headers` name. */
  readonly body: Uint8Array;
  /** Whose decoder reads the body. `undefined` or `""`: `application/data`, which has none and is always accepted. */
  readonly contentType?: string | undefined;
  /** Read only where no decoder has the content type: `"binary"` gives bytes, anything else text. `undefined`: `"utf-8"`. */
  readonly contentEncoding?: string | undefined;
  /** `compression`: content type (or name) of the compression around the body. */
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
}

/** A body ready to publish; `headers` holds what to add to the message's own. */
export interface EncodedMessage extends KombuMessage {
  /** The serializer's, such as `"application/json"`, also of a compressed body. */
  readonly contentType: string;
  /** The serializer's, `"utf-8"` or `"binary"`, also of a compressed body. */
  readonly contentEncoding: string;
  /** `compression`: the content type of the compression around the body; absent without one. */
  readonly headers: { readonly compression?: string };
}

/** Who encodes, and who compresses. */
export interface MessageRegistries {
  /** Encodes by name, decodes by content type; `createSerializers` makes one. */
  readonly serializers: SerializerRegistry;
  /** Needed to compress, and to read compressed messages; `createCompression` makes one. Default: none, and both are an error. */
  readonly compression?: CompressionRegistry | undefined;
}

const REGISTRIES = /* @__PURE__ */ optionNames<MessageRegistries>({ serializers: true, compression: true });

/** What {@link encodeMessage} takes. */
export interface EncodeMessageOptions extends MessageRegistries {
  /** Name of a serializer; as for {@link SerializerRegistry.dumps}. Default: bytes and strings as they are, the registry's for the rest. */
  readonly serializer?: string | undefined;
  /** Name or content type of a compression. Default: none. */
  readonly compress?: string | undefined;
}

const ENCODE_OPTIONS = /* @__PURE__ */ extendOptionNames<EncodeMessageOptions, MessageRegistries>(REGISTRIES, {
  serializer: true,
  compress: true,
});

/** What {@link decodeMessage} takes. */
export interface DecodeMessageOptions extends MessageRegistries {
  /** Names and content types to decode; as for `SerializerRegistry.loads`. Default: those that are enabled. */
  readonly accept?: Iterable<string> | undefined;
  /** Bytes of the body, before and after decompression. Default: 128 MiB after decompression. */
  readonly maxBytes?: number | undefined;
}

const DECODE_OPTIONS = /* @__PURE__ */ extendOptionNames<DecodeMessageOptions, MessageRegistries>(REGISTRIES, {
  accept: true,
  maxBytes: true,
});

/**
 * Serializes and compresses. Content type and encoding stay those of the serializer, as in kombu.
 *
 * @throws {@link EncodeError} for a value that has no form in the format
 * @throws {@link SerializerNotInstalled} for a serializer or compression that there is not, or without its library
 * @throws {@link KombuError} `bad-option` for an option that there is not
 */
export async function encodeMessage(value: unknown, options: EncodeMessageOptions): Promise<EncodedMessage> {
  if (options.compress !== undefined) await options.compression?.load(options.compress);
  return encodeMessageSync(value, options);
}

/**
 * As {@link encodeMessage}; zstd without Node's own needs `compression.load("zstd")` before.
 *
 * @throws as {@link encodeMessage}
 */
export function encodeMessageSync(value: unknown, options: EncodeMessageOptions): EncodedMessage {
  checkOptions(options, ENCODE_OPTIONS, "options of encodeMessage()");
  const content = options.serializers.dumps(value, { serializer: options.serializer });
  if (options.compress === undefined) return { ...content, headers: {} };
  const { body, contentType } = compressionOf(options, options.compress).compressSync(content.body, options.compress);
  return { ...content, body, headers: { compression: contentType } };
}

/**
 * Decompresses and decodes. An empty body is given back as it is, whatever its type.
 *
 * The content type is checked before anything is decompressed, or the library for it loaded, so that refused content costs
 * nothing.
 *
 * @throws {@link ContentDisallowed}, {@link DecodeError}, {@link SerializerNotInstalled}: nothing else, whatever the message is
 * @throws {@link KombuError} `bad-option` for an option that there is not
 */
export async function decodeMessage(message: KombuMessage, options: DecodeMessageOptions): Promise<unknown> {
  const admitted = admit(message, options);
  if (admitted.compression !== undefined) await options.compression?.load(admitted.compression);
  return decodeAdmitted(message, options, admitted);
}

/**
 * As {@link decodeMessage}; zstd without Node's own needs `compression.load("zstd")` before.
 *
 * @throws {@link DecodeError} `too-large` for a body above `maxBytes`, and what decompressing and decoding throw
 */
export function decodeMessageSync(message: KombuMessage, options: DecodeMessageOptions): unknown {
  return decodeAdmitted(message, options, admit(message, options));
}

/** What is known of a message once it may be decoded. */
interface Admitted {
  readonly accept: ReadonlySet<string> | undefined;
  readonly compression: string | undefined;
}

/** Refuses what can be refused without decompressing. */
function admit(message: KombuMessage, options: DecodeMessageOptions): Admitted {
  checkOptions(options, DECODE_OPTIONS, "options of decodeMessage()");
  const { serializers, maxBytes } = options;
  checkBound("maxBytes", maxBytes);
  const { contentType, body } = message;
  // Prepared once: the list may be an iterator, which can be gone through once only.
  const accept = options.accept === undefined ? undefined : serializers.prepareAcceptContent(options.accept);
  serializers.checkAccept(contentType, accept);
  if (maxBytes !== undefined && body.length > maxBytes) {
    throw new DecodeError(`Cannot decode a body of ${body.length} bytes: at most ${maxBytes} are allowed`, {
      code: "too-large",
      contentType,
    });
  }
  return { accept, compression: compressionHeader(message) };
}

function decodeAdmitted(message: KombuMessage, options: DecodeMessageOptions, admitted: Admitted): unknown {
  const { contentType, contentEncoding } = message;
  const { accept, compression } = admitted;
  const body =
    compression === undefined
      ? message.body
      : compressionOf(options, compression).decompressSync(message.body, {
          contentType: compression,
          maxBytes: options.maxBytes,
        });
  return options.serializers.loads(body, { contentType, contentEncoding, accept });
}

/** The header `compression`, if it is there and not empty. */
function compressionHeader(message: KombuMessage): string | undefined {
  const { headers } = message;
  if (headers === undefined || !Object.hasOwn(headers, "compression")) return undefined;
  const value = headers.compression;
  if (value === null || value === undefined || value === "") return undefined;
  if (typeof value === "string") return value;
  throw new DecodeError(`Cannot decode: the header compression is a ${typeof value}, not a string`, {
    code: "decode-failed",
    contentType: message.contentType,
  });
}

function compressionOf(options: MessageRegistries, name: string): CompressionRegistry {
  if (options.compression !== undefined) return options.compression;
  throw new SerializerNotInstalled(`Cannot process a body compressed as ${name}: no compression registry was given`, {
    code: "unknown-compression",
    contentType: name,
  });
}
