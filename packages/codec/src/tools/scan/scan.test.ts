import { describe, expect, test } from "vitest";
import { dumps } from "../../pickle/api-dump.js";
import type { Verdict } from "./policy.js";
import { scan } from "./scan.js";

/** Bytes of a pickle written as a Python bytes literal would be. */
function b(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const frame = (length: number, body: string) => `\x95${String.fromCharCode(length)}\0\0\0\0\0\0\0${body}`;
const short = (text: string) => `\x8c${String.fromCharCode(text.length)}${text}`;

/** Ten references to the level below, eighteen levels high. */
const laughs = `\x80\x02(lq\0(K\x01e${Array.from({ length: 18 }, (_, i) => `0(h${String.fromCharCode(i)}${`h${String.fromCharCode(i)}`.repeat(9)}tq${String.fromCharCode(i + 1)}`).join("")}.`;

/** The same of lists, to which each reference is added. */
function laughsOfLists(before: string, after: string, times = 1): string {
  const level = (i: number): string => {
    const get = `h${String.fromCharCode(i)}`;
    return times === 1 ? `${before}${get.repeat(10)}${after}` : `${before}${get}${after}`.repeat(times);
  };
  return `\x80\x02]q\0K\x01a${Array.from({ length: 18 }, (_, i) => `0]${level(i)}q${String.fromCharCode(i + 1)}`).join("")}.`;
}

const nested = `\x80\x04${short("os")}${short("system")}\x93${short("id")}\x85R.`;

/** Families of `docs/safety.md`, each with the verdict and a finding that must be there. */
const families: readonly [name: string, pickle: string, verdict: Verdict, finding: string][] = [
  ["GLOBAL of os.system, protocol 0", "cos\nsystem\n(S'id'\ntR.", "dangerous", "call os.system"],
  ["GLOBAL of posix.system", "\x80\x02cposix\nsystem\nX\x02\0\0\0id\x85R.", "dangerous", "global posix.system"],
  ["STACK_GLOBAL", `\x80\x04${short("os")}${short("system")}\x93${short("id")}\x85R.`, "dangerous", "call os.system"],
  ["INST", "(S'id'\nios\nsystem\n.", "dangerous", "call os.system"],
  ["OBJ", "(cos\nsystem\nS'id'\no.", "dangerous", "call os.system"],
  ["a member of an enum", "csignal\nSignals\n(I2\ntR.", "allowed", "call signal.Signals"],
  ["BUILD on a member that all share", "cuuid\nSafeUUID\n(I0\ntR(dS'_value_'\nI9\nsb.", "dangerous", "build undefined"],
  ["a call whose result is popped", "cos\nsystem\n(S'id'\ntR0N.", "dangerous", "call os.system"],
  [
    "names through PUT and GET",
    `\x80\x04${short("system")}\x940${short("os")}h\0\x93.`,
    "dangerous",
    "global os.system",
  ],
  ["names through PUT and GET of protocol 0", "Vsystem\np0\n0Vos\ng0\n\x93.", "dangerous", "global os.system"],
  [
    "names through LONG_BINPUT and LONG_BINGET",
    `\x80\x04${short("system")}r\0\x01\0\x000${short("os")}j\0\x01\0\0\x93.`,
    "dangerous",
    "global os.system",
  ],
  ["names as Python 2 strings", "\x80\x04U\x02osU\x06system\x93.", "dangerous", "global os.system"],
  [
    "a memo entry that is overwritten",
    `\x80\x04${short("math")}q\0${short("os")}q\x0000h\0${short("system")}\x93.`,
    "dangerous",
    "global os.system",
  ],
  ["Python 2's name of a builtin", "c__builtin__\neval\n(S'1'\ntR.", "dangerous", "global builtins.eval"],
  ["Python 2's name of a module", "ccommands\ngetoutput\n(S'id'\ntR.", "dangerous", "global subprocess.getoutput"],
  [
    "a pickle in bytes",
    `\x80\x04cmyapp\nload\nC${String.fromCharCode(nested.length)}${nested}\x85R.`,
    "dangerous",
    "global os.system",
  ],
  ["a pickle in a protocol 0 string", "\x80\x02X\x16\0\0\0cos\nsystem\n(S'id'\ntR..", "dangerous", "call os.system"],
  [
    "a pickle in a string, that begins with a mark",
    "\x80\x02U\x15(S'id'\nios\nsystem\n.0.",
    "dangerous",
    "call os.system",
  ],
  ["functools.partial", "\x80\x04cfunctools\npartial\n.", "dangerous", "global functools.partial"],
  ["operator.attrgetter", "\x80\x04coperator\nattrgetter\n.", "dangerous", "global operator.attrgetter"],
  ["pydoc.pipepager", "\x80\x04cpydoc\npipepager\n.", "dangerous", "global pydoc.pipepager"],
  [
    "a private function of uuid",
    "\x80\x04cuuid\n_get_command_stdout\n.",
    "dangerous",
    "global uuid._get_command_stdout",
  ],
  ["a name made by a call", `\x80\x04${short("os")}cbuiltins\nstr\n)R\x93.`, "dangerous", "global undefined"],
  ["a name that is no string", "\x80\x04K\x01K\x02\x93.", "dangerous", "global undefined"],
  ["the second pickle of a stream", "\x80\x04N.cos\nsystem\n(S'id'\ntR.", "dangerous", "call os.system"],
  ["a call before garbage", "cos\nsystem\n(S'id'\ntR\xff\xff", "dangerous", "call os.system"],
  ["a call before the end", "cos\nsystem\n(S'id'\ntR", "dangerous", "malformed undefined"],
  [
    "a dotted name through a harmless module",
    `\x80\x04${short("collections")}${short("abc.sys.modules.get")}\x93.`,
    "dangerous",
    "global collections.abc.sys.modules.get",
  ],
  [
    "a dotted name through an unknown module",
    `\x80\x04${short("app.models")}${short("os.system")}\x93.`,
    "dangerous",
    "global app.models.os.system",
  ],
  [
    "BUILD on a class",
    "\x80\x02ccollections\nCounter\n}X\x01\0\0\0aK\x01sb.",
    "dangerous",
    "build collections.Counter",
  ],
  ["an opcode that crosses its frame", `\x80\x04${frame(3, "K\x01\x8c")}\x00.`, "dangerous", "frame undefined"],
  ["a frame inside a frame", `\x80\x04${frame(12, `K\x01${frame(1, "0")}`)}N.`, "dangerous", "frame undefined"],
  ["a billion laughs", laughs, "dangerous", "sharing undefined"],
  ["a billion laughs in lists", laughsOfLists("(", "e"), "dangerous", "sharing undefined"],
  ["a billion laughs in lists, item by item", laughsOfLists("", "a", 10), "dangerous", "sharing undefined"],
  ["a billion laughs in tuples of one", laughs.replaceAll("tq", "t\x85q"), "dangerous", "sharing undefined"],
  [
    "a row that is long, and shared more often",
    `]\x94](${"K\x01".repeat(9000)}e\x940h\0(${"h\x01".repeat(9000)}e.`,
    "dangerous",
    "sharing undefined",
  ],
  ["an extension code", "\x80\x02\x82\x01.", "unknown", "extension undefined"],
  ["a persistent id", "Pabc\n.", "unknown", "persistent-id undefined"],
  ["a binary persistent id", "\x80\x02NQ.", "unknown", "persistent-id undefined"],
  ["a module nobody listed", "\x80\x04cmyapp.models\nUser\n)\x81}b.", "unknown", "build undefined"],
  ["a missing memo key", "h\x05.", "unknown", "malformed undefined"],
  ["a length below zero", "T\xff\xff\xff\xff.", "unknown", "malformed undefined"],
  ["no pickle at all", "", "unknown", "malformed undefined"],
  ["text after a pickle", "N.hello", "unknown", "malformed undefined"],
  [
    "block-list gap torch",
    "\x80\x02ctorch.jit.unsupported_tensor_ops\nexecWrapper\n.",
    "dangerous",
    "global torch.jit.unsupported_tensor_ops.execWrapper",
  ],
  [
    "block-list gap lib2to3",
    "\x80\x02clib2to3.pgen2.grammar\nGrammar.loads\n.",
    "dangerous",
    "global lib2to3.pgen2.grammar.Grammar.loads",
  ],
  [
    "block-list gap numpy.f2py",
    "\x80\x02cnumpy.f2py.crackfortran\ngetlincoef\n.",
    "dangerous",
    "global numpy.f2py.crackfortran.getlincoef",
  ],
  ["block-list gap pkgutil", "\x80\x04cpkgutil\nresolve_name\n.", "dangerous", "global pkgutil.resolve_name"],
  ["a float and an int of protocol 0", "(F1.5\nI7\nt.", "allowed", ""],
  ["a bytearray and buffers of protocol 5", "\x80\x05\x96\x01\0\0\0\0\0\0\0a\x97\x98\x86.", "allowed", ""],
  ["a datetime", "\x80\x02cdatetime\ndate\nU\x04\x07\xe8\x01\x02\x85R.", "allowed", "call datetime.date"],
  ["an exception with Python 2's name", "cexceptions\nValueError\n(S'no'\ntR.", "allowed", "call builtins.ValueError"],
  ["text that begins like a pickle", "\x80\x02X\x0c\0\0\0cat\nsat\nmat..", "allowed", ""],
];

describe("scan()", () => {
  test.each(families)("finds %s", (_, pickle, verdict, wanted) => {
    const report = scan(b(pickle));
    const found = report.findings.map(({ kind, module, name }) =>
      module === undefined ? `${kind} undefined` : `${kind} ${module}.${name}`,
    );
    expect(report.verdict, JSON.stringify(report.findings, null, 1)).toBe(verdict);
    if (wanted !== "") expect(found).toContain(wanted);
    else expect(found).toEqual([]);
  });

  test("takes the names it is given for harmless, but not what lies behind their dots", () => {
    const pickle = (name: string) => b(`\x80\x04${short("app.models")}${short(name)}\x93)\x81.`);
    expect(scan(pickle("User"), { allow: ["app.models.User"] }).verdict).toBe("allowed");
    for (const option of ["allow", "deny"]) {
      const wrong = () => scan(pickle("User"), { [option]: "app.models.User" });
      expect(wrong).toThrow(`Cannot use option ${option}: must be a list of names, such as ["app.models.User"]`);
    }
    expect(scan(pickle("User"), { allow: ["app.models.*"] }).verdict).toBe("allowed");
    expect(scan(pickle("User.delete"), { allow: ["app.models.*", "app.models.User"] }).verdict).toBe("unknown");
    expect(scan(pickle("Outer.Inner"), { allow: ["app.models.Outer.Inner"] }).verdict).toBe("allowed");
    expect(scan(pickle("User"), { allow: ["app.models.*"], deny: ["app.models.User"] }).verdict).toBe("dangerous");
  });

  test("says where: the offset, the pickle of the stream, the string a pickle is nested in", () => {
    const inner = "cos\nsystem\n(S'id'\ntR.";
    const report = scan(b(`\x80\x04N.\x80\x02U${String.fromCharCode(inner.length)}${inner}.`));
    const call = report.findings.find(({ kind }) => kind === "call");
    expect(call).toMatchObject({ offset: 19, pickle: 1, within: [6], opcode: "REDUCE", name: "system" });
    expect(report.pickles).toBe(2);
  });

  test("translates Python 2's names where readers do, and judges what is written as well as what is read", () => {
    const named = (protocol: number) => scan(b(`\x80${String.fromCharCode(protocol)}c__builtin__\neval\n.`));
    expect(named(2)).toMatchObject({ verdict: "dangerous", findings: [{ module: "builtins", name: "eval" }] });
    expect(named(3)).toMatchObject({ verdict: "unknown", findings: [{ module: "__builtin__", name: "eval" }] });
    const set = b("\x80\x02c__builtin__\nset\n.");
    expect(scan(set).verdict).toBe("allowed");
    expect(scan(set, { deny: ["__builtin__.set"] }).verdict).toBe("dangerous");
    expect(scan(set, { deny: ["builtins.set"] }).verdict).toBe("dangerous");
  });

  test.each(["apply", "execfile", "file", "input", "reload"])("knows what Python 2's %s reaches", (name) => {
    expect(scan(b(`c__builtin__\n${name}\n.`)).verdict).toBe("dangerous");
  });

  test("does not know what a call of a harmless value does", () => {
    const date = "cdatetime\ndate\n(K\x01tR";
    expect(scan(b(`${date}.`)).verdict).toBe("allowed");
    expect(scan(b(`${date})R.`)).verdict).toBe("unknown");
  });

  test("follows POP, which may take a mark, and what stands behind a frame", () => {
    expect(scan(b("(0N."))).toMatchObject({ verdict: "allowed", pickles: 1, findings: [] });
    expect(scan(b("\x80\x04\x95\x02\0\0\0\0\0\0\0N0N."))).toMatchObject({ verdict: "allowed", pickles: 1 });
    expect(scan(dumps(Buffer.alloc(100_000)))).toMatchObject({ verdict: "allowed", pickles: 1 });
  });

  test("takes a large table whose rows are shared for what it is", () => {
    const row = `](${"K\x01".repeat(900)}e`;
    const table = scan(b(`\x80\x04]\x94(${row}\x94${"h\x01".repeat(20_000)}e.`));
    expect(table).toMatchObject({ verdict: "allowed", findings: [] });
  });

  test("looks at what is only in the memo at the end, and at pickles in strings of protocol 0", () => {
    expect(scan(b(`${laughs.slice(0, -1)}0N.`)).verdict).toBe("dangerous");
    expect(scan(b("T\xff\xff\xff\xff.")).findings[0]!.message).toContain("a length is negative");
    expect(scan(b(laughs)).findings[0]!.message).toMatch(/is \de\+18 values when walked, made of 1\d\d references/);
    const inner = "cos\\nsystem\\n(S\\'id\\'\\ntR.";
    expect(scan(b(`S'${inner}'\n.`))).toMatchObject({ verdict: "dangerous", findings: [{ kind: "nested" }, {}, {}] });
  });

  test("makes no report that is far longer than the pickle", () => {
    const name = "x".repeat(2000);
    const long = scan(b(`\x80\x04X\xd0\x07\0\0${name}q\0h\0\x93${"h\0h\0\x93".repeat(1000)}.`));
    expect(long).toMatchObject({ verdict: "dangerous" });
    expect(long.findings).toHaveLength(1001);
    expect(long.findings[0]).toMatchObject({ kind: "global", message: "names a global by 2000 characters" });
    expect(scan(b(`c${name}\n${name}\n.`), { allow: [`${name}.*`] }).verdict).toBe("dangerous");
    const calls = scan(b(`cmyapp\nmake\n${")R".repeat(1000)}.`));
    expect(calls.findings.at(-1)).toMatchObject({ kind: "call", message: "calls the result of myapp.make" });
    expect(JSON.stringify(scan(b(`P${name.repeat(10)}\n.`))).length).toBeLessThan(2000);
  });

  test("takes a name from a str that is far behind, however often", () => {
    const pickle = `\x80\x04${short("os")}q\0${short("system")}q\x010h\0h\x01\x930h\0h\x01\x93.`;
    expect(scan(b(pickle)).findings.map(({ message, offset }) => [message, offset])).toEqual([
      ["names os.system", 23],
      ["names os.system", 29],
    ]);
    expect(scan(b("\x80\x04U\x02osS'system'\n\x93.")).findings[0]).toMatchObject({ message: "names os.system" });
  });

  test("keeps no more findings than asked for, of a pickle in a string neither", () => {
    const inner = `\x80\x02N${"Q".repeat(5000)}.`;
    const size = String.fromCharCode(inner.length & 255, inner.length >> 8);
    const report = scan(b(`\x80\x03B${size}\0\0${inner}.`), { maxFindings: 3 });
    expect(report).toMatchObject({ verdict: "unknown", omitted: 4998 });
    expect(report.findings.map(({ kind }) => kind)).toEqual(["nested", "persistent-id", "persistent-id"]);
  });

  test("keeps no more findings than asked for, and judges them all", () => {
    const report = scan(b(`\x80\x02${"cdatetime\ndate\n0".repeat(10)}cos\nsystem\n.`), { maxFindings: 3 });
    expect(report).toMatchObject({ verdict: "dangerous", omitted: 8 });
    expect(report.findings).toHaveLength(3);
  });

  test("takes linear time on hostile input", () => {
    const inputs = [
      "(".repeat(300_000),
      `${"]".repeat(300_000)}${"a".repeat(299_999)}.`,
      `\x80\x04${"\x8c\x02\x80\x04".repeat(100_000)}.`,
      "cos\nsystem\n0".repeat(50_000),
      `(${"(lp0\n".repeat(50_000)}.`,
      `\x80\x04]\x94${"h\0a".repeat(100_000)}.`,
      "N.".repeat(100_000),
      `(${"S'(.\n'\n".repeat(50_000)}.`,
    ];
    // Quadratic work would take hours, far beyond the test's limit.
    for (const input of inputs) scan(b(input));
  });

  test("bounds pickles nested in pickles", () => {
    let pickle = "N.";
    for (let i = 0; i < 12; i++)
      pickle = `\x80\x02cdatetime\ndate\n0T${String.fromCharCode(pickle.length & 255, pickle.length >> 8)}\0\0${pickle}.`;
    const report = scan(b(pickle));
    expect(report.verdict).toBe("dangerous");
    expect(report.findings.some(({ message }) => message.includes("more than 8 deep"))).toBe(true);
  });
});
