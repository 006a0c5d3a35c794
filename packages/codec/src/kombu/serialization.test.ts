import { describe, expect, test } from "vitest";
import { LazyString, loads, PyDict, SafeString } from "../index.js";
import { createCompression } from "./create-compression.js";
import { createSerializers } from "./create-serializers.js";
import {
  ContentDisallowed,
  DecodeError,
  EncodeError,
  isKombuError,
  KombuError,
  SerializationError,
  SerializerNotInstalled,
} from "./errors.js";
import { decodeMessage, decodeMessageSync, encodeMessage, encodeMessageSync } from "./message.js";
import { SerializerRegistry } from "./serialization.js";
import { jsonSerializer } from "./serializers/json.js";
import { sniff } from "./sniff.js";

const serializers = createSerializers();

test("a value that an option cannot have is refused", () => {
  const bad = expect.objectContaining({ name: "KombuError", code: "bad-option" });
  for (const options of [
    { json: { int: "big" } },
    { json: { undefined: "null" } },
    { json: { maxIntDigits: Number.NaN } },
    { json: { maxLength: -1 } },
    { yaml: { dict: "x" } },
    { yaml: { maxAliases: Number.NaN } },
    { msgpack: { bytes: "buffer" } },
    { msgpack: { datetime: "luxon" } },
  ])
    expect(() => createSerializers(options as never)).toThrow(bad);
});

test("a compression that there is not: which are meant", () => {
  expect(() => createCompression().get("gzib")).toThrow("No compression installed for gzib; did you mean gzip?");
  expect(() => createCompression().get("snappy")).toThrow("there are gzip, zlib, bzip2,");
});

const bytes = (text: string) => Buffer.from(text);

describe("errors", () => {
  test("inherit as kombu's do, and are recognised by their brand", () => {
    expect(new ContentDisallowed("x", { code: "content-disallowed" })).toBeInstanceOf(SerializerNotInstalled);
    expect(new EncodeError("x", { code: "encode-failed" })).toBeInstanceOf(SerializationError);
    expect(new DecodeError("x", { code: "decode-failed" })).toBeInstanceOf(KombuError);
    expect(isKombuError(new DecodeError("x", { code: "decode-failed" }))).toBe(true);
    expect(isKombuError(new Error("x"))).toBe(false);
  });
});

