/** What opcodes of objects make of operands of every kind, beside CPython: states, ids, extension codes, buffers, arguments. */
import { afterAll, describe, expect, it } from "vitest";
import { judge, newTally } from "../fuzz/differential.js";
import { Oracle } from "../fuzz/oracle.js";

const oracle = new Oracle();
afterAll(() => oracle.close());

/** The opcodes of a short str. */
const str = (text: string) => `\x8c${String.fromCharCode(text.length)}${text}`;
/** Those of a dict with one str key. */
const dict = (key: string) => `}${str(key)}K\x01s`;

const PLAIN = "capp\nPlain\n)\x81";
const ORDERED = "ccollections\nOrderedDict\n)R";

/** Opcodes of one value each. */
const VALUES = {
  None: "N",
  True: "\x88",
  "an int": "K\x05",
  zero: "K\0",
  "zero as a float": "G\0\0\0\0\0\0\0\0",
  "a str": str("ab"),
  "an empty str": str(""),
  bytes: "C\x01a",
  "an empty list": "]",
  "a list": "](K\x01e",
  "a list like a state with slots": "](N}e",
  "an empty tuple": ")",
  "a tuple of one": "K\x01\x85",
  "a pair of ints": "K\x01K\x02\x86",
  "a pair of Nones": "NN\x86",
  "a pair of empty dicts": "}}\x86",
  "a pair of dicts": `${dict("a")}${dict("b")}\x86`,
  "a pair of dicts with one key": `${dict("a")}${dict("a")}\x86`,
  "slots alone": `N${dict("b")}\x86`,
  "a dict and no slots": `${dict("a")}N\x86`,
  "a dict and an int": "}K\x05\x86",
  "an int and a dict": "K\x05}\x86",
  "zero and a dict": "K\0}\x86",
  "a dict and zero": "}K\0\x86",
  "None and a list": "N]\x86",
  "slots in an OrderedDict": `N${ORDERED}${str("a")}K\x01s\x86`,
  "three dicts": "}}}\x87",
  "an empty dict": "}",
  "a dict": dict("a"),
  "a dict with an int for its key": "}K\x01K\x02s",
  "a dict with None for its key": "}NK\x02s",
  "a dict with bytes for its key": "}C\x01xK\x02s",
  "a dict with a tuple for its key": "}K\x01\x85K\x02s",
  "slots with an int for their name": "N}K\x01K\x02s\x86",
  "slots with None for their name": "N}NK\x02s\x86",
  "slots with bytes for their name": "N}C\x01aK\x02s\x86",
  "an OrderedDict": `${ORDERED}${str("a")}K\x01s`,
  "a Counter": `ccollections\nCounter\n)R${str("a")}K\x01s`,
  "an instance": PLAIN,
  "a set": "\x8f",
  "a frozenset": "(\x91",
  ...Object.fromEntries(
    ["", "__class__", "__dict__", "__proto__", "__setstate__", "constructor", "toString"].flatMap((name) => [
      [`a dict of ${name}`, dict(name)],
      [`a slot of ${name}`, `N${dict(name)}\x86`],
    ]),
  ),
};

/** Opcodes of an object that BUILD may meet. */
const OBJECTS = {
  Plain: PLAIN,
  State: "capp\nState\n)\x81",
  None: "N",
  int: "K\x01",
  str: str("a"),
  list: "]",
  dict: "}",
  tuple: ")",
  set: "\x8f",
  complex: "cbuiltins\ncomplex\n)R",
  OrderedDict: ORDERED,
  deque: "ccollections\ndeque\n)R",
  defaultdict: "ccollections\ndefaultdict\n)R",
  Counter: "ccollections\nCounter\n)R",
  object: "cbuiltins\nobject\n)R",
  bytearray: "\x96\0\0\0\0\0\0\0\0",
  date: "cdatetime\ndate\n(K\x07K\x01K\x01tR",
  range: "cbuiltins\nrange\nK\x01\x85R",
  frozenset: "cbuiltins\nfrozenset\n)R",
  "a class": "capp\nPlain\n",
  Fraction: "cfractions\nFraction\nK\x01\x85R",
  timedelta: "cdatetime\ntimedelta\n)R",
};

const CALLABLES = {
  Plain: "capp\nPlain\n",
  OrderedDict: "ccollections\nOrderedDict\n",
  list: "cbuiltins\nlist\n",
  "an instance": PLAIN,
  None: "N",
  int: "K\x01",
  str: str("x"),
};

const little = (value: number, size: number) =>
  Array.from({ length: size }, (_, i) => String.fromCharCode((value >> (8 * i)) & 0xff)).join("");

/** @throws AssertionError naming the pickles that Brine decides in another way than CPython, and than is known */
async function expectAlike(pickles: readonly (readonly [name: string, opcodes: string])[]): Promise<void> {
  const tally = newTally();
  const bytes = pickles.map(([, opcodes]) => Buffer.from(`${opcodes}.`, "latin1"));
  const verdicts = await oracle.verdicts(bytes);
  const findings: unknown[] = [];
  for (const [i, [name]] of pickles.entries()) {
    const finding = await judge(bytes[i]!, verdicts[i]!, oracle, tally);
    if (finding !== undefined)
      findings.push({ name, kind: finding.kind, brine: finding.brine, cpython: finding.cpython });
  }
  expect(findings).toEqual([]);
  expect(tally.accepted + tally.refused).toBeGreaterThan(pickles.length / 2);
}

