/** What an `AbortSignal` does to `dump`, `load` and `loadAll`, and to what they read from and write to. */
import { execFileSync } from "node:child_process";
import { getEventListeners } from "node:events";
import { constants } from "node:fs";
import { type FileHandle, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext } from "vitest";
import { dump, dumps } from "../api-dump.js";
import { load, loadAll } from "../api-load.js";

const REASON = new Error("took too long");
const ONE = dumps("one");
const TWO = dumps(["two", "three"]);
const HALF = TWO.subarray(0, 6);

/** A value that is written as three chunks. */
const IN_CHUNKS = [1, Buffer.alloc(100_000, "a"), 2];

let controller = new AbortController();
let signal = controller.signal;
beforeEach(() => {
  controller = new AbortController();
  signal = controller.signal;
});

/** Aborts once what was begun waits. */
async function abortSoon(): Promise<void> {
  await sleep(5);
  controller.abort(REASON);
}

const EVENTS = ["readable", "data", "end", "error", "close", "drain", "finish"];
function listenersOf(stream: Readable | Writable): number[] {
  return EVENTS.map((event) => stream.listenerCount(event));
}

function expectNoListenerLeft(): void {
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
}

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "brine-abort-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Skips the test where there are none. */
function namedPipe(name: string, context: TestContext): string {
  context.skip(
    process.platform === "win32",
    "Windows has no named pipes that are files, with which a read or write waits",
  );
  const path = join(folder, name);
  execFileSync("mkfifo", [path]);
  return path;
}

