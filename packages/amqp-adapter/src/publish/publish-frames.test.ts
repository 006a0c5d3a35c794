/** The frames written here are, byte for byte, those that amqplib writes. */
import { createRequire } from "node:module";
import path from "node:path";
import type { Channel, Options } from "amqplib";
import { describe, expect, test } from "vitest";
import { typedHeaders } from "../headers/headers.js";
import { FrameWriter } from "./publish-frames.js";

const require = createRequire(import.meta.url);
const library = (file: string) => path.join(path.dirname(require.resolve("amqplib")), "lib", file);
const { Connection } = require(library("connection.js"));
const args = require(library("api_args.js"));
const defs = require(library("defs.js"));

/** A channel of which nothing is real but what the writer uses. */
function setUp(batches = false) {
  const written: Buffer[] = [];
  const confirms: unknown[] = [];
  const connection = {
    frameMax: 4096,
    sentSinceLastCheck: false,
    channels: [null, null, null, { buffer: { write: (bytes: Buffer) => written.push(bytes) < 3 } }],
    sendContent: Connection.prototype.sendContent,
  };
  const channel = { ch: 3, connection, pushConfirmCallback: (callback: unknown) => confirms.push(callback) };
  const writer = FrameWriter.on(channel as unknown as Channel, batches)!;
  const byAmqplib = (exchange: string, key: string, content: Buffer, options: Options.Publish): Buffer => {
    written.length = 0;
    const fields = args.publish(exchange, key, options);
    Connection.prototype.sendMessage.call(
      connection,
      3,
      defs.BasicPublish,
      fields,
      defs.BasicProperties,
      fields,
      content,
    );
    return Buffer.concat(written.splice(0));
  };
  return { channel, writer, written, confirms, byAmqplib };
}

const TASK = {
  lang: "js",
  task: "proj.add",
  id: "9d3f1c1e-6f0e-4a6e-8a63-0d5b7c6b0d4f",
  shadow: null,
  retries: 3,
  timelimit: [null, 300],
  ignore_result: true,
  argsrepr: "('grüße', 1.5)",
  stamps: { customer: ["7", { deep: -1 }] },
  ratio: 0.25,
  "!": "own",
  日本: "語".repeat(60),
  big: 2 ** 31 - 1,
  small: -(2 ** 31),
  empty: {},
  nothing: [],
};

const MESSAGES: readonly { readonly name: string; readonly content?: Buffer; readonly options: Options.Publish }[] = [
  { name: "no properties", options: {} },
  { name: "no headers, empty content", content: Buffer.alloc(0), options: { contentType: "text/plain" } },
  {
    name: "a task",
    options: {
      headers: typedHeaders(TASK),
      contentType: "application/x-python-serialize",
      contentEncoding: "binary",
      correlationId: TASK.id,
      replyTo: "3f0e",
      deliveryMode: 2,
      priority: 0,
      expiration: "60000",
      messageId: "m",
      type: "t",
      mandatory: true,
    },
  },
  { name: "a header that is undefined", options: { headers: { left: undefined, kept: "x" } } },
  { name: "content of one whole frame", content: Buffer.alloc(4088, 7), options: {} },
  { name: "headers with a nested key !", options: { headers: typedHeaders({ table: { "!": "int32", value: "x" } }) } },
];

describe("FrameWriter", () => {
  test.each(MESSAGES)("writes $name as amqplib does", ({ content = Buffer.from("body"), options }) => {
    const { writer, written, byAmqplib } = setUp();
    const expected = byAmqplib("exchange", "routing.key", content, options);
    expect(writer.publish("exchange", "routing.key", content, options)).toBe(true);
    expect(Buffer.concat(written)).toEqual(expected);
  });

  test.each<[string, Options.Publish, Buffer?]>([
    ["content that needs two frames", {}, Buffer.alloc(4089)],
    ["carbon copies", { CC: "other" }],
    ["a property of the wrong type", { contentType: 7 as unknown as string }],
    ["a property that is too long", { correlationId: "ü".repeat(128) }],
    ["headers beyond a frame", { headers: { text: "x".repeat(5000) } }],
    ["headers beyond the buffer", { headers: { text: "x".repeat(70_000) } }],
    ["integers without a type", { headers: { n: 1 } }],
    ["64-bit integers", { headers: typedHeaders({ n: 2n ** 40n }) }],
    ["a priority that is no byte", { priority: 256 }],
    ["an integer that is longer than its type", { headers: { n: { "!": "int32", value: 2 ** 31 } } }],
    ["bytes", { headers: { n: Buffer.from("x") } }],
    ["undefined in an array", { headers: { n: [undefined] } }],
  ])("leaves %s to amqplib, after what was published before", (_, options, content = Buffer.from("body")) => {
    const { writer, written } = setUp(true);
    writer.publish("", "first", Buffer.from("1"), {});
    expect(written).toEqual([]);
    expect(writer.publish("", "queue", content, options)).toBeUndefined();
    expect(written).toHaveLength(1);
    expect(written[0]!.includes("first") && !written[0]!.includes("queue")).toBe(true);
  });

  test("headers that contain themselves are left to amqplib", () => {
    const headers: Record<string, unknown> = {};
    headers.self = headers;
    expect(setUp().writer.publish("", "queue", Buffer.from(""), { headers })).toBeUndefined();
  });

  test("writes what is published in one turn at its end, in order, and says when that is too much", async () => {
    const { writer, written, confirms } = setUp(true);
    const confirm = () => {};
    for (const text of ["a", "b"]) expect(writer.publish("", text, Buffer.from(text), {}, confirm)).toBe(true);
    expect(written).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toHaveLength(1);
    expect(written[0]!.indexOf("a")).toBeLessThan(written[0]!.indexOf("b"));
    expect(confirms).toEqual([confirm, confirm]);
    // The third write fills the stream; batches are written at 16 KiB.
    let hasRoom: boolean | undefined = true;
    for (let i = 0; i < 20 && hasRoom; i++) hasRoom = writer.publish("", "c", Buffer.alloc(4000), {});
    expect(hasRoom).toBe(false);
    writer.drained();
    expect(writer.publish("", "d", Buffer.from("d"), {})).toBe(true);
  });

  test("writes nothing more once amqplib has closed the channel", async () => {
    const { channel, writer, written } = setUp(true);
    writer.publish("", "a", Buffer.from("a"), {});
    Object.assign(channel, {
      sendMessage: () => {
        throw new Error("closed");
      },
    });
    expect(writer.publish("", "b", Buffer.from("b"), {})).toBeUndefined();
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toEqual([]);
  });

  test("is not made for a channel that it does not know", () => {
    expect(FrameWriter.on({} as Channel, true)).toBeUndefined();
    expect(FrameWriter.on({ ch: 1, connection: {} } as unknown as Channel, true)).toBeUndefined();
  });
});
