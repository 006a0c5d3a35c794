/** How to come to the bytes of a pickle from what was given in their place, for the error that asks for them. */

/** `undefined` for what has no bytes. */
export function wayToBytes(data: unknown): string | undefined {
  if (typeof data === "string") return wayOfText(data);
  if (data === null || data === undefined) return "there is no value of that key";
  if (typeof data !== "object") return undefined;
  if (Array.isArray(data)) return "Buffer.from(numbers)";
  if (ArrayBuffer.isView(data)) return "new Uint8Array(it.buffer, it.byteOffset, it.byteLength)";
  if ("type" in data && data.type === "Buffer") return "a Buffer that was JSON is Buffer.from(it.data)";
  if ("then" in data) return "await it first";
  if ("arrayBuffer" in data) return "await it.arrayBuffer()";
  return "getReader" in data || Symbol.asyncIterator in data ? "await load(it)" : undefined;
}

function wayOfText(text: string): string {
  if (/\ufffd/.test(text)) return "read it as a Buffer: as text it has lost some";
  if (/^(?:file:|[\w.~:/\\-]+\.(?:pkl|pickle|pck|p|dat)$)/i.test(text)) return "a file is await load(path)";
  if (/^[\w+/-]+=*\s*$/.test(text)) return 'text in base64 is Buffer.from(text, "base64")';
  return 'text of one character a byte is Buffer.from(text, "latin1")';
}
