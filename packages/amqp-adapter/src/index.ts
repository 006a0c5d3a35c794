/** `@brine/amqp-adapter`: amqplib with bodies as kombu writes them, and Celery's RabbitMQ transport. Public names only. */

export type {
  ConsumeOptions,
  Consumer,
  DelayedDelivery,
  Delivery,
  Exchange,
  MessageProperties,
  PublishOptions,
  Queue,
  Transport,
  TransportEvents,
  TransportMessage,
} from "@brine/codec/kombu";
export type { BackOffOptions } from "./connection/back-off.js";
export { AmqpConnection, type ConnectionEvents, connect } from "./connection/connection.js";
export type { AmqplibModule, ConnectionOptions } from "./connection/connection-options.js";
export {
  RecoveringChannel,
  type RecoveringChannelEvents,
  type RecoveringChannelOptions,
} from "./connection/recovering-channel.js";
export {
  AmqpError,
  type AmqpErrorCode,
  type AmqpErrorOptions,
  ChannelError,
  ConnectionError,
  isAmqpError,
  PublishError,
  RpcError,
} from "./errors.js";
export { readHeaders, typedHeaders } from "./headers/headers.js";
export { patchFieldTables } from "./headers/patch-field-tables.js";
export type { BodyOptions, PublishValueOptions } from "./pickled/bodies.js";
export type { AnyChannel } from "./pickled/driver.js";
export { PickledChannel, type PickledEvents, pickled } from "./pickled/pickled.js";
export { PickledMessage, ReceivedMessage } from "./pickled/pickled-message.js";
export type { ConsumeValueOptions, OnDecodeError, OnHandlerError, PickledOptions } from "./pickled/pickled-options.js";
export { RPC_ERROR_HEADER, type RpcCallOptions, RpcClient, type RpcClientOptions } from "./rpc/rpc-client.js";
export { type RpcHandler, RpcServer, type RpcServerOptions, serveRpc } from "./rpc/rpc-server.js";
export {
  DELAYED_DELIVERY_EXCHANGE,
  DELAYED_LEVELS,
  type DelayedLevel,
  delayedAddress,
  delayedBindingKey,
  delayedLevels,
  delayedName,
  isDelayedExchange,
  MAX_DELAY_SECONDS,
} from "./transport/delayed-delivery.js";
export { AmqpTransport, type AmqpTransportOptions, amqp } from "./transport/transport.js";
