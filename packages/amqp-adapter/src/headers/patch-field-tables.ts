/**
 * The one change Brine makes to amqplib: message headers of a connection are read by {@link readFieldTable}.
 *
 * Why it is needed (amqplib 2.3.1, lib/codec.js decodeFields): py-amqp writes every int beyond 32 bits with type tag `L`,
 * which amqplib does not know. It throws, the throw closes the connection, the broker redelivers the message to the next
 * connection, and so for ever: one header such as `time.time_ns()` stops every Node consumer of the queue. The same happens
 * with tables nested some thousand levels deep, where amqplib overflows the stack.
 *
 * How: each frame passes through `connection.recvFrame`, a method of the connection object. Ours first takes the header table
 * out of the next frame and leaves in its place, in the same bytes, a table with one opaque field; then amqplib parses the
 * frame, and our table goes where its table was. Nothing global changes and no private module is loaded: only connections
 * given to this function are touched, whichever copy of amqplib made them.
 *
 * It may go when amqplib reads tag `L`, keeps 64-bit integers exact and no longer recurses.
 */
import type { Channel, ChannelModel } from "amqplib";
import { readFieldTable } from "./field-table.js";

/** Under this key, headers that cannot be read carry the reason; such headers are otherwise empty. */
export const HEADERS_ERROR: unique symbol = Symbol("brine.headersError");

const PATCHED: unique symbol = Symbol("brine.fieldTables");

interface ReceivedFrame {
  fields?: { headers?: unknown };
}

/** What is used of amqplib's lib/connection.js Connection: its receive buffer and the method that takes frames from it. */
interface PatchableConnection {
  rest: Buffer;
  recvFrame: () => ReceivedFrame | false;
  [PATCHED]?: true;
}

/**
 * Makes a connection of amqplib read headers as Python writes them: see the file comment. {@link connect}, {@link amqp} and
 * {@link pickled} call it; call it yourself before consuming with a bare amqplib channel. Doing it twice is harmless.
 *
 * @param owner - what `amqplib.connect` resolved to, or any channel of it
 * @returns false if this amqplib is built so differently that nothing was done
 */
export function patchFieldTables(owner: Pick<ChannelModel | Channel, "connection">): boolean {
  const connection = owner.connection as unknown as Partial<PatchableConnection> | undefined;
  if (typeof connection?.recvFrame !== "function" || !Buffer.isBuffer(connection.rest)) return false;
  if (connection[PATCHED]) return true;
  const recvFrame = connection.recvFrame;
  connection.recvFrame = function (this: PatchableConnection): ReceivedFrame | false {
    // When the frame is not complete yet, amqplib's method reads from the socket and calls this one again.
    const headers = takeHeaders(this.rest);
    const frame = recvFrame.call(this);
    const fields = frame ? frame.fields : undefined;
    if (headers !== undefined && fields !== undefined) fields.headers = headers;
    return frame;
  };
  connection[PATCHED] = true;
  return true;
}

const FRAME_HEADER = 2;
const CLASS_BASIC = 60;
const HAS_CONTENT_TYPE = 0x8000;
const HAS_CONTENT_ENCODING = 0x4000;
const HAS_HEADERS = 0x2000;
/** Empty key, tag `x` and a length: what the opaque field needs. Smaller tables hold nothing that amqplib misreads. */
const OPAQUE_FIELD = 6;

/**
 * The header table of the frame at the start of `bytes`, if that is a complete content header frame that has one.
 * Layout: type 1, channel 2, size 4; class 2, weight 2, body size 8, property flags 2, properties; end 1.
 */
function takeHeaders(bytes: Buffer): Record<string, unknown> | undefined {
  if (bytes.length < 22 || bytes[0] !== FRAME_HEADER) return undefined;
  const end = 7 + bytes.readUInt32BE(3);
  if (bytes.length < end + 1 || bytes.readUInt16BE(7) !== CLASS_BASIC) return undefined;
  const flags = bytes.readUInt16BE(19);
  if (!(flags & HAS_HEADERS)) return undefined;
  let offset = 21;
  if (flags & HAS_CONTENT_TYPE) offset += 1 + (bytes[offset] ?? 0);
  if (flags & HAS_CONTENT_ENCODING) offset += 1 + (bytes[offset] ?? 0);
  if (offset + 4 > end) return undefined;
  const length = bytes.readUInt32BE(offset);
  const start = offset + 4;
  if (length < OPAQUE_FIELD || length > end - start) return undefined;
  const headers = readOrExplain(bytes.subarray(start, start + length));
  bytes[start] = 0;
  bytes[start + 1] = 0x78;
  bytes.writeUInt32BE(length - OPAQUE_FIELD, start + 2);
  return headers;
}

function readOrExplain(table: Buffer): Record<string, unknown> {
  try {
    return readFieldTable(table);
  } catch (error) {
    // Not thrown here: that would close the connection. The consumer treats the message as undecodable.
    return Object.defineProperty(Object.create(null), HEADERS_ERROR, { value: error });
  }
}