describe("accept", () => {
  test("without a list only json is decoded", () => {
    expect(serializers.loads(bytes("[1]"), { contentType: "application/json" })).toEqual([1]);
    expect(() => serializers.loads(bytes("N."), { contentType: "application/x-python-serialize" })).toThrow(
      "Refusing to deserialize disabled content of type pickle (application/x-python-serialize)",
    );
  });

  test("with a list, what it names by name or type", () => {
    const pickle = { contentType: "application/x-python-serialize" };
    expect(serializers.loads(bytes("N."), { ...pickle, accept: ["pickle"] })).toBeNull();
    expect(serializers.loads(bytes("N."), { ...pickle, accept: ["application/x-python-serialize"] })).toBeNull();
    expect(() => serializers.loads(bytes("N."), { ...pickle, accept: ["json"] })).toThrow(ContentDisallowed);
    expect(() => serializers.loads(bytes("N."), { ...pickle, accept: [] })).toThrow(
      "Refusing to deserialize untrusted content of type pickle (application/x-python-serialize)",
    );
  });

  test("an alias is no content type, and unknown types are refused by their own name", () => {
    expect(() => serializers.loads(bytes("N."), { contentType: "pickle", accept: ["pickle"] })).toThrow(
      "untrusted content of type pickle (pickle)",
    );
    expect(() => serializers.loads(bytes("x"), { contentType: "constructor", accept: ["json"] })).toThrow(
      "content of type constructor (constructor)",
    );
    expect(() => serializers.prepareAcceptContent(["nope"])).toThrow(
      "No encoder/decoder installed for nope; there are json, pickle",
    );
    expect(() => serializers.prepareAcceptContent(["pickel"])).toThrow(
      "No encoder/decoder installed for pickel; did you mean pickle?",
    );
  });

  test("application/data and application/text are always let through, undecoded", () => {
    const accept = ["json"];
    expect(
      serializers.loads(bytes("x"), { contentType: "application/data", contentEncoding: "binary", accept }),
    ).toEqual(bytes("x"));
    expect(serializers.loads(bytes("é"), { contentType: "application/text", accept })).toBe("é");
    expect(serializers.loads(bytes("x"), { contentType: "", accept })).toBe("x");
    expect(serializers.loads(Buffer.from([0xe9]), { contentType: "text/plain", contentEncoding: "latin-1" })).toBe("é");
  });

  test("content types are compared without case and parameters", () => {
    expect(
      serializers.loads(bytes("[1]"), { contentType: "Application/JSON; charset=utf-8", accept: ["json"] }),
    ).toEqual([1]);
  });

  test("can be changed by enable, disable and unregister", () => {
    const own = createSerializers();
    own.enable("pickle");
    expect(own.loads(bytes("N."), { contentType: "application/x-python-serialize" })).toBeNull();
    own.disable("application/x-python-serialize");
    expect(() => own.loads(bytes("N."), { contentType: "application/x-python-serialize" })).toThrow(ContentDisallowed);
    own.unregister("yaml");
    expect(own.names).toEqual(["json", "pickle", "msgpack"]);
    expect(() => own.unregister("yaml")).toThrow(SerializerNotInstalled);
    expect(() => own.dumps(1, { serializer: "yaml" })).toThrow("No encoder installed for yaml");
    // As of any type that has no decoder.
    const contentType = "application/x-yaml";
    expect(own.loads(bytes("a: 1"), { contentType, accept: [contentType] })).toBe("a: 1");
    expect([own.has(contentType), own.nameOf(contentType)]).toEqual([false, undefined]);
  });

  test("a content type goes with the name that has it, and names are told from content types", () => {
    const own = createSerializers();
    const contentType = "application/json";
    own.register("mine", { contentType, decode: () => "mine" });
    own.unregister("json");
    expect(own.loads(bytes("1"), { contentType })).toBe("mine");
    for (const name of ["", "application/mine"]) {
      const refused = expect.objectContaining({ code: "bad-option", message: expect.stringContaining(`"${name}"`) });
      expect(() => own.register(name, { contentType })).toThrow(refused);
    }
  });
});

describe("dumps()", () => {
  test("without a serializer sends strings and bytes as they are", () => {
    expect(serializers.dumps("é")).toEqual({
      contentType: "text/plain",
      contentEncoding: "utf-8",
      body: new Uint8Array([0xc3, 0xa9]),
    });
    const body = bytes("x");
    expect(serializers.dumps(body)).toEqual({ contentType: "application/data", contentEncoding: "binary", body });
    expect(serializers.dumps([1])).toMatchObject({ contentType: "application/json", contentEncoding: "utf-8" });
  });

  test("raw takes strings and bytes", () => {
    expect(serializers.dumps("x", { serializer: "raw" })).toMatchObject({
      contentType: "application/data",
      contentEncoding: "utf-8",
    });
    expect(serializers.dumps(bytes("x"), { serializer: "raw" })).toMatchObject({ contentEncoding: "binary" });
    expect(() => serializers.dumps(1, { serializer: "raw" })).toThrow(EncodeError);
  });

  test("says where the value is that it cannot write", () => {
    expect(() => serializers.dumps({ kwargs: { when: [1, new Set()] } }, { serializer: "json" })).toThrow(
      expect.objectContaining({ name: "EncodeError", path: ".kwargs.when[1]", contentType: "application/json" }),
    );
    expect(() => serializers.dumps({ a: () => 1 }, { serializer: "pickle" })).toThrow(EncodeError);
  });

  test("takes any serializer", () => {
    const own = new SerializerRegistry();
    own.register("upper", {
      contentType: "application/x-upper",
      encode: (value) => bytes(String(value).toUpperCase()),
      decode: (body) => Buffer.from(body).toString().toLowerCase(),
    });
    const { body, contentType } = own.dumps("abc", { serializer: "upper" });
    expect(own.loads(body, { contentType })).toBe("abc");
    own.register("broken", { contentType: "application/x-broken", decode: () => JSON.parse("{") });
    expect(() => own.loads(body, { contentType: "application/x-broken" })).toThrow(DecodeError);
  });
});

