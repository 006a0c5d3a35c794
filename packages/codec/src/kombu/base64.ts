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
  const clean = text.replace(/[^A-Za-z0-9+/=]/g, "");
  const digits = clean.replace(/=.*$/, "");
  const padding = clean.length - digits.length;
  if (digits.length % 4 === 1 || padding < (4 - (digits.length % 4)) % 4)
    throw new TypeError("incorrect base64 padding");
  if (globalThis.Buffer !== undefined) return Buffer.from(digits, "base64");
  return Uint8Array.from(atob(digits), (character) => character.charCodeAt(0));
}
