import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UnpicklingError } from "../errors.js";
import { load, loadAll } from "./api-load.js";
import type { PickleSource } from "./streams/sources.js";
import { VECTORS } from "./unpickler/unpickler.vectors.js";

const FIRST = Buffer.from("80049517000000000000008c016194284b014b0247400000000000000058000000007494302e", "hex");

/** Pickles of every kind of argument, back to back. */
const PICKLES = VECTORS.flatMap((vector) => vector.pickles.map((pickle) => Buffer.from(pickle, "base64")));
const ALL = Buffer.concat(PICKLES);

async function collect(source: PickleSource, options?: Parameters<typeof loadAll>[1]): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of loadAll(source, options)) values.push(value);
  return values;
}

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

async function failure(run: () => Promise<unknown>): Promise<UnpicklingError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof UnpicklingError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("load() and loadAll()", () => {
  let directory: string;
  let path: string;
  let expected: unknown[];
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "brine-load-"));
    path = join(directory, "all.pickle");
    await writeFile(path, ALL);
    expected = await collect(ALL);
  });
  afterAll(() => rm(directory, { recursive: true }));

  test("find the same pickles however the stream is cut", async () => {
    expect(expected).toHaveLength(PICKLES.length);
    for (const size of [1, 2, 3, 7, 100, 4096]) {
      expect(await collect(inChunks(ALL, size))).toStrictEqual(expected);
    }
  });

  test("read a path, a URL, a FileHandle, a Readable, a ReadableStream, an iterable and bytes", async () => {
    const handle = await open(path);
    const sources: PickleSource[] = [
      path,
      pathToFileURL(path),
      handle,
      Readable.from(inChunks(ALL, 50)),
      Readable.toWeb(Readable.from(inChunks(ALL, 50))) as unknown as AsyncIterable<Uint8Array>,
      [ALL],
      ALL.buffer.slice(ALL.byteOffset, ALL.byteOffset + ALL.length) as ArrayBuffer,
    ];
    for (const source of sources) expect(await collect(source)).toStrictEqual(expected);
    await handle.close();
    expect(await load(path)).toStrictEqual(expected[0]);
  });

  test("read no more than was asked for, and close the source", async () => {
    let given = 0;
    let isClosed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          given++;
          yield Buffer.from("K\x01.");
        }
      } finally {
        isClosed = true;
      }
    }
    const values: unknown[] = [];
    for await (const value of loadAll(endless())) {
      values.push(value);
      expect(given).toBe(values.length);
      if (values.length === 3) break;
    }
    expect(isClosed).toBe(true);
  });

  test("a chunk may be reused by its source", async () => {
    const chunk = Buffer.alloc(3);
    async function* reused(): AsyncGenerator<Uint8Array> {
      for (const text of ["C\x04a", "bcd", ".K\x05", "..."]) {
        chunk.write(text, "latin1");
        yield chunk.subarray(0, text.length);
        chunk.fill(0);
      }
    }
    const iterator = loadAll(reused());
    expect((await iterator.next()).value).toStrictEqual(Buffer.from("abcd"));
    expect((await iterator.next()).value).toBe(5);
    await iterator.return();
  });

  test("a stream that ends inside a pickle says what is missing", async () => {
    const error = await failure(() => collect(inChunks(Buffer.from("K\x01.X\x05\0\0\0ab", "latin1"), 2)));
    expect([error.code, error.offset, error.opcode]).toEqual(["truncated", 0, "BINUNICODE"]);
    expect((await failure(() => load([]))).code).toBe("truncated");
    expect((await failure(() => load(inChunks(FIRST.subarray(0, 20), 4)))).code).toBe("truncated");
  });

  test("garbage and too long pickles are refused at once", async () => {
    async function* endless(first: string): AsyncGenerator<Uint8Array> {
      yield Buffer.from(first, "latin1");
      for (;;) yield Buffer.alloc(1000, "N");
    }
    expect((await failure(() => load(endless("\xff")))).code).toBe("unknown-opcode");
    for (const size of [1, 7, FIRST.length]) {
      const bounded = (maxBytes: number) => load(inChunks(FIRST, size), { limits: { maxBytes } });
      await expect(bounded(FIRST.length)).resolves.toBeDefined();
      expect((await failure(() => bounded(FIRST.length - 1))).limit?.name).toBe("maxBytes");
    }
    const options = { limits: { maxBytes: 5000 } };
    expect((await failure(() => load(endless("N"), options))).limit?.name).toBe("maxBytes");
    expect((await failure(() => load(endless("B\xff\xff\xff\xff"), options))).limit?.name).toBe("maxBytes");
    expect((await failure(() => load(endless("V"), options))).limit?.name).toBe("maxBytes");
  });

  test("what cannot be read from is bad-file", async () => {
    expect((await failure(() => load(join(directory, "absent")))).code).toBe("bad-file");
    expect((await failure(() => load(5 as never))).code).toBe("bad-file");
    expect((await failure(() => load(["text"] as never))).code).toBe("bad-file");
    // Each has some of what a Readable of Node has, and none is one.
    for (const half of [{ read: () => null }, { readableEnded: false, off: () => undefined }, null]) {
      const error = await failure(() => load(half as never));
      expect([error.code, error.message]).toEqual(["bad-file", expect.stringContaining("Cannot read pickles from")]);
    }
  });
});
