import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dump, dumps } from "./api-dump.js";

const value = {
  small: [1, "a"],
  large: new Uint8Array(300_000).fill(7),
  many: Array.from({ length: 50_000 }, (_, i) => i),
};

describe("dump()", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "brine-dump-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("writes a file given by path or URL", async () => {
    const path = join(folder, "a.pickle");
    await dump(value, path);
    expect(Buffer.compare(await readFile(path), dumps(value))).toBe(0);
    await dump([1], pathToFileURL(path), { protocol: 2 });
    expect(Buffer.compare(await readFile(path), dumps([1], { protocol: 2 }))).toBe(0);
  });

  it("appends to a FileHandle and leaves it open", async () => {
    const path = join(folder, "b.pickle");
    const handle = await open(path, "w");
    await dump(value, handle);
    await dump("next", handle);
    await handle.close();
    expect(Buffer.compare(await readFile(path), Buffer.concat([dumps(value), dumps("next")]))).toBe(0);
  });

  it("waits for a slow Writable before it gives it more", async () => {
    const taken: Buffer[] = [];
    let pending = 0;
    let most = 0;
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        pending++;
        most = Math.max(most, pending);
        taken.push(Buffer.from(chunk));
        setImmediate(() => {
          pending--;
          done();
        });
      },
    });
    await dump(value, slow);
    expect(most).toBe(1);
    expect(taken.length).toBeGreaterThan(2);
    expect(slow.writableLength).toBe(0);
    expect(slow.writableEnded).toBe(false);
    expect(Buffer.compare(Buffer.concat(taken), dumps(value))).toBe(0);
  });

  it("writes a web WritableStream and releases its lock", async () => {
    const taken: Uint8Array[] = [];
    const stream = new WritableStream<Uint8Array>({ write: (chunk) => void taken.push(chunk) });
    await dump(value, stream);
    expect(stream.locked).toBe(false);
    expect(Buffer.compare(Buffer.concat(taken), dumps(value))).toBe(0);
  });

  it("leaves the file as it was when the value cannot be pickled", async () => {
    const path = join(folder, "c.pickle");
    await writeFile(path, "old");
    await expect(dump([Symbol("x")], path)).rejects.toMatchObject({ code: "unpicklable", path: "[0]" });
    expect(await readFile(path, "utf8")).toBe("old");
  });

  it("reports a sink that fails, or that is none", async () => {
    const failing = new Writable({ write: (_chunk, _encoding, done) => done(new Error("disk full")) });
    await expect(dump(value, failing)).rejects.toMatchObject({ name: "PicklingError", code: "bad-file" });
    const stuck = new Writable({ write: () => undefined });
    setImmediate(() => stuck.destroy());
    await expect(dump(value, stuck)).rejects.toMatchObject({ code: "bad-file" });
    await expect(dump(value, join(folder, "no", "such", "folder"))).rejects.toMatchObject({ code: "bad-file" });
    // Each has some of what a Writable of Node has, and none is one.
    for (const half of [{}, { write: () => true }, { on: () => undefined, off: () => undefined }, null]) {
      const message = expect.stringContaining("Cannot write a pickle to") as string;
      await expect(dump(value, half as never)).rejects.toMatchObject({ code: "bad-file", message });
    }
  });
});
