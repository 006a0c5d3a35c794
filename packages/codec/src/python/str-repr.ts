/** Python's `repr` of text and bytes. */

/** What Python does not print: control, format, surrogate, private, unassigned and separator characters, except the space. */
const UNPRINTABLE = "[\\p{C}\\p{Z}]";

/** Made when first needed, and no literal: V8 looks up the properties of a literal's characters at every import already. */
let unprintable: RegExp | undefined;

function isUnprintable(char: string): boolean {
  unprintable ??= new RegExp(UNPRINTABLE, "u");
  return unprintable.test(char);
}

/** `'a\n'`. CPython 3.12 `unicode_repr`. */
export function strRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = quote;
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (char === quote || char === "\\") out += `\\${char}`;
    else if (char === "\t") out += "\\t";
    else if (char === "\n") out += "\\n";
    else if (char === "\r") out += "\\r";
    else if (code >= 0x20 && code < 0x7f) out += char;
    else if (code > 0x7f && !isUnprintable(char)) out += char;
    else if (code < 0x100) out += `\\x${code.toString(16).padStart(2, "0")}`;
    else if (code < 0x10000) out += `\\u${code.toString(16).padStart(4, "0")}`;
    else out += `\\U${code.toString(16).padStart(8, "0")}`;
  }
  return out + quote;
}

/** `b'a\xff'`. CPython 3.12 `PyBytes_Repr`; a bytearray always has single quotes unless it holds one. */
export function bytesRepr(bytes: Uint8Array): string {
  const quote = bytes.includes(0x27) && !bytes.includes(0x22) ? '"' : "'";
  let out = `b${quote}`;
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    if (char === quote || char === "\\") out += `\\${char}`;
    else if (byte === 9) out += "\\t";
    else if (byte === 10) out += "\\n";
    else if (byte === 13) out += "\\r";
    else if (byte < 0x20 || byte >= 0x7f) out += `\\x${byte.toString(16).padStart(2, "0")}`;
    else out += char;
  }
  return out + quote;
}
