/** The demo's steps over real brokers, with a real Celery and a real Django on the other side. */
import { amqp } from "@brine/amqp-adapter";
import { Celery, createRegistry, type Transport } from "@brine/celery";
import { Decimal, dumps, PyDateTime, PyException, TimeZone, tuple, UUID } from "@brine/codec";
import { django, djangoRedis, pickled, redis, redisBackend } from "@brine/redis-adapter";
import { Redis } from "ioredis";
import { redisName } from "../../test/services/broker-versions.js";
import type { Isolation, PythonPeer, ServiceSet } from "../../test/services/index.js";
import { bytes, expectEqual, line, note, step } from "./output.js";

/** A class that both sides have: `models.Point` in Python. */
class Point {
  x: number;
  y: number;
  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
}

type Broker = "amqp" | "redis";

interface Described {
  readonly repr: string;
}

/** Shows the bodies that pass a transport. */
function watched(transport: Transport, show: (direction: "in" | "out", body: Uint8Array) => void): Transport {
  const { consume, publish } = transport;
  transport.consume = (queues, onMessage, options) =>
    consume.call(
      transport,
      queues,
      (delivery) => {
        if (Object.hasOwn(delivery.headers, "task")) show("in", delivery.body);
        onMessage(delivery);
      },
      options,
    );
  transport.publish = (message, options) => {
    if (Object.hasOwn(message.headers, "task")) show("out", message.body);
    return publish.call(transport, message, options);
  };
  return transport;
}

function nodeApp(broker: Broker, place: Isolation, queue: string): Celery {
  const registry = createRegistry();
  registry.register("models.Point", Point);
  const transport = broker === "amqp" ? amqp(place.amqp.url) : redis(place.redis(0).url);
  return new Celery({
    broker: watched(transport, (direction, body) => bytes("Node", direction === "in" ? "receives" : "sends", body)),
    backend: broker === "amqp" ? "rpc://" : redisBackend(place.redis(1).url),
    taskDefaultQueue: queue,
    taskSerializer: "pickle",
    resultSerializer: "pickle",
    acceptContent: ["pickle", "json"],
    registry,
    logger: {}, // what is refused is shown below
  });
}

export async function withServices(set: ServiceSet): Promise<void> {
  const { celery, python, rabbitmq } = set.versions;
  note(
    `Celery ${celery} on Python ${python}, RabbitMQ ${rabbitmq}, ${redisName(set.versions)}, Node ${process.versions.node}`,
  );
  const place = await set.isolate();
  await step("1. Python calls a Node task over RabbitMQ, the result comes back by rpc://", () =>
    pythonCallsNode(set, place, "amqp"),
  );
  await step("2. Python calls a Node task over Redis, the result comes back through Redis", () =>
    pythonCallsNode(set, place, "redis"),
  );
  await step("3. Node calls a Python task over RabbitMQ, with values of many types", () =>
    nodeCallsPython(set, place, "amqp"),
  );
  await step("4. Node calls a Python task over Redis, with values of many types", () =>
    nodeCallsPython(set, place, "redis"),
  );
  await step("5. A pickle that would run a command in Python is data to Node, and refused", () => hostile(place));
  await step("6. A cached value crosses both ways through Django's cache", () => sharedCache(set, place));
}

async function pythonCallsNode(set: ServiceSet, place: Isolation, broker: Broker): Promise<void> {
  const queue = place.name("node");
  const app = nodeApp(broker, place, queue);
  app.task<[readonly unknown[], Decimal], unknown>("shop.total", (context, lines, price) => {
    line("Node", "runs", `${context.name}(${JSON.stringify(lines)}, ${price}) for ${String(context.kwargs.customer)}`);
    return { lines: tuple(...lines), total: new Decimal("32.97"), at: new Point(1, 2) };
  });
  const worker = await app.worker({ mingle: false }).start();
  let client: PythonPeer | undefined;
  try {
    client = await set.python.spawn("celery_client.py", [], {
      env: {
        BROKER: broker === "amqp" ? place.amqp.pythonUrl : place.redis(0).pythonUrl,
        BACKEND: broker === "amqp" ? "rpc://" : place.redis(1).pythonUrl,
        QUEUE: queue,
        SERIALIZER: "pickle",
      },
    });
    const args = "([1, 2, 3], decimal.Decimal('10.99'))";
    line("Python", "calls", `shop.total.delay(*${args}, customer="Zoë")`);
    const from = performance.now();
    const id = await client.request<string>("send", { task: "shop.total", args, kwargs: "{'customer': 'Zoë'}" });
    const result = await client.request<Described>("get", { id });
    line("Python", ".get() gives", result.repr);
    line("", "round trip", `${(performance.now() - from).toFixed(1)} ms`);
    expectEqual(
      result.repr,
      "{'lines': (1, 2, 3), 'total': Decimal('32.97'), 'at': Point(x=1, y=2)}",
      "what Python got",
    );
  } finally {
    await client?.close();
    await worker.stop();
    await app.close();
  }
}

