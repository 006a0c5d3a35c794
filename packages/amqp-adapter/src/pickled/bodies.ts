/** Values as message bodies, in kombu's formats. */
import type { ClassRegistryView, PicklerOptions, UnpicklerOptions } from "@brine/codec";
import {
  type CompressionRegistry,
  createCompression,
  createSerializers,
  decodeMessageSync,
  encodeMessageSync,
  type SerializerRegistry,
} from "@brine/codec/kombu";
import { extendOptionNames, optionNames } from "@brine/codec/options";
import type { Message, Options } from "amqplib";
import { readHeaders, typedHeaders } from "../headers/headers.js";

/** How values become bodies and bodies values. */
export interface BodyOptions {
  /** Format of what is sent. Default `"pickle"`. */
  readonly serializer?: string | undefined;
  /**
   * Formats that are decoded, names or content types; anything else is undecodable. Default `["pickle", "json"]`: whoever calls
   * a function named `pickled` asks for pickle, and JSON cannot do anything. `application/data` and `application/text`
   * always pass, as bytes and text.
   */
  readonly accept?: Iterable<string> | undefined;
  /** Compression of what is sent, a name of kombu's: `"gzip"` (zlib), `"bzip2"`, `"brotli"`, `"lzma"`, `"zstd"`. Default none. */
  readonly compression?: string | undefined;
  /** Bytes of a decompressed body at most. Default 128 MiB. */
  readonly maxBytes?: number | undefined;
  /** Classes that pickles may name. Default: the standard library's value types. */
  readonly registry?: ClassRegistryView | undefined;
  /** Further options of the pickle decoder and encoder: protocol, limits, how values are represented. Default: that of each. */
  readonly pickle?: (UnpicklerOptions & PicklerOptions) | undefined;
  /** Your own formats, instead of those made from `registry` and `pickle`. Default: those. */
  readonly serializers?: SerializerRegistry | undefined;
  /** Your own compressors. Default: kombu's. */
  readonly compressors?: CompressionRegistry | undefined;
}

export const BODY_OPTIONS = /* @__PURE__ */ optionNames<BodyOptions>(
  {
    serializer: true,
    accept: true,
    compression: true,
    maxBytes: true,
    registry: true,
    pickle: true,
    serializers: true,
    compressors: true,
  },
  {
    instead: [
      ["acceptContent", "accept"],
      ["taskSerializer", "serializer"],
    ],
  },
);

/** A body, and amqplib's options to publish it with. */
export interface EncodedBody {
  readonly content: Buffer;
  readonly options: Options.Publish;
}

/** Options of publishing a value: amqplib's, and these. */
export interface PublishValueOptions extends Omit<Options.Publish, "headers"> {
  /** Of the message, in addition to the serializer's. Default: none. */
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  /** Format of this message, by name. Default: the channel's. With `contentType` given and no `serializer`, a string or bytes are sent as they are, as kombu does. */
  readonly serializer?: string | undefined;
  /** Compression of this message, by name; `null`: none. Default: the channel's. */
  readonly compression?: string | null | undefined;
  /** Gives up waiting for room or for the confirm. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** Those that a request has, too: it says by itself where its answer goes. */
type RequestValueOptions = Omit<PublishValueOptions, "correlationId" | "replyTo">;

export const REQUEST_OPTIONS = /* @__PURE__ */ optionNames<RequestValueOptions>(
  {
    CC: true,
    BCC: true,
    mandatory: true,
    persistent: true,
    deliveryMode: true,
    contentType: true,
    contentEncoding: true,
    headers: true,
    priority: true,
    expiration: true,
    messageId: true,
    timestamp: true,
    type: true,
    userId: true,
    appId: true,
    serializer: true,
    compression: true,
    signal: true,
  },
  {
    instead: [
      ["delivery_mode", "deliveryMode"],
      ["expires", "expiration"],
      ["ttl", "expiration"],
      ["exchange", "it is an argument of publish()"],
      ["routingKey", "it is an argument of publish()"],
    ],
  },
);

export const PUBLISH_OPTIONS = /* @__PURE__ */ extendOptionNames<PublishValueOptions, RequestValueOptions>(
  REQUEST_OPTIONS,
  { correlationId: true, replyTo: true },
);

/** Encodes and decodes bodies with one set of options. */
export class Bodies {
  readonly #options: BodyOptions;
  readonly #serializers: SerializerRegistry;
  readonly #compressors: CompressionRegistry;
  readonly #accept: ReadonlySet<string>;