describe("json", () => {
  const { encode, decode } = jsonSerializer();
  const write = (value: unknown) => Buffer.from(encode!(value)).toString();
  const read = (text: string) => decode!(bytes(text));

  test("reads and writes a million nested arrays and objects", () => {
    for (const text of [
      `${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`,
      `${'{"a": '.repeat(200_000)}NaN${"}".repeat(200_000)}`,
    ]) {
      expect(write(read(text)) === text).toBe(true);
    }
  });

  test("ints are numbers as far as numbers are exact", () => {
    const text = "[9007199254740991, -9007199254740991, 9007199254740992, -9007199254740992, 999999999999999]";
    expect(read(text)).toEqual([2 ** 53 - 1, 1 - 2 ** 53, 2n ** 53n, -(2n ** 53n), 1e15 - 1]);
  });

  test("keys cannot reach a prototype", () => {
    for (const text of ['{"__proto__": {"x": 1}}', '{"__proto__": {"x": 12345678901234567890}}']) {
      const value = read(text) as Record<string, unknown>;
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(Object.keys(value)).toEqual(["__proto__"]);
      expect(value.x).toBeUndefined();
    }
  });

  test("refuses ints that would take long to convert, and values that contain themselves", () => {
    expect(() => read("9".repeat(4301))).toThrow("more than 4300 digits");
    expect(read("9".repeat(4300))).toBe(10n ** 4300n - 1n);
    // The sign is no digit, as in CPython 3.11.
    expect(read(`-${"9".repeat(4300)}`)).toBe(1n - 10n ** 4300n);
    expect(() => read(`-${"9".repeat(4301)}`)).toThrow("more than 4300 digits");
    const value: unknown[] = [];
    value.push({ value });
    expect(() => write(value)).toThrow("contains itself");
    expect(() => write({ a: undefined })).toThrow(EncodeError);
    expect(write([undefined])).toBe("[null]");
    expect(Buffer.from(jsonSerializer({ undefined: "omit" }).encode!({ a: undefined, b: 1 })).toString()).toBe(
      '{"b": 1}',
    );
  });

  test("asks __json__ first, then the option default", () => {
    expect(write({ a: { __json__: () => [1, "two"] } })).toBe('{"a": [1, "two"]}');
    const own = jsonSerializer({ default: (value) => (value instanceof Set ? [...value] : undefined) });
    expect(Buffer.from(own.encode!(new Set([1]))).toString()).toBe("[1]");
    expect(() => own.encode!(new WeakMap())).toThrow(
      "an instance of WeakMap has no form in JSON; make a plain value of it, or use the serializer pickle",
    );
    expect(() => own.encode!(Promise.resolve())).toThrow("an instance of Promise has no form in JSON: await it first");
  });
});

/** Bytes that kombu 5.2.4 writes for the same values. */
describe("what is a str or an int in Python by its class", () => {
  const status = loads(bytes("chttp\nHTTPStatus\n(I200\ntR."));
  const unknown = loads(bytes("cuuid\nSafeUUID\n(I0\ntR."));
  const lazy = new LazyString("django.utils.translation.gettext", ["hello"]);
  const text = (value: unknown, serializer: string) =>
    Buffer.from(serializers.dumps(value, { serializer }).body).toString("latin1");

  test("is written as one, as a key too", () => {
    const value = PyDict.fromEntries<unknown, unknown>([
      [new SafeString("<b>"), new SafeString("&amp;")],
      [status, [status]],
    ]);
    expect(text(value, "json")).toBe('{"<b>": "&amp;", "200": [200]}');
    expect(text(value, "msgpack")).toBe("\x82\xa3<b>\xa5&amp;\xcc\xc8\x91\xcc\xc8");
    for (const serializer of ["json", "msgpack"]) expect(() => text(unknown, serializer)).toThrow(EncodeError);
  });

  test("and a lazy string as its text in JSON only, of either dialect, and never as a key", () => {
    for (const dialect of ["5.2", "5.3"] as const) {
      expect(Buffer.from(jsonSerializer({ dialect }).encode!([lazy])).toString()).toBe('["hello"]');
    }
    expect(() => text(PyDict.fromEntries([[lazy, 1]]), "json")).toThrow("a key must be a str");
    expect(() => text(lazy, "msgpack")).toThrow(EncodeError);
  });
});