describe("an AbortSignal that aborted before the call", () => {
  it("is thrown before anything is touched", async () => {
    controller.abort(REASON);
    const source = Readable.from([ONE]);
    await expect(load(source, { signal })).rejects.toBe(REASON);
    await expect(loadAll(source, { signal }).next()).rejects.toBe(REASON);
    expect(await load(source)).toBe("one");

    const web = new Blob([ONE]).stream();
    await expect(load(web, { signal })).rejects.toBe(REASON);
    expect(await load(web)).toBe("one");

    const path = join(folder, "never");
    const taken: unknown[] = [];
    const sink = new Writable({ write: (chunk, _encoding, done) => done(void taken.push(chunk)) });
    const webSink = new WritableStream({ write: (chunk) => void taken.push(chunk) });
    for (const file of [path, sink, webSink]) await expect(dump(1, file, { signal })).rejects.toBe(REASON);
    await expect(readFile(path)).rejects.toMatchObject({ code: "ENOENT" });
    await dump(1, sink);
    await dump(1, webSink);
    expect(taken).toHaveLength(2);
  });

  it("passes on any reason as it is", async () => {
    await expect(load([ONE], { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    await expect(load([ONE], { signal: AbortSignal.abort("a word") })).rejects.toBe("a word");
    await expect(load([ONE], { signal: AbortSignal.abort(null) })).rejects.toBe(null);
    await expect(load(new PassThrough(), { signal: AbortSignal.timeout(5) })).rejects.toMatchObject({
      name: "TimeoutError",
    });
  });
});

describe("the option signal", () => {
  it("is refused when it is none", async () => {
    for (const wrong of [null, 1, {}, controller]) {
      const options = { signal: wrong as never };
      for (const call of [load([ONE], options), loadAll([ONE], options).next(), dump(1, join(folder, "no"), options)]) {
        await expect(call).rejects.toMatchObject({ name: "PickleError", code: "bad-option" });
      }
    }
  });

  it("changes nothing when it does not abort, and is left alone", async () => {
    const sources = [Readable.from([ONE, TWO]), new Blob([ONE, TWO]).stream(), [ONE, TWO]];
    for (const source of sources) {
      const values: unknown[] = [];
      for await (const value of loadAll(source, { signal })) values.push(value);
      expect(values).toEqual(["one", ["two", "three"]]);
    }
    expect(await load(Readable.from([ONE]), { signal })).toBe("one");
    const path = join(folder, "fine");
    const handle = await open(path, "w+");
    await dump(IN_CHUNKS, handle, { signal });
    await handle.close();
    expect(await load(path, { signal })).toEqual(IN_CHUNKS);
    await dump(IN_CHUNKS, path, { signal });
    await dump(IN_CHUNKS, new WritableStream(), { signal });
    await dump(IN_CHUNKS, new PassThrough().resume(), { signal });
    expectNoListenerLeft();
  });
});

describe("load() of a source that gives nothing more", () => {
  it("gives a Readable back what was read of the pickle", async () => {
    for (const objectMode of [false, true]) {
      const source = new PassThrough({ objectMode });
      const before = listenersOf(source);
      source.write(HALF.subarray(0, 2));
      source.write(HALF.subarray(2));
      const waiting = load(source, { signal });
      void abortSoon();
      await expect(waiting).rejects.toBe(REASON);
      expect(source.destroyed).toBe(false);
      expect(listenersOf(source)).toEqual(before);
      expectNoListenerLeft();
      source.end(Buffer.concat([TWO.subarray(HALF.length), ONE]));
      expect(await load(source)).toEqual(["two", "three"]);
      expect(await load(source)).toBe("one");
      controller = new AbortController();
      signal = controller.signal;
    }
  });

  it("leaves the line of those who wait for one Readable, and not the others", async () => {
    const source = new PassThrough();
    const first = load(source);
    const second = load(source, { signal });
    const third = load(source);
    void abortSoon();
    await expect(second).rejects.toBe(REASON);
    source.write(ONE);
    source.write(TWO);
    expect(await first).toBe("one");
    expect(await third).toEqual(["two", "three"]);
    expectNoListenerLeft();
  });

  it("cancels a web stream with the reason, and waits for no answer", async () => {
    let cancelled: unknown;
    const source = new ReadableStream<Uint8Array>({
      start: (control) => control.enqueue(HALF),
      cancel(reason) {
        cancelled = reason;
        return new Promise(() => undefined);
      },
    });
    const waiting = load(source, { signal });
    void abortSoon();
    await expect(waiting).rejects.toBe(REASON);
    await sleep(0);
    expect(cancelled).toBe(REASON);
    expect(source.locked).toBe(false);
    expectNoListenerLeft();
  });

  it("tells an iterator to end, and waits for no answer", async () => {
    let isEnded = false;
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return() {
          isEnded = true;
          return new Promise(() => undefined);
        },
      }),
    };
    const waiting = load(source, { signal });
    void abortSoon();
    await expect(waiting).rejects.toBe(REASON);
    expect(isEnded).toBe(true);
    expectNoListenerLeft();
  });

  it("keeps for the next call what a FileHandle gives too late", async (context) => {
    const path = namedPipe("read-handle", context);
    const writer = open(path, "w");
    const reader = await open(path, "r");
    const writing: FileHandle = await writer;
    try {
      await writing.write(HALF);
      const waiting = load(reader, { signal });
      void abortSoon();
      await expect(waiting).rejects.toBe(REASON);
      expectNoListenerLeft();
      const next = load(reader);
      await writing.write(Buffer.concat([TWO.subarray(HALF.length), ONE]));
      expect(await next).toEqual(["two", "three"]);
      expect(await load(reader)).toBe("one");
    } finally {
      await writing.close();
      await reader.close();
    }
  });

  it("closes the file of a path, also one that is still being opened", async (context) => {
    const path = namedPipe("read-path", context);
    const waiting = load(path, { signal });
    void abortSoon();
    await expect(waiting).rejects.toBe(REASON);
    expectNoListenerLeft();
    // Opening ends as soon as somebody writes; the writer then learns that nobody reads.
    const writer = await open(path, "w");
    try {
      await expect(
        (async () => {
          for (;;) {
            await writer.write(ONE);
            await sleep(2);
          }
        })(),
      ).rejects.toMatchObject({ code: "EPIPE" });
    } finally {
      await writer.close();
    }
  });
});