  constructor(options: BodyOptions) {
    this.#options = options;
    // Views: amqplib gives every message buffers of its own and never writes to them again.
    const pickle = {
      bytes: "view",
      ...options.pickle,
      ...(options.registry && { registry: options.registry }),
    } as const;
    this.#serializers = options.serializers ?? createSerializers({ pickle });
    this.#compressors = options.compressors ?? createCompression();
    this.#accept = this.#serializers.prepareAcceptContent(options.accept ?? ["pickle", "json"]);
  }

  /** Loads what has to be loaded before messages can be decoded synchronously. What is not installed is found out then. */
  async prepare(): Promise<void> {
    const types = this.#compressors.contentTypes;
    await Promise.all(types.map((type) => this.#compressors.load(type).catch(() => undefined)));
  }

  /** Loads the compression that a message needs. Nothing to wait for in most cases, so that messages keep their order. */
  load(options: PublishValueOptions): Promise<void> | undefined {
    const compress = this.#compressionOf(options);
    if (compress === undefined || (this.#compressors.get(compress).isLoaded?.() ?? true)) return undefined;
    return this.#compressors.load(compress);
  }

  /**
   * The compression must be loaded.
   *
   * @throws `EncodeError`, `SerializerNotInstalled`, `AmqpError` `bad-header`
   */
  encode(value: unknown, options: PublishValueOptions): EncodedBody {
    const { serializer, compression: _compression, signal: _signal, headers, ...rest } = options;
    const isRaw = options.contentType !== undefined && serializer === undefined;
    const encoded = encodeMessageSync(value, {
      serializers: this.#serializers,
      compression: this.#compressors,
      compress: this.#compressionOf(options),
      serializer: isRaw ? "raw" : (serializer ?? this.#options.serializer ?? "pickle"),
    });
    return {
      content: Buffer.from(encoded.body.buffer, encoded.body.byteOffset, encoded.body.byteLength),
      options: {
        // kombu's producers make messages persistent (kombu 5.6 messaging.py Producer.publish, default PERSISTENT).
        deliveryMode: 2,
        ...rest,
        contentType: options.contentType ?? encoded.contentType,
        contentEncoding: options.contentEncoding ?? encoded.contentEncoding,
        headers: typedHeaders({ ...headers, ...encoded.headers }),
      },
    };
  }

  #compressionOf({ compression }: PublishValueOptions): string | undefined {
    return compression === undefined ? this.#options.compression : (compression ?? undefined);
  }

  /** The headers as plain data. @throws `AmqpError` `bad-header` */
  headers(message: Message): Record<string, unknown> {
    return readHeaders(message.properties.headers);
  }

  /** @throws `DecodeError`, `ContentDisallowed`, `SerializerNotInstalled` */
  decode(message: Message, headers: Readonly<Record<string, unknown>>): unknown {
    const { contentType, contentEncoding } = message.properties;
    return decodeMessageSync(
      { body: message.content, contentType, contentEncoding, headers },
      {
        serializers: this.#serializers,
        compression: this.#compressors,
        accept: this.#accept,
        maxBytes: this.#options.maxBytes,
      },
    );
  }

  /** Name of the format a message came in, if it is one that is accepted here. */
  formatOf(message: Message): string | undefined {
    const { contentType } = message.properties;
    if (typeof contentType !== "string" || !this.#accept.has(contentType)) return undefined;
    return this.#serializers.nameOf(contentType);
  }
}
