/** Flask-Session, which pickles up to 0.5 and writes msgpack or JSON since 0.6, and its dialect on the same keys. */
import { createHmac } from "node:crypto";
import { PyDateTime, repr } from "@brine/codec";
import { type FlaskSessionOptions, flaskSession, pickled } from "@brine/redis-adapter";
import { expect, test } from "vitest";
import { describeLibrary, EXACT, FOREIGN } from "./library.js";
import { ODD_VALUES, since312, VALUES } from "./values.js";

const KIND = "flask-session";
const pickle = EXACT;
type Format = NonNullable<FlaskSessionOptions["format"]>;

/** What msgspec reads of what it wrote, and we do not. */
const UNREADABLE: readonly string[] = [
  // As a key an array is a tuple to it.
  "{'a': 1, 2: 'b', (1, 2): None}",
];

describeLibrary("Flask-Session", (libraries, set) => {
  // Before 0.6 it unpickles only; since then it reads all three.
  const formats: readonly { format: Format; config: object }[] =
    set.generation === "5.2"
      ? [{ format: "pickle", config: {} }]
      : (["msgpack", "json"] as const).map((format) => ({ format, config: { SESSION_SERIALIZATION_FORMAT: format } }));

  test.for(formats)("$format: each side reads the other's sessions", async ({ format, config }, context) => {
    await libraries.open(context, KIND, config);
    const py = pickled(libraries.client, { dialect: flaskSession({ format, pickle }) });
    const wrong: unknown[] = [];
    let stored = 0;
    for (const expression of [...VALUES, ...ODD_VALUES]) {
      // What msgspec has no form for.
      const refused = await libraries.fill(KIND, { theirs: expression }).catch((error: Error) => error);
      if (refused instanceof Error) continue;
      stored++;
      const theirs = await libraries.get(KIND, "theirs");
      const session = await py.get<{ value: unknown }>("theirs").catch(() => undefined);
      if (session === undefined) {
        if (!UNREADABLE.includes(expression)) wrong.push({ expression, theirs });
        continue;
      }
      await py.set("ours", session);
      const back = await libraries.get(KIND, "ours");
      if (repr(session.value) !== since312(theirs) || back !== theirs)
        wrong.push({ expression, theirs, ours: repr(session.value), back });
    }
    expect(wrong).toEqual([]);
    expect(stored).toBeGreaterThan(60);
  });

  test.for(formats)("$format: what is made here", async ({ format, config }, context) => {
    await libraries.open(context, KIND, { ...config, SESSION_KEY_PREFIX: "p:[x]", PERMANENT_SESSION_LIFETIME: 100 });
    const { client } = libraries;
    const py = pickled(client, { dialect: flaskSession({ format, prefix: "p:[x]", defaultTtl: 100_000, pickle }) });
    const at = PyDateTime.from("2024-02-29T12:30:45.123456+00:00");
    await py.set("s", { _permanent: true, value: ["\u00fc", 7, null, { a: [1.5, at] }] });
    expect(await libraries.get(KIND, "s")).toMatch(/^\['ü', 7, None, \{'a': \[1\.5, .*2024.*\}\]$/);
    await libraries.fill(KIND, { theirs: "1" });
    for (const key of ["s", "theirs"]) {
      const left = await client.ttl(`p:[x]${key}`);
      expect([key, left > 70 && left <= 100]).toEqual([key, true]);
    }
    const keys: string[] = [];
    for await (const { key } of py.scan()) keys.push(key);
    expect(keys.sort()).toEqual(["s", "theirs"]);
    await py.set("gone", { value: 1 }, { ttl: 0 });
    expect(await libraries.get(KIND, "gone")).toBe("None");
  });

  test.for(formats)("$format: values of others", async ({ format, config }, context) => {
    await libraries.open(context, KIND, config);
    const py = pickled(libraries.client, { dialect: flaskSession({ format }) });
    // Each is a dict or no session: whatever Flask-Session reads as one, so do we, and the rest we refuse.
    const read: string[] = [];
    for (const [what, raw] of Object.entries(FOREIGN)) {
      await libraries.client.set("session:k", raw);
      const value = await py.get("k").catch((error: unknown) => {
        expect(error).toMatchObject({ code: "decode", key: "k" });
        return undefined;
      });
      if (value !== undefined) read.push(what);
    }
    expect(read).toEqual([
      "JSON",
      "pickle",
      "pickle, protocol 0",
      "pickle, protocol 2",
      "pickle, protocol 5",
      "pickle, with more after it",
      "Beaker's value",
      "Beaker's value, long over",
      "Beaker's value of version 1.4",
      "Beaker's value in a list",
      "a pickled tuple of one",
      "a pickled text of three letters",
      "msgpack",
    ]);
  });

  test("a session whose id is signed in the cookie", async (context) => {
    await libraries.open(context, KIND, { ...formats[0]!.config, SESSION_USE_SIGNER: true });
    const sid = "0d9f-session";
    // As in the guide.
    const key = createHmac("sha1", "secret").update("flask-session").digest();
    const cookie = `${sid}.${createHmac("sha1", key).update(sid).digest("base64url")}`;
    const py = pickled(libraries.client, { dialect: flaskSession({ format: formats[0]!.format }) });
    await py.set(sid, { value: "ours" });
    expect(await libraries.get(KIND, cookie)).toBe("'ours'");
    expect(await libraries.get(KIND, `${cookie}x`)).toBe("None");
  });
});
