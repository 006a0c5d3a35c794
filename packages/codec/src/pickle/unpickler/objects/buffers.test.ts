/** Buffers that travel beside their pickle. */
import { describe, expect, test } from "vitest";
import { PickleBuffer } from "../../../python/containers/buffers.js";
import { ByteArray } from "../../../python/containers/sequences.js";
import { dumps } from "../../api-dump.js";
import { loads } from "../../api-load.js";
import { failure, raw } from "../written-by-hand.js";

function bytes(...values: number[]): Uint8Array {
  return Buffer.from(values);
}

describe("out-of-band buffers", () => {
  test("come in order and are not copied", () => {
    const first = bytes(1, 2);
    const second = new ArrayBuffer(3);
    const [a, b] = loads(raw("\x80\x05\x97\x97\x98\x86."), { buffers: [first, second] }) as [Uint8Array, Uint8Array];
    expect(a).toBe(first);
    expect(b.buffer).toBe(second);
    expect(failure(() => loads(raw("\x80\x05\x97."), { buffers: [] })).code).toBe("missing-buffer");
  });

  test("READONLY_BUFFER of a bytearray is bytes on its memory, and the memo keeps the bytearray", () => {
    const memory = new PickleBuffer(bytes(1, 2));
    for (const [pickle, options] of [
      ["\x80\x05\x97\x94\x98h\x00\x86.", { buffers: [memory] }],
      ["\x80\x05\x96\x02\0\0\0\0\0\0\0\x01\x02\x94\x98h\x00\x86.", {}],
    ] as const) {
      const [view, own] = loads(raw(pickle), options) as [Uint8Array, Uint8Array];
      expect(view).not.toBeInstanceOf(ByteArray);
      expect(own).toBeInstanceOf(ByteArray);
      expect([...view]).toEqual([1, 2]);
      expect(view.buffer).toBe(own.buffer);
    }
  });

  test("buffers may be what bufferCallback got, or any view of bytes", () => {
    const given = [new PickleBuffer(Float64Array.of(1)), new PickleBuffer(Buffer.from("b"), { readonly: true })];
    const kept: PickleBuffer[] = [];
    const pickle = dumps(given, { protocol: 5, bufferCallback: (buffer) => void kept.push(buffer) });
    const [first, second] = loads(pickle, { buffers: kept }) as [ByteArray, Uint8Array];
    expect([first.buffer, first.length]).toEqual([given[0]!.bytes.buffer, 8]);
    expect(first).toBeInstanceOf(ByteArray);
    expect(second).toBe(given[1]!.bytes);
    expect(loads(pickle, { buffers: [new DataView(new ArrayBuffer(2)), new ArrayBuffer(1)] })).toEqual([
      new Uint8Array(2),
      new Uint8Array(1),
    ]);
    expect(failure(() => loads(pickle, { buffers: ["ab"] as never })).code).toBe("missing-buffer");
    expect(() => new PickleBuffer("ab" as never)).toThrow(TypeError);
  });
});
