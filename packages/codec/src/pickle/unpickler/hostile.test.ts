/** Input that is made to be costly. */
import { describe, expect, test } from "vitest";
import { ClassRegistry } from "../../globals/default-registry.js";
import { collidingBits } from "../../python/collisions.vectors.js";
import type { PyDict } from "../../python/containers/dict.js";
import { tuple } from "../../python/containers/sequences.js";
import { dumps } from "../api-dump.js";
import { loads } from "../api-load.js";
import { failure, raw } from "./written-by-hand.js";

describe("hostile input costs no more than its size", () => {
  const repeat = (text: string, count: number) => text.repeat(count);

  test("a million nested lists", () => {
    let value = loads(raw(`${repeat("]", 1_000_000)}${repeat("a", 999_999)}.`));
    let depth = 0;
    while (Array.isArray(value)) {
      depth++;
      value = value[0];
    }
    expect(depth).toBe(1_000_000);
  });

  test("lengths that are not there are not allocated", () => {
    for (const opcode of ["\x8d", "\x8e", "\x96"]) {
      expect(failure(() => loads(raw(`${opcode}\0\0\0\0\0\0\0\x40.`))).code).toBe("truncated");
    }
  });

  test("a memo index of four billion is one entry", () => {
    expect(loads(raw("Nr\xff\xff\xff\xffK\x05q\x07j\xff\xff\xff\xffh\x07\x86."))).toStrictEqual(tuple(null, 5));
    expect(loads(raw("Nr\xff\xff\xff\xff0K\x05\x940h\x01."))).toBe(5);
  });

  test("200,000 items in one APPENDS", () => {
    expect((loads(raw(`](${repeat("N", 200_000)}e.`)) as unknown[]).length).toBe(200_000);
  });

  test("a pair of pairs of pairs as a key is hashed once for each pair", () => {
    const dag = `K\x01${repeat("2\x86", 60)}`;
    const dict = loads(raw(`}${dag}K\x05s.`)) as PyDict;
    expect(dict.size).toBe(1);
  });

  const text = (value: string) => `V${value}\n`;

  // Each took from twenty seconds to minutes, since the time grew with the square of the size.
  test.each([
    ["a Decimal with zeros inside", `}cdecimal\nDecimal\n${text(`1${repeat("0", 1_000_000)}1`)}\x85RNs.`, 1],
    [
      "Decimals that are longer than their text",
      `}(${Array.from({ length: 40_000 }, (_, i) => `cdecimal\nDecimal\n${text(`${i}1E+4900`)}\x85RN`).join("")}u.`,
      40_000,
    ],
    [
      "a path, in many dicts",
      `cpathlib\nPurePosixPath\n${text(repeat("a/", 200_000))}\x85Rq\x000${repeat("}h\x00Ns0", 30_000)}}h\x00Ns.`,
      1,
    ],
    [
      "ranges of huge ints",
      `}(${Array.from({ length: 18 }, (_, i) => `cbuiltins\nrange\n\x8b\0\0\x10\0${repeat(String.fromCharCode(i + 1), 2 ** 20)}\x85RN`).join("")}u.`,
      18,
    ],
    [
      "a datetime in a zone whose file has a strange name",
      `}cdatetime\ndatetime\n(M\xe8\x07K\x01K\x01K\x00K\x00K\x00K\x00cdateutil.tz.tz\ntzfile\nN${text(
        `${repeat("zoneinfo/", 100_000)}\\u000a`,
      )}\x86RtRNs.`,
      1,
    ],
  ])("%s as key", (_what, pickle, size) => {
    expect((loads(raw(pickle)) as PyDict).size).toBe(size);
  });

  test.each([
    ["a path", `cpathlib\nPurePosixPath\n${text(repeat("a/", 200_000))}\x85R`],
    ["a range of a huge int", `cbuiltins\nrange\n\x8b\x40\x0d\x03\0${repeat("\x7f", 200_000)}\x85R`],
    ["a slice of pairs of pairs", `cbuiltins\nslice\n${text("a")}${repeat("2\x86", 60)}\x85R`],
  ])("the message of many exceptions made of one value: %s", (_what, value) => {
    const exceptions = loads(raw(`${value}q\x000](${repeat("cbuiltins\nValueError\nh\x00\x85R", 10_000)}e.`));
    for (const { message } of exceptions as Error[]) expect(message).toBe("...");
  });

  test("the message of many exceptions made of one instance with many attributes", () => {
    class Named {
      toString() {
        return "a name";
      }
    }
    const registry = new ClassRegistry().register("app.Named", Named);
    const wide = `capp\nNamed\n)\x81}(${Array.from({ length: 10_000 }, (_, i) => `Va${i}\nN`).join("")}ubq\x00`;
    const pickle = `${wide}](${repeat("cbuiltins\nValueError\nh\x00\x85R", 10_000)}e.`;
    for (const { message } of loads(raw(pickle), { registry }) as Error[]) expect(message).toBe("...");
  });

  test("the message of many syntax errors in one file with a long name", () => {
    const place = `(${text(repeat("a/", 1_000_000))}K\x01K\x01V\ntq\x00`;
    const pickle = `${place}](${repeat("cbuiltins\nSyntaxError\nVm\nh\x00\x86R", 20_000)}e.`;
    for (const { message } of loads(raw(pickle)) as Error[]) expect(message).toBe("m (..., line 1)");
  });

  test.each([["ValueError"], ["OSError"]])("the message of a %s made of two, each made of two", (name) => {
    const twice = `q\x000cbuiltins\n${name}\nh\x00h\x00\x86R`;
    const error = loads(raw(`cbuiltins\nValueError\n\x8c\x01x\x85R${repeat(twice, 60)}.`)) as Error;
    expect(error.message.length).toBeLessThan(10_000);
  });

  test("ten lists of ten lists of ten lists stay references", () => {
    let pickle = "]\x94";
    for (let level = 0; level < 50; level++) {
      const get = `h${String.fromCharCode(level)}`;
      pickle += `0](${repeat(get, 10)}e\x94`;
    }
    expect(loads(raw(`${pickle}.`))).toHaveLength(10);
  });

  /** A pickle that has a value in memo 0, and does `each` many times. */
  const often = (value: string, each: string, count: number) => raw(`${value}q\x000(${repeat(`${each}0`, count)}Nl.`);

  test.each([
    ["a list made of a list", `](${repeat("N", 5000)}e`, "cbuiltins\nlist\nh\x00\x85R"],
    ["a frozenset", `](${repeat("N", 5000)}e`, "cbuiltins\nfrozenset\nh\x00\x85R"],
    ["a set of a class of Python's", `](${repeat("N", 5000)}e`, "ccollections\ndeque\nh\x00\x85R"],
    ["bytes of text", `V${repeat("a", 5000)}\n`, "c_codecs\nencode\nh\x00Vlatin1\n\x86R"],
    ["a Decimal", `V${repeat("1", 5000)}\n`, "cdecimal\nDecimal\nh\x00\x85R"],
    ["a message in quotes", `V${repeat("'", 5000)}\n`, "cbuiltins\nKeyError\nh\x00\x85R"],
    ["the end of a range", `\x8b\x10\x27\0\0${repeat("\x11", 10_000)}`, "cbuiltins\nrange\nh\x00\x85R"],
    ["text that is encoded", `V${repeat("a", 5000)}\n`, "c_codecs\nencode\nh\x00Vlatin1\n\x86R"],
    ["the ints of a Fraction", `\x8b\xa4\x06\0\0${repeat("\x01", 1700)}`, "cfractions\nFraction\nh\x00h\x00\x86R"],
    ["arguments kept as data", `(${repeat("N", 5000)}t`, "citertools\nchain\nh\x00R"],
    [
      "attributes",
      `}(${Array.from({ length: 5000 }, (_, i) => `Va${i}\nN`).join("")}u`,
      "ctypes\nSimpleNamespace\n)Rh\x00b",
    ],
    [
      "keyword arguments",
      `}(${Array.from({ length: 5000 }, (_, i) => `Va${i}\nN`).join("")}u`,
      "citertools\nchain\n)h\x00\x92",
    ],
    [
      "arguments of a partial",
      `cfunctools\npartial\ncoperator\nmethodcaller\n\x85R(coperator\nmethodcaller\n(Va\n${repeat("N", 5000)}t}Va\nNsNtb`,
      "h\x00)R",
    ],
    [
      "lists of a QueryDict",
      `}(${Array.from({ length: 5000 }, (_, i) => `Va${i}\n]`).join("")}u`,
      "cdjango.http.request\nQueryDict\n)\x81}V_data\nh\x00sb",
    ],
    [
      "a dict that a QueryDict extends",
      `}(${Array.from({ length: 5000 }, (_, i) => `Va${i}\n]`).join("")}u`,
      "ccopyreg\n_reconstructor\ncdjango.http.request\nQueryDict\ncbuiltins\ndict\nh\x00\x87R",
    ],
    [
      "a command that the message of an exception shows",
      text(repeat("x", 5000)),
      "csubprocess\nTimeoutExpired\n)R}Vcmd\nh\x00sb",
    ],
  ])("a long value that is copied again and again: %s", (_name, value, each) => {
    const limit = { name: "maxCopies", max: 50_000 };
    const read = (count: number) => loads(often(value, each, count), { limits: { maxCopies: 50_000 } });
    expect(failure(() => read(100)).limit).toEqual(limit);
    expect(read(2)).toEqual([null]);
  });

  test("a long value that calls refer to, and do not copy", { timeout: 30_000 }, () => {
    const dict = `}(${Array.from({ length: 20_000 }, (_, i) => `Va${i}\nN`).join("")}u`;
    const slices = loads(often(dict, "cbuiltins\nslice\nh\x00NN\x87R", 10_000), { limits: { maxCopies: 0 } });
    expect(slices).toEqual([null]);
  });

  test("what is copied no more often than the pickle has it", () => {
    const lists = repeat(`cbuiltins\nset\n](${repeat("K\x01", 500)}e\x85R`, 100);
    expect(loads(raw(`N\x940h\x00(${lists}l.`), { limits: { maxCopies: 0 } })).toHaveLength(100);
  });

  // V8 hashes the last 64 bits of an int, so that all of these would be one list in a Map.
  test("ints that differ above their last 64 bits only, as keys", () => {
    const ints = (count: number, after: string, sign = 0) =>
      Array.from({ length: count }, (_, i) => {
        const [low, high] = [(i + 1) % 256, (i + 1) >> 8].map((byte) => String.fromCharCode(byte));
        return `\x8a\x0b${repeat("\0", 8)}${low}${high}${String.fromCharCode(sign)}${after}`;
      }).join("");
    for (const [make, code] of [
      [(count: number) => `\x8f(${ints(count, "")}\x90.`, "limit-exceeded"],
      [(count: number) => `(${ints(count, "", 0xff)}\x91.`, "limit-exceeded"],
      [(count: number) => `}(${ints(count, "N")}u.`, "limit-exceeded"],
      [(count: number) => `}${ints(count, "Ns")}.`, "limit-exceeded"],
      [(count: number) => `ccollections\nCounter\n)R(${ints(count, "K\x01")}u.`, "construct-failed"],
    ] as const) {
      expect((loads(raw(make(4096))) as { readonly size: number }).size).toBe(4096);
      const refused = failure(() => loads(raw(make(4097))));
      expect(refused).toMatchObject({ code, message: expect.stringContaining("end in the same 64: send them as str") });
    }
    const large = (count: number) =>
      Array.from(
        { length: count },
        (_, i) => `\x8a\xff${repeat("\0", 252)}${String.fromCharCode(i % 256, i >> 8, 1)}\x85`,
      ).join("");
    expect((loads(raw(`\x8f(${large(4096)}\x90.`)) as Set<unknown>).size).toBe(4096);
    expect(failure(() => loads(raw(`\x8f(${large(4097)}\x90.`))).code).toBe("limit-exceeded");
    const tuples = loads(raw(`\x8f(${ints(20_000, "\x85")}\x90.`)) as Set<unknown>;
    expect(tuples.size).toBe(20_000);
  });

  const colliding = (count: number, isFloat: boolean, after: string, before = "") => {
    const view = new DataView(new ArrayBuffer(8));
    const keys = collidingBits(count).map((bits) => {
      view.setBigUint64(0, bits, !isFloat);
      const bytes = String.fromCharCode(...new Uint8Array(view.buffer));
      return `${before}${isFloat ? `G${bytes}` : `\x8a\x09${bytes}\0`}${after}`;
    });
    return keys.join("");
  };

  // Of half a million floats of the first kind, 5 MB, a Map took five minutes.
  test.each([
    ["floats", true],
    ["ints", false],
  ])("%s that V8 cannot tell apart, as keys", (_what, isFloat) => {
    const keys = (after = "", before = "") => colliding(40_000, isFloat, after, before);
    for (const [pickle, code] of [
      [`}(${keys("N")}u.`, "limit-exceeded"],
      [`}${keys("Ns")}.`, "limit-exceeded"],
      [`}(NN${keys("N")}u.`, "limit-exceeded"],
      [`\x8f(${keys()}\x90.`, "limit-exceeded"],
      [`\x8f${keys("\x90", "(")}.`, "limit-exceeded"],
      [`\x8f(N)${keys()}\x90.`, "limit-exceeded"],
      [`(${keys()}\x91.`, "limit-exceeded"],
      [`cbuiltins\nset\n](${keys()}e\x85R.`, "construct-failed"],
      [`ccollections\nOrderedDict\n)R(${keys("N")}u.`, "construct-failed"],
    ] as const) {
      expect(failure(() => loads(raw(pickle)))).toMatchObject({
        code,
        message: expect.stringContaining("too many numbers collide in a Map"),
      });
    }
    // Few enough, in each of many dicts.
    expect(loads(raw(`](${repeat(`}(${colliding(512, isFloat, "N")}u`, 20)}e.`))).toHaveLength(20);
  });

  test("numbers that nobody chose, as keys", () => {
    for (const make of [
      (i: number) => i,
      (i: number) => i * 65_536,
      (i: number) => i / 10,
      (i: number) => 1.7e12 + i,
    ]) {
      const numbers = Array.from({ length: 100_000 }, (_, i) => make(i));
      const pickle = dumps(new Set(numbers));
      expect((loads(pickle) as Set<unknown>).size).toBe(100_000);
    }
  });

  test("ints of 32 bits that V8 cannot tell apart, as keys and as memo indexes", () => {
    const hash = (int: number) => {
      let value = (~int + (int << 15)) | 0;
      value ^= value >>> 12;
      value = (value + (value << 2)) | 0;
      value ^= value >>> 4;
      value = Math.imul(value, 2057);
      return value ^ (value >>> 16);
    };
    const ints: string[] = [];
    for (let i = 0; ints.length < 4096; i++)
      if ((hash(i) & 0x7ff) === 0) ints.push(String.fromCharCode(i & 255, (i >> 8) & 255, (i >> 16) & 255, i >> 24));
    expect(failure(() => loads(raw(`\x8f(${ints.map((int) => `J${int}`).join("")}\x90.`))).code).toBe("limit-exceeded");
    expect(loads(raw(`${ints.map((int) => `Nr${int}0`).join("")}N.`))).toBe(null);
  });

  // V8 hashes no text beyond 16,383 characters.
  test("long texts of one length, as keys", () => {
    const keys = (count: number, after: string, before = "X") =>
      Array.from(
        { length: count },
        (_, i) => `${before}\xa0\x41\0\0${repeat("x", 16_796)}${String(i).padStart(4, "0")}${after}`,
      ).join("");
    expect((loads(raw(`\x8f(${keys(512, "")}\x90.`)) as Set<unknown>).size).toBe(512);
    for (const pickle of [
      `}(${keys(513, "N")}u.`,
      `](${keys(513, "Ns", "}X")}e.`,
      `}(NN${keys(513, "N")}u.`,
      `\x8f(${keys(513, "")}\x90.`,
      `(${keys(513, "")}\x91.`,
      `}(${keys(513, "\x85N")}u.`,
      `}(${keys(513, "N", "B")}u.`,
    ])
      expect(failure(() => loads(raw(pickle)))).toMatchObject({
        code: "limit-exceeded",
        message: expect.stringContaining("more than 512 keys are 168"),
      });
  });

  test("two long texts, each a key of many dicts and a member of many sets", () => {
    const text = (last: string) => `X\x40\x42\x0f\0${repeat("x", 999_999)}${last}`;
    const pickle = `${text("a")}q\x00${text("b")}q\x01](${repeat("}(NNh\x00Nh\x01Nu\x8f(h\x00h\x01\x90(h\x00h\x01\x91", 20_000)}e.`;
    expect(loads(raw(pickle))).toHaveLength(60_000);
  });

  test("long tuples that differ in one item, as keys", () => {
    const tuples = Array.from({ length: 200 }, (_, i) => `(${repeat("NN", 3000)}K${String.fromCharCode(i)}NNt`).join(
      "",
    );
    expect((loads(raw(`\x8f(${tuples}${tuples}\x90.`)) as Set<unknown>).size).toBe(200);
  });

  test("a global of a long name, again and again", () => {
    const pickle = `${text(repeat("a", 1_000_000))}q\x00(${repeat("h\x00h\x00\x930", 100_000)}l.`;
    expect(failure(() => loads(raw(pickle), { unregistered: "opaque" })).code).toBe("unregistered-global");
  });

  test.each([
    ["keys", "}h\x00Ns0"],
    ["keys in a tuple", "}h\x00h\x00\x86Ns0"],
    ["members of a frozenset", "(h\x00\x910"],
    ["keys in a slice", "}cbuiltins\nslice\nh\x00NN\x87RNs0"],
  ])("an int of a million bytes, 20,000 times: %s", (_what, each) => {
    const int = `\x8b\x40\x42\x0f\0${repeat("\x01", 1_000_000)}`;
    expect(loads(raw(`${int}q\x00${repeat(each, 20_000)}N.`))).toBe(null);
  });

  test("a path of paths of paths", () => {
    const path = "cpathlib\nPurePosixPath\n";
    const pickle = `${path}Va\n\x85R${repeat(`q\x000${path}h\x00h\x00\x86R`, 40)}.`;
    expect(failure(() => loads(raw(pickle))).message).toMatch(/more than 10000 segments/);
  });

  test("ints of a million bytes where Python has text, or small ones", () => {
    const int = `\x8b\0\0\x10\0${repeat("\x11", 2 ** 20)}`;
    const read = (...parts: string[]) => loads(raw(`${parts.join("")}.`));
    for (const parts of [
      [int, int],
      [int, "K\x03"],
      ["K\x03", int],
    ])
      expect(failure(() => read("cfractions\nFraction\n", ...parts, "\x86R")).message).toMatch(/more than 4300 digits/);
    expect(failure(() => read("cdecimal\nDecimal\n", int, "\x85R")).message).toMatch(/more than 4300 digits/);
    expect(failure(() => read("cipaddress\nIPv4Address\n", int, "\x85R")).message).toMatch(/of a large int/);
    expect(failure(() => read("carray\narray\nVb\n](", int, "e\x86R")).message).toMatch(/a large int does not fit/);
    expect((read("cbuiltins\nKeyError\n", int, "\x85R") as Error).message).toBe("...");
  });

  test("an IPv6 address of points", () => {
    expect(failure(() => loads(raw(`cipaddress\nIPv6Address\nV:${repeat(".", 300_000)}x\n\x85R.`))).code).toBe(
      "construct-failed",
    );
  });

  test("an INT line of spaces, a FLOAT of digits, a STRING of backslashes", () => {
    const n = 300_000;
    failure(() => loads(raw(`I1${repeat(" ", n)}x\n.`)));
    failure(() => loads(raw(`F${repeat("1", n)}x\n.`)));
    expect(loads(raw(`V${repeat("\\", n)}x\n.`))).toHaveLength(n + 1);
    expect(failure(() => loads(raw(`I${repeat("9", 5000)}\n.`))).limit).toEqual({ name: "maxIntDigits", max: 4300 });
  });
});
