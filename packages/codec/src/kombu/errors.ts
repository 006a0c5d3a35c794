/**
 * The errors of kombu's layer, with the inheritance of `kombu/exceptions.py`. `code` is stable and meant for programs; the
 * message is meant for people and may change.
 *
 * The classes carry a `Symbol.for` brand, so {@link isKombuError} also recognises errors of another copy of this package.
 */
import { CodedError, type CodedErrorOptions, hasBrand } from "../coded-error.js";

/** What went wrong, for programs. */
export type KombuErrorCode =
  /** The value cannot be written in the format asked for. */
  | "encode-failed"
  /** The bytes are not of the format that the content type names. */
  | "decode-failed"
  /** The compressed data is damaged or of another format. */
  | "decompress-failed"
  /** A bound on the size of a body was reached; it was not processed further. */
  | "too-large"
  /** The content type is not in the accept list, or is disabled. */
  | "content-disallowed"
  /** No serializer or compressor has this name or content type. */
  | "unknown-serializer"
  | "unknown-compression"
  /** The library that does it is not installed or not loaded. */
  | "not-installed"
  /** The signature of a signed body does not fit, or its signer is not trusted. */
  | "bad-signature"
  /** An option that there is not, or a value that it cannot have. */
  | "bad-option";

/** The facts that a {@link KombuError} carries beside its message. */
export interface KombuErrorOptions extends CodedErrorOptions<KombuErrorCode> {
  /** The content type at hand: of the body, or of the compression. */
  readonly contentType?: string | undefined;
  /** Where in the value, such as `.kwargs["when"][3]`; only when encoding. */
  readonly path?: string | undefined;
}

const BRAND = Symbol.for("brine.KombuError");

/** The parent of all errors of this layer. */
export class KombuError extends CodedError<KombuErrorCode> {
  override name = "KombuError";
  /** The content type at hand: of the body, or of the compression. */
  readonly contentType?: string | undefined;
  /** Where in the value, such as `.kwargs["when"][3]`; only when encoding. */
  readonly path?: string | undefined;

  constructor(message: string, options: KombuErrorOptions) {
    super(message, options);
    this.contentType = options.contentType;
    this.path = options.path;
  }

  get [BRAND](): true {
    return true;
  }
}

/** Content cannot be serialized or deserialized: the parent of {@link EncodeError} and {@link DecodeError}, as in kombu. */
export class SerializationError extends KombuError {
  override name = "SerializationError";
}

/** The value cannot be encoded. `cause` has the reason, `path` the part of the value where that is known. */
export class EncodeError extends SerializationError {
  override name = "EncodeError";
}

/** The body cannot be decoded, or not decompressed. `cause` has the reason. */
export class DecodeError extends SerializationError {
  override name = "DecodeError";
}

/** Nothing is registered under a name or content type (`unknown-serializer`, `unknown-compression`), or its library is missing (`not-installed`). */
export class SerializerNotInstalled extends KombuError {
  override name = "SerializerNotInstalled";
}

/** The consumer does not accept this content type: it is not in the accept list, or disabled (`content-disallowed`). Nothing was decoded. */
export class ContentDisallowed extends SerializerNotInstalled {
  override name = "ContentDisallowed";
}

/** Whether `error` is a {@link KombuError}, of this or another copy of the package. */
export function isKombuError(error: unknown): error is KombuError {
  return hasBrand(error, BRAND);
}

/** What to do about an object that a format has no form for, as the end of a message. */
export function howElse(value: object): string {
  if (value instanceof Promise) return ": await it first";
  return "; make a plain value of it, or use the serializer pickle";
}
