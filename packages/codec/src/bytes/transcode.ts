/**
 * UTF-8 to UTF-16 by Node's own converter. It handles several bytes at a time, which neither V8 on Node 20 nor a loop does,
 * but a call costs a microsecond.
 */
import { builtinModule } from "./node-modules.js";

/** UTF-16 as bytes, to be cut into strings. */
interface Utf16 extends Uint8Array {
  ucs2Slice(start: number, end: number): string;
}

type Transcode = (bytes: Uint8Array, from: "utf8", to: "ucs2") => Utf16;

let transcode: Transcode | null | undefined;

/** The UTF-16 of `bytes`; `undefined` if they are no UTF-8, surrogates are in it, or there is no converter. */
export function transcodeUtf8(bytes: Uint8Array): Utf16 | undefined {
  transcode ??= (builtinModule("node:buffer")?.transcode as Transcode | undefined) ?? null;
  if (transcode === null) return undefined;
  try {
    return transcode(bytes, "utf8", "ucs2");
  } catch {
    return undefined;
  }
}
