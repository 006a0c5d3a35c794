/**
 * Input that is wrong or meant to hurt. What must be refused is refused with an exact code and offset, as CPython refuses
 * it; what must be cheap completes within the time of a test, which it could not if its cost were not bounded.
 */
import { readFileSync } from "node:fs";
import { ClassRegistry, FrozenSet, isPickleError, loads, PyDict, PyFloat, repr, Tuple, Unpickler } from "@brine/codec";
import { registerNumpy } from "@brine/codec/numpy";
import { genops, OPCODES, type OpcodeInfo, scan } from "@brine/codec/tools";
import { afterAll, describe, expect, it } from "vitest";
import { Oracle } from "../fuzz/oracle.js";
import { appRegistry } from "./app-registry.js";

const latin1 = (text: string) => Buffer.from(text, "latin1");

/** Code and offset of the error, `undefined` when there is none; anything but a PickleError fails the test. */
function refusal(
  pickle: Uint8Array,
  options: Parameters<typeof loads>[1] = {},
): [string, number | undefined] | undefined {
  try {
    loads(pickle, options);
    return undefined;
  } catch (error) {
    if (!isPickleError(error)) throw error;
    return [error.code, error.offset];
  }
}

type Row = readonly [what: string, pickle: string, code: string, offset: number];

