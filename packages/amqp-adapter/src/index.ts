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
export type { BackOffOptions } from "./back-off.js";
export type { BodyOptions, PublishValueOptions } from "./bodies.js";
export { AmqpConnection, type ConnectionEvents, connect } from "./connection.js";
export type { AmqplibModule, ConnectionOptions } from "./connection-options.js";
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
} from "./delayed-delivery.js";
export type { AnyChannel } from "./driver.js";
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
export { readHeaders, typedHeaders } from "./headers.js";
export { patchFieldTables } from "./patch-field-tables.js";
export {
  type ConsumeValueOptions,
  type OnDecodeError,
  type OnHandlerError,
  PickledChannel,
  type PickledEvents,
  type PickledOptions,
  pickled,
} from "./pickled.js";
export { PickledMessage, ReceivedMessage } from "./pickled-message.js";
export {
  RecoveringChannel,
  type RecoveringChannelEvents,
  type RecoveringChannelOptions,
} from "./recovering-channel.js";
export { RPC_ERROR_HEADER, type RpcCallOptions, RpcClient, type RpcClientOptions } from "./rpc-client.js";
export { type RpcHandler, RpcServer, type RpcServerOptions, serveRpc } from "./rpc-server.js";
export { AmqpTransport, type AmqpTransportOptions, amqp } from "./transport.js";
