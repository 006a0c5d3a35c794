/** Reads pickled messages of a Python producer, and answers each. Runs until SIGINT or SIGTERM. */
import { connect, pickled } from "@brine/amqp-adapter";

interface Order {
  readonly id: number;
  readonly tags: ReadonlySet<string>;
}

const connection = await connect([process.env.AMQP_URL ?? "amqp://guest:guest@127.0.0.1:5672"]);
// Runs again when the connection comes back.
const setup = async (raw: { assertQueue(name: string, options: object): Promise<unknown> }): Promise<void> => {
  await raw.assertQueue("orders", { durable: true });
  await raw.assertQueue("answers", { durable: true });
};
const channel = pickled(await connection.createChannel({ prefetch: 10, setup }));
channel.on("decodeError", (error) => console.error("rejected a message:", error.message));

await channel.consume("orders", async (message) => {
  const { id, tags } = message.value as Order;
  await channel.sendToQueue("answers", { id, tags: new Set([...tags, "seen"]) });
  message.ack();
});
console.log("orders is consumed");

const stop = (): Promise<void> => connection.close();
process.once("SIGINT", stop);
process.once("SIGTERM", stop);
