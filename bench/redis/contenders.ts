/** Who stores values, each over the same client of ioredis: by the driver alone, as pickles, as JSON, as msgpack. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { pickled, plain } from "@brine/redis-adapter";
import type { Redis } from "ioredis";
import { Packr } from "msgpackr";

export type Direction = "get" | "set";

/** What operations took. */
export interface Cost {
  readonly seconds: number;
  /** Of the client's process alone, in the kernel too: what is left for others. */
  readonly cpuSeconds: number;
}

export interface Contender {
  readonly name: string;
  /** Does `count` operations, `width` of them at a time. */
  run(direction: Direction, count: number, width: number): Promise<Cost>;
}

function contender(name: string, get: () => Promise<unknown>, set: () => Promise<unknown>): Contender {
  return {
    name,
    async run(direction, count, width) {
      const operation = direction === "get" ? get : set;
      const cpu = process.cpuUsage();
      const started = performance.now();
      for (let done = 0; done < count; done += width) {
        if (width === 1) await operation();
        else await Promise.all(Array.from({ length: width }, operation));
      }
      const seconds = (performance.now() - started) / 1000;
      const { user, system } = process.cpuUsage(cpu);
      return { seconds, cpuSeconds: (user + system) / 1e6 };
    },
  };
}

/** @param pipelining - a client with `enableAutoPipelining`: how ioredis itself sends many operations at a time */
export async function contenders(client: Redis, pipelining: Redis, value: unknown): Promise<Contender[]> {
  const py = pickled(client, { dialect: plain() });
  const bytes = Buffer.from(py.encode(value));
  const msgpack = new Packr();
  await client.set("raw", bytes);
  await py.set("pickle", value);
  await client.set("json", JSON.stringify(value));
  await client.set("msgpack", msgpack.pack(value));
  return [
    contender(
      "driver alone",
      () => client.getBuffer("raw"),
      () => client.set("raw", bytes),
    ),
    contender(
      "autopipelining",
      () => pipelining.getBuffer("raw"),
      () => pipelining.set("raw", bytes),
    ),
    contender(
      "Brine",
      () => py.get("pickle"),
      () => py.set("pickle", value),
    ),
    contender(
      "JSON",
      () => client.get("json").then((text) => JSON.parse(text!)),
      () => client.set("json", JSON.stringify(value)),
    ),
    contender(
      "msgpackr",
      () => client.getBuffer("msgpack").then((raw) => msgpack.unpack(raw!)),
      () => client.set("msgpack", msgpack.pack(value)),
    ),
  ];
}

/** redis-py and pickle, one operation at a time or as pipelines of `width`. */
const PYTHON = `
import json, pickle, sys, time
import redis
client = redis.Redis.from_url(sys.argv[1])
print(json.dumps({"CPython": sys.version.split()[0], "redis-py": redis.__version__}), flush=True)
for line in sys.stdin:
    direction, count, width = json.loads(line)
    value = pickle.loads(client.get("pickle"))
    cpu = time.process_time()
    started = time.perf_counter()
    for _ in range(0, count, width):
        if width == 1:
            if direction == "get": pickle.loads(client.get("pickle"))
            else: client.set("pickle", pickle.dumps(value, 4))
        else:
            pipe = client.pipeline(transaction=False)
            for _ in range(width):
                if direction == "get": pipe.get("pickle")
                else: pipe.set("pickle", pickle.dumps(value, 4))
            replies = pipe.execute()
            if direction == "get":
                for reply in replies: pickle.loads(reply)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "cpuSeconds": time.process_time() - cpu}), flush=True)
`;

export class RedisPy implements Contender {
  readonly name = "redis-py";
  readonly #child;
  readonly #lines: AsyncIterator<string>;
  versions: Readonly<Record<string, string>> = {};

  constructor(python: string, url: string) {
    this.#child = spawn(python, ["-c", PYTHON, url], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async start(): Promise<void> {
    this.versions = JSON.parse(await this.#next()) as Record<string, string>;
  }

  async run(direction: Direction, count: number, width: number): Promise<Cost> {
    this.#child.stdin.write(`${JSON.stringify([direction, count, width])}\n`);
    return JSON.parse(await this.#next()) as Cost;
  }

  close(): void {
    this.#child.stdin.end();
  }

  async #next(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("Python ended; it needs the package redis");
    return value;
  }
}
