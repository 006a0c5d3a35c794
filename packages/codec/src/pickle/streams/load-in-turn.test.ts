import { createReadStream } from "node:fs";
import { appendFile, type FileHandle, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, PassThrough, Readable, Writable } from "node:stream";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { dump, dumps } from "../api-dump.js";
import { load, loadAll } from "../api-load.js";

const LARGE = "large".repeat(600_000);
const PROTOCOLS = [0, 1, 2, 3, 4, 5] as const;

/** Small ones that share a chunk, and one that no chunk holds. */
const VALUES = [1, "two", [3], LARGE, { four: 4 }, null, "last"];
const PICKLES = VALUES.map((value, i) => dumps(value, { protocol: PROTOCOLS[i % 6] }));
const ALL = Buffer.concat(PICKLES);

/** A pickle of a class that nobody registered. */
const UNKNOWN = Buffer.from("cshop\nBasket\n.");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "brine-turn-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function loadEach(file: FileHandle | Readable, count: number): Promise<unknown[]> {
  const values: unknown[] = [];
  for (let i = 0; i < count; i++) values.push(await load(file));
  return values;
}

const EMPTY = { name: "UnpicklingError", code: "truncated", offset: 0 };

describe("load() on one FileHandle", () => {
  const opened: FileHandle[] = [];
  async function handleOn(name: string, content: Uint8Array, flags = "r"): Promise<FileHandle> {
    await writeFile(join(folder, name), content);
    const handle = await open(join(folder, name), flags);
    opened.push(handle);
    return handle;
  }
  afterEach(async () => {
    for (const handle of opened.splice(0)) await handle.close();
  });

  it("reads one pickle after another, and leaves the handle open", async () => {
    const handle = await handleOn("each", ALL);
    expect(await loadEach(handle, VALUES.length)).toStrictEqual(VALUES);
    await expect(load(handle)).rejects.toMatchObject(EMPTY);
    expect((await handle.stat()).size).toBe(ALL.length);
  });

  it("starts at the handle's position", async () => {
    const handle = await handleOn("header", Buffer.concat([Buffer.from("#pickles\n"), ALL]));
    await handle.read(Buffer.alloc(9), 0, 9, null);
    expect(await load(handle)).toBe(1);
    const other = await open(join(folder, "header"));
    opened.push(other);
    await expect(load(other)).rejects.toMatchObject({ code: "unknown-opcode", offset: 0 });
  });

  it("goes on from load to loadAll and back", async () => {
    const handle = await handleOn("mixed", ALL);
    expect(await load(handle)).toBe(1);
    const some: unknown[] = [];
    for await (const value of loadAll(handle)) if (some.push(value) === 3) break;
    expect(some).toStrictEqual(VALUES.slice(1, 4));
    expect(await load(handle)).toStrictEqual(VALUES[4]);
    const rest: unknown[] = [];
    for await (const value of loadAll(handle)) rest.push(value);
    expect(rest).toStrictEqual(VALUES.slice(5));
  });

  it("gives calls at the same time a pickle each", async () => {
    const handle = await handleOn("concurrent", ALL);
    expect(await Promise.all(VALUES.map(() => load(handle)))).toStrictEqual(VALUES);
  });

  it("goes on behind a pickle that cannot be decoded, and stays before bytes that are none", async () => {
    const handle = await handleOn("bad", Buffer.concat([UNKNOWN, dumps(2), Buffer.from("\xff\xff", "latin1")]));
    await expect(load(handle)).rejects.toMatchObject({ code: "unregistered-global" });
    expect(await load(handle)).toBe(2);
    for (let i = 0; i < 2; i++) await expect(load(handle)).rejects.toMatchObject({ code: "unknown-opcode", offset: 0 });
  });

  it("keeps the start of a pickle until the file has grown", async () => {
    const pickle = dumps("grown", { protocol: 2 });
    const handle = await handleOn("grows", Buffer.concat([dumps(1), pickle.subarray(0, 5)]));
    expect(await load(handle)).toBe(1);
    for (let i = 0; i < 2; i++) await expect(load(handle)).rejects.toMatchObject({ code: "truncated", offset: 2 });
    await appendFile(join(folder, "grows"), pickle.subarray(5));
    expect(await load(handle)).toBe("grown");
  });

  it("applies each call's own limits", async () => {
    const handle = await handleOn("limits", dumps(LARGE));
    await expect(load(handle, { limits: { maxBytes: 1000 } })).rejects.toMatchObject({ code: "limit-exceeded" });
    expect(await load(handle)).toStrictEqual(LARGE);
  });

  it("does not read a closed handle, not even what was kept of it", async () => {
    const handle = await handleOn("closed", ALL);
    expect(await load(handle)).toBe(1);
    await handle.close();
    await expect(load(handle)).rejects.toMatchObject({ code: "bad-file" });
  });

  it("refuses to write where the next pickle to read may be", async () => {
    const handle = await handleOn("update", Buffer.concat([dumps(1), dumps(2)]), "r+");
    await load(handle);
    await expect(dump(3, handle)).rejects.toMatchObject({ name: "PicklingError", code: "bad-file" });
    await load(handle);
    await dump(3, handle);
    expect(await readFile(join(folder, "update"))).toStrictEqual(Buffer.concat([dumps(1), dumps(2), dumps(3)]));
  });
});

