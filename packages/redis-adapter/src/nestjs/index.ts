/** `@brine/redis-adapter/nestjs`: NestJS microservices over Redis' pub/sub, with pickles. Public names only; no logic. */
export { PickledRedisClient } from "./client.js";
export type { PickledRedisTransportOptions } from "./options.js";
export { PickledRedisServer } from "./server.js";
