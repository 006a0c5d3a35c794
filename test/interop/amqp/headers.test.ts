/** Headers of every type that AMQP has, from any client, through Node and on to Python. */
import { pickled } from "@brine/amqp-adapter";
import { type ChannelModel, connect } from "amqplib";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Isolation, PythonPeer } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";

/** As amqplib writes it with that type; what Node reads; what Python reads once Node has sent it on. */
const TYPES: readonly [name: string, written: unknown, node: unknown, python: string][] = [
  ["int8", { "!": "int8", value: -128 }, -128, "-128"],
  ["uint8", { "!": "uint8", value: 255 }, 255, "255"],
  ["int16", { "!": "int16", value: -32768 }, -32768, "-32768"],
  ["uint16", { "!": "uint16", value: 65535 }, 65535, "65535"],
  ["int32", { "!": "int32", value: -(2 ** 31) }, -(2 ** 31), "-2147483648"],
  ["uint32", { "!": "uint32", value: 2 ** 32 - 1 }, 2 ** 32 - 1, "4294967295"],
  ["int64", { "!": "int64", value: 2n ** 63n - 1n }, 2n ** 63n - 1n, "9223372036854775807"],
  ["float", { "!": "float", value: 0.5 }, 0.5, "0.5"],
  ["double", { "!": "double", value: 0.1 }, 0.1, "0.1"],
  [
    "decimal",
    { "!": "decimal", value: { places: 2, digits: 125 } },
    { "!": "decimal", value: { places: 2, digits: 125 } },
    "Decimal('1.25')",
  ],
  [
    "timestamp",
    { "!": "timestamp", value: 1_767_312_000 },
    new Date("2026-01-02T00:00:00Z"),
    "datetime.datetime(2026, 1, 2, 0, 0)",
  ],
  ["string", "grüße", "grüße", "'grüße'"],
  ["bytes", Buffer.from([0, 255]), Buffer.from([0, 255]), "b'\\x00\\xff'"],
  ["yes", true, true, "True"],
  ["no", false, false, "False"],
  ["nothing", null, null, "None"],
  ["list", [1, "a", [null]], [1, "a", [null]], "[1, 'a', [None]]"],
  ["table", { a: { b: [true] } }, { a: { b: [true] } }, "{'a': {'b': [True]}}"],
];

describeEachGeneration("amqp headers", (set) => {
  let isolation: Isolation;
  let connection: ChannelModel;
  let python: PythonPeer;

  beforeAll(async () => {
    isolation = await set.isolate();
    connection = await connect(isolation.amqp.url);
    python = await set.python.spawn("kombu_amqp.py");
  });

  afterAll(async () => {
    await python?.close();
    await connection?.close();
  });

  it.each(TYPES)("%s", async (type, written, node, expected) => {
    const raw = await connection.createConfirmChannel();
    const [incoming, outgoing] = [isolation.name(`${type}-in`), isolation.name(`${type}-out`)];
    for (const queue of [incoming, outgoing]) {
      await raw.assertQueue(queue);
      // Of a try before.
      await raw.purgeQueue(queue);
    }
    raw.sendToQueue(incoming, Buffer.from("x"), { contentType: "text/plain", headers: { h: written } });
    await raw.waitForConfirms();
    const channel = pickled(raw, { accept: ["text/plain"] });
    const message = await channel.get(incoming, { noAck: true });
    if (message === false) throw new Error("no message");
    expect(message.headers).toEqual({ h: node });
    await channel.sendToQueue(outgoing, 1, { headers: message.headers });
    const received = await python.request<{ headers: string }>("get", {
      url: isolation.amqp.pythonUrl,
      queue: outgoing,
    });
    expect(received.headers).toBe(`{'h': ${expected}}`);
  });
});
