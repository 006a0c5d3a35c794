/** A name that is no option is refused, with what to write instead. */
import { expect, expectTypeOf, test } from "vitest";
import {
  ClassRegistry,
  dataEntry,
  dumps,
  exceptionEntry,
  isPickleError,
  loads,
  Pickler,
  pyExceptions,
  Unpickler,
} from "../index.js";
import {
  authSerializer,
  createCompression,
  createSerializers,
  decodeMessage,
  encodeMessage,
  isKombuError,
  jsonSerializer,
  msgpackSerializer,
  pickleSerializer,
  yamlSerializer,
} from "../kombu/index.js";
import { NDArray, StringDType } from "../numpy/index.js";
import { dis, scan } from "../tools/index.js";
import { extendOptionNames, type OptionNames, optionChecker, optionNames } from "./index.js";

interface Base {
  readonly ttl?: number | undefined;
}
interface Options extends Base {
  readonly timeoutMs?: number | undefined;
  readonly keyPrefix?: string | undefined;
}

const BASE = optionNames<Base>({ ttl: true }, { instead: [["expire", "ttl"]] });
const OPTIONS = extendOptionNames<Options, Base>(
  BASE,
  { timeoutMs: true, keyPrefix: true },
  { instead: [["socket*", "it belongs to the client"]] },
);
const check = optionChecker((message, name) => Object.assign(new Error(message), { option: name }));

test.each([
  ["keyPrefx", 'there is no "keyPrefx"; did you mean keyPrefix?'],
  ["keyprefix", 'there is no "keyprefix"; did you mean keyPrefix?'],
  ["key_prefix", '"key_prefix" is written keyPrefix here'],
  ["key-prefix", '"key-prefix" is written keyPrefix here'],
  ["KEY_PREFIX", '"KEY_PREFIX" is written keyPrefix here'],
  ["ttlSeconds", 'there is no "ttlSeconds"; did you mean ttl?'],
  ["timeout", 'there is no "timeout"; did you mean timeoutMs?'],
  ["expire", '"expire" is written ttl here'],
  ["socket_keepalive", '"socket_keepalive" is not supported: it belongs to the client'],
  ["x", 'there is no "x"'],
  ["__proto__", 'there is no "__proto__"'],
  ["constructor", 'there is no "constructor"'],
  ["toString", 'there is no "toString"'],
])("%s", (name, message) => {
  const given = Object.defineProperty({}, name, { value: undefined, enumerable: true });
  expect(() => check(given, OPTIONS, "options of x()")).toThrow(
    expect.objectContaining({ message: `Cannot use options of x(): ${message}`, option: name }),
  );
});

test("a name of a million letters", () => {
  expect(() => check({ ["y".repeat(1_000_000)]: 1 }, OPTIONS, "options of x()")).toThrow(
    `Cannot use options of x(): there is no "${"y".repeat(80)}"`,
  );
});

test("what is no object", () => {
  for (const given of [null, 1, "ttl", [], () => 1])
    expect(() => check(given as object, OPTIONS, "options of x()")).toThrow(
      "Cannot use options of x(): want an object with any of timeoutMs, keyPrefix, ttl, ...",
    );
});

test("what is right", () => {
  check(undefined, OPTIONS, "options of x()");
  check({}, OPTIONS, "options of x()");
  check({ ttl: 1, timeoutMs: undefined, keyPrefix: "" }, OPTIONS, "options of x()");
  check(Object.create({ ttl: 1 }), OPTIONS, "options of x()");
  expect(() => check(Object.create({ tll: 1 }), OPTIONS, "options of x()")).toThrow("did you mean ttl?");
});

test("a polluted prototype makes nobody's options wrong", () => {
  Object.defineProperty(Object.prototype, "polluted", { value: 1, enumerable: true, configurable: true });
  let failure: unknown;
  try {
    check({ ttl: 1 }, OPTIONS, "options of x()");
  } catch (error) {
    failure = error;
  } finally {
    Reflect.deleteProperty(Object.prototype, "polluted");
  }
  expect(failure).toBeUndefined();
});

