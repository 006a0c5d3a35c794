/** `@brine/amqp-adapter/nestjs`: NestJS microservices over RabbitMQ, with pickles. Public names only; no logic. */
export { PickledRmqClient, type PickledRmqClientOptions } from "./client.js";
export { PickledRmqServer, type PickledRmqServerOptions } from "./server.js";
