/** Messages of kombu's producers read by Node, and Node's read by kombu's consumers, in every format and compression. */
import {
  type OnDecodeError,
  type PickledChannel,
  type PickledMessage,
  patchFieldTables,
  pickled,
} from "@brine/amqp-adapter";
import { FrozenSet, PyDict, tuple } from "@brine/codec";
import { type ChannelModel, type ConfirmChannel, connect, type GetMessage, type Options } from "amqplib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Isolation, PythonPeer } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";
import { eventually } from "../eventually.js";
import { closeAfterEach } from "../kept.js";

interface PythonMessage {
  readonly repr: string;
  readonly raw: string;
  readonly content_type: string;
  readonly content_encoding: string;
  readonly headers: string;
  readonly properties: string;
  readonly delivery_mode: number;
}

const TYPES = {
  pickle: ["application/x-python-serialize", "binary"],
  json: ["application/json", "utf-8"],
  yaml: ["application/x-yaml", "utf-8"],
  msgpack: ["application/x-msgpack", "binary"],
} as const;
type Format = keyof typeof TYPES;
const FORMATS = Object.keys(TYPES) as Format[];
const COMPRESSIONS = ["gzip", "bzip2", "brotli", "lzma", "zstd"] as const;

describeEachGeneration("kombu messages", (set) => {
  const keep = closeAfterEach();
  let isolation: Isolation;
  let python: PythonPeer;
  let connection: ChannelModel;
  let raw: ConfirmChannel;
  let channel: PickledChannel<ConfirmChannel>;
  let closed: Error | undefined;
  let queues = 0;

  const get = (queue: string) => python.request<PythonMessage | null>("get", { url: isolation.amqp.pythonUrl, queue });
  const publish = (queue: string, body: string, more: Record<string, unknown> = {}) =>
    python.request("publish", { url: isolation.amqp.pythonUrl, queue, body, ...more });

  beforeAll(async () => {
    isolation = await set.isolate();
    python = await set.python.spawn("kombu_amqp.py");
    connection = await connect(isolation.amqp.url);
    connection.on("error", (error) => {
      closed = error;
    });
    raw = await connection.createConfirmChannel();
    channel = pickled(raw, { accept: FORMATS });
  });

  afterAll(async () => {
    expect(closed).toBeUndefined();
    await connection?.close();
    await python?.close();
  });

  /** Runs `receive` with the next message of a queue that only this test uses. */
  async function next(queue: string): Promise<PickledMessage> {
    const message = await eventually(async () => {
      const found = await channel.get(queue, { noAck: true });
      if (!found) throw new Error("the queue is empty");
      return found;
    });
    return message;
  }

  /** A queue of this try of a test's own. */
  async function newQueue(label: string, options?: Options.AssertQueue): Promise<string> {
    const { queue } = await raw.assertQueue(isolation.name(`${label}-${++queues}`), options);
    return queue;
  }

  describe("from Python", () => {
    it.each(FORMATS)("reads %s", async (serializer) => {
      const queue = await newQueue(serializer);
      await publish(queue, "{'n': 1, 'x': 1.5, 's': 'h\\u00e9', 'l': [None, True]}", { serializer });
      const message = await next(queue);
      expect(message.value).toEqual({ n: 1, x: 1.5, s: "hé", l: [null, true] });
      expect([message.properties.contentType, message.properties.contentEncoding]).toEqual(TYPES[serializer]);
    });

    it("reads pickled values that only pickle has", async () => {
      const queue = await newQueue("values");
      await publish(queue, "{'t': (1, 2), 's': frozenset([1]), 'b': b'\\x00\\xff', 'd': {(1, 2): 3}, 'big': 2**70}");
      const { value } = (await next(queue)) as PickledMessage<Record<string, unknown>>;
      expect(value.t).toEqual(tuple(1, 2));
      expect(value.s).toBeInstanceOf(FrozenSet);
      expect(Buffer.from(value.b as Uint8Array)).toEqual(Buffer.from([0, 255]));
      expect(value.d).toBeInstanceOf(PyDict);
      expect((value.d as PyDict<unknown, unknown>).get(tuple(1, 2))).toBe(3);
      expect(value.big).toBe(2n ** 70n);
    });

    it("gives text and bytes as they are", async () => {
      const queue = await newQueue("plain");
      await publish(queue, "'h\\u00e9'", { serializer: "raw" });
      await publish(queue, "b'\\x00\\xff'", { serializer: "raw" });
      expect((await next(queue)).value).toBe("hé");
      expect(Buffer.from((await next(queue)).value as Uint8Array)).toEqual(Buffer.from([0, 255]));
    });

    it.for(COMPRESSIONS)("reads pickle and json compressed as %s", async (compression, context) => {
      const queue = await newQueue(compression);
      const list = "list(range(1000))";
      try {
        await publish(queue, list, { compression });
        await publish(queue, list, { compression, serializer: "json" });
      } catch (error) {
        // Not every Python side has every module; what it has not, it cannot send.
        expect(String(error)).toContain("No encoder installed");
        return context.skip(`this Python has no ${compression}`);
      }
      const wanted = Array.from({ length: 1000 }, (_, index) => index);
      for (const format of ["pickle", "json"] as const) {
        const message = await next(queue);
        expect(message.value).toEqual(wanted);
        expect(message.properties.contentType).toBe(TYPES[format][0]);
        expect(message.headers.compression).toMatch(/^application\//);
      }
    });

    it("reads headers with integers of 64 bits, at any depth, and keeps the connection", async () => {
      const queue = await newQueue("headers");
      const headers =
        "{'ns': 1790000000123456789, 'neg': -2**40, 'deep': [{'a': [2**31, -1]}], 'at': datetime.datetime(2026, 1, 2), 'b': b'\\xff\\xfe', '__proto__': {'compression': 'evil'}, 'd': decimal.Decimal('1.10')}";
      await publish(queue, "1", { headers });
      const message = await next(queue);
      expect(message.headers.ns).toBe(1_790_000_000_123_456_789n);
      expect(message.headers.neg).toBe(-(2 ** 40));
      expect(JSON.parse(JSON.stringify(message.headers.deep))).toEqual([{ a: [2 ** 31, -1] }]);
      expect(message.headers.at).toEqual(new Date("2026-01-02T00:00:00Z"));
      expect(message.headers.b).toEqual(Buffer.from([0xff, 0xfe]));
      expect(message.headers.compression).toBeUndefined();
      expect(Object.keys(message.headers)).toContain("__proto__");
      expect(message.headers.d).toMatchObject({ value: { places: 2, digits: 110 } });
      expect(message.value).toBe(1);
    });
  });

  it("needs its change to amqplib: without it the same header ends the connection", async () => {
    const queue = await newQueue("unpatched");
    await publish(queue, "1", { headers: "{'ns': 2**40}" });
    const bare = await connect(isolation.amqp.url);
    // Where the header ended it, or this test did, it cannot be closed.
    keep({ close: () => bare.close().catch(() => {}) });
    const ended = new Promise<Error>((resolve) => bare.on("error", resolve));
    const bareChannel = await bare.createChannel();
    const read = new Promise<unknown>((resolve) => {
      void bareChannel.consume(queue, (message) => resolve(message?.properties.headers?.ns)).catch(() => undefined);
    });
    if (Number.parseInt(set.versions.rabbitmq ?? "", 10) >= 4) {
      // RabbitMQ 4 writes a message's headers anew: by name, and with tag l what Python wrote with tag L.
      expect(await read).toBe(2 ** 40);
      // The message goes back.
      await bare.close();
    } else {
      // When this fails, amqplib has learnt to read tag L, and src/headers/patch-field-tables.ts may go.
      expect((await ended).message).toContain('Unexpected type tag "L"');
    }
    const patched = keep(await connect(isolation.amqp.url));
    expect(patchFieldTables(patched)).toBe(true);
    expect(patchFieldTables(await patched.createChannel())).toBe(true);
    const patchedChannel = await patched.createChannel();
    const received = new Promise<unknown>((resolve) => {
      void patchedChannel.consume(queue, (message) => resolve(message?.properties.headers?.ns), { noAck: true });
    });
    expect(await received).toBe(2 ** 40);
  });

  describe("to Python", () => {
    it.each(FORMATS)("writes %s", async (serializer) => {
      const queue = await newQueue(serializer);
      await channel.sendToQueue(queue, { n: 1, x: 1.5, s: "hé", l: [null, true] }, { serializer });
      const message = await get(queue);
      expect(message?.repr).toBe("{'n': 1, 'x': 1.5, 's': 'hé', 'l': [None, True]}");
      expect([message?.content_type, message?.content_encoding]).toEqual(TYPES[serializer]);
      expect(message?.delivery_mode).toBe(2);
    });

    it("writes the bytes that Python's own producer writes", async () => {
      const queue = await newQueue("bytes");
      await publish(queue, "{'a': (1, 2), 'b': [1.5, None]}");
      await channel.sendToQueue(queue, { a: tuple(1, 2), b: [1.5, null] });
      expect((await get(queue))?.raw).toBe((await get(queue))?.raw);
    });

    it.each(COMPRESSIONS)("compresses as %s", async (compression) => {
      const queue = await newQueue(compression);
      const value = Array.from({ length: 200 }, (_, index) => index);
      await channel.sendToQueue(queue, value, { compression });
      await channel.sendToQueue(queue, value, { compression, serializer: "json" });
      for (let count = 0; count < 2; count++) {
        const message = await get(queue).catch((error: Error) => error);
        if (message instanceof Error) {
          // As above: a Python side without the module refuses, by name.
          expect(message.message).toMatch(/application\/(x-brotli|zstd|x-lzma)|brotli|zstd|lzma/);
        } else {
          expect(message?.repr).toBe(`[${value.join(", ")}]`);
        }
      }
    });

    it("sends text and bytes with a content type of the caller's as they are", async () => {
      const queue = await newQueue("precoded");
      await channel.sendToQueue(queue, "a;b", { contentType: "text/plain", contentEncoding: "utf-8" });
      expect(await get(queue)).toMatchObject({ repr: "'a;b'", content_type: "text/plain" });
    });

    it("writes headers that Python reads as meant, every integer of them", async () => {
      const queue = await newQueue("headers");
      const headers = {
        small: 0,
        minus: -1,
        byte: 128,
        short: 300,
        word: 32767,
        int: 2 ** 31 - 1,
        min: -(2 ** 31),
        long: 2 ** 40,
        ns: 1_790_000_000_123_456_789n,
        timelimit: [3600, 300],
        deep: { list: [{ n: -5 }] },
        half: 0.5,
        yes: true,
        none: null,
        text: "hé",
        at: new Date("2026-01-02T00:00:00Z"),
      };
      await channel.sendToQueue(queue, null, { headers });
      expect((await get(queue))?.headers).toBe(
        "{'at': datetime.datetime(2026, 1, 2, 0, 0), 'byte': 128, 'deep': {'list': [{'n': -5}]}, 'half': 0.5, " +
          "'int': 2147483647, 'long': 1099511627776, 'min': -2147483648, 'minus': -1, 'none': None, " +
          "'ns': 1790000000123456789, 'short': 300, 'small': 0, 'text': 'hé', 'timelimit': [3600, 300], " +
          "'word': 32767, 'yes': True}",
      );
    });

    it("sends properties under kombu's names", async () => {
      const queue = await newQueue("properties");
      const options = {
        correlationId: "c1",
        replyTo: "r",
        messageId: "m1",
        priority: 3,
        expiration: 60_000,
        type: "t",
      };
      await channel.sendToQueue(queue, 1, { ...options, appId: "app", timestamp: 1_790_000_000, persistent: false });
      const message = await get(queue);
      for (const text of ["'correlation_id': 'c1'", "'reply_to': 'r'", "'message_id': 'm1'", "'priority': 3"]) {
        expect(message?.properties).toContain(text);
      }
      expect(message?.properties).toContain("'expiration': '60000'");
      expect(message?.properties).toContain("'timestamp': 1790000000");
      expect(message?.delivery_mode).toBe(1);
    });
  });

  describe("messages that cannot be decoded", () => {
    const poison = (queue: string) => [
      python.request("publish_bytes", {
        url: isolation.amqp.pythonUrl,
        queue,
        body: Buffer.from("gASVDgAAAAAAAAB9", "base64").toString("base64"),
        content_type: "application/x-python-serialize",
        content_encoding: "binary",
      }),
      publish(queue, "__import__('os').system"),
      python.request("publish_bytes", {
        url: isolation.amqp.pythonUrl,
        queue,
        body: Buffer.from("{").toString("base64"),
        content_type: "application/json",
        content_encoding: "utf-8",
      }),
      python.request("publish_bytes", {
        url: isolation.amqp.pythonUrl,
        queue,
        body: Buffer.from("no zlib").toString("base64"),
        content_type: "application/json",
        content_encoding: "utf-8",
        headers: "{'compression': 'application/x-gzip'}",
      }),
      python.request("publish_bytes", {
        url: isolation.amqp.pythonUrl,
        queue,
        body: Buffer.from("<a/>").toString("base64"),
        content_type: "application/xml",
        content_encoding: "utf-8",
      }),
    ];
    const POISONED = 5;

    /** A queue with a dead-letter queue, five messages nobody can decode, and a good one behind them. */
    async function poisoned(label: string, onDecodeError?: OnDecodeError) {
      const dead = await newQueue(`${label}-dead`);
      const queue = await newQueue(label, { deadLetterExchange: "", deadLetterRoutingKey: dead });
      await Promise.all(poison(queue));
      await publish(queue, "'good'", { serializer: "json" });
      const consumer = pickled(await connection.createConfirmChannel(), { onDecodeError });
      const errors: string[] = [];
      consumer.on("decodeError", (error) => errors.push(error.name));
      const values: unknown[] = [];
      await consumer.consume(queue, (message) => void values.push(message.value), { autoAck: true });
      await eventually(() => expect([values, errors.length]).toEqual([["good"], POISONED]));
      await eventually(async () => expect((await raw.checkQueue(queue)).messageCount).toBe(0));
      return { consumer, dead, errors };
    }

    it("are rejected by default, reach the dead-letter queue once, and leave the consumer alive", async () => {
      const { dead, errors } = await poisoned("reject");
      expect(new Set(errors)).toEqual(new Set(["DecodeError", "ContentDisallowed"]));
      await eventually(async () => expect((await raw.checkQueue(dead)).messageCount).toBe(POISONED));
    });

    it("are dropped with policy ack", async () => {
      const { dead } = await poisoned("ack", "ack");
      expect((await raw.checkQueue(dead)).messageCount).toBe(0);
    });

    it("are sent where policy deadLetter says, as they were, with the reason", async () => {
      const target = await newQueue("target");
      const { dead } = await poisoned("custom", { deadLetter: { exchange: "", routingKey: target } });
      await eventually(async () => expect((await raw.checkQueue(target)).messageCount).toBe(POISONED));
      expect((await raw.checkQueue(dead)).messageCount).toBe(0);
      const messages: GetMessage[] = [];
      for (let index = 0; index < POISONED; index++) {
        const found = await raw.get(target, { noAck: true });
        if (found) messages.push(found);
      }
      const xml = messages.find((message) => message.properties.contentType === "application/xml");
      if (!xml) throw new Error("the XML message is missing");
      expect(xml.content.toString()).toBe("<a/>");
      expect(xml.properties.headers?.["x-brine-error"]).toContain("ContentDisallowed");
    });

    it("are rejected too when a function given for them throws", async () => {
      const consumer = pickled(await connection.createConfirmChannel(), {
        onDecodeError: () => {
          throw new Error("mine");
        },
      });
      const failures: unknown[] = [];
      consumer.on("handlerError", (error) => failures.push(error));
      const queue = await newQueue("throws");
      await python.request("publish_bytes", {
        url: isolation.amqp.pythonUrl,
        queue,
        body: "",
        content_type: "application/json",
        content_encoding: "utf-8",
        headers: "{'compression': 5}",
      });
      const values: unknown[] = [];
      await consumer.consume(queue, (message) => void values.push(message.value), { autoAck: true });
      await publish(queue, "2");
      await eventually(() => expect([values, failures.length]).toEqual([[2], 1]));
    });

    it("have headers too deep to read, and still leave the connection alive", async () => {
      const queue = await newQueue("deep");
      await publish(queue, "1");
      let nested: unknown = [];
      for (let depth = 0; depth < 1_000; depth++) nested = [nested];
      raw.publish("", queue, Buffer.from("{}"), { contentType: "application/json", headers: { nested } });
      await raw.waitForConfirms();
      const consumer = pickled(await connection.createConfirmChannel());
      const errors: string[] = [];
      consumer.on("decodeError", (error) => errors.push(error.message));
      const values: unknown[] = [];
      await consumer.consume(queue, (message) => void values.push(message.value), { autoAck: true });
      await eventually(() => expect([values, errors]).toEqual([[1], ["Cannot read headers: nested deeper than 100"]]));
    });
  });

  describe("handlers that fail", () => {
    it("have their message rejected by default, and once requeued with policy requeue", async () => {
      const dead = await newQueue("failed");
      for (const [onHandlerError, attempts] of [
        ["reject", 1],
        ["requeue", 2],
      ] as const) {
        const options = { deadLetterExchange: "", deadLetterRoutingKey: dead };
        const queue = await newQueue(`handler-${onHandlerError}`, options);
        await publish(queue, "'x'");
        const consumer = pickled(await connection.createChannel(), { onHandlerError });
        const failures: unknown[] = [];
        consumer.on("handlerError", (error) => failures.push(error));
        await consumer.consume(queue, async () => {
          throw new Error("handler");
        });
        await eventually(async () => {
          expect(failures).toHaveLength(attempts);
          expect(await raw.get(dead, { noAck: true })).not.toBe(false);
        });
        await consumer.channel.close();
      }
    });

    it("settle each message once, however often they call", async () => {
      const queue = await newQueue("settle");
      await publish(queue, "1", { count: 3 });
      const consumer = pickled(await connection.createChannel());
      let count = 0;
      await consumer.consume(
        queue,
        (message) => {
          count++;
          message.ack();
          message.ack();
          message.reject();
          consumer.nack(message);
          expect(message.isSettled).toBe(true);
        },
        { autoAck: true },
      );
      await eventually(() => expect(count).toBe(3));
      expect((await raw.checkQueue(queue)).messageCount).toBe(0);
    });
  });

  it("waits for room and for confirms when thousands of messages are published at once", async () => {
    const queue = await newQueue("pressure");
    for (const wrapped of [channel, pickled(await connection.createChannel())]) {
      const sent = Array.from({ length: 3_000 }, (_, index) =>
        wrapped.sendToQueue(queue, { index, pad: "x".repeat(500) }),
      );
      await Promise.all(sent);
    }
    await eventually(async () => expect((await raw.checkQueue(queue)).messageCount).toBe(6_000));
    for (let index = 0; index < 5; index++) expect((await next(queue)).value).toMatchObject({ index });
  });
});