const MALFORMED: readonly Row[] = [
  ["no bytes", "", "truncated", 0],
  ["STOP alone", ".", "stack-underflow", 0],
  ["STOP above a mark", "N(.", "stack-underflow", 2],
  ["bytes that are no opcode", "N\xf0.", "unknown-opcode", 1],
  ["a newline for an opcode", "\n.", "unknown-opcode", 0],
  ["a protocol of the future", "\x80\x06N.", "unsupported-protocol", 0],

  ["a STRING without quotes", "Sabc\n.", "bad-argument", 0],
  ["a STRING with one quote", "S'\n.", "bad-argument", 0],
  ["a STRING with two kinds of quotes", "S'abc\"\n.", "bad-argument", 0],
  ["a STRING with more after its quote", "S'abc'x\n.", "bad-argument", 0],
  ["a STRING with a space after its quote", "S'abc' \n.", "bad-argument", 0],
  ["a STRING with half an escape", "S'\\x1'\n.", "bad-argument", 0],
  ["a STRING that ends in a backslash", "S'abc\\'\n.", "bad-argument", 0],
  ["a STRING with no line's end", "S'abc'", "truncated", 0],

  ["an INT that is none", "I1x\n.", "bad-argument", 0],
  ["an INT of no digits", "I\n.", "bad-argument", 0],
  ["a LONG with a leading zero", "L010L\n.", "bad-argument", 0],
  ["a FLOAT with a space", "F1.0 \n.", "bad-argument", 0],
  ["a FLOAT with an underscore", "F1_0.0\n.", "bad-argument", 0],
  ["a FLOAT that overflows", "F1e400\n.", "bad-argument", 0],
  ["a LONG4 of negative length", "\x8b\xff\xff\xff\xff.", "bad-argument", 0],
  ["a BINSTRING of negative length", "T\xff\xff\xff\xff.", "bad-argument", 0],
  ["an escape of half a character", "V\\u12\n.", "bad-argument", 0],
  ["a character beyond Unicode", "V\\U00110000\n.", "bad-argument", 0],
  ["utf-8 that is overlong", "\x8c\x02\xc0\x80.", "bad-argument", 0],
  ["utf-8 that stops", "\x8c\x01\xc2.", "bad-argument", 0],

  ["a PUT of a negative index", "Np-1\n.", "bad-memo", 1],
  ["a PUT of a word", "Npx\n.", "bad-argument", 1],
  ["a GET of what was never put", "g0\n.", "bad-memo", 0],
  ["a BINGET of what was never put", "Nq\x00h\x01.", "bad-memo", 3],
  ["a LONG_BINGET of what was never put", "j\xff\xff\xff\xff.", "bad-memo", 0],
  ["a GET after the memo of another index", "Nq\x050g4\n.", "bad-memo", 4],

  ["a REDUCE without a tuple", "cbuiltins\nlist\n]R.", "bad-operand", 16],
  ["a REDUCE of a number", "K\x01)R.", "bad-operand", 3],
  ["a NEWOBJ without a tuple", "ccollections\nOrderedDict\n]\x81.", "bad-operand", 26],
  ["a NEWOBJ of a number", "K\x01)\x81.", "bad-operand", 3],
  ["a NEWOBJ_EX without a tuple", "ccollections\nOrderedDict\n]}\x92.", "bad-operand", 27],
  ["a NEWOBJ_EX without a dict", "ccollections\nOrderedDict\n))\x92.", "bad-operand", 27],
  ["a NEWOBJ_EX of a number", "K\x01)}\x92.", "bad-operand", 4],
  ["an OBJ without a class", "(o.", "stack-underflow", 1],
  ["a STACK_GLOBAL of bytes", "C\x01aC\x01b\x93.", "bad-operand", 6],
  ["an APPEND to a number", "K\x01K\x02a.", "bad-operand", 4],
  ["APPENDS to None", "N(K\x01e.", "bad-operand", 4],
  ["a SETITEM on a tuple", ")NNs.", "bad-operand", 3],
  ["SETITEMS of three", "}(NNNu.", "stack-underflow", 5],
  ["a DICT of three", "(NNNd.", "stack-underflow", 4],
  ["ADDITEMS to a list", "](K\x01\x90.", "bad-operand", 4],
  ["a BUILD of a list", "]}b.", "bad-operand", 2],
  ["a list as a key", "}]Ns.", "unhashable", 3],
  ["a dict in a set", "\x8f(}\x90.", "unhashable", 3],
  ["a set in a frozenset", "(\x8f\x91.", "unhashable", 2],
  ["a bytearray in a tuple as a key", "}\x96\x01\x00\x00\x00\x00\x00\x00\x00a\x85Ns.", "unhashable", 13],
  ["a READONLY_BUFFER of a str", "\x8c\x01a\x98.", "bad-operand", 3],

  ["an EXT1 of code 0", "\x82\x00.", "bad-argument", 0],
  ["an EXT2 of code 0", "\x83\x00\x00.", "bad-argument", 0],
  ["an EXT4 of a negative code", "\x84\xff\xff\xff\xff.", "bad-argument", 0],
  ["an EXT1 that nobody registered", "\x82\x63.", "unregistered-extension", 0],

  ["a frame longer than the input", "\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00N.", "truncated", 2],
  ["a frame in a frame", `\x80\x04\x95\x0b${"\0".repeat(7)}\x95\x01${"\0".repeat(7)}N0N.`, "bad-frame", 11],
  [
    "a frame in a frame that ends the input",
    `\x80\x04\x95\x0b${"\0".repeat(7)}\x95\x02${"\0".repeat(7)}N.`,
    "bad-frame",
    11,
  ],
  ["a frame that ends inside an argument", "\x80\x04\x95\x03\x00\x00\x00\x00\x00\x00\x00\x8c\x03abc.", "bad-frame", 11],
  ["a frame that ends inside a line", "\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00I12\n.", "bad-frame", 11],

  ["a claim of 2 ** 62 bytes", "\x8e\x00\x00\x00\x00\x00\x00\x00\x40.", "truncated", 0],
  ["a claim of 2 ** 63 bytes of utf-8", "\x8d\x00\x00\x00\x00\x00\x00\x00\x80.", "truncated", 0],
  ["a claim of a 2 ** 62 bytearray", "\x96\x00\x00\x00\x00\x00\x00\x00\x40.", "truncated", 0],
  ["a claim of a frame of 2 ** 62", "\x95\x00\x00\x00\x00\x00\x00\x00\x40N.", "truncated", 0],
  ["a claim of 4 GiB of bytes", "B\xff\xff\xff\xff.", "truncated", 0],
  ["a claim of 4 GiB of utf-8", "X\xff\xff\xff\xff.", "truncated", 0],
  ["a claim of an int of 2 GiB", "\x8b\xff\xff\xff\x7f.", "limit-exceeded", 0],
];

