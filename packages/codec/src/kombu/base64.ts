/** Base64, with Buffer where there is one. */

/** The base64 of bytes, with padding. */
export function base64(bytes: Uint8Array): string {
  if (globalThis.Buffer !== undefined) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  }
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Reads base64 as Python's `base64.b64decode`: other characters are skipped, wrong padding throws a TypeError. */
export function fromBase64(text: string): Uint8Array {
  const isWhole = text.length % 4 === 0 && !/[^A-Za-z0-9+/]/.test(text);
  const digits = isWhole ? text : digitsOf(text);
  if (globalThis.Buffer !== undefined) return Buffer.from(digits, "base64");
  return Uint8Array.from(atob(digits), (character) => character.charCodeAt(0));
}

/** CPython 3.11 `binascii.c` a2b_base64: what is behind the padding is not read, and padding elsewhere means nothing. */
function digitsOf(text: string): string {
  const runs: string[] = [];
  let length = 0;
  for (const [run] of text.matchAll(/[A-Za-z0-9+/]+|=/g)) {
    if (run !== "=") {
      runs.push(run);
      length += run.length;
    } else if (length % 4 === 3 || (length % 4 === 2 && runs.at(-1) === "=")) return runs.join("").replaceAll("=", "");
    else if (length % 4 === 2) runs.push(run);
  }
  if (length % 4 !== 0) throw new TypeError("incorrect base64 padding");
  return runs.join("").replaceAll("=", "");
}
