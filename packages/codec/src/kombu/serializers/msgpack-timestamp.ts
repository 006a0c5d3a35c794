/** msgpack's own extension type -1: points in time. */
import { PyDateTime } from "../../python/datetime/datetime.js";

/** The byte that the type -1 is. */
export const TIMESTAMP_TYPE = 0xff;

/** How each length of payload starts: with its code, and the type or, of the longest, the length, which the type follows. */
const HEADERS: ReadonlyMap<number, readonly [number, number]> = new Map([
  [4, [0xd6, TIMESTAMP_TYPE]],
  [8, [0xd7, TIMESTAMP_TYPE]],
  [13, [0xc7, 12]],
]);

/** What stands before `length` bytes, the type among them where the length is announced. */
export function timestampHeader(length: number): readonly [number, number] | undefined {
  return HEADERS.get(length);
}

/** In the shortest form that says it, as the specification asks for; the type before the longest. */
export function timestampPayload(epochMicroseconds: bigint): Uint8Array {
  const nanoseconds = (((epochMicroseconds % 1_000_000n) + 1_000_000n) % 1_000_000n) * 1000n;
  const seconds = (epochMicroseconds - nanoseconds / 1000n) / 1_000_000n;
  if (seconds < 0n || seconds >> 34n !== 0n) {
    const view = new DataView(new ArrayBuffer(13));
    view.setUint8(0, TIMESTAMP_TYPE);
    view.setUint32(1, Number(nanoseconds));
    view.setBigInt64(5, seconds);
    return new Uint8Array(view.buffer);
  }
  if (nanoseconds === 0n && seconds >> 32n === 0n) {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, Number(seconds));
    return new Uint8Array(view.buffer);
  }
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, (nanoseconds << 34n) | seconds);
  return new Uint8Array(view.buffer);
}

/**
 * The point in time of a payload, to the microsecond, in UTC.
 *
 * @throws RangeError for one that is not in the years 1 to 9999, or with more nanoseconds than a second has
 */
export function timestampOf(view: DataView, offset: number, length: number): PyDateTime {
  let [seconds, nanoseconds] = [0n, 0n];
  if (length === 4) seconds = BigInt(view.getUint32(offset));
  else if (length === 8) {
    const both = view.getBigUint64(offset);
    [seconds, nanoseconds] = [both & 0x3_ffff_ffffn, both >> 34n];
  } else [seconds, nanoseconds] = [view.getBigInt64(offset + 5), BigInt(view.getUint32(offset + 1))];
  if (nanoseconds >= 1_000_000_000n) throw new RangeError("a timestamp has more nanoseconds than a second");
  return PyDateTime.fromEpochMicroseconds(seconds * 1_000_000n + nanoseconds / 1000n);
}