async function nodeCallsPython(set: ServiceSet, place: Isolation, broker: Broker): Promise<void> {
  const queue = place.name("python");
  const python = await set.python.celeryWorker({
    broker,
    backend: broker === "amqp" ? "rpc" : "redis",
    isolation: place,
    queue,
    pool: "solo",
  });
  const app = nodeApp(broker, place, queue);
  try {
    const values = [
      new PyDateTime(2026, 8, 1, 12, 30, 0, 250_000, TimeZone.utc),
      new Decimal("1.10"),
      UUID.from("12345678-1234-5678-1234-567812345678"),
      Buffer.from([0, 255]),
      tuple(1, "two"),
      new Set([1, 2]),
      2n ** 80n,
      new Point(3, 4),
    ];
    const seen = await (await app.sendTask<{ args: Described[] }>("types_of", { args: values })).get({
      timeoutMs: 60_000,
    });
    for (const [index, { repr }] of seen.args.entries()) line("Python", `argument ${index + 1}`, repr);
    expectEqual(seen.args.length, values.length, "arguments that Python saw");
    expectEqual(seen.args[7]!.repr, "Point(x=3, y=4)", "the instance of a registered class");

    const sum = await (await app.sendTask<number>("add", { args: [19, 23] })).get({ timeoutMs: 60_000 });
    line("Node", "add(19, 23)", String(sum));
    expectEqual(sum, 42, "the sum");

    const failure = await (await app.sendTask("fail", { args: ["no stock left"] })).get({ timeoutMs: 60_000 }).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(failure instanceof PyException)) throw new Error(`fail() gave ${String(failure)}`);
    const { traceback } = failure as PyException & { readonly traceback?: string };
    line("Node", "fail() throws", `${failure.constructor.name}: ${failure.message}`);
    line("", "traceback", (traceback ?? "").trim().split("\n").at(-1) ?? "");
    expectEqual(failure.message, "no stock left", "the error's message");
    if (!traceback?.includes("ValueError")) throw new Error("The error has no Python traceback");
  } finally {
    await app.close();
    await python.stop();
  }
}

async function hostile(place: Isolation): Promise<void> {
  const queue = place.name("hostile");
  const app = nodeApp("redis", place, queue);
  app.task("shop.total", () => "never reached");
  const worker = app.worker({ mingle: false });
  const refused = new Promise<string>((resolve) => {
    worker.on("badMessage", ({ error }) => resolve(error.message));
  });
  await worker.start();
  try {
    // What `os.system("touch /tmp/owned")` looks like to a pickle machine: a global, its arguments, and a call.
    const command = dumps(tuple("touch /tmp/owned"), { protocol: 2 }).subarray(2, -1);
    const body = Buffer.concat([Buffer.from("\x80\x02cos\nsystem\n", "latin1"), command, Buffer.from("R.")]);
    await app.transport.publish(
      {
        body,
        contentType: "application/x-python-serialize",
        contentEncoding: "binary",
        headers: { lang: "py", task: "shop.total", id: "hostile" },
        properties: { correlationId: "hostile", deliveryMode: 2 },
      },
      { exchange: "", routingKey: queue },
    );
    line("Node", "refuses", await refused);
    expectEqual(await app.transport.queueLength(queue), 0, "messages left in the queue");
  } finally {
    await worker.stop();
    await app.close();
  }
}

async function sharedCache(set: ServiceSet, place: Isolation): Promise<void> {
  const { url, pythonUrl } = place.redis(2);
  const cache = await set.python.spawn("django_cache.py");
  const client = new Redis(url);
  try {
    const kinds = await cache.request<string[]>("available");
    const kind = kinds.includes("django") ? "django" : "django-redis";
    note(
      kind === "django" ? "django.core.cache's RedisCache" : "django-redis (this Django has no Redis cache of its own)",
    );
    await cache.request("open", { name: "default", kind, url: pythonUrl });
    const py = pickled(client, { dialect: kind === "django" ? django() : djangoRedis() });

    await cache.request("set", {
      name: "default",
      key: "user:7",
      value: "{'name': 'Zoë', 'seen': datetime.date(2026, 8, 1)}",
    });
    line("Python", "cache.set", "user:7 = {'name': 'Zoë', 'seen': datetime.date(2026, 8, 1)}");
    bytes("Redis", ":1:user:7", (await client.getBuffer(":1:user:7")) ?? new Uint8Array());
    const user = await py.get<{ name: string; seen: unknown }>("user:7");
    line("Node", "get", `{ name: ${user?.name}, seen: ${String(user?.seen)} }`);
    expectEqual(`${user?.name} ${String(user?.seen)}`, "Zoë 2026-08-01", "what Node read");

    await py.set("visits", 41);
    await py.set("cart", { items: tuple("sku-1", "sku-2"), total: new Decimal("21.98") });
    bytes("Redis", ":1:cart", (await client.getBuffer(":1:cart")) ?? new Uint8Array());
    const cart = await cache.request<Described>("get", { name: "default", key: "cart" });
    line("Python", "cache.get", cart.repr);
    expectEqual(cart.repr, "{'items': ('sku-1', 'sku-2'), 'total': Decimal('21.98')}", "what Django read");
    const visits = await cache.request<number>("incr", { name: "default", key: "visits" });
    line("Python", "cache.incr", `visits = ${visits}, an integer that Node stored as digits`);
    expectEqual(visits, 42, "the counter");
  } finally {
    client.disconnect();
    await cache.close();
  }
}
