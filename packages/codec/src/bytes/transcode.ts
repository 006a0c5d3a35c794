/**
 * UTF-8 to UTF-16 and back by Node's own converter. It handles several bytes at a time, which neither V8 on Node 20 nor a loop
 * does, but a call costs a microsecond.
 */
import { builtinModule } from "./node-modules.js";

/** UTF-16 as bytes, to be cut into strings. */
export interface Utf16 extends Uint8Array {
  ucs2Slice(start: number, end: number): string;
}

interface NodeBuffer {
  transcode(bytes: Uint8Array, from: string, to: string): Uint8Array;
  readonly Buffer: { readonly prototype: { indexOf(this: Uint8Array, bytes: Uint8Array): number } };
}

let nodeBuffer: NodeBuffer | null | undefined;

function native(): NodeBuffer | undefined {
  nodeBuffer ??= (builtinModule("node:buffer") as NodeBuffer | undefined) ?? null;
  return nodeBuffer ?? undefined;
}

/** The UTF-16 of `bytes`; `undefined` if they are no UTF-8, surrogates are in it, or there is no converter. */
export function transcodeUtf8(bytes: Uint8Array): Utf16 | undefined {
  return transcode(bytes, "utf8", "ucs2") as Utf16 | undefined;
}

/** The UTF-8 of UTF-16; `undefined` if there is a lone surrogate in it, or no converter. */
export function transcodeUtf16(bytes: Uint8Array): Uint8Array | undefined {
  return transcode(bytes, "ucs2", "utf8");
}

function transcode(bytes: Uint8Array, from: string, to: string): Uint8Array | undefined {
  try {
    return native()?.transcode(bytes, from, to);
  } catch {
    return undefined;
  }
}

/** Whether `part` stands in `bytes`; also where only Node could tell. */
export function mayHold(bytes: Uint8Array, part: Uint8Array): boolean {
  return native()?.Buffer.prototype.indexOf.call(bytes, part) !== -1;
}
