/** What becomes of NestJS events whose handlers fail, or are not there: none is acknowledged before it is handled, none is lost. */
import "reflect-metadata";
import { type PickledMessage, type PickledOptions, pickled } from "@brine/amqp-adapter";
import { PickledRmqClient, PickledRmqServer } from "@brine/amqp-adapter/nestjs";
import { Controller, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { type BaseRpcContext, Ctx, EventPattern, Payload, RpcException } from "@nestjs/microservices";
import { type Channel, type ChannelModel, connect } from "amqplib";
import { concat, firstValueFrom, from, of, throwError } from "rxjs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Isolation, PythonPeer } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";
import { eventually } from "../eventually.js";
import { closeAfterEach } from "../kept.js";

describeEachGeneration("NestJS events over RabbitMQ", (set) => {
  let isolation: Isolation;
  let connection: ChannelModel;
  let kombu: PythonPeer;
  const keep = closeAfterEach();
  let starts = 0;
  /** Patterns as they came to a handler. */
  const handled: string[] = [];
  /** What the handler of "waits" waits for. */
  let release: () => void;
  let released: Promise<void>;

  const HANDLERS = {
    throws() {
      throw new Error("not like that");
    },
    async rejects() {
      throw new RpcException("not like that");
    },
    fails: () =>
      concat(
        of(1),
        throwError(() => new Error("not like that")),
      ),
    promisesFailure: async () => throwError(() => new RpcException({ reason: "none to read" })),
    waits: () => released,
    waitsForStream: () => concat(of(1), from(released.then(() => 2))),
    settles: (_data: unknown, context: BaseRpcContext<[PickledMessage]>) => context.getArgByIndex(0).reject(),
    fine: () => "nobody reads this",
  };
  type Pattern = keyof typeof HANDLERS;

  class Events {}
  for (const [name, handle] of Object.entries(HANDLERS)) {
    const method = (...args: Parameters<typeof HANDLERS.settles>) => {
      handled.push(name);
      return (handle as (...args: unknown[]) => unknown)(...args);
    };
    Object.defineProperty(Events.prototype, name, { value: method, writable: true, configurable: true });
    Payload()(Events.prototype, name, 0);
    Ctx()(Events.prototype, name, 1);
    EventPattern(name)(Events.prototype, name, Object.getOwnPropertyDescriptor(Events.prototype, name)!);
  }
  Controller()(Events);
  class App {}
  Module({ controllers: [Events] })(App);

  beforeAll(async () => {
    isolation = await set.isolate();
    connection = await connect(isolation.amqp.url);
    kombu = await set.python.spawn("kombu_amqp.py");
  });

  afterAll(async () => {
    await kombu?.close();
    await connection?.close();
  });

  afterEach(() => {
    handled.length = 0;
  });

  async function serve(queue: string, dead: string, options: PickledOptions = {}) {
    const channel = pickled(await connection.createConfirmChannel(), options);
    const errors: string[] = [];
    channel.on("handlerError", (error) => errors.push((error as Error).message));
    await channel.assertQueue(dead);
    const queueOptions = { durable: true, deadLetterExchange: "", deadLetterRoutingKey: dead };
    const strategy = new PickledRmqServer({ channel, queue, queueOptions });
    const app = await NestFactory.createMicroservice(App, { strategy, logger: false });
    await app.listen();
    keep(app);
    return { channel, errors, app };
  }

  async function start(label: string, options: PickledOptions = {}) {
    released = new Promise((resolve) => {
      release = resolve;
    });
    const queue = isolation.name(`${label}-${++starts}`);
    const dead = `${queue}-dead`;
    const { channel, errors, app } = await serve(queue, dead, options);
    const own = pickled(await connection.createConfirmChannel());
    const client = keep(new PickledRmqClient({ channel: own, queue }));
    const emit = (pattern: Pattern | "nobody", data: unknown) =>
      firstValueFrom(client.emit(pattern, data), { defaultValue: undefined });
    const ready = async (name: string) => (await own.channel.checkQueue(name)).messageCount;
    return { queue, dead, own, channel, errors, app, client, emit, ready };
  }

  it.each(["throws", "rejects", "fails", "promisesFailure", "nobody"] as const)(
    "(%s) are refused, reach the dead-letter queue once, and the next is handled",
    async (pattern) => {
      const { queue, dead, own, errors, app, client, emit, ready } = await start(pattern);
      await emit(pattern, new Set(["kept"]));
      await emit("fine", 1);
      await eventually(() => expect(handled).toContain("fine"));
      await eventually(async () => expect(await ready(dead)).toBe(1));
      expect(handled).toEqual(pattern === "nobody" ? ["fine"] : [pattern, "fine"]);
      const kept = await own.get(dead, { noAck: true });
      expect(kept).toMatchObject({ value: { pattern, data: new Set(["kept"]) } });
      await eventually(() => expect(errors).toHaveLength(1));
      await client.close();
      await app.close();
      expect(await ready(queue)).toBe(0);
    },
  );

  it("are tried once more where the channel says so", async () => {
    const { dead, emit, ready } = await start("requeue", { onHandlerError: "requeue" });
    await emit("throws", 1);
    await eventually(async () => expect(await ready(dead)).toBe(1));
    expect(handled).toEqual(["throws", "throws"]);
  });

  it("that are settled by their handler stay so", async () => {
    const { dead, errors, emit, ready } = await start("settled");
    await emit("settles", 1);
    await eventually(async () => expect(await ready(dead)).toBe(1));
    expect(errors).toEqual([]);
  });

  it("from Python are refused like any other", async () => {
    const { queue, dead, ready } = await start("python");
    const url = isolation.amqp.pythonUrl;
    await kombu.request("publish", { url, queue, body: "{'pattern': 'throws', 'data': {1, 2}}" });
    await kombu.request("publish", { url, queue, body: "{'no': 'pattern'}" });
    await eventually(async () => expect(await ready(dead)).toBe(2));
  });

  describe.each(["waits", "waitsForStream"] as const)("whose handler has not ended (%s)", (pattern) => {
    it("are acknowledged once it has", async () => {
      const { queue, dead, own, emit, ready } = await start(`${pattern}-acked`);
      await emit(pattern, 1);
      await emit("fine", 2);
      await eventually(() => expect(handled).toEqual([pattern]));
      release();
      await eventually(() => expect(handled).toEqual([pattern, "fine"]));
      await eventually(async () => expect(await ready(queue)).toBe(0));
      expect(await own.get(dead)).toBe(false);
    });

    it("come to another server when the channel is lost", async () => {
      const { queue, dead, channel, emit, ready } = await start(`${pattern}-lost`);
      await emit(pattern, 1);
      await eventually(() => expect(handled).toEqual([pattern]));
      await (channel.channel as Channel).close();
      await serve(queue, dead);
      await eventually(() => expect(handled).toEqual([pattern, pattern]));
      release();
      await emit("fine", 2);
      await eventually(() => expect(handled).toContain("fine"));
      expect(await ready(dead)).toBe(0);
    });
  });
});
