/** Opcodes that push a value that refers to nothing: text, bytes, numbers. */
import { decodeUtf8, latin1 } from "../../bytes/utf8-decode.js";
import * as op from "../../pickle/opcodes.js";
import { parseQuoted, parseRawUnicode } from "../../pickle/text.js";
import type { OperandReader } from "./operands.js";
import { PLAIN, type PlainValue } from "./values.js";

export class ScalarReader {
  readonly #operands: OperandReader;
  readonly #content: (bytes: Uint8Array) => void;

  /** @param content - is told of a str or bytes that may hold a pickle */
  constructor(operands: OperandReader, content: (bytes: Uint8Array) => void) {
    this.#operands = operands;
    this.#content = content;
  }

  /** What the opcode `code` pushes, a str as its text. */
  read(code: number): string | PlainValue {
    switch (code) {
      case op.SHORT_BINUNICODE:
        return this.#text(this.#operands.counted(1));
      case op.BINUNICODE:
        return this.#text(this.#operands.counted(4));
      case op.BINUNICODE8:
        return this.#text(this.#operands.counted(8));
      case op.UNICODE: {
        const line = this.#operands.line();
        return this.#string(parseRawUnicode(latin1(line, 0, line.length)));
      }
      case op.STRING: {
        // C's reader allows blanks behind the quote.
        const bytes = parseQuoted(trimEnd(this.#operands.line()));
        return this.#python2(bytes);
      }
      case op.SHORT_BINSTRING:
        return this.#python2(this.#operands.counted(1));
      case op.BINSTRING:
        return this.#python2(this.#operands.counted(4, true));
      case op.SHORT_BINBYTES:
        return this.#bytes(this.#operands.counted(1));
      case op.BINBYTES:
        return this.#bytes(this.#operands.counted(4));
      case op.BINBYTES8:
      case op.BYTEARRAY8:
        return this.#bytes(this.#operands.counted(8));
      case op.LONG1:
        this.#operands.counted(1);
        return PLAIN;
      case op.LONG4:
        this.#operands.counted(4, true);
        return PLAIN;
      case op.INT:
      case op.LONG:
      case op.FLOAT:
        this.#operands.line();
        return PLAIN;
      case op.BININT1:
        this.#operands.bytes(1);
        return PLAIN;
      case op.BININT2:
        this.#operands.bytes(2);
        return PLAIN;
      case op.BININT:
        this.#operands.bytes(4);
        return PLAIN;
      case op.BINFLOAT:
        this.#operands.bytes(8);
        return PLAIN;
      default:
        // NONE, NEWTRUE, NEWFALSE, NEXT_BUFFER.
        return PLAIN;
    }
  }

  #text(bytes: Uint8Array): string {
    this.#content(bytes);
    return this.#string(decodeUtf8(bytes, 0, bytes.length));
  }

  /** A str; protocols 0 to 2 write bytes as a str of their latin-1 characters. */
  #string(text: string): string {
    const first = text.charCodeAt(0);
    if (first === 0x80 && text.length > 2 && !/[^\0-\xff]/.test(text)) {
      this.#content(Uint8Array.from(text, (character) => character.charCodeAt(0)));
    }
    return text;
  }

  /** A Python 2 str, which is bytes, and may be a name. */
  #python2(bytes: Uint8Array): string {
    this.#content(bytes);
    return latin1(bytes, 0, bytes.length);
  }

  #bytes(bytes: Uint8Array): PlainValue {
    this.#content(bytes);
    return PLAIN;
  }
}

function trimEnd(line: Uint8Array): Uint8Array {
  let end = line.length;
  while (end > 0 && (line[end - 1] === 0x20 || (line[end - 1]! >= 0x09 && line[end - 1]! <= 0x0d))) end--;
  return line.subarray(0, end);
}
