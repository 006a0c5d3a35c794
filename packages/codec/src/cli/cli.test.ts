import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { afterAll, describe, expect, test, vi } from "vitest";
import { dumps } from "../pickle/api-dump.js";
import { Deque } from "../python/containers/collections.js";
import { tuple } from "../python/containers/sequences.js";
import { main } from "./main.js";

class Sink extends Writable {
  readonly chunks: Buffer[] = [];
  isTTY = false;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

async function brine(
  args: string[],
  input: Uint8Array = new Uint8Array(0),
  settings: { tty?: boolean; noColor?: string; errTty?: boolean } = {},
) {
  const stdout = new Sink();
  const stderr = new Sink();
  stdout.isTTY = settings.tty ?? false;
  stderr.isTTY = settings.errTty ?? false;
  const streams = { stdin: Readable.from([Buffer.from(input)]), stdout, stderr, env: { NO_COLOR: settings.noColor } };
  const code = await main(args, streams);
  return { code, out: stdout.bytes.toString(), bytes: stdout.bytes, err: stderr.bytes.toString() };
}

const folder = mkdtempSync(join(tmpdir(), "brine-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};
const evil = Buffer.from("cos\nsystem\n(S'id'\ntR.");
const user = Buffer.from("\x80\x04\x8c\x0aapp.models\x8c\x04User\x93)\x81}\x8c\x04name\x8c\x03adasb.", "latin1");

test("without a command, or with a wrong one, explains itself and exits with 2", async () => {
  expect(await brine([])).toMatchObject({ code: 2, out: expect.stringContaining("Usage: brine <command>") });
  expect(await brine(["frob"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("there are dis, json, scan, optimize"),
  });
  expect(await brine(["dis", "--frob"])).toMatchObject({ code: 2, err: expect.stringContaining("brine dis --help") });
  expect(await brine(["json", "--encoding", "klingon"])).toMatchObject({ code: 2 });
  expect(await brine(["dis", "--indent", "x"])).toMatchObject({ code: 2 });
});

test.each(["dis", "json", "scan", "optimize"])("%s --help teaches with examples", async (command) => {
  const { code, out } = await brine([command, "--help"]);
  expect(code).toBe(0);
  expect(out).toMatch(/^Usage: brine /);
  expect(out).toMatch(/Examples?:\n {2}/);
  expect((await brine(["help", command])).out).toBe(out);
});

test("json shows what is in values that have no text of their own", async () => {
  // CPython's `functools.partial(int, base=2)` and `types.SimpleNamespace(a=[1])`, and a model of Django's.
  const pickles: [string, unknown][] = [
    [
      "\x80\x02cfunctools\npartial\nq\x00c__builtin__\nlong\nq\x01\x85q\x02Rq\x03(h\x01)}q\x04X\x04\x00\x00\x00baseq\x05K\x02sNtq\x06b.",
      { "$functools.partial": { func: { $global: "builtins.int" }, keywords: { base: 2 } } },
    ],
    [
      "\x80\x04\x8c\x05types\x8c\x0fSimpleNamespace\x93)R}\x8c\x01a]K\x01asb.",
      { "$types.SimpleNamespace": { a: [1] } },
    ],
    [
      "cdjango.db.models.base\nmodel_unpickle\n((Vauth\nVUser\nttR(dVid\nI7\nsb.",
      { "$django.db.models.base.model_unpickle": { app: "auth", model: "User", state: { id: 7 } } },
    ],
  ];
  for (const [pickle, shown] of pickles) {
    const { code, out } = await brine(["json"], Buffer.from(pickle, "latin1"));
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject(shown as object);
  }
});

test("dis prints every opcode, from a file and from standard input", async () => {
  const pickle = dumps([1]);
  const { code, out } = await brine(["dis", file("list.pkl", pickle)]);
  expect(code).toBe(0);
  expect(out).toContain("BININT1    1\n");
  expect((await brine(["dis"], pickle)).out).toBe(out);
  expect((await brine(["dis", "-a", "-"], pickle)).out).toContain("Push an empty list.");
  const two = Buffer.concat([pickle, pickle]);
  expect((await brine(["dis", "--all"], two)).out.match(/highest protocol/g)).toHaveLength(2);
});

test("dis prints a damaged pickle up to the damage and exits with 1", async () => {
  const { code, out, err } = await brine(["dis"], Buffer.from("]a."));
  expect(code).toBe(1);
  expect(out).toContain("APPEND");
  expect(err).toBe("brine: <stdin>: tries to pop 2 items from stack with only 1 items (at byte 1, APPEND)\n");
});

test("a file that cannot be read exits with 3, after the others were looked at", async () => {
  const { code, out, err } = await brine(["scan", join(folder, "nope"), file("evil.pkl", evil)]);
  expect(code).toBe(3);
  expect(err).toContain("Cannot read");
  expect(out).toContain("dangerous");
});

test("scan tells what it found and exits with 1 for anything but harmless", async () => {
  const found = await brine(["scan"], evil);
  expect(found.code).toBe(1);
  expect(found.out).toContain("<stdin>: dangerous (1 pickle, 21 bytes)");
  expect(found.out).toContain("names os.system (GLOBAL)");
  expect(await brine(["scan", "-q"], evil)).toMatchObject({ code: 1, out: "" });
  expect(await brine(["scan"], dumps([1]))).toMatchObject({ code: 0 });
  expect(await brine(["scan"], user)).toMatchObject({ code: 1, out: expect.stringContaining("unknown") });
  expect(await brine(["scan", "--allow", "app.models.User"], user)).toMatchObject({ code: 0 });
  const report = JSON.parse((await brine(["scan", "--json"], evil)).out);
  expect(report).toMatchObject({ file: "<stdin>", verdict: "dangerous", pickles: 1 });
});

describe("nothing of a pickle or of a file's name is obeyed by a terminal", () => {
  // ESC and CSI of C1, which begin sequences; BEL; the override that turns text around; a line separator; a tag, in two units.
  const hostile = "\x1b[2J\x9b2J\x07\u202e\u2028\u{e0041}";
  const obeyed = /(?!\n)[\p{C}\p{Zl}\p{Zp}]/u;
  const utf8 = Buffer.from(hostile);
  const counted = Buffer.concat([Buffer.of(0x8c, utf8.length), utf8]);
  const pickles: [string, Buffer][] = [
    ["a global", Buffer.concat([Buffer.from("c"), utf8, Buffer.from("\nx\n.")])],
    ["a persistent id", Buffer.concat([Buffer.from("P"), utf8, Buffer.from("\n.")])],
    ["a key and a value", Buffer.concat([Buffer.from("}"), counted, counted, Buffer.from("s.")])],
    ["a class", Buffer.concat([counted, counted, Buffer.from("\x93)\x81}", "latin1"), counted, Buffer.from("Nsb.")])],
    ["what follows a number", Buffer.concat([Buffer.from("I"), utf8, Buffer.from("\n.")])],
    ["damaged", utf8],
  ];
  const commands = [["dis"], ["dis", "-a"], ["json"], ["json", "--strict"], ["scan", "-v"], ["scan", "--json"]];

  test.each(pickles)("%s", async (name, pickle) => {
    const path = file(`${hostile} ${name.replaceAll(" ", "-")}`, pickle);
    for (const [command, ...options] of commands) {
      const { out, err } = await brine([command!, ...options, path], undefined, { tty: true, noColor: "1" });
      expect(out + err).not.toMatch(obeyed);
      expect(out + err).not.toBe("");
    }
  });

  test("the names of files that are not there, of commands and of options", async () => {
    for (const args of [
      ["scan", hostile],
      ["optimize", "-o", `/nowhere/${hostile}`],
      [hostile],
      ["scan", `--${hostile}`],
    ]) {
      const { err } = await brine(args, dumps(1), { tty: true, noColor: "1", errTty: true });
      expect(err).toMatch(/^brine: /);
      expect(err).not.toMatch(obeyed);
    }
  });

  test("JSON says the same in escapes", async () => {
    const value = { [hostile]: [hostile, "\ud800", "zoë"] };
    const { out } = await brine(["json", "--compact"], dumps(value));
    expect(JSON.parse(out)).toEqual(value);
    expect(out).toContain('"zoë"');
    const report = await brine(["scan", "--json"], pickles[0]![1]);
    expect(JSON.parse(report.out).findings[0]).toMatchObject({ module: hostile, name: "x" });
  });
});

test("colours appear on a terminal, unless NO_COLOR says no", async () => {
  expect((await brine(["scan"], evil, { tty: true })).out).toContain("\x1b[31mdangerous");
  expect((await brine(["scan"], evil, { tty: true, noColor: "1" })).out).not.toContain("\x1b");
  expect((await brine(["scan"], evil)).out).not.toContain("\x1b");
});

test("progress shows on a terminal when the work takes long, and is wiped away", async () => {
  const pickle = dumps(Array.from({ length: 20_000 }, (_, i) => i));
  // A clock on which every look takes long.
  let now = 0;
  const clock = vi.spyOn(Date, "now").mockImplementation(() => (now += 2000));
  try {
    const { code, err } = await brine(["dis"], pickle, { errTty: true });
    expect(code).toBe(0);
    expect(err).toMatch(/Reading <stdin>: \d+\.\d MiB\r.*Printing <stdin>: \d+\.\d MiB \(\d+%\)/s);
    expect(err.endsWith("\r\x1b[K")).toBe(true);
    expect((await brine(["dis"], pickle)).err).toBe("");
  } finally {
    clock.mockRestore();
  }
  expect((await brine(["dis"], dumps([1]), { errTty: true })).err).toBe("");
});

test("progress is not mixed with what is printed to the same terminal", async () => {
  let now = 0;
  const clock = vi.spyOn(Date, "now").mockImplementation(() => (now += 2000));
  try {
    const pickle = dumps(Array.from({ length: 20_000 }, (_, i) => i));
    for (const command of ["dis", "json"]) {
      const { err } = await brine([command], pickle, { errTty: true, tty: true });
      expect(err).not.toContain("Printing");
      expect((await brine([command], pickle, { errTty: true })).err).toContain("Printing");
    }
  } finally {
    clock.mockRestore();
  }
});

test("json shows what JSON has no form for, and never builds a class", async () => {
  const value = { list: [1, 2.5, null], bytes: Buffer.from("hi"), set: new Set([1]), map: new Map([[1, "a"]]) };
  const { code, out } = await brine(["json", "--compact"], dumps(value));
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({
    list: [1, 2.5, null],
    bytes: { $bytes: "aGk=" },
    set: { $set: [1] },
    map: { $dict: [[1, "a"]] },
  });
  expect((await brine(["json", "--compact"], user)).out).toBe(
    '{"$object": "app.models.User", "args": [], "state": {"name": "ada"}}\n',
  );
  expect((await brine(["json", "--compact"], evil)).out).toBe('{"$object": "os.system", "args": ["id"]}\n');
  expect(await brine(["json", "--strict"], user)).toMatchObject({
    code: 1,
    err: expect.stringContaining("app.models.User"),
  });
});

test("json shows what is in a deque, and how much it holds", async () => {
  const self = new Deque<unknown>();
  self.append(self);
  const value = [new Deque([1, tuple(2)], 3), new Deque(["a", new Deque()]), self];
  expect((await brine(["json", "--compact"], dumps(value))).out).toBe(
    '[{"$collections.deque": [1, {"$tuple": [2]}], "maxlen": 3}, {"$collections.deque": ["a", {"$collections.deque": []}]}, ' +
      '{"$id": 1, "$collections.deque": [{"$ref": 1}]}]\n',
  );
});

test("json prints shared values once, however often they are referred to", async () => {
  let laughs: unknown[] = ["ha"];
  for (let i = 0; i < 40; i++) laughs = Array.from({ length: 10 }, () => laughs);
  const { out } = await brine(["json", "--compact"], dumps(laughs));
  expect(out.length).toBeLessThan(10_000);
  const self: unknown[] = [];
  self.push(self);
  expect((await brine(["json", "--compact"], dumps(self))).out).toBe('{"$id": 1, "$list": [{"$ref": 1}]}\n');
  const deep = await brine(["json", "--compact"], Buffer.from(`${"]".repeat(100_000)}${"a".repeat(99_999)}.`));
  expect(deep.out).toBe(`${"[".repeat(100_000)}${"]".repeat(100_000)}\n`);
});

test("json prints large strings and bytes in pieces that fit together", async () => {
  const value = [`${"a".repeat(49151)}${"\u{1f600}é\x9b".repeat(20_000)}`, Buffer.alloc(200_001, "xyz\xff")];
  const { out } = await brine(["json"], dumps(value));
  expect(JSON.parse(out)).toEqual([value[0], { $bytes: (value[1] as Buffer).toString("base64") }]);
});

test("what is known of one file is printed before the next is read", async () => {
  const stdout = new Sink();
  const seen: string[] = [];
  const stdin = Readable.from(
    (function* () {
      seen.push(stdout.bytes.toString());
      yield Buffer.from("N.");
    })(),
  );
  await main(["scan", file("first.pkl", dumps(1)), "-"], { stdin, stdout, stderr: new Sink(), env: {} });
  expect(seen).toEqual([expect.stringContaining("first.pkl: allowed")]);
});

test("says that it waits for the terminal, where no file is given", async () => {
  const stderr = new Sink();
  const stdin = Object.assign(Readable.from([Buffer.from("N.")]), { isTTY: true });
  expect(await main(["json"], { stdin, stdout: new Sink(), stderr, env: {} })).toBe(0);
  expect(stderr.bytes.toString()).toBe("brine: reading a pickle from this terminal; Ctrl-D ends it\n");
});

test("optimize writes a smaller pickle, but not to a terminal", async () => {
  const pickle = dumps(["a", "b", "c"]);
  const { code, bytes } = await brine(["optimize"], pickle);
  expect(code).toBe(0);
  expect(bytes.length).toBeLessThan(pickle.length);
  const output = join(folder, "small.pkl");
  await brine(["optimize", "-o", output, file("big.pkl", pickle)]);
  expect(readFileSync(output).equals(bytes)).toBe(true);
  expect(await brine(["optimize"], pickle, { tty: true })).toMatchObject({ code: 2, out: "" });
});

test("json --all says where in the file it went wrong", async () => {
  const bytes = Buffer.concat([dumps([1]), Buffer.from("garbage")]);
  const { code, out, err } = await brine(["json", "--all", "--compact", file("tail.pkl", bytes)]);
  expect({ code, out }).toEqual({ code: 1, out: "[1]\n" });
  expect(err).toContain(`at byte ${dumps([1]).length}`);
});

test.each([
  ["ENOSPC", 3, "Cannot write to standard output: disk full"],
  ["EPIPE", 0, ""],
])("output that ends with %s exits with %d", async (cause, code, said) => {
  const stdout: Writable & { isTTY?: boolean } = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error("disk full"), { code: cause })),
  });
  const stderr = new Sink();
  const streams = { stdin: Readable.from([dumps([1])]), stdout, stderr, env: {} };
  expect(await main(["dis"], streams)).toBe(code);
  expect(stderr.bytes.toString()).toContain(said);
});
