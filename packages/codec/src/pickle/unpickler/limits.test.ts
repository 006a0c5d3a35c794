/** Bounds on what a pickle may cost: each is enforced, and is the most that is let through. */
import { describe, expect, test } from "vitest";
import { loads } from "../api-load.js";
import { failure, raw } from "./written-by-hand.js";

describe("limits", () => {
  test("a limit is the most that is let through", () => {
    const load = (pickle: string, limits: object) => loads(raw(pickle), { limits });
    expect(load("N.", { maxBytes: 2 })).toBe(null);
    expect(load("NN0.", { maxDepth: 2 })).toBe(null);
    expect(load("N\x94\x94.", { maxMemo: 2 })).toBe(null);
    expect(load("](NNe.", { maxItems: 2 })).toEqual([null, null]);
    expect(load("\x8b\x04\0\0\0\x01\x01\x01\x01.", { maxIntBytes: 4 })).toBe(0x01010101);
  });

  test("entries that fill a gap of the memo count, and MEMOIZE goes by how many there are", () => {
    expect(loads(raw("K\x01q\x02K\x07q\x00K\x09\x94h\x02."))).toBe(9);
    const load = (pickle: string) => failure(() => loads(raw(pickle), { limits: { maxMemo: 2 } })).limit?.name;
    expect(load("Nq\x05q\x00q\x01.")).toBe("maxMemo");
    expect(load("Nq\x05q\x00\x94.")).toBe("maxMemo");
  });

  test("every limit is enforced", () => {
    const limit = (pickle: string, limits: object) => failure(() => loads(raw(pickle), { limits })).limit?.name;
    expect(limit("N.", { maxBytes: 1 })).toBe("maxBytes");
    expect(limit("NNNN.", { maxDepth: 2 })).toBe("maxDepth");
    expect(limit("N\x94\x94\x94.", { maxMemo: 2 })).toBe("maxMemo");
    expect(limit("Nq\x00q\x01q\x02.", { maxMemo: 2 })).toBe("maxMemo");
    expect(limit("](NNNe.", { maxItems: 2 })).toBe("maxItems");
    expect(limit("](K\x01K\x02K\x03e.", { maxItems: 2 })).toBe("maxItems");
    expect(limit("(NNNt.", { maxItems: 2 })).toBe("maxItems");
    const pairs = "X\x01\0\0\0aNX\x01\0\0\0bNX\x01\0\0\0cN";
    expect(limit(`}\x94(${pairs}u.`, { maxItems: 2 })).toBe("maxItems");
    expect(limit("}(K\x01NK\x02Nu(K\x03Nu.", { maxItems: 2 })).toBe("maxItems");
    expect(limit("\x8f(K\x01K\x02K\x03\x90.", { maxItems: 2 })).toBe("maxItems");
    expect(limit("(K\x01K\x02K\x03\x91.", { maxItems: 2 })).toBe("maxItems");
    expect(limit("(K\x01K\x02K\x03l.", { maxItems: 2 })).toBe("maxItems");
    expect(limit("\x8b\x05\0\0\0\x01\x01\x01\x01\x01.", { maxIntBytes: 4 })).toBe("maxIntBytes");
    const copies = "cbuiltins\nlist\nh\x00\x85R".repeat(9);
    expect(limit(`](${"N".repeat(200)}eq\x00(${copies}l.`, { maxCopies: 500 })).toBe("maxCopies");
  });
});