describe("load() on one Readable", () => {
  async function* inChunks(size: number): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < ALL.length; i += size) yield ALL.subarray(i, i + size);
  }

  it.each([
    ["a file", () => createReadStream(join(folder, "stream"))],
    ["one chunk", () => Readable.from([ALL])],
    ["chunks of 100000", () => Readable.from(inChunks(100_000))],
    ["pickles", () => Readable.from(PICKLES)],
    ["bytes, not objects", () => Readable.from(inChunks(50_000), { objectMode: false })],
    ["a stream that has ended writing", () => new PassThrough().end(ALL)],
  ])("reads one pickle after another: %s", async (_name, streamOf) => {
    await writeFile(join(folder, "stream"), ALL);
    const stream = streamOf();
    expect(await loadEach(stream, VALUES.length)).toStrictEqual(VALUES);
    await expect(load(stream)).rejects.toMatchObject(EMPTY);
    await expect(load(stream)).rejects.toMatchObject(EMPTY);
  });

  it("leaves the rest to whoever reads next", async () => {
    const stream = Readable.from([Buffer.concat([dumps(1), Buffer.from("and "), dumps(2)]), Buffer.from("text")]);
    expect(await load(stream)).toBe(1);
    expect(stream.destroyed).toBe(false);
    expect(Buffer.concat(await stream.toArray()).toString("latin1")).toBe(
      `and ${Buffer.from(dumps(2)).toString("latin1")}text`,
    );

    const another = Readable.from([ALL]);
    expect(await load(another)).toBe(1);
    const rest: unknown[] = [];
    for await (const value of loadAll(another)) rest.push(value);
    expect(rest).toStrictEqual(VALUES.slice(1));
  });

  it("takes what arrives while nobody loads", async () => {
    const stream = new PassThrough();
    const first = load(stream);
    stream.write(PICKLES[0]!);
    expect(await first).toBe(1);
    stream.end(Buffer.concat([PICKLES[1]!, PICKLES[2]!]));
    expect(await Promise.all([load(stream), load(stream)])).toStrictEqual(["two", [3]]);
  });

  it("says where a stream ends inside a pickle, or how it broke", async () => {
    const cut = Readable.from([dumps(1), Buffer.from("\x80\x02X\x05\0\0\0ab", "latin1")]);
    expect(await load(cut)).toBe(1);
    await expect(load(cut)).rejects.toMatchObject({ code: "truncated", offset: 2, opcode: "BINUNICODE" });

    const broken = new PassThrough();
    const waiting = load(broken);
    broken.destroy(new Error("reset by peer"));
    await expect(waiting).rejects.toMatchObject({
      code: "bad-file",
      message: expect.stringContaining("reset by peer"),
    });
    await expect(load(broken)).rejects.toMatchObject({ code: "bad-file" });

    const closed = new PassThrough();
    const pending = load(closed);
    closed.destroy();
    await expect(pending).rejects.toMatchObject({ code: "bad-file" });
    await expect(load(closed)).rejects.toMatchObject({ code: "bad-file" });

    await expect(load(Readable.from(["text"]))).rejects.toMatchObject({ code: "bad-file" });
  });

  it("leaves no listener behind", async () => {
    const stream = Readable.from(inChunks(100_000));
    await loadEach(stream, 3);
    expect(["readable", "end", "error", "close"].map((event) => stream.listenerCount(event))).toEqual(
      ["readable", "end", "error", "close"].map((event) => Readable.from([]).listenerCount(event)),
    );
  });
});

describe("load() and dump() on one socket", () => {
  const socket = () => {
    const written: Buffer[] = [];
    const stream = new Duplex({
      read: () => undefined,
      write: (chunk, _encoding, done) => {
        written.push(chunk);
        done();
      },
    });
    return { stream, written };
  };

  it("writes a request while the answer is waited for", async () => {
    const { stream, written } = socket();
    const answer = load(stream);
    await dump("request", stream);
    expect(Buffer.concat(written).equals(dumps("request"))).toBe(true);
    stream.push(dumps("answer"));
    expect(await answer).toBe("answer");
  });
});

describe("a stream that fails while it is read", () => {
  it("rejects, and ends no process for want of somebody who listens", async () => {
    const bytes = dumps("x".repeat(1000));
    const chunks = [bytes.subarray(0, 500)];
    const stream = new Readable({
      read() {
        const chunk = chunks.shift();
        if (chunk === undefined) this.destroy(new Error("the disk is gone"));
        else this.push(chunk);
      },
    });
    const isClosed = new Promise((resolve) => stream.on("close", resolve));
    await expect(load(stream)).rejects.toMatchObject({
      code: "bad-file",
      message: "Cannot read pickles: the disk is gone",
    });
    // With nobody who listens to its error, a stream throws that and never says that it is closed.
    await isClosed;
    expect(stream.listenerCount("error")).toBe(0);
  });
});

