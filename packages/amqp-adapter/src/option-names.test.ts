/** A misspelt option is an error wherever options are taken, with the name that was meant. */
import { expect, test } from "vitest";
import {
  AmqpConnection,
  amqp,
  connect,
  isAmqpError,
  pickled,
  RecoveringChannel,
  RpcClient,
  serveRpc,
} from "./index.js";
import { PickledRmqClient, PickledRmqServer } from "./nestjs/index.js";

const URL = "amqp://localhost";
const wrong = (options: object): never => options as never;
/** What was wrong is known before anything is sent. */
const raw = () => new RecoveringChannel(new AmqpConnection(URL), {});
const channel = pickled(raw());

test.each<[string, () => unknown, string]>([
  ["connect", () => connect(URL, wrong({ heartbeat: 10 })), "is written heartbeatSeconds here"],
  ["connect", () => connect(URL, wrong({ vhost: "a" })), "it belongs to the URL, or into socket"],
  ["AmqpConnection", () => new AmqpConnection(URL, wrong({ connectionNam: "a" })), "did you mean connectionName?"],
  ["backOff", () => new AmqpConnection(URL, { backOff: wrong({ maxDelay: 1 }) }), "did you mean maxDelayMs?"],
  ["amqp", () => amqp(URL, wrong({ confirm_publish: true })), "is written confirmPublish here"],
  ["amqp", () => amqp(URL, wrong({ unconfirmd: "reject" })), "did you mean unconfirmed?"],
  [
    "createChannel",
    () => new AmqpConnection(URL).createChannel(wrong({ prefetchCount: 1 })),
    "is written prefetch here",
  ],
  ["pickled", () => pickled(raw(), wrong({ serialiser: "json" })), "did you mean serializer?"],
  ["pickle", () => pickled(raw(), { pickle: wrong({ protcol: 2 }) }), "did you mean protocol?"],
  ["publish", () => channel.publish("", "q", 1, wrong({ delivery_mode: 1 })), "is written deliveryMode here"],
  ["sendToQueue", () => channel.sendToQueue("q", 1, wrong({ expires: 1 })), "is written expiration here"],
  ["consume", () => channel.consume("q", () => {}, wrong({ no_ack: true })), "is written noAck here"],
  ["consume", () => channel.consume("q", () => {}, wrong({ prefetch: 1 })), "call prefetch()"],
  ["get", () => channel.get("q", wrong({ no_ack: true })), "is written noAck here"],
  ["RpcClient", () => new RpcClient(channel, wrong({ timeout: 1 })), "did you mean timeoutMs?"],
  ["call", () => new RpcClient(channel).call("q", 1, wrong({ timeout: 1 })), "did you mean timeoutMs?"],
  ["serveRpc", () => serveRpc(channel, "q", () => 1, wrong({ prefech: 1 })), "did you mean prefetch?"],
  ["PickledRmqClient", () => new PickledRmqClient(wrong({ channel, queue: "q", urls: [URL] })), "give channel"],
  [
    "PickledRmqServer",
    () => new PickledRmqServer(wrong({ channel, queue: "q", prefetchCount: 1 })),
    "is written prefetch here",
  ],
])("options of %s", async (name, call, message) => {
  const error = await (async () => call())().catch((thrown: unknown) => thrown);
  expect((error as { code?: unknown }).code).toBe("bad-option");
  // Of the pickle options it is the codec's own.
  if (name !== "pickle") expect(isAmqpError(error)).toBe(true);
  expect((error as Error).message).toMatch(/^Cannot use /);
  expect((error as Error).message).toContain(message);
});
