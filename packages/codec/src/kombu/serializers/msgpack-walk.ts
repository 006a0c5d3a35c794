/**
 * The structure of msgpack bytes, without making anything of them. Looks at every byte of a header once and does not
 * recurse, so hostile bytes cost what they are long.
 */

/**
 * Values inside of values, the outermost counted. msgpack-python's C unpacker keeps a stack of 1,024, which also bounds
 * how deep a library that recurses can get.
 */
export const MAX_MSGPACK_DEPTH = 1024;

/** What {@link walkMsgpack} finds that is neither a container nor nil nor a bool, by the code that it starts with. */
export type VisitMsgpack = (code: number, start: number, payload: number, length: number) => void;

/**
 * Goes through one value that fills `bytes`.
 *
 * @param visit - called for each int, float, string and bytes, in the order they are written
 * @param fail - makes the error to throw for what is wrong at an offset
 */
export function walkMsgpack(
  bytes: Uint8Array,
  visit: VisitMsgpack,
  fail: (what: string, offset: number) => Error,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** Values still to come, of each container that is open. */
  const open: number[] = [];
  let position = 0;
  for (;;) {
    const start = position;
    const size = headerSize(bytes[position], () => fail("the bytes end inside of a value", start));
    const code = bytes[position]!;
    position += 1 + size;
    if (position > bytes.length) throw fail("the bytes end inside of a value", start);

    const kind = kindOf(code);
    if (kind === "container") {
      const count = countOf(code, view, start);
      // Every value takes at least a byte.
      if (count > bytes.length - position) throw fail(`${count} values announced, ${bytes.length - position} bytes remain`, start);
      if (count > 0) {
        if (open.length + 1 >= MAX_MSGPACK_DEPTH) throw fail(`more than ${MAX_MSGPACK_DEPTH} values inside of each other`, start);
        open.push(count);
        continue;
      }
    }
  }
}