describe("a web stream", () => {
  it("that is closed takes no pickle, and says so", async () => {
    const stream = new WritableStream();
    await stream.close();
    await expect(dump(1, stream)).rejects.toMatchObject({
      code: "bad-file",
      message: "Cannot write the pickle: the stream is closed",
    });
    expect(stream.locked).toBe(false);
  });

  it("gives its first pickle to load, and all to loadAll", async () => {
    const streamOf = () => new Blob([ALL]).stream();
    const stream = streamOf();
    expect(await load(stream)).toBe(1);
    await expect(load(stream)).rejects.toMatchObject({ name: "UnpicklingError", code: "truncated" });
    const values: unknown[] = [];
    for await (const value of loadAll(streamOf())) values.push(value);
    expect(values).toStrictEqual(VALUES);
  });

  it("gives load a whole pickle when it breaks behind it, or cannot be cancelled", async () => {
    const one = dumps([1]);
    let reads = 0;
    const broken = new ReadableStream({
      pull(controller) {
        if (reads++ === 0) controller.enqueue(one);
        else controller.error(new Error("reset by peer"));
      },
    });
    const stubborn = new ReadableStream({
      start: (controller) => controller.enqueue(one),
      cancel: () => Promise.reject(new Error("no")),
    });
    for (const stream of [broken, stubborn]) {
      expect(await load(stream)).toEqual([1]);
      expect(stream.locked).toBe(false);
    }
  });

  describe("whose cancel never answers, or throws", () => {
    const CANCELS: [string, () => Promise<void>][] = [
      ["never answers", () => new Promise(() => undefined)],
      [
        "throws",
        () => {
          throw new Error("no");
        },
      ],
    ];
    const streamOf = (chunk: unknown, cancel: () => Promise<void>) =>
      new ReadableStream({ start: (controller) => controller.enqueue(chunk), cancel });

    it.each(CANCELS)("%s: gives its pickle, or its error, and its lock", async (_what, cancel) => {
      const good = streamOf(dumps([1]), cancel);
      expect(await load(good)).toEqual([1]);
      const tooLong = streamOf(dumps("x".repeat(100)), cancel);
      await expect(load(tooLong, { limits: { maxBytes: 10 } })).rejects.toMatchObject({ code: "limit-exceeded" });
      const noBytes = streamOf("text", cancel);
      await expect(load(noBytes)).rejects.toMatchObject({ code: "bad-file" });
      const left = streamOf(Buffer.concat([dumps([1]), dumps([2])]), cancel);
      for await (const value of loadAll(left)) {
        expect(value).toEqual([1]);
        break;
      }
      for (const stream of [good, tooLong, noBytes, left]) expect(stream.locked).toBe(false);
    });

    it.each(CANCELS)("%s: gives its lock at an abort", async (_what, cancel) => {
      const stream = streamOf(dumps([1]).subarray(0, 3), cancel);
      const controller = new AbortController();
      const loading = load(stream, { signal: controller.signal });
      setImmediate(() => controller.abort("enough"));
      await expect(loading).rejects.toBe("enough");
      await new Promise(setImmediate);
      expect(stream.locked).toBe(false);
    });

    it("of somebody's own making: throws at once", async () => {
      const chunks = [dumps([1])];
      let isLocked = false;
      const stream = {
        getReader: () => {
          isLocked = true;
          return {
            read: async () => ({ done: chunks.length === 0, value: chunks.shift() }),
            cancel: (): Promise<void> => {
              throw new Error("no");
            },
            releaseLock: () => {
              isLocked = false;
            },
          };
        },
      };
      expect(await load(stream)).toEqual([1]);
      expect(isLocked).toBe(false);
    });
  });
});

describe("dump() on one sink", () => {
  it("appends to a FileHandle, a Writable and a web stream, in the order of the calls", async () => {
    // Large bytes are written as a chunk of their own, between which another pickle could come.
    const values = [Buffer.alloc(200_000, "a"), 2, Buffer.alloc(300_000, "b"), "four"];
    const all = Buffer.concat(values.map((value) => dumps(value)));
    const path = join(folder, "appended");
    const handle = await open(path, "w");
    await Promise.all(values.map((value) => dump(value, handle)));
    await handle.close();
    expect(Buffer.compare(await readFile(path), all)).toBe(0);

    const taken: Uint8Array[] = [];
    const writable = new Writable({ write: (chunk, _encoding, done) => setImmediate(done, void taken.push(chunk)) });
    await Promise.all(values.map((value) => dump(value, writable)));
    expect(writable.writableEnded).toBe(false);
    expect(Buffer.compare(Buffer.concat(taken), all)).toBe(0);

    const written: Uint8Array[] = [];
    const web = new WritableStream<Uint8Array>({ write: (chunk) => void written.push(chunk) });
    await Promise.all(values.map((value) => dump(value, web)));
    expect(Buffer.compare(Buffer.concat(written), all)).toBe(0);
  });
});