describe("loadAll()", () => {
  async function take(source: Parameters<typeof loadAll>[0]): Promise<unknown[]> {
    const values: unknown[] = [];
    await expect(
      (async () => {
        for await (const value of loadAll(source, { signal })) {
          values.push(value);
          void abortSoon();
        }
      })(),
    ).rejects.toBe(REASON);
    expectNoListenerLeft();
    return values;
  }

  it("destroys a Readable that it waits for, with the reason", async () => {
    const source = new PassThrough();
    source.write(ONE);
    expect(await take(source)).toEqual(["one"]);
    expect(source.destroyed).toBe(true);
    expect(source.errored).toBe(REASON);
    expectNoListenerLeft();
  });

  it("cancels a web stream", async () => {
    let cancelled: unknown;
    const source = new ReadableStream<Uint8Array>({
      start: (control) => control.enqueue(ONE),
      cancel(reason) {
        cancelled = reason;
      },
    });
    expect(await take(source)).toEqual(["one"]);
    expect(cancelled).toBe(REASON);
    expect(source.locked).toBe(false);
  });

  it("stops between two pickles of one chunk", async () => {
    const source = new PassThrough();
    source.end(Buffer.concat([ONE, TWO]));
    const values = loadAll(source, { signal });
    expect(await values.next()).toMatchObject({ value: "one" });
    controller.abort(REASON);
    await expect(values.next()).rejects.toBe(REASON);
    expect(await values.next()).toEqual({ done: true, value: undefined });
    expect(source.destroyed).toBe(true);
    expectNoListenerLeft();
  });

  it("leaves a FileHandle behind the last pickle", async () => {
    const path = join(folder, "all");
    const writer = await open(path, "w");
    for (const value of [1, 2, 3]) await dump(value, writer);
    await writer.close();
    const handle = await open(path);
    try {
      for await (const value of loadAll(handle, { signal })) if (value === 1) controller.abort(REASON);
      expect.unreachable();
    } catch (error) {
      expect(error).toBe(REASON);
      expect(await load(handle)).toBe(2);
    } finally {
      await handle.close();
    }
    expectNoListenerLeft();
  });
});

