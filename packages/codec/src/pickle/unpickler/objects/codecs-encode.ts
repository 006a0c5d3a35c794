/** `_codecs.encode(text, encoding)`, by which protocols 0 to 2 write bytes. */
import { newBytes } from "../../../bytes/new-bytes.js";
import { shortText } from "../../../python/short-text.js";
import { badOperand } from "../faults.js";

/** @throws UnpicklingError `bad-operand` */
export function encodeText(args: readonly unknown[]): Uint8Array {
  const [text, encoding = "utf-8"] = args;
  if (typeof text !== "string" || typeof encoding !== "string" || args.length > 2) {
    throw badOperand("_codecs.encode takes a str and the name of an encoding");
  }
  switch (encoding.toLowerCase().replaceAll("_", "-")) {
    case "latin1":
    case "latin-1":
    case "iso-8859-1":
      return latin1Bytes(text, 0xff);
    case "ascii":
    case "us-ascii":
      return latin1Bytes(text, 0x7f);
    case "utf-8":
    case "utf8":
      if (/\p{Surrogate}/u.test(text)) throw badOperand("_codecs.encode found a surrogate, which utf-8 does not allow");
      return new TextEncoder().encode(text);
    default:
      throw badOperand(`_codecs.encode knows no encoding ${shortText(encoding)}`);
  }
}

/** From this length on a native call is faster than to take each character. */
const NATIVE_TEXT = 128;
/** V8 knows at once that text which it keeps as bytes has none. */
const WIDE_CHARACTER = /[^\0-\xff]/;

interface NativeText {
  latin1Write(text: string): number;
}

function latin1Bytes(text: string, max: number): Uint8Array {
  const bytes = newBytes(text.length);
  if (text.length >= NATIVE_TEXT && max === 0xff && "latin1Write" in bytes) {
    if (!WIDE_CHARACTER.test(text)) {
      (bytes as unknown as NativeText).latin1Write(text);
      return bytes;
    }
  }
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > max)
      throw badOperand(`_codecs.encode found U+${code.toString(16).padStart(4, "0")}, which is out of range`);
    bytes[i] = code;
  }
  return bytes;
}