/** What a C reader that is older than its frames are strict lets pass. */
const LENIENT_FRAMES = new Set([
  "a frame in a frame",
  "a frame in a frame that ends the input",
  "a frame that ends inside an argument",
  "a frame that ends inside a line",
]);

describe("loads() refuses malformed input where CPython does", () => {
  const oracle = new Oracle();
  afterAll(() => oracle.close());

  it.each(MALFORMED)("%s", (_what, pickle, code, offset) => {
    expect(refusal(latin1(pickle))).toEqual([code, offset]);
  });

  it("and CPython refuses every one of them", async () => {
    const verdicts = await oracle.verdicts(MALFORMED.map(([, pickle]) => latin1(pickle)));
    const accepted = MALFORMED.filter(([what], i) => "value" in verdicts[i]! && !LENIENT_FRAMES.has(what));
    expect(accepted.map(([what]) => what)).toEqual([]);
  });

  it("an opcode whose operands are missing", () => {
    for (const { name, code, arg, stackBefore } of OPCODES as readonly OpcodeInfo[]) {
      if (arg !== null || stackBefore.length === 0 || stackBefore.includes("mark")) continue;
      for (let items = 0; items < stackBefore.length; items++) {
        const label = `${name} of ${items}`;
        const bytes = Buffer.concat([latin1("N".repeat(items)), Buffer.from([code, 0x2e])]);
        expect([label, ...(refusal(bytes) ?? [])]).toEqual([label, "stack-underflow", items]);
        // What is below a mark is out of reach.
        if (name === "POP") continue;
        const marked = Buffer.concat([latin1(`NNN(${"N".repeat(items)}`), Buffer.from([code, 0x2e])]);
        expect([label, ...(refusal(marked) ?? [])]).toEqual([label, "stack-underflow", items + 4]);
      }
    }
  });

  it("an opcode whose mark is missing", () => {
    for (const { name, code, arg, stackBefore } of OPCODES as readonly OpcodeInfo[]) {
      if (!stackBefore.includes("mark")) continue;
      const bytes = Buffer.concat([latin1("NN"), Buffer.from([code]), latin1(arg === null ? "." : "a\nb\n.")]);
      expect([name, ...(refusal(bytes) ?? [])]).toEqual([name, "missing-mark", 2]);
    }
  });

  it("every pickle of every opcode, cut off anywhere", () => {
    const { pickles } = JSON.parse(readFileSync(new URL("../vectors/opcodes.json", import.meta.url), "utf8")) as {
      readonly pickles: readonly { readonly data: string }[];
    };
    for (const { data } of pickles) {
      const pickle = Buffer.from(data, "base64");
      if (pickle.length > 2000) continue;
      const starts = Array.from(genops(pickle), ({ offset }) => offset);
      for (let length = 0; length < pickle.length; length++) {
        const found = refusal(pickle.subarray(0, length), { encoding: "latin1" });
        // The opcode to blame is one that is there, or the one that should come next.
        const isExpected = found !== undefined && (starts.includes(found[1]!) || found[1] === length);
        if (!isExpected) expect.unreachable(`${data} cut at ${length}: ${found}`);
      }
    }
  });
});

