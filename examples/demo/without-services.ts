/** The demo where no broker and no Python can be had: CPython compiled to WebAssembly, and an in-process broker. */
import { Celery, MemoryBroker, MemoryTransport } from "@brine/celery";
import { Decimal, dumps, loads, PyDateTime, TimeZone, tuple } from "@brine/codec";
import { loadPyodide } from "pyodide";
import { bytes, expectEqual, line, note, step } from "./output.js";

export async function withoutServices(): Promise<void> {
  note("No services here: this run uses CPython from npm (WebAssembly) and the broker memory:// inside this process.");
  note(
    "It leaves out RabbitMQ, Redis, Django and Python's own Celery: nothing crosses a network, nothing is persistent.",
  );
  const python = await loadPyodide();
  const version = python.runPython("import sys; sys.version.split()[0]") as string;
  note(`CPython ${version}, Node ${process.versions.node}`);
  python.runPython("import pickle, datetime, decimal, uuid");

  await step("1. Python pickles a task, a Node worker runs it, Python unpickles the result", async () => {
    const queue = "node";
    const broker = new MemoryBroker();
    const app = new Celery({
      broker: new MemoryTransport(broker),
      backend: "memory://",
      taskDefaultQueue: queue,
      taskSerializer: "pickle",
      resultSerializer: "pickle",
      acceptContent: ["pickle", "json"],
      logger: {}, // what is refused is shown below
    });
    app.task<[readonly unknown[], Decimal], unknown>("shop.total", (context, lines, price) => {
      line("Node", "runs", `${context.name}(${JSON.stringify(lines)}, ${price})`);
      return { lines: tuple(...lines), total: new Decimal("32.97") };
    });
    const worker = await app.worker({ mingle: false }).start();
    try {
      const body = pythonBytes(
        python,
        "pickle.dumps((([1, 2, 3], decimal.Decimal('10.99')), {}, {'callbacks': None, 'errbacks': None, 'chain': None, 'chord': None}), 4)",
      );
      bytes("Python", "publishes", body);
      await app.transport.publish(
        {
          body,
          contentType: "application/x-python-serialize",
          contentEncoding: "binary",
          headers: { lang: "py", task: "shop.total", id: "demo-1" },
          properties: { correlationId: "demo-1", deliveryMode: 2 },
        },
        { exchange: "", routingKey: queue },
      );
      const value = await app.result("demo-1").get({ timeoutMs: 30_000 });
      const shown = pythonRepr(python, dumps(value));
      line("Python", "result", shown);
      expectEqual(shown, "{'lines': (1, 2, 3), 'total': Decimal('32.97')}", "what Python got");
    } finally {
      await worker.stop();
      await app.close();
    }
  });

  await step("2. Values of many types, Node to Python and back", async () => {
    const value = {
      when: new PyDateTime(2026, 8, 1, 12, 30, 0, 250_000, TimeZone.utc),
      price: new Decimal("1.10"),
      raw: Buffer.from([0, 255]),
      pair: tuple(1, "two"),
      big: 2n ** 80n,
    };
    const data = dumps(value, { protocol: 5 });
    bytes("Node", "dumps", data);
    const shown = pythonRepr(python, data);
    line("Python", "loads", shown);
    give(python, data);
    const back = loads(pythonBytes(python, "pickle.dumps(pickle.loads(data), 5)")) as typeof value;
    line("Node", "loads", `${back.when} ${back.price} ${back.big}`);
    expectEqual(`${back.price} ${back.big}`, `1.10 ${2n ** 80n}`, "what came back");
  });
}

type Python = Awaited<ReturnType<typeof loadPyodide>>;

/** Sets Python's `data` to these bytes. */
function give(python: Python, data: Uint8Array): void {
  python.globals.set("encoded", Buffer.from(data).toString("base64"));
  python.runPython("import base64; data = base64.b64decode(encoded)");
}

function pythonBytes(python: Python, expression: string): Uint8Array {
  const proxy = python.runPython(expression) as { toJs(): Uint8Array; destroy(): void };
  const copy = Uint8Array.from(proxy.toJs());
  proxy.destroy();
  return copy;
}

function pythonRepr(python: Python, data: Uint8Array): string {
  give(python, data);
  return python.runPython("repr(pickle.loads(data))") as string;
}
