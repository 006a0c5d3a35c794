import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isRedisAdapterError } from "../errors.js";
import { formatEnvelope, markRedelivered, parseEnvelope } from "./envelope.js";
import { PRIORITY_STEPS, priorityStep, queueKey, SEPARATOR } from "./priority.js";
import { parseMark } from "./unacked.js";

const message = (over: object = {}) => ({
  body: Buffer.from("body"),
  contentType: "application/json",
  contentEncoding: "utf-8",
  headers: { task: "t", id: "1" },
  properties: { correlationId: "1", replyTo: "r", deliveryMode: 2 as const, priority: 3 },
  ...over,
});
const address = { exchange: "ex", routingKey: "key", deliveryTag: "tag" };

interface Captured {
  readonly flavour: string;
  readonly key: string;
  readonly envelope_text: string;
}

/** What kombu 5.2 and 5.6 pushed. */
function captured(flavour: string): Captured[] {
  const url = new URL("../../../../test/captures/redis/envelopes.jsonl", import.meta.url);
  const rows = readFileSync(url, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Captured);
  return rows.filter((row) => row.flavour === flavour);
}

describe("formatEnvelope()", () => {
  test("writes what kombu writes, member by member", () => {
    expect(formatEnvelope(message(), address)).toBe(
      '{"body": "Ym9keQ==", "content-encoding": "utf-8", "content-type": "application/json", ' +
        '"headers": {"task": "t", "id": "1"}, "properties": {"correlation_id": "1", "reply_to": "r", "delivery_mode": 2, ' +
        '"delivery_info": {"exchange": "ex", "routing_key": "key"}, "priority": 3, "body_encoding": "base64", "delivery_tag": "tag"}}',
    );
  });

  test("gives a message without a content type kombu's own, for a Python worker dies without", () => {
    const text = formatEnvelope(message({ contentType: undefined, contentEncoding: undefined }), address);
    expect(parseEnvelope(text)).toMatchObject({ contentType: "application/data", contentEncoding: "binary" });
  });

  test("refuses headers that JSON has no form for", () => {
    expect(() => formatEnvelope(message({ headers: { f: () => 1 } }), address)).toThrow(/Cannot write JSON/);
  });
});

