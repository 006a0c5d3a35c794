/**
 * The structure of msgpack bytes, without making anything of them: what a library may safely be given. Every header is
 * looked at once and nothing recurses, so hostile bytes cost what they are long.
 */
import { FEW } from "../../python/collisions.js";
import { TIMESTAMP_TYPE, timestampHeader } from "./msgpack-timestamp.js";

/** As deep as msgpack-python's C unpacker reads, which keeps a stack of 1,024. */
const MAX_OPEN = 1023;

/**
 * Called for every float, int of 32 or 64 bits, string, bytes and timestamp: the code it starts with, where its payload is, and
 * whether it is a key of a map with {@link FEW} or more.
 */
export type VisitMsgpack = (code: number, payload: number, length: number, isOneOfManyKeys: boolean) => void;

/**
 * Goes through the one value that fills `bytes`.
 *
 * @param fail - makes the error to throw for what is wrong at an offset
 * @param hasTimestamps - whether the extension type -1 may occur. Default false
 */
export function walkMsgpack(
  bytes: Uint8Array,
  visit: VisitMsgpack,
  fail: (what: string, offset: number) => Error,
  hasTimestamps = false,
): void {
  /** Values still to come: of the container at hand, and of those around it. */
  let remaining = 1;
  const open: number[] = [];
  /** Whether the container at hand is a map of many keys, and those around it. */
  let isLargeMap = false;
  const openLargeMaps: boolean[] = [];
  let position = 0;
  let start = 0;

  const step = (length: number): number => {
    const at = position;
    if (length > bytes.length - at) throw fail(`needs ${length} bytes, ${bytes.length - at} remain`, start);
    position += length;
    return at;
  };
  const uint = (size: 1 | 2 | 4): number => {
    let value = 0;
    for (let at = step(size); at < position; at++) value = value * 0x100 + bytes[at]!;
    return value;
  };

  for (;;) {
    start = position;
    const code = bytes[step(1)]!;
    let count = 0;
    if (code >= 0x80 && code <= 0x8f) count = 2 * (code & 0x0f);
    else if (code >= 0x90 && code <= 0x9f) count = code & 0x0f;
    else if (code >= 0xa0 && code <= 0xdf) {
      switch (code) {
        case 0xc0:
        case 0xc2:
        case 0xc3:
          break;
        case 0xc4:
        case 0xd9:
          payload(code, uint(1));
          break;
        case 0xc5:
        case 0xda:
          payload(code, uint(2));
          break;
        case 0xc6:
        case 0xdb:
          payload(code, uint(4));
          break;
        case 0xcc:
        case 0xd0:
          step(1);
          break;
        case 0xcd:
        case 0xd1:
          step(2);
          break;
        case 0xca:
        case 0xce:
        case 0xd2:
          payload(code, 4);
          break;
        case 0xcb:
        case 0xcf:
        case 0xd3:
          payload(code, 8);
          break;
        case 0xdc:
          count = uint(2);
          break;
        case 0xdd:
          count = uint(4);
          break;
        case 0xde:
          count = 2 * uint(2);
          break;
        case 0xdf:
          count = 2 * uint(4);
          break;
        default:
          if (code <= 0xbf) payload(code, code & 0x1f);
          else if (hasTimestamps && timestamp(code)) break;
          else if (code === 0xc1) throw fail("0xc1 is no msgpack type", start);
          // kombu writes none, and each library has its own.
          else throw fail(`0x${code.toString(16)} is an ext type, which has no meaning here`, start);
      }
    }
    if (count > 0) {
      // Every value takes at least a byte.
      if (count > bytes.length - position) {
        throw fail(`${count} values announced, ${bytes.length - position} bytes remain`, start);
      }
      if (open.length === MAX_OPEN) throw fail(`more than ${MAX_OPEN} containers inside of each other`, start);
      open.push(remaining);
      openLargeMaps.push(isLargeMap);
      remaining = count;
      isLargeMap = (code === 0xde || code === 0xdf) && count >= 2 * FEW;
      continue;
    }
    while (--remaining === 0) {
      const outer = open.pop();
      if (outer === undefined) {
        if (position !== bytes.length) throw fail(`${bytes.length - position} bytes follow the value`, position);
        return;
      }
      remaining = outer;
      isLargeMap = openLargeMaps.pop()!;
    }
  }

  /** Whether it is one. Its payload begins after the two bytes that it has in common with bytes of that length. */
  function timestamp(code: number): boolean {
    const length = code === 0xd6 ? 4 : code === 0xd7 ? 8 : code === 0xc7 ? 13 : 0;
    const header = timestampHeader(length);
    if (header === undefined || bytes[position] !== header[1]) return false;
    if (length === 13 && bytes[position + 1] !== TIMESTAMP_TYPE) return false;
    step(1);
    payload(code, length);
    return true;
  }

  function payload(code: number, length: number): void {
    visit(code, step(length), length, isLargeMap && (remaining & 1) === 0);
  }
}
