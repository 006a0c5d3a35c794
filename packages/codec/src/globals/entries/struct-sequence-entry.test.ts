/** Struct sequences, as CPython 3.8 to 3.13 write those of `os`. */
import { describe, expect, it } from "vitest";
import { dumps, loads, type PickleError, repr } from "../../index.js";
import { ClassRegistry } from "../default-registry.js";

/** Of `[os.terminal_size((80, 24)), os.statvfs_result(range(10), {"f_fsid": 7})]`. */
const PICKLES = {
  0: "(lp0\ncos\nterminal_size\np1\n((I80\nI24\ntp2\n(dp3\ntp4\nRp5\nacos\nstatvfs_result\np6\n((I0\nI1\nI2\nI3\nI4\nI5\nI6\nI7\nI8\nI9\ntp7\n(dp8\nVf_fsid\np9\nI7\nstp10\nRp11\na.",
  2: "\x80\x02]q\x00(cos\nterminal_size\nq\x01KPK\x18\x86q\x02}q\x03\x86q\x04Rq\x05cos\nstatvfs_result\nq\x06(K\x00K\x01K\x02K\x03K\x04K\x05K\x06K\x07K\x08K\x09tq\x07}q\x08X\x06\x00\x00\x00f_fsidq\x09K\x07s\x86q\nRq\x0be.",
  4: "\x80\x04\x95i\x00\x00\x00\x00\x00\x00\x00]\x94(\x8c\x02os\x94\x8c\x0dterminal_size\x94\x93\x94KPK\x18\x86\x94}\x94\x86\x94R\x94\x8c\x02os\x94\x8c\x0estatvfs_result\x94\x93\x94(K\x00K\x01K\x02K\x03K\x04K\x05K\x06K\x07K\x08K\x09t\x94}\x94\x8c\x06f_fsid\x94K\x07s\x86\x94R\x94e.",
} as const;

const VFS = "f_bsize f_frsize f_blocks f_bfree f_bavail f_files f_ffree f_favail f_flag f_namemax".split(" ");

describe("a struct sequence", () => {
  const registry = new ClassRegistry();
  const TerminalSize = registry.registerStructSequence("os.terminal_size", ["columns", "lines"]);
  const StatVfs = registry.registerStructSequence("os.statvfs_result", VFS);
  const read = (pickle: string, by = registry) => loads(Buffer.from(pickle, "latin1"), { registry: by });
  const failure = (pickle: string, by = registry) => {
    try {
      return read(pickle, by);
    } catch (error) {
      return (error as PickleError).message;
    }
  };

  it.each([0, 2, 4] as const)("is read and written as CPython does, at protocol %i", (protocol) => {
    const value = read(PICKLES[protocol]) as [InstanceType<typeof TerminalSize>, InstanceType<typeof StatVfs>];
    const [size, vfs] = value;
    expect([size.columns, size.lines, size.extra]).toEqual([80, 24, {}]);
    expect([...vfs]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([vfs.f_namemax, vfs.extra]).toEqual([9, { f_fsid: 7 }]);
    expect(Buffer.from(dumps(value, { registry, protocol })).toString("latin1")).toBe(PICKLES[protocol]);
    const made = [new TerminalSize([80, 24]), new StatVfs(Array.from(vfs), { f_fsid: 7 })];
    expect(Buffer.from(dumps(made, { registry, protocol })).toString("latin1")).toBe(PICKLES[protocol]);
    expect(repr(size)).toBe("os.terminal_size(columns=80, lines=24)");
  });

  it("is refused with other than a sequence of its items, and a dict", () => {
    const call = (args: string) => `cos\nterminal_size\n(${args}tR.`;
    expect(read(call("(K\x01K\x02t"))).toEqual(new TerminalSize([1, 2]));
    for (const args of [
      "(K\x01t",
      "(K\x01K\x02K\x03t",
      "(K\x01K\x02tN",
      "(K\x01K\x02t(t",
      "K\x01K\x02",
      "(K\x01K\x02t}N",
      "",
    ])
      expect(failure(call(args)), args).toContain(
        "Cannot make an instance of os.terminal_size: needs a sequence of its 2 fields, and a dict",
      );
  });

  it("is no named tuple, and its registration as one is told apart", () => {
    const named = new ClassRegistry();
    const Size = named.registerNamedTuple("os.terminal_size", ["columns", "lines"]);
    for (const protocol of [0, 2, 4] as const)
      expect(failure(PICKLES[protocol], named)).toContain(
        "os.terminal_size is no named tuple but a struct sequence: register it with registerStructSequence()",
      );
    const point = loads(dumps(new Size([1], {}), { registry: named }), { registry: named });
    expect(point).toEqual(new Size([1], {}));
  });
});
