/** Bodies and results in and out of bytes: serializers, compression and accept lists of one app. */
import { isPickleError } from "@brine/codec";
import {
  createCompression,
  createSerializers,
  decodeMessage,
  type EncodedMessage,
  encodeMessage,
  type SerializerRegistry,
  sniff,
  type TransportMessage,
} from "@brine/codec/kombu";
import type { ResolvedSettings } from "./settings/settings.js";

/** What a body needs to be read. */
export type Content = Pick<TransportMessage, "body" | "contentType" | "contentEncoding" | "headers">;

export class ContentCodec {
  readonly #strict: SerializerRegistry;
  /** Keeps instances of unregistered classes as `PyObject`, to tell what failed when a result is an exception. */
  readonly #opaque: SerializerRegistry;
  readonly #compression = createCompression();
  readonly #settings: ResolvedSettings;
  readonly #accept: ReadonlySet<string>;
  readonly #eventAccept: ReadonlySet<string>;
  readonly #resultAccept: ReadonlySet<string>;

  constructor(settings: ResolvedSettings) {
    this.#settings = settings;
    const make = (unregistered: "error" | "opaque"): SerializerRegistry =>
      createSerializers({
        pickle: {
          registry: settings.registry,
          protocol: settings.pickleProtocol,
          limits: settings.limits,
          unregistered,
        },
        json: { dialect: settings.jsonDialect },
      });
    this.#strict = make("error");
    this.#opaque = make("opaque");
    this.#accept = this.#strict.prepareAcceptContent(settings.acceptContent);
    this.#eventAccept = this.#strict.prepareAcceptContent(["json"]);
    this.#resultAccept = this.#strict.prepareAcceptContent(settings.resultAcceptContent);
  }

  get serializers(): SerializerRegistry {
    return this.#strict;
  }

  async encode(value: unknown, serializer: string, compress?: string | undefined): Promise<EncodedMessage> {
    return encodeMessage(value, { serializers: this.#strict, compression: this.#compression, serializer, compress });
  }

  /** A stored result, which has no envelope. */
  encodeBare(value: unknown, serializer: string): { body: Uint8Array; contentType: string; contentEncoding: string } {
    return this.#strict.dumps(value, { serializer });
  }

  /** @throws ContentDisallowed, DecodeError, SerializerNotInstalled */
  async decode(content: Content): Promise<unknown> {
    return decodeMessage(content, {
      serializers: this.#strict,
      compression: this.#compression,
      accept: this.#accept,
      maxBytes: this.#settings.maxBodyBytes,
    });
  }

  /**
   * Monitoring events are JSON whatever tasks are serialized with, so `acceptContent` does not matter.
   *
   * @throws ContentDisallowed, DecodeError
   */
  decodeEvent({ body, contentType }: Content): unknown {
    return this.#strict.loads(body, { contentType, accept: this.#eventAccept });
  }

  /**
   * A result: unregistered exception classes are kept as `PyObject`, because a failure must reach its caller whatever its
   * class. `isOpaque` says that the strict decoder refused it, and with which error.
   */
  decodeResult(body: Uint8Array, contentType: string | undefined): { value: unknown; refusal: Error | undefined } {
    const options = { contentType: contentType ?? this.#sniff(body), accept: this.#resultAccept };
    try {
      return { value: this.#strict.loads(body, options), refusal: undefined };
    } catch (error) {
      const cause = (error as Error).cause;
      if (!isPickleError(cause) || cause.code !== "unregistered-global") throw error;
      return { value: this.#opaque.loads(body, options), refusal: error as Error };
    }
  }

  /** Mixed fleets store results in more than one format under one kind of key, so the bytes decide, not the settings. */
  #sniff(body: Uint8Array): string {
    const format = sniff(body) ?? this.#settings.resultSerializer;
    return this.#strict.has(format) ? this.#strict.contentTypeOf(format) : format;
  }
}