describe("hostile input costs no more than its size", () => {
  const repeat = (text: string, times: number) => Buffer.alloc(text.length * times, text, "latin1");
  const pickle = (...parts: (string | Buffer)[]) =>
    Buffer.concat(parts.map((part) => (typeof part === "string" ? latin1(part) : part)));

  it("a billion laughs in 520 bytes are forty small lists", () => {
    let bytes = "]q\x00.".slice(0, 3);
    for (let level = 1; level < 40; level++) {
      bytes += `](${`h${String.fromCharCode(level - 1)}`.repeat(5)}eq${String.fromCharCode(level)}`;
    }
    const value = loads(latin1(`${bytes}.`)) as unknown[];
    let depth = 0;
    for (let list: unknown[] = value; list.length > 0; list = list[0] as unknown[]) {
      expect(list.every((item) => item === list[0])).toBe(true);
      depth++;
    }
    expect(depth).toBe(39);
  });

  it("the same of tuples, as the key of a dict", () => {
    const doubled = `K\x01${"\x852\x86".repeat(60)}`;
    const dict = loads(latin1(`}${doubled}K\x02s.`)) as PyDict<unknown, unknown>;
    expect(dict).toBeInstanceOf(PyDict);
    expect(dict.get([...dict.keys()][0])).toBe(2);
    const set = loads(latin1(`\x8f(${doubled}${doubled}\x90.`)) as Set<unknown>;
    expect(set.size).toBe(1);
  });

  it("values that no error message may spell out: 2 ** 300 items, or 20,000 deep", () => {
    const registry = new ClassRegistry();
    registry.registerEnum("app.Color", { RED: 1 });
    registry.register("app.Failure", class Failure extends Error {});
    registry.register("app.Plain", class Plain {});
    for (const value of [`K\x01${"2\x86".repeat(300)}`, `)${"\x85".repeat(20_000)}`]) {
      const refused = (pickle: string) => refusal(latin1(pickle), { registry })?.[0];
      expect(refused(`capp\nColor\n${value}\x85R.`)).toBe("construct-failed");
      expect(refused(`chttp\nHTTPStatus\n${value}\x85R.`)).toBe("construct-failed");
      expect(refused(`capp\nFailure\n${value}\x85R.`)).toBeUndefined();
      expect(refused(`capp\nPlain\n)}${value}K\x01s\x92.`)).toBe("bad-operand");
      for (const name of ["UserString", "UserList", "UserDict", "ChainMap"]) {
        const field = name === "ChainMap" ? "\x8c\x04maps" : "\x8c\x04data";
        expect(() => repr(loads(latin1(`ccollections\n${name}\n)\x81}${field}${value}sb.`)))).not.toThrow();
      }
    }
  });

  it("such a value in the place of every argument of every type", () => {
    const registry = registerNumpy(appRegistry());
    const rows = JSON.parse(readFileSync(new URL("../vectors/types.json", import.meta.url), "utf8")) as readonly {
      readonly name: string;
      readonly pickles: readonly { readonly data: string; readonly from: readonly string[] }[];
    }[];
    const shared = `r\xff\xff\xff\x7f0`;
    const again = `j\xff\xff\xff\x7f`;
    const bomb = latin1(`]${`${shared}](${again}${again}e`.repeat(300)}${shared}`);
    let count = 0;
    for (const { name, pickles } of rows) {
      // Protocol 2 has neither frames nor a memo that counts for itself.
      const { data } = pickles.find(({ from }) => from.some((origin) => origin.endsWith(":2"))) ?? {};
      if (data === undefined) continue;
      const bytes = Buffer.from(data, "base64");
      for (const { opcode, offset, end } of genops(bytes)) {
        if (opcode.stackBefore.length > 0 || opcode.stackAfter.length !== 1 || /GET|MARK/.test(opcode.name)) continue;
        const evil = Buffer.concat([bomb, bytes.subarray(0, offset), latin1(again), bytes.subarray(end)]);
        expect(() => refusal(evil, { registry }), `${name}, ${opcode.name} at ${offset}`).not.toThrow();
        count++;
      }
    }
    expect(count).toBeGreaterThan(1500);
  });

  it("a name of a million characters", () => {
    const name = "a".repeat(1_000_000);
    const message = (pickle: string) => {
      try {
        return loads(latin1(pickle));
      } catch (error) {
        return (error as Error).message.length;
      }
    };
    expect(message(`c${name}\n${name}\n.`)).toBeLessThan(2000);
    expect(message(`cos\n${name}\n.`)).toBeLessThan(2000);
  });

  it("200,000 items of one APPENDS, SETITEMS, ADDITEMS, TUPLE, FROZENSET", () => {
    const items = repeat("NN", 100_000);
    expect((loads(pickle("](", items, "e.")) as unknown[]).length).toBe(200_000);
    expect((loads(pickle("(", items, "l.")) as unknown[]).length).toBe(200_000);
    expect((loads(pickle("(", items, "t.")) as Tuple).length).toBe(200_000);
    expect((loads(pickle("}(", items, "u.")) as PyDict<unknown, unknown>).size).toBe(1);
    expect((loads(pickle("\x8f(", items, "\x90.")) as Set<unknown>).size).toBe(1);
    expect((loads(pickle("(", items, "\x91.")) as Set<unknown>).size).toBe(1);
    expect((loads(pickle("ccollections\ndeque\n)R(", items, "e.")) as { readonly length: number }).length).toBe(
      200_000,
    );
  });

  it("200,000 empty APPENDS and SETITEMS", () => {
    expect(loads(pickle("]", repeat("(e", 200_000), "."))).toEqual([]);
    expect(loads(pickle("}", repeat("(u", 200_000), "."))).toEqual({});
  });

  it("a flood of MEMOIZE, and of one memo slot put again and again", () => {
    expect(loads(pickle("]", repeat("\x94", 1_000_000), "h\x05."))).toEqual([]);
    expect(loads(pickle("]", repeat("q\x07", 1_000_000), "h\x07."))).toEqual([]);
    expect(refusal(pickle("]", repeat("\x94", 1000), "."), { limits: { maxMemo: 100 } })?.[0]).toBe("limit-exceeded");
  });

  it("a memo index of 2 ** 31, and a hundred thousand of them far apart", () => {
    expect(loads(latin1("Nr\x00\x00\x00\x800j\x00\x00\x00\x80."))).toBe(null);
    expect(loads(latin1("K\x05r\xff\xff\xff\xff0j\xff\xff\xff\xff."))).toBe(5);
    const puts = Buffer.alloc(500_000);
    for (let i = 0; i < 100_000; i++) {
      puts[5 * i] = 0x72;
      puts.writeUInt32LE((i * 40_503 + 2 ** 30) >>> 0, 5 * i + 1);
    }
    expect(loads(pickle("N", puts, "."))).toBe(null);
    // Downwards from the end, where an array would be filled with holes each time.
    for (let i = 0; i < 100_000; i++) puts.writeUInt32LE(490_000 - i, 5 * i + 1);
    expect(loads(pickle("N", puts, "."))).toBe(null);
  });

  it("1,000,000 lists, tuples and dicts in one another", () => {
    const deep = 1_000_000;
    let depth = 0;
    for (let list = loads(pickle(repeat("]", deep), repeat("a", deep - 1), ".")) as unknown[]; list; depth++) {
      list = list[0] as unknown[];
    }
    expect(depth).toBe(deep);
    expect(loads(pickle("N", repeat("\x85", deep), ".")) instanceof Tuple).toBe(true);
    expect(loads(pickle(repeat("(", deep), "N", repeat("t", deep), ".")) instanceof Tuple).toBe(true);
    expect(loads(pickle(repeat("}N", deep), "N", repeat("s", deep), ".")) instanceof PyDict).toBe(true);
  });

  it("1,000,000 tuples in one another as a key", () => {
    const bytes = pickle("}N", repeat("\x85", 1_000_000), "Ns.");
    expect((loads(bytes) as PyDict<unknown, unknown>).size).toBe(1);
  });

  it("30,000 frozensets in one another, and a frozenset, a tuple, bytes and a str in as many others as there are references", () => {
    const N = 30_000;
    const le = (value: number) => String.fromCharCode(value & 255, (value >> 8) & 255, value >> 16, 0);
    expect(loads(latin1(`${"(".repeat(N)}N${"\x91".repeat(N)}.`))).toBeInstanceOf(FrozenSet);
    const items = Array.from({ length: N }, (_, i) => `J${le(i)}`).join("");
    const long = (code: string) => `${code}${le(N)}${"x".repeat(N)}`;
    const keys = [`(${items}\x91`, `(${items}t`, `K\x01${"\x85".repeat(N)}`, long("B"), long("X")];
    for (const key of keys) {
      const [first, ...others] = loads(latin1(`](${key}\x94${"}(NNh\x00Nu(h\x00N\x91".repeat(N)}e.`)) as unknown[];
      expect(others).toHaveLength(2 * N);
      expect((others.at(-2) as PyDict).has(first)).toBe(true);
      expect((others.at(-1) as FrozenSet).has(first)).toBe(true);
    }
  });

  it("1,000,000 marks", () => {
    expect(refusal(repeat("(", 1_000_000))?.[0]).toBe("truncated");
    expect(Array.isArray(loads(pickle(repeat("(", 1_000_000), "N", repeat("l", 1_000_000), ".")))).toBe(true);
  });

  it("keys whose hashes collide in CPython: multiples of 2 ** 61 - 1", () => {
    const count = 20_000;
    const keys = Buffer.alloc(count * 12);
    for (let i = 0; i < count; i++) {
      keys.set([0x8a, 10], 12 * i);
      keys.writeBigUInt64LE(BigInt.asUintN(64, BigInt(i) * (2n ** 61n - 1n)), 12 * i + 2);
      keys[12 * i + 10] = Number((BigInt(i) * (2n ** 61n - 1n)) >> 64n) & 0xff;
      keys[12 * i + 11] = Number((BigInt(i) * (2n ** 61n - 1n)) >> 72n) & 0xff;
    }
    expect((loads(pickle("\x8f(", keys, "\x90.")) as Set<unknown>).size).toBe(count);
    const tuples = Buffer.concat(
      Array.from({ length: count }, (_, i) => pickle(keys.subarray(12 * i, 12 * i + 12), "\x85")),
    );
    expect((loads(pickle("\x8f(", tuples, "\x90.")) as Set<unknown>).size).toBe(count);
  });

  it("a long line of digits, spaces or backslashes", () => {
    expect(refusal(pickle("I", repeat("1", 1_000_000), "\n."))?.[0]).toBe("limit-exceeded");
    expect(refusal(pickle("L0x", repeat("f", 1_000_000), "L\n."))).toBe(undefined);
    expect(refusal(pickle("I", repeat(" ", 1_000_000), "x\n."))?.[0]).toBe("bad-argument");
    expect(refusal(pickle("F", repeat("1", 1_000_000), "x\n."))?.[0]).toBe("bad-argument");
    expect(refusal(pickle("V", repeat("\\", 1_000_001), "u\n."))?.[0]).toBe("bad-argument");
    expect(refusal(pickle("S'", repeat("\\\\", 1_000_000), "'\n."))).toBe(undefined);
    expect(refusal(pickle("p", repeat("1", 1_000_000), "\n."))?.[0]).toBe("stack-underflow");
  });

  it("a list that is promoted key by key, with many references to each dict", () => {
    const dicts = Buffer.concat(Array.from({ length: 20_000 }, () => latin1("}\x94K\x01Ns")));
    expect((loads(pickle("](", dicts, "e.")) as unknown[]).length).toBe(20_000);
  });
});

