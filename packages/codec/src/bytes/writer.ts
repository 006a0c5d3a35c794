/**
 * A growing byte buffer. What fills it up beyond {@link MAX_BUFFER} is set aside in chunks, so that a large output is
 * neither doubled nor copied while it grows.
 */
import { codeAt } from "./code-at.js";

/** What this uses of Node's `Buffer`, where there is one. `utf8Write` is faster than any loop for long strings. */
export interface NodeBuffer extends Uint8Array {
  utf8Write?(text: string, offset: number, length: number): number;
  ucs2Write?(text: string, offset: number, length: number): number;
}
interface NodeBufferConstructor {
  allocUnsafe(size: number): NodeBuffer;
  allocUnsafeSlow(size: number): NodeBuffer;
  byteLength(text: string): number;
}

const nodeBuffer = (globalThis as { readonly Buffer?: NodeBufferConstructor }).Buffer;

/** Uninitialised bytes of their own: a `Buffer` where there is one. */
export function allocate(size: number): Uint8Array {
  return nodeBuffer === undefined ? new Uint8Array(size) : nodeBuffer.allocUnsafeSlow(size);
}

/** Uninitialised bytes for a result: small ones share memory, as all small Buffers do. */
function allocateResult(size: number): Uint8Array {
  return nodeBuffer === undefined ? new Uint8Array(size) : nodeBuffer.allocUnsafe(size);
}

/** Bytes that are free after {@link Writer.room}: enough for every value of fixed size, and for a short string. */
export const SLACK = 256;
const FIRST_BUFFER = 16 * 1024;
/** The buffer grows to this size; then what it holds becomes a chunk. */
const MAX_BUFFER = 4 * 1024 * 1024;
/** Bytes to write from this size on are set aside as they are, not copied into the buffer. */
const MIN_CHUNK = 64 * 1024;
/** Up to so many bytes are copied in a loop, which costs less than a native call. */
const MAX_COPY_LOOP = 32;
/** From this size on the buffer itself is given away rather than copied. */
const MIN_GIVEN = 1024 * 1024;

export abstract class Writer {
  buf: Uint8Array = allocate(FIRST_BUFFER);
  view: DataView = new DataView(this.buf.buffer, this.buf.byteOffset, this.buf.length);
  /** `buf` as a plain array, a part of which is made sooner than one of a Buffer. */
  private plain = new Uint8Array(this.buf.buffer, this.buf.byteOffset, this.buf.length);
  pos = 0;
  /** From here on a value may not start without {@link room}. */
  limit: number = FIRST_BUFFER - SLACK;
  /** Finished parts before the buffer. */
  chunks: Uint8Array[] = [];
  chunkBytes = 0;
  maxBytes = Number.MAX_SAFE_INTEGER;

  /** Where bytes begin that may still change: they cannot become a chunk yet. */
  abstract firstOpen(): number;
  /** Says that the first `moved` bytes left the buffer and are `chunk` now. */
  abstract shifted(moved: number, chunk: Uint8Array): void;
  abstract tooLong(): Error;

  /** Bytes written so far. */
  written(): number {
    return this.chunkBytes + this.pos;
  }

  /** Makes room for `size` more bytes and {@link SLACK}. */
  room(size: number): void {
    const needed = this.pos + size + SLACK;
    if (this.chunkBytes + needed - SLACK > this.maxBytes) throw this.tooLong();
    if (needed <= this.buf.length) return;
    const closed = this.firstOpen();
    if (closed > 0 && needed > MAX_BUFFER) {
      this.setAside(closed);
      if (this.pos + size + SLACK <= this.buf.length) return;
    }
    this.replaceBuffer(Math.max(this.pos + size + SLACK, Math.min(this.buf.length * 2, MAX_BUFFER)));
  }

  /** Makes a chunk of the first `size` bytes of the buffer. */
  private setAside(size: number): void {
    const { buf } = this;
    let chunk: Uint8Array;
    if (size >= MIN_GIVEN && size * 2 > buf.length) {
      // Most of the buffer: it becomes the chunk itself, and what is open moves to a new one.
      chunk = buf.subarray(0, size);
      this.setBuffer(allocate(buf.length));
      this.buf.set(buf.subarray(size, this.pos));
    } else {
      chunk = allocate(size);
      chunk.set(buf.subarray(0, size));
      buf.copyWithin(0, size, this.pos);
    }
    this.chunks.push(chunk);
    this.chunkBytes += size;
    this.pos -= size;
    this.shifted(size, chunk);
  }

  private replaceBuffer(size: number): void {
    const larger = allocate(size);
    larger.set(this.buf.subarray(0, this.pos));
    this.setBuffer(larger);
  }

  private setBuffer(buf: Uint8Array): void {
    this.buf = buf;
    this.view = new DataView(buf.buffer, buf.byteOffset, buf.length);
    this.plain = new Uint8Array(buf.buffer, buf.byteOffset, buf.length);
  }

  /** Writes `bytes`; large ones without a copy. Nothing before them may be open. */
  writeRaw(bytes: Uint8Array): void {
    const size = bytes.length;
    if (size < MIN_CHUNK) {
      this.room(size);
      this.buf.set(bytes, this.pos);
      this.pos += size;
      return;
    }
    if (this.chunkBytes + this.pos + size > this.maxBytes) throw this.tooLong();
    if (this.pos > 0) this.setAside(this.pos);
    this.chunks.push(bytes);
    this.chunkBytes += size;
  }

  /** Writes characters that are known to be ASCII. */
  writeAscii(text: string): void {
    this.room(text.length);
    const buf = this.buf;
    let pos = this.pos;
    for (let i = 0; i < text.length; i++) buf[pos++] = codeAt(text, i);
    this.pos = pos;
  }

  /** Everything written, in one piece of its own. The buffer may be given away for it: nothing else can be taken. */
  takeBytes(): Uint8Array {
    if (this.chunks.length === 0 && this.pos >= MIN_CHUNK && this.pos * 2 > this.buf.length) {
      const given = this.buf.subarray(0, this.pos);
      this.setBuffer(allocate(this.buf.length));
      return given;
    }
    const result = allocateResult(this.chunkBytes + this.pos);
    let at = 0;
    for (const chunk of this.chunks) {
      result.set(chunk, at);
      at += chunk.length;
    }
    if (this.pos > MAX_COPY_LOOP) result.set(this.plain.subarray(0, this.pos), at);
    else for (let i = 0; i < this.pos; i++) result[at + i] = this.buf[i]!;
    return result;
  }

  /** Everything written, in order, large byte strings as they were given. */
  takeChunks(): Uint8Array[] {
    const chunks = this.chunks;
    this.chunks = [];
    this.chunkBytes = 0;
    if (this.pos > 0) {
      const last = allocate(this.pos);
      last.set(this.buf.subarray(0, this.pos));
      chunks.push(last);
    }
    return chunks;
  }

  /** Empties it. A buffer that grew large is given back. */
  resetBytes(): void {
    this.pos = 0;
    if (this.chunks.length > 0) {
      this.chunks = [];
      this.chunkBytes = 0;
    }
    if (this.buf.length > MAX_BUFFER) this.replaceBuffer(FIRST_BUFFER);
  }
}

/** Bytes of `text` in UTF-8; three for a lone surrogate, as for the U+FFFD that native encoders put there. */
export function utf8Length(text: string): number {
  if (nodeBuffer !== undefined) return nodeBuffer.byteLength(text);
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = codeAt(text, i);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && (codeAt(text, i + 1) & 0xfc00) === 0xdc00) {
      length += 2;
      i++;
    } else length += 2;
  }
  return length;
}
