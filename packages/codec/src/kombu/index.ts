/** `@brine/codec/kombu`: kombu's content types, accept lists and compression. Public names only; no logic. */
export {
  CompressionRegistry,
  type Compressor,
  DEFAULT_MAX_DECOMPRESSED_BYTES,
  type DecompressOptions,
} from "./compression.js";
export type { LzmaModule } from "./compressors/lzma.js";
export type { ZstdInstance } from "./compressors/zstd-wasm.js";
export { type CompressionOptions, createCompression } from "./create-compression.js";
export { createSerializers, type SerializersOptions } from "./create-serializers.js";
export {
  ContentDisallowed,
  DecodeError,
  EncodeError,
  isKombuError,
  KombuError,
  type KombuErrorCode,
  type KombuErrorOptions,
  SerializationError,
  SerializerNotInstalled,
} from "./errors.js";
export {
  type DecodeMessageOptions,
  decodeMessage,
  decodeMessageSync,
  type EncodedMessage,
  type EncodeMessageOptions,
  encodeMessage,
  encodeMessageSync,
  type KombuMessage,
  type MessageRegistries,
} from "./message.js";
export {
  type DumpsOptions,
  type EncodedContent,
  type LoadsOptions,
  type Serializer,
  SerializerRegistry,
} from "./serialization.js";
export { type AuthOptions, authSerializer, type Pem } from "./serializers/auth.js";
export { type JsonOptions, jsonSerializer } from "./serializers/json.js";
export type { JsonDialect } from "./serializers/json-types.js";
export { type MsgpackModule, type MsgpackOptions, msgpackSerializer } from "./serializers/msgpack.js";
export { type PickleSerializerOptions, pickleSerializer } from "./serializers/pickle.js";
export { type YamlOptions, yamlSerializer } from "./serializers/yaml.js";
export type { YamlModule } from "./serializers/yaml-reader.js";
export { type SniffedFormat, sniff } from "./sniff.js";
export { type TlsNames, tlsProblem } from "./tls-problem.js";
export type {
  ChordStore,
  ConsumeOptions,
  Consumer,
  DelayedDelivery,
  Delivery,
  Exchange,
  MessageProperties,
  PublishOptions,
  Queue,
  ResultStore,
  Transport,
  TransportEvents,
  TransportMessage,
} from "./transport.js";