describe("keys and names of the language touch nothing of it", () => {
  const names = [
    "__proto__",
    "constructor",
    "prototype",
    "hasOwnProperty",
    "toString",
    "valueOf",
    "then",
    "toJSON",
    "__defineGetter__",
  ];
  const str = (text: string) => `\x8c${String.fromCharCode(text.length)}${text}`;
  const before = Reflect.ownKeys(Object.prototype).map(String).join();

  it.each(names)("%s is a key like any other", (name) => {
    const dict = loads(latin1(`}${str(name)}}${str("polluted")}K\x01ss.`)) as Record<string, unknown>;
    expect(Object.getPrototypeOf(dict)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(dict, name)?.value).toEqual({ polluted: 1 });
    expect(Object.keys(dict)).toEqual([name]);
    const batch = loads(latin1(`}(${str(name)}K\x01${str("b")}K\x02u.`)) as Record<string, unknown>;
    expect(Object.entries(batch)).toEqual([
      [name, 1],
      ["b", 2],
    ]);
  });

  it.each(names)("%s is an attribute like any other", (name) => {
    class Kept {}
    const registry = new ClassRegistry();
    registry.register("app.Kept", Kept);
    const bytes = latin1(`\x80\x02capp\nKept\n)\x81}${str(name)}}${str("polluted")}K\x01ssb.`);
    const kept = loads(bytes, { registry }) as object;
    expect(Object.getPrototypeOf(kept)).toBe(Kept.prototype);
    expect(Object.getOwnPropertyDescriptor(kept, name)?.value).toEqual({ polluted: 1 });
    expect(({} as { polluted?: unknown }).polluted).toBe(undefined);
  });

  it.each(names)("%s is no class and no module", (name) => {
    expect(refusal(latin1(`c${name}\n${name}\n.`))).toEqual(["unregistered-global", 0]);
    expect(refusal(latin1(`cbuiltins\n${name}\n.`))).toEqual(["unregistered-global", 0]);
    expect(refusal(latin1(`ccollections\nOrderedDict.${name}\n.`))).toEqual(["unregistered-global", 0]);
  });

  it("Object.prototype is as it was", () => {
    expect(Reflect.ownKeys(Object.prototype).map(String).join()).toBe(before);
  });
});