describe("parseEnvelope()", () => {
  test("reads what it writes, whatever the message", () => {
    const header = fc.oneof(
      fc.string(),
      fc.maxSafeInteger(),
      fc.bigInt(),
      fc.boolean(),
      fc.constant(null),
      fc.double(),
    );
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.dictionary(fc.string(), header),
        fc.integer({ min: 0, max: 9 }),
        (body, headers, priority) => {
          const envelope = parseEnvelope(formatEnvelope(message({ body, headers, properties: { priority } }), address));
          expect(Buffer.from(envelope.body).equals(Buffer.from(body))).toBe(true);
          expect(envelope.properties.priority).toBe(priority);
          for (const [name, value] of Object.entries(headers)) {
            const seen = envelope.headers[name];
            // An integer comes back as a number when it is safe.
            expect(String(seen)).toBe(String(value));
          }
        },
      ),
    );
  });

  test.each(["5.2", "main"])(
    "reads every envelope captured of kombu %s, and would have pushed it to the same list",
    (flavour) => {
      const rows = captured(flavour);
      expect(rows.length).toBeGreaterThan(0);
      for (const { key, envelope_text: text } of rows) {
        const envelope = parseEnvelope(text);
        expect(envelope.redelivered).toBe(false);
        expect(parseEnvelope(markRedelivered(text))).toMatchObject({
          redelivered: true,
          headers: { redelivered: true },
        });
        // One capture has another separator.
        if (envelope.exchange === "" && !key.startsWith("pfx:")) {
          const step = priorityStep(envelope.properties.priority ?? 0, PRIORITY_STEPS);
          expect(key.endsWith(queueKey(envelope.routingKey, step, SEPARATOR))).toBe(true);
        }
        // The same members with the same values, in kombu's own spelling.
        const { exchange, routingKey } = envelope;
        const deliveryTag = (JSON.parse(text) as { properties: { delivery_tag: string } }).properties.delivery_tag;
        const expected = JSON.parse(text) as { properties: Record<string, unknown> };
        // Protocol 1 puts `origin` here; a transport message has no place for it, and no reader.
        for (const name of ["app_id", "origin"]) delete expected.properties[name];
        if (expected.properties.timestamp === null) delete expected.properties.timestamp;
        expect(JSON.parse(formatEnvelope(envelope, { exchange, routingKey, deliveryTag }))).toEqual(expected);
      }
    },
  );

  test.each([
    ["", /JSON/],
    ["garbage", /JSON/],
    ["[]", /the envelope is no object/],
    ["{}", /properties is no object/],
    ['{"properties": {}, "body": ""}', /delivery_info is no object/],
    ['{"properties": {"delivery_info": {}}, "body": 1}', /body is no string/],
    ['{"properties": {"delivery_info": {}, "body_encoding": "rot13"}, "body": ""}', /unknown body_encoding/],
    ['{"properties": {"delivery_info": {}, "body_encoding": "base64"}, "body": "@@"}', /not base64/],
    ['{"properties": {"delivery_info": {}}, "body": "", "headers": []}', /headers is no object/],
    ['{"properties": {"delivery_info": {"exchange": 1}}, "body": ""}', /exchange is no string/],
  ])("refuses %s", (text, reason) => {
    expect(() => parseEnvelope(text)).toThrow(reason);
  });

  test("throws nothing but its own error, whatever the text", () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          parseEnvelope(text);
        } catch (error) {
          expect(isRedisAdapterError(error)).toBe(true);
          refused++;
        }
      }),
    );
    expect(refused).toBe(100);
  });

  test("keeps a header called __proto__ a header", () => {
    const text = '{"properties": {"delivery_info": {}}, "body": "", "headers": {"__proto__": {"polluted": 1}}}';
    const { headers } = parseEnvelope(text);
    expect(Object.hasOwn(headers, "__proto__")).toBe(true);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect((headers as { polluted?: number }).polluted).toBeUndefined();
  });

  test("takes a body without an encoding as text, as kombu does", () => {
    const { body } = parseEnvelope('{"properties": {"delivery_info": {}}, "body": "gr\\u00fcn"}');
    expect(Buffer.from(body).toString()).toBe("grün");
  });
});

test("what either mark says was delivered before", () => {
  const read = (mark: string, header: string) =>
    parseEnvelope(`{"properties": {"delivery_info": {${mark}}}, "body": "", "headers": {${header}}}`).redelivered;
  const mark = '"redelivered": true';
  expect([read("", ""), read(mark, ""), read("", mark), read(mark, mark)]).toEqual([false, true, true, true]);
});

describe("markRedelivered()", () => {
  test("changes nothing else, not even numbers that JavaScript cannot hold", () => {
    const text =
      '{"body": "e30=", "headers": {"n": 123456789012345678901234567890, "s": "} \\" {"}, "properties": {"delivery_info": {}, "x": 1.0}}';
    expect(markRedelivered(text)).toBe(
      '{"body": "e30=", "headers": {"n": 123456789012345678901234567890, "s": "} \\" {", "redelivered": true}, ' +
        '"properties": {"delivery_info": {"redelivered": true}, "x": 1.0}}',
    );
  });

  test("marks the last of members of one name, which is the one that readers take", () => {
    const text = '{"headers": {}, "headers": {"a": 1}, "properties": {"delivery_info": {}}}';
    expect(markRedelivered(text)).toContain('"headers": {}, "headers": {"a": 1, "redelivered": true}');
  });

  test("marks once", () => {
    const text = '{"headers": {}, "properties": {"delivery_info": {"exchange": ""}}}';
    expect(markRedelivered(markRedelivered(text))).toBe(markRedelivered(text));
  });
});

describe("parseMark()", () => {
  test("gives the envelope's own text back", () => {
    const raw = '{"body": "", "headers": {"a": "}"}, "properties": {"priority": 6}}';
    expect(parseMark(`[${raw}, "ex}", "key]"]`)).toEqual({ raw, exchange: "ex}", routingKey: "key]", priority: 6 });
  });

  test.each(["", "[]", "{}", '["a", "b", "c"]', "[{}, 1, 2]", "[{}"])("gives nothing for %s", (text) => {
    expect(parseMark(text)).toBeUndefined();
  });
});
