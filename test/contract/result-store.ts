/** What Celery relies on in a result store, as a suite: run it for every implementation of `ResultStore`. */
import { randomUUID } from "node:crypto";
import type { ResultStore } from "@brine/celery";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../interop/eventually.js";

const bytes = (text: string) => Buffer.from(text);
const text = (value: Uint8Array | undefined) => (value === undefined ? undefined : Buffer.from(value).toString());

export function testResultStore(name: string, make: () => Promise<ResultStore> | ResultStore): void {
  describe(`the result store contract: ${name}`, () => {
    let store: ResultStore;
    let key: string;

    beforeEach(async () => {
      store = await make();
      await store.connect();
      key = `contract-${randomUUID()}`;
    });

    afterEach(async () => {
      await store.close();
    });

    test("keeps bytes as they are", async () => {
      const value = Uint8Array.from({ length: 256 }, (_, i) => i);
      await store.set(key, value, 60);
      expect(Uint8Array.from((await store.get(key))!)).toEqual(value);
      expect(await store.get(`${key}-absent`)).toBeUndefined();
    });

    test("gets many in order, absent ones as undefined", async () => {
      await store.set(`${key}-a`, bytes("a"), undefined);
      await store.set(`${key}-b`, bytes("b"), 60);
      const values = await store.getMany([`${key}-b`, `${key}-none`, `${key}-a`]);
      expect(values.map(text)).toEqual(["b", undefined, "a"]);
      expect(await store.getMany([])).toEqual([]);
      await store.delete(`${key}-a`, `${key}-b`);
      expect(await store.get(`${key}-a`)).toBeUndefined();
    });

    test("forgets a value after its time", async () => {
      await store.set(key, bytes("short"), 1);
      await eventually(async () => expect(await store.get(key)).toBeUndefined());
    });

    test("tells subscribers what is stored, in order, and stops when told", async () => {
      const seen: (string | undefined)[] = [];
      const subscription = await store.subscribe(key, (value) => seen.push(text(value)));
      await store.set(key, bytes("1"), 60);
      await store.set(key, bytes("2"), 60);
      await store.set(`${key}-other`, bytes("no"), 60);
      await eventually(() => expect(seen).toEqual(["1", "2"]));
      await subscription.unsubscribe();
      await store.set(key, bytes("3"), 60);
      const again: (string | undefined)[] = [];
      await store.subscribe(key, (value) => again.push(text(value)));
      await store.set(key, bytes("4"), 60);
      await eventually(() => expect(again).toEqual(["4"]));
      expect(seen).toEqual(["1", "2"]);
    });

    test("two subscribers of one key both hear it", async () => {
      const seen: string[] = [];
      const first = await store.subscribe(key, () => seen.push("first"));
      await store.subscribe(key, () => seen.push("second"));
      await store.set(key, bytes("x"), 60);
      await eventually(() => expect(seen.sort()).toEqual(["first", "second"]));
      await first.unsubscribe();
      await store.set(key, bytes("y"), 60);
      await eventually(() => expect(seen.filter((one) => one === "second")).toHaveLength(2));
      expect(seen.filter((one) => one === "first")).toHaveLength(1);
    });

    test("counts the parts of a chord, ordered by index, duplicates once", async () => {
      const options = { ordered: true, expiresSeconds: 60 };
      const part = (member: string, groupIndex: number | undefined) => ({ member: bytes(member), groupIndex });
      expect(await store.chord.addPart(key, part("b", 1), options)).toMatchObject({ ready: 1, size: undefined });
      await store.chord.setSize(key, 3, 60);
      expect(await store.chord.addPart(key, part("a", 0), options)).toMatchObject({ ready: 2, extra: 0, size: 3 });
      expect(await store.chord.addPart(key, part("a", 0), options)).toMatchObject({ ready: 2 });
      expect(await store.chord.addPart(key, part("z", undefined), options)).toMatchObject({ ready: 3, size: 3 });
      expect((await store.chord.parts(key, { ordered: true })).map(text)).toEqual(["a", "b", "z"]);
      await store.chord.grow(key, 60);
      expect(await store.chord.addPart(key, part("z", undefined), options)).toMatchObject({ ready: 3, extra: 1 });
      await store.chord.clear(key);
      expect(await store.chord.parts(key, { ordered: true })).toEqual([]);
    });
  });
}
