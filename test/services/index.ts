/** RabbitMQ, Redis and real Python for tests and the demo, from wherever this machine can have them. */
export { connectServices } from "./connect.js";
export type { Provision } from "./descriptor.js";
export { startServices } from "./provision.js";
export * from "./types.js";