describe("what runs code in Python never resolves", () => {
  const NAMES = [
    "os system",
    "posix system",
    "nt system",
    "subprocess Popen",
    "subprocess call",
    "builtins eval",
    "builtins exec",
    "builtins compile",
    "builtins open",
    "builtins __import__",
    "builtins globals",
    "__builtin__ apply",
    "__builtin__ execfile",
    "commands getoutput",
    "os popen",
    "os.path os.system",
    "sys modules",
    "socket socket",
    "shutil rmtree",
    "pty spawn",
    "runpy run_path",
    "importlib import_module",
    "operator attrgetter",
    "types CodeType",
    "types FunctionType",
    "marshal loads",
    "pickle loads",
    "code interact",
    "pdb run",
    "timeit timeit",
    "ctypes CDLL",
    "webbrowser open",
    "collections abc.sys.modules.get",
    "datetime sys.modules",
    "decimal _sys",
    "functools reduce",
  ] as const;

  it.each(NAMES)("%s", (name) => {
    const [module, attribute] = name.split(" ") as [string, string];
    const str = (text: string) => `\x8c${String.fromCharCode(text.length)}${text}`;
    for (const protocol of [0, 2, 4]) {
      const header = protocol === 0 ? "" : `\x80${String.fromCharCode(protocol)}`;
      const global = protocol === 4 ? `${str(module)}${str(attribute)}\x93` : `c${module}\n${attribute}\n`;
      const bytes = latin1(`${header}${global}(${str("id")}tR.`);
      let isReached = false;
      class Watched extends Unpickler {
        override findClass(...names: [string, string]) {
          isReached = true;
          return super.findClass(...names);
        }
      }
      let refused: unknown;
      try {
        new Watched(bytes).load();
      } catch (error) {
        refused = error;
      }
      expect(isReached).toBe(true);
      // Data, known by name and never called: its arguments are kept. A function of which only the name is known takes none.
      const wanted = { "operator attrgetter": undefined, "functools reduce": "bad-operand" };
      const code = refused === undefined ? undefined : isPickleError(refused) && refused.code;
      expect(code).toBe(name in wanted ? wanted[name as keyof typeof wanted] : "unregistered-global");
      expect(scan(bytes).verdict).not.toBe("allowed");
    }
  });

  it("not even with everything kept as data", () => {
    const value = loads(latin1("cos\nsystem\n(S'id'\ntR."), { unregistered: "opaque" });
    expect(String((value as { callable: unknown }).callable)).toBe("os.system");
  });
});

describe("numbers at their edges", () => {
  it("stay what they are", () => {
    expect(loads(latin1("G\x7f\xf0\0\0\0\0\0\0."))).toBe(Number.POSITIVE_INFINITY);
    expect(Object.is(loads(latin1("G\x80\0\0\0\0\0\0\0.")), -0)).toBe(true);
    expect(loads(latin1("G@\0\0\0\0\0\0\0."), { float: "exact" })).toEqual(new PyFloat(2));
    expect(loads(latin1("\x8a\x08\0\0\0\0\0\0\0\x80."))).toBe(-(2n ** 63n));
  });
});