describe("dump() to a sink that takes nothing more", () => {
  it("destroys a Writable that has a part of the pickle, with the reason", async () => {
    const errors: unknown[] = [];
    const sink = new Writable({ write: () => undefined });
    const before = listenersOf(sink);
    const closed = new Promise((resolve) => sink.on("close", resolve));
    sink.once("error", (error) => errors.push(error));
    const waiting = dump(IN_CHUNKS, sink, { signal });
    void abortSoon();
    await expect(waiting).rejects.toBe(REASON);
    expect(sink.destroyed).toBe(true);
    expect(sink.errored).toBe(REASON);
    await closed;
    expect(errors).toEqual([REASON]);
    sink.removeAllListeners();
    expect(listenersOf(sink)).toEqual(before);
    expectNoListenerLeft();
    await expect(dump(1, sink)).rejects.toMatchObject({ code: "bad-file" });
  });

  it("leaves no listener at a Writable, and ends no process that listens to no error", async () => {
    const sink = new Writable({ write: () => undefined });
    const waiting = dump(1, sink, { signal });
    void abortSoon();
    await expect(waiting).rejects.toBe(REASON);
    await sleep(0);
    expect(sink.closed).toBe(true);
    expect(listenersOf(sink)).toEqual(EVENTS.map(() => 0));
  });

  it("leaves a Writable that has taken the whole pickle", async () => {
    const sink = new PassThrough().resume();
    const write = sink.write.bind(sink);
    const taken = (chunk: Uint8Array, done: (error?: Error | null) => void): boolean =>
      write(chunk, (error) => {
        done(error);
        controller.abort(REASON);
      });
    await dump(1, Object.assign(sink, { write: taken }), { signal });
    expect(signal.aborted).toBe(true);
    expect(sink.destroyed).toBe(false);
    expectNoListenerLeft();
  });

  it("leaves a sink that another pickle holds up, with nothing of its own", async () => {
    let release: () => void = () => undefined;
    const taken: Uint8Array[] = [];
    const write = (chunk: Uint8Array): Promise<void> => {
      taken.push(chunk);
      return taken.length > 1 ? Promise.resolve() : new Promise((resolve) => (release = resolve));
    };
    const node = new Writable({ write: (chunk, _encoding, done) => void write(chunk).then(() => done()) });
    for (const sink of [node, new WritableStream({ write })]) {
      controller = new AbortController();
      signal = controller.signal;
      taken.length = 0;
      const first = dump("first", sink);
      const second = dump("second", sink, { signal });
      const third = dump("third", sink);
      void abortSoon();
      await expect(second).rejects.toBe(REASON);
      release();
      await Promise.all([first, third]);
      expect(Buffer.concat(taken)).toEqual(Buffer.concat([dumps("first"), dumps("third")]));
      expectNoListenerLeft();
    }
  });

  it("aborts a web stream with the reason, and waits for no answer", async () => {
    let told: AbortSignal | undefined;
    const sink = new WritableStream<Uint8Array>({
      start(control) {
        told = (control as { signal?: AbortSignal }).signal;
      },
      write: () => new Promise(() => undefined),
    });
    const waiting = dump(IN_CHUNKS, sink, { signal });
    void abortSoon();
    await expect(waiting).rejects.toBe(REASON);
    expect(told?.reason).toBe(REASON);
    expect(sink.locked).toBe(false);
    expectNoListenerLeft();
    await expect(dump(1, sink)).rejects.toMatchObject({ code: "bad-file" });
  });

  it("leaves a web stream that never was ready as it was", async () => {
    const sink = new WritableStream<Uint8Array>({ start: () => new Promise(() => undefined) }, { highWaterMark: 0 });
    const waiting = dump(1, sink, { signal });
    void abortSoon();
    await expect(waiting).rejects.toBe(REASON);
    expect(sink.locked).toBe(false);
    const writer = sink.getWriter();
    expect(writer.desiredSize).toBe(0);
    expectNoListenerLeft();
  });

  it("lets a FileHandle end its write, before the next pickle", async (context) => {
    const path = namedPipe("write-handle", context);
    const reader = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = await open(path, "w");
    try {
      // More than a pipe holds, so that the write waits for the reader.
      const large = Buffer.alloc(200_000, "a");
      const waiting = dump(large, writer, { signal });
      void abortSoon();
      await expect(waiting).rejects.toBe(REASON);
      expectNoListenerLeft();
      const next = dump("next", writer);
      const last = dumps("next");
      const read: Buffer[] = [];
      while (!Buffer.concat(read).subarray(-last.length).equals(last)) {
        const chunk = Buffer.alloc(65_536);
        const { bytesRead } = await reader.read(chunk).catch(() => ({ bytesRead: 0 }));
        read.push(chunk.subarray(0, bytesRead));
        await sleep(1);
      }
      await next;
      // What follows the bytes in their pickle was never begun.
      const all = Buffer.concat(read);
      expect(all.subarray(0, -last.length)).toEqual(Buffer.from(dumps(large)).subarray(0, all.length - last.length));
    } finally {
      await writer.close();
      await reader.close();
    }
  });

  it("closes the file of a path, also one that is still being opened", async (context) => {
    const path = namedPipe("write-path", context);
    const waiting = dump(1, path, { signal });
    void abortSoon();
    await expect(waiting).rejects.toBe(REASON);
    expectNoListenerLeft();
    // Opening ends as soon as somebody reads, who then finds nothing.
    const reader = await open(path, "r");
    const { bytesRead } = await reader.read(Buffer.alloc(10));
    await reader.close();
    expect(bytesRead).toBe(0);
  });
});