describe("Brine decides as CPython", () => {
  it.each(Object.entries(OBJECTS))("what BUILD makes of each state on %s", async (_name, object) => {
    await expectAlike(Object.entries(VALUES).map(([state, opcodes]) => [state, `${object}${opcodes}b`]));
  });

  it("which persistent ids there are", async () => {
    const lines = ["", "abc", "a b", "\r", "a\r", "\xe9", "\0", "a\0b", "\x7f", "'a'", " ", "1"];
    await expectAlike([
      ...lines.map((line) => [`PERSID ${JSON.stringify(line)}`, `P${line}\n`] as const),
      ["PERSID without an end", "Pabc"],
      ["BINPERSID of nothing", "Q"],
      ["BINPERSID of a mark", "(Q"],
      ...Object.entries(VALUES).map(([id, opcodes]) => [`BINPERSID of ${id}`, `${opcodes}Q`] as const),
    ]);
  });

  it("which extension codes there are, and what they stand for at each protocol", async () => {
    await expectAlike([
      ...[0, 1, 2, 3, 255].map((code) => [`EXT1 ${code}`, `\x82${little(code, 1)}`] as const),
      ...[0, 1, 255, 256, 300, 65_535].map((code) => [`EXT2 ${code}`, `\x83${little(code, 2)}`] as const),
      ...[0, 1, 300, 65_536, 70_000, 2 ** 31 - 1, -1, -(2 ** 31), -70_000].map(
        (code) => [`EXT4 ${code}`, `\x84${little(code, 4)}`] as const,
      ),
      ...["\x82", "\x83\x01", "\x84\x01\0\0"].map((opcodes) => ["a short code", opcodes] as const),
      ...["", "\x80\x02", "\x80\x03", "\x80\x04", "\x80\x05"].flatMap((proto) => [
        ["a call", `${proto}\x82\x01G?\xf0\0\0\0\0\0\0\x85R`] as const,
        ["a new object", `${proto}\x82\x02)\x81`] as const,
        ["a new object with keywords", `${proto}\x82\x02)}\x92`] as const,
        ["a code that is remembered", `${proto}\x82\x02q\0h\0)\x81\x86`] as const,
        ["an old object", `${proto}(\x82\x02o`] as const,
      ]),
    ]);
  });

  it("what buffers there are", async () => {
    const opcodes = [
      ..."\x97|\x97\x97\x86|\x97\x97\x97\x87|\x97\x98|\x97\x98\x98|\x97\x97\x98\x86|\x98|N\x98|C\x01a\x98|]\x98|(\x98".split(
        "|",
      ),
      ..."\x97q\0h\0\x86|\x97\x98q\0h\0\x86|\x97\x94h\0\x86|\x80\x04\x97|}\x97K\x01s|\x97)\x81|\x97}b|\x97\x97\x98K\x01s".split(
        "|",
      ),
      ...["bytes\n\x97", "bytearray\n\x97", "bytes\n\x97\x98"].map((call) => `cbuiltins\n${call}\x85R`),
      `${str("a")}\x98`,
      "\x96\x01\0\0\0\0\0\0\0a\x98",
    ];
    await expectAlike(opcodes.map((each) => [JSON.stringify(each), each]));
  });

  it("which items of a list are set", async () => {
    const indices = ["K\0", "K\x01", "K\x02", "\x88", "\x89", ...[-1, -2, -3].map((i) => `J${little(i, 4)}`)];
    await expectAlike([
      ...indices.map((index) => [JSON.stringify(index), `](K\x07K\x08e${index}Ns`] as const),
      ...indices.map((index) => [`${JSON.stringify(index)} of many`, `](K\x07K\x08e(${index}N${index}K\x09u`] as const),
      ...["N", str("0")].map((index) => [index, `](K\x07K\x08e${index}Ns`] as const),
    ]);
  });

  it("which text is a UUID", async () => {
    const hex = "1234567812345678123456781234ABcd";
    const texts = [
      hex,
      "12345678-1234-5678-1234-567812345678",
      `{${hex}}`,
      `}{{${hex}}{`,
      `urn:uuid:${hex}`,
      `uuid:urn:${hex}urn:`,
      `---${hex}-`,
      `{urn:${hex}`,
      `${hex}0`,
      `0${hex}`,
      hex.slice(1),
      `{-${hex.slice(0, 16)}}${hex.slice(16)}`,
      `g${hex.slice(1)}`,
      `URN:${hex}`,
      "",
    ];
    await expectAlike(texts.map((text) => [text, `cuuid\nUUID\n${str(text)}\x85R`]));
  });

  it.each(Object.entries(CALLABLES))("what calls %s, and with which arguments", async (_name, callable) => {
    const kinds = Object.entries(VALUES);
    await expectAlike([
      ...kinds.map(([args, opcodes]) => [`REDUCE of ${args}`, `${callable}${opcodes}R`] as const),
      ...kinds.map(([arg, opcodes]) => [`OBJ of ${arg}`, `(${callable}${opcodes}o`] as const),
      ["OBJ of pairs", `(${callable}](](${str("a")}K\x01eeo`] as const,
      ...kinds.map(([args, opcodes]) => [`NEWOBJ of ${args}`, `${callable}${opcodes}\x81`] as const),
      ...kinds.map(([args, opcodes]) => [`NEWOBJ_EX with keywords of ${args}`, `${callable})${opcodes}\x92`] as const),
      ...kinds.map(([args, opcodes]) => [`NEWOBJ_EX of ${args}`, `${callable}${opcodes}}\x92`] as const),
    ]);
  });
});