test("the compiler compares the names with the interface", () => {
  // @ts-expect-error: one is missing
  optionNames<Options>({ ttl: true, timeoutMs: true });
  // @ts-expect-error: one is too many
  optionNames<Base>({ ttl: true, tll: true });
  // @ts-expect-error: one is missing
  extendOptionNames<Options, Base>(BASE, { timeoutMs: true });
  // @ts-expect-error: the base has one that the interface has not
  extendOptionNames<Omit<Options, "ttl">, Base>(BASE, { timeoutMs: true, keyPrefix: true });
  expectTypeOf(OPTIONS).toEqualTypeOf<OptionNames<Options>>();
});

const serializers = createSerializers();
const bytes = dumps(1);
const wrong = (options: object): never => options as never;
const message = { body: bytes, contentType: "application/x-python-serialize" };

test.each<[string, () => unknown, string]>([
  ["loads", () => loads(bytes, wrong({ unregisterd: "opaque" })), "unregistered"],
  ["dumps", () => dumps(1, wrong({ protcol: 2 })), "protocol"],
  ["Unpickler", () => new Unpickler(bytes, wrong({ persistent_load: String })).load(), "persistentLoad"],
  ["Pickler", () => new Pickler(wrong({ memoiseStrings: "none" })), "memoizeStrings"],
  ["limits", () => loads(bytes, { limits: wrong({ maxdepth: 1 }) }), "maxDepth"],
  ["a registry", () => new ClassRegistry(wrong({ extend: null })), "extends"],
  ["registerException", () => new ClassRegistry().registerException("a.B", undefined, wrong({ extend: 1 })), "extends"],
  ["registerEnum", () => new ClassRegistry().registerEnum("a.B", { X: 1 }, wrong({ flags: true })), "flag"],
  [
    "exceptionEntry",
    () => exceptionEntry({ module: "a", name: "B" }, pyExceptions.Exception, wrong({ argOf: 1 })),
    "argsOf",
  ],
  ["dataEntry", () => dataEntry("a", "B", wrong({ targt: 1 })), "target"],
  ["dis", () => dis(bytes, wrong({ indentlevel: 2 })), "indentLevel"],
  ["scan", () => scan(bytes, wrong({ alow: [] })), "allow"],
  ["NDArray", () => new NDArray([1], [1], wrong({ dtyp: "O" })), "dtype"],
  ["StringDType", () => new StringDType(wrong({ na_object: null })), "naObject"],
])("options of %s", (_name, call, meant) => {
  try {
    call();
  } catch (error) {
    expect(isPickleError(error) && error.code).toBe("bad-option");
    expect((error as Error).message).toMatch(
      new RegExp(`^Cannot use .*(did you mean ${meant}\\?|written ${meant} here)$`),
    );
    return;
  }
  expect.unreachable();
});

test.each<[string, () => unknown, string]>([
  ["createSerializers", () => createSerializers(wrong({ jsn: {} })), "json"],
  ["createCompression", () => createCompression(wrong({ zstdd: 1 })), "zstd"],
  ["json", () => jsonSerializer(wrong({ dilect: "5.2" })), "dialect"],
  ["msgpack", () => msgpackSerializer(wrong({ modul: 1 })), "module"],
  ["yaml", () => yamlSerializer(wrong({ max_aliases: 1 })), "maxAliases"],
  ["auth", () => authSerializer(wrong({ serializers, security_cert_store: [] })), "trusted"],
  ["serializers.dumps", () => serializers.dumps(1, wrong({ serialiser: "json" })), "serializer"],
  ["serializers.loads", () => serializers.loads(bytes, wrong({ content_type: "a/b" })), "contentType"],
  ["encodeMessage", () => encodeMessage(1, wrong({ serializers, compres: "zlib" })), "compress"],
  ["decodeMessage", () => decodeMessage(message, wrong({ serializers, acept: ["pickle"] })), "accept"],
  ["decompress", () => createCompression().decompress(bytes, wrong({ contentType: "zlib", maxbytes: 1 })), "maxBytes"],
])("options of %s, in kombu's layer", async (_name, call, meant) => {
  try {
    await call();
  } catch (error) {
    expect(isKombuError(error) && error.code).toBe("bad-option");
    expect((error as Error).message).toMatch(
      new RegExp(`^Cannot use .*(did you mean ${meant}\\?|written ${meant} here)$`),
    );
    return;
  }
  expect.unreachable();
});

test("options of the pickle serializer when it is made, not when it is first used", () => {
  expect(() => pickleSerializer(wrong({ protcol: 2 }))).toThrow("did you mean protocol?");
});