describe("yaml", () => {
  // PyYAML 6.0: "found unhashable key", also of a set.
  test.each(["!!set {? [1]}", "!!set {? {a: 1}}", "? [1]\n: 2", "? !!set {a}\n: 2"])("refuses %j", (text) => {
    const options = { contentType: "application/x-yaml", accept: ["yaml"] };
    expect(() => serializers.loads(bytes(text), options)).toThrow(/unhashable/);
  });

  test("writes lone surrogates, which PyYAML reads, and reads them", () => {
    const { body } = serializers.dumps({ "\udc00": "a\ud800b" }, { serializer: "yaml" });
    expect(Buffer.from(body).toString()).toBe('{? "\\udc00" : "a\\ud800b"}\n');
    expect(serializers.loads(body, { contentType: "application/x-yaml", accept: ["yaml"] })).toEqual({
      "\udc00": "a\ud800b",
    });
  });
});

describe("messages", () => {
  const compression = createCompression();
  const registries = { serializers, compression };

  test.each(["zlib", "bzip2", "brotli", "lzma", "zstd", undefined])("round trip with %s", async (compress) => {
    const value = [[1, "two"], { three: 3 }, {}];
    for (const serializer of ["json", "pickle", "yaml", "msgpack"]) {
      const message = await encodeMessage(value, { ...registries, serializer, compress });
      expect(message.headers.compression).toBe(
        compress === undefined ? undefined : compression.get(compress).contentType,
      );
      expect(await decodeMessage(message, { ...registries, accept: [serializer] })).toEqual(value);
      expect(decodeMessageSync(message, { ...registries, accept: [serializer] })).toEqual(value);
    }
  });

  test("are checked before anything is decompressed, and bounded", () => {
    const bomb = encodeMessageSync("x".repeat(1_000_000), { ...registries, serializer: "json", compress: "gzip" });
    expect(() => decodeMessageSync(bomb, { ...registries, accept: ["pickle"] })).toThrow(ContentDisallowed);
    expect(() => decodeMessageSync(bomb, { ...registries, accept: ["json"], maxBytes: 10_000 })).toThrow(
      expect.objectContaining({ code: "too-large" }),
    );
    expect(() => decodeMessageSync({ ...bomb, headers: {} }, { ...registries, maxBytes: 100 })).toThrow(
      expect.objectContaining({ code: "too-large" }),
    );
  });

  test("that will be refused load no library, and say why they are refused", async () => {
    const asked: string[] = [];
    const compression = createCompression();
    compression.register({
      ...compression.get("zlib"),
      contentType: "application/x-loaded",
      aliases: ["loaded"],
      load: () => Promise.resolve(void asked.push("loaded")),
    });
    const options = { serializers, compression, accept: ["json"] };
    const message = await encodeMessage([1], { serializers, compression, serializer: "json", compress: "loaded" });
    asked.length = 0;
    const pickle = { ...message, contentType: "application/x-python-serialize" };
    await expect(decodeMessage(pickle, options)).rejects.toThrow(ContentDisallowed);
    const unknown = { ...pickle, headers: { compression: "application/x-nope" } };
    for (const accept of [["json"], undefined]) {
      await expect(decodeMessage(unknown, { ...options, accept })).rejects.toMatchObject({
        code: "content-disallowed",
      });
    }
    const large = decodeMessage(message, { ...options, maxBytes: message.body.length - 1 });
    await expect(large).rejects.toMatchObject({ code: "too-large" });
    const misspelt = decodeMessage(unknown, { ...options, acept: [] } as never);
    await expect(misspelt).rejects.toMatchObject({ code: "bad-option" });
    expect(asked).toEqual([]);
    expect(await decodeMessage(message, options)).toEqual([1]);
    expect(asked).toEqual(["loaded"]);
  });

  test("are not decoded by a bound that is none, or a text in place of a list", () => {
    const message = encodeMessageSync([1], { ...registries, serializer: "json", compress: "bzip2" });
    const bad = (wanted: string) =>
      expect.objectContaining({ name: "KombuError", code: "bad-option", message: expect.stringContaining(wanted) });
    const decode = (options: object) => () => decodeMessageSync(message, { ...registries, ...options });
    for (const maxBytes of [Number.NaN, -1, "10"]) {
      expect(decode({ maxBytes })).toThrow(bad("maxBytes"));
      const { compression } = registries;
      const options = { contentType: "bzip2", maxBytes: maxBytes as never };
      expect(() => compression.decompressSync(message.body, options)).toThrow(bad("must be a number from 0"));
    }
    expect(decode({ accept: "json" })).toThrow(bad('accept "json": must be a list, such as ["json"]'));
    expect(decode({ maxBytes: 100, accept: ["json"] })()).toEqual([1]);
  });

  test("are decoded by an accept list that can be gone through only once", async () => {
    const message = await encodeMessage([1], { ...registries, serializer: "pickle" });
    expect(await decodeMessage(message, { ...registries, accept: ["pickle"].values() })).toEqual([1]);
    expect(decodeMessageSync(message, { ...registries, accept: ["pickle"].values() })).toEqual([1]);
  });

  test("a compression that is unregistered has no name any more, and others keep theirs", () => {
    const own = createCompression();
    own.unregister("application/x-gzip");
    expect(["gzip", "zlib", "application/x-gzip", "bzip2", "brotli"].map((name) => own.has(name))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
    expect(() => own.unregister("zlib")).toThrow(expect.objectContaining({ code: "unknown-compression" }));
  });

  test("unknown compression is refused; inherited headers are not read", () => {
    const message = encodeMessageSync([1], { ...registries, serializer: "json" });
    expect(() => decodeMessageSync({ ...message, headers: { compression: "application/x-nope" } }, registries)).toThrow(
      expect.objectContaining({ code: "unknown-compression" }),
    );
    const { serializers } = registries;
    const missing = expect.objectContaining({ name: "SerializerNotInstalled", code: "unknown-compression" });
    expect(() => encodeMessageSync([1], { serializers, compress: "zlib" })).toThrow(missing);
    expect(() => decodeMessageSync({ ...message, headers: { compression: "zlib" } }, { serializers })).toThrow(missing);
    const headers = Object.create({ compression: "zlib" }) as Record<string, unknown>;
    expect(decodeMessageSync({ ...message, headers }, registries)).toEqual([1]);
    expect(() => decodeMessageSync({ ...message, headers: { compression: 5 } }, registries)).toThrow(DecodeError);
  });
});

test("sniff() tells kombu's formats apart", () => {
  const value = { status: "SUCCESS", result: 5 };
  for (const serializer of ["json", "pickle", "msgpack"] as const) {
    expect(sniff(serializers.dumps(value, { serializer }).body)).toBe(serializer);
  }
  expect(sniff(bytes("children: []\nstatus: SUCCESS\n"))).toBe("yaml");
  expect(sniff(bytes("{status: SUCCESS}"))).toBe("yaml");
  expect(sniff(bytes(' {"a": 1}'))).toBe("json");
  expect(sniff(bytes("[1, 2]"))).toBe("json");
  expect(sniff(bytes("null"))).toBe("json");
  expect(sniff(Buffer.from([0x80]))).toBe("msgpack");
  expect(sniff(new Uint8Array(0))).toBeUndefined();
});

describe("what is in itself many times over", () => {
  const list = () => Array.from({ length: 60 }).reduce<unknown[]>((inner) => [inner, inner], ["ha"]);
  const dict = () => Array.from({ length: 60 }).reduce<object>((inner) => ({ a: inner, b: inner }), { a: "ha" });

  test.each(["json", "msgpack", "yaml"])("is refused by %s, which has no references", (serializer) => {
    for (const value of [list(), dict(), new Map([["a", list()]])]) {
      expect(() => serializers.dumps(value, { serializer })).toThrow(expect.objectContaining({ code: "too-large" }));
    }
  });

  test.each(["json", "msgpack", "yaml"])("is refused by %s where it contains itself", (serializer) => {
    const inList: unknown[] = [];
    inList.push([inList]);
    const inDict: Record<string, unknown> = {};
    inDict.a = new Map([["b", inDict]]);
    for (const value of [inList, inDict]) {
      const refused = expect.objectContaining({
        code: "encode-failed",
        message: expect.stringContaining("contains itself"),
      });
      expect(() => serializers.dumps(value, { serializer })).toThrow(refused);
    }
  });

  test("is written each time where there is an end", () => {
    const row = { text: "x".repeat(1000) };
    const rows = Array.from({ length: 3000 }, () => [row, row]);
    for (const serializer of ["json", "msgpack", "yaml"]) {
      const { body, ...rest } = serializers.dumps(rows, { serializer });
      expect(serializers.loads(body, { ...rest, accept: [serializer] })).toEqual(rows);
    }
  });
});
