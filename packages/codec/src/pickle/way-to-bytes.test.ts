/** What to do with what is no bytes. */
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { PickleError } from "../errors.js";
import { loads } from "./api-load.js";

test.each<[unknown, string]>([
  ["gASVBgAAAAAAAAB9lCiMAWGUSwFzLg==", 'a str: must be bytes; text in base64 is Buffer.from(text, "base64")'],
  ["\x80\x04N.", 'a str: must be bytes; text of one character a byte is Buffer.from(text, "latin1")'],
  [
    Buffer.from("\x80\x04N.", "latin1").toString(),
    "a str: must be bytes; read it as a Buffer: as text it has lost some",
  ],
  ["data/model.pkl", "a str: must be bytes; a file is await load(path)"],
  ["file:///model.pkl", "a str: must be bytes; a file is await load(path)"],
  ["(lp0\n.", 'a str: must be bytes; text of one character a byte is Buffer.from(text, "latin1")'],
  [null, "None: must be bytes; there is no value of that key"],
  [undefined, "nothing: must be bytes; there is no value of that key"],
  [[128, 4, 78, 46], "a list: must be bytes; Buffer.from(numbers)"],
  [Buffer.from("N.").toJSON(), "a dict: must be bytes; a Buffer that was JSON is Buffer.from(it.data)"],
  [Promise.resolve(1), "an instance of Promise: must be bytes; await it first"],
  [new Blob([]), "an instance of Blob: must be bytes; await it.arrayBuffer()"],
  [
    new DataView(new ArrayBuffer(1)),
    "an instance of DataView: must be bytes; new Uint8Array(it.buffer, it.byteOffset, it.byteLength)",
  ],
  [
    new Int8Array(1),
    "an instance of Int8Array: must be bytes; new Uint8Array(it.buffer, it.byteOffset, it.byteLength)",
  ],
  [Readable.from([]), "an instance of Readable: must be bytes; await load(it)"],
  [new ReadableStream(), "an instance of ReadableStream: must be bytes; await load(it)"],
  [7, "an int: must be bytes"],
])("an input that is no bytes is refused, with what makes bytes of it: %#", (input, message) => {
  expect(() => loads(input as never)).toThrow(new PickleError(`Cannot unpickle ${message}`, { code: "bad-option" }));
});
