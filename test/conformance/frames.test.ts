/** Where frames end: at the same byte as CPython's, wherever in an object 64 KiB are full. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dumps, loads } from "@brine/codec";
import { describe, expect, it } from "vitest";
import { appRegistry } from "./app-registry.js";

/** Made by CPython 3.12: `test/vectors/generate_frames.py`, which says what is digested. */
interface Row {
  readonly name: string;
  readonly pickle: string;
  readonly digest: string;
  readonly deep: string;
}

const rows = JSON.parse(readFileSync(new URL("../vectors/frames.json", import.meta.url), "utf8")) as readonly Row[];
const FIRST = "x".repeat(32_000);
const DEPTH = 300;
const registry = appRegistry();

function digest(value: unknown, size: number, before: number, hooks: { persistentId?: () => undefined } = {}): string {
  const total = createHash("sha256");
  for (let shift = -8; shift < size + 16; shift++) {
    const text = "y".repeat(65_536 - 32_000 - 20 - before - shift);
    total.update(dumps([FIRST, text, value, null, 5, []], { registry, protocol: 4, ...hooks }));
  }
  return total.digest("hex");
}

describe.each(rows)("$name", ({ pickle, ...wanted }) => {
  const bytes = Buffer.from(pickle, "base64");
  const value = loads(bytes, { registry, float: "exact", dict: "map" });

  it("at the surface", () => {
    expect(digest(value, bytes.length, 0)).toBe(wanted.digest);
    expect(digest(value, bytes.length, 0, { persistentId: () => undefined })).toBe(wanted.digest);
  });

  it("deep inside", () => {
    let deep = value;
    for (let i = 0; i < DEPTH; i++) deep = [deep];
    expect(digest(deep, bytes.length, 2 * DEPTH)).toBe(wanted.deep);
  });
});
