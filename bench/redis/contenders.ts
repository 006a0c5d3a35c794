/** Who stores values, each over the same client of ioredis: by the driver alone, as pickles, as JSON, as msgpack. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { pickled, plain } from "@brine/redis-adapter";
import type { Redis } from "ioredis";
import { Packr } from "msgpackr";

export type Direction = "get" | "set";

export interface Contender {
  readonly name: string;
  /** Seconds that `count` operations took, `width` of them at a time. */
  time(direction: Direction, count: number, width: number): Promise<number>;
}

function contender(name: string, get: () => Promise<unknown>, set: () => Promise<unknown>): Contender {
  return {
    name,
    async time(direction, count, width) {
      const run = direction === "get" ? get : set;
      const started = performance.now();
      for (let done = 0; done < count; done += width) {
        if (width === 1) await run();
        else await Promise.all(Array.from({ length: width }, run));
      }
      return (performance.now() - started) / 1000;
    },
  };
}

export async function contenders(client: Redis, value: unknown): Promise<Contender[]> {
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
      "Brine",
      () => py.get("pickle"),
      () => py.set("pickle", value),
    ),
    contender(
      "JSON",
      async () => JSON.parse((await client.get("json"))!),
      () => client.set("json", JSON.stringify(value)),
    ),
    contender(
      "msgpackr",
      async () => msgpack.unpack((await client.getBuffer("msgpack"))!),
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
    print(json.dumps(time.perf_counter() - started), flush=True)
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

  async time(direction: Direction, count: number, width: number): Promise<number> {
    this.#child.stdin.write(`${JSON.stringify([direction, count, width])}\n`);
    return JSON.parse(await this.#next()) as number;
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
