/** What a newcomer gets wrong first is an error that says what was meant. */
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { createCache } from "../cache/cache.js";
import { django } from "../dialects/django.js";
import { RqQueue } from "../rq/queue.js";
import { pickled } from "./pickled.js";

const client = new Redis({ lazyConnect: true });

test.each([
  ["a dialect that was not called", () => pickled(client, { dialect: django as never }), "call it, as in django()"],
  ["a dialect by name", () => pickled(client, { dialect: "django" as never }), "Cannot use the dialect: it is none"],
  ["a cache over the bare client", () => createCache(client as never), "want pickled(client), not the client"],
  ["a queue without a client", () => new RqQueue("q", undefined as never), "want { client }, of ioredis"],
])("%s", (_name, run, message) => {
  expect(run).toThrow(expect.objectContaining({ code: "bad-option", message: expect.stringContaining(message) }));
});

test("a lifetime as the third argument of set()", async () => {
  const set = async () => pickled(client, { dialect: django() }).set("k", 1, 60 as never);
  await expect(set()).rejects.toThrow("options of set(): want an object with any of get, ttl");
});

test.each([undefined, null, {}])("a key that is %s, as of a record without an id", async (key) => {
  const cache = pickled(client, { dialect: django() });
  const error = { code: "bad-option", message: expect.stringContaining("as a key: want a string") };
  await expect((async () => cache.get(key as never))()).rejects.toMatchObject(error);
  await expect((async () => cache.hget(key as never, "f"))()).rejects.toMatchObject(error);
  const helpers = createCache(cache);
  await expect(helpers.lock(key as never, { ttl: 1000 })).rejects.toMatchObject(error);
  await expect(helpers.incrVersion(key as never)).rejects.toMatchObject(error);
  expect(() => cache.pipeline().set(key as never, 1)).toThrow(expect.objectContaining(error));
});

test("a class that is registered nowhere, or elsewhere", () => {
  const cache = pickled(client, { dialect: django() });
  expect(() => cache.decode(Buffer.from("cshop.models\nOrder\n.", "latin1"), "k")).toThrow(
    /shop\.models\.Order is not registered.*; the registry is the option pickle: \{ registry \} of the dialect or queue$/,
  );
});
