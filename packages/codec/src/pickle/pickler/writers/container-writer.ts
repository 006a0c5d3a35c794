/** The opcodes around what containers and calls hold. */
import type { Reduction } from "../../../globals/registry.js";
import * as op from "../../opcodes.js";
import { GlobalWriter } from "./global-writer.js";

/** CPython's `BATCHSIZE`: items per APPENDS, SETITEMS and ADDITEMS. */
export const BATCH_SIZE = 1000;

export abstract class ContainerWriter extends GlobalWriter {
  /** An opcode that ends or divides a container, of which any number may follow one another. */
  writeOpcode(code: number): void {
    if (this.pos > this.buf.length - 64) this.room(0);
    this.buf[this.pos++] = code;
  }

  /** Writes the end of a tuple of `count` items, whose place in the memo was reserved; none for arguments of a call. */
  closeTuple(count: number, place: number): void {
    if (this.pos > this.buf.length - 64) this.room(0);
    const isShort = this.protocol >= 2 && count <= 3;
    const known = this.objectMemo.indexAt(place);
    if (known >= 0) {
      // The tuple contains itself and has been written inside: drop the items, refer to that one.
      if (isShort || this.protocol === 0) {
        for (let i = isShort ? 0 : -1; i < count; i++) this.writeOpcode(op.POP);
      } else {
        this.writeOpcode(op.POP_MARK);
      }
      this.get(known);
      return;
    }
    this.buf[this.pos++] = isShort ? op.TUPLE1 - 1 + count : op.TUPLE;
    this.putAt(place);
  }

  saveEmptyTuple(): void {
    if (this.protocol > 0) {
      this.writeOpcode(op.EMPTY_TUPLE);
    } else {
      this.writeOpcode(op.MARK);
      this.writeOpcode(op.TUPLE);
    }
  }

  /** Writes the end of a call, for whose object a place was reserved; false: it contained itself and is complete. */
  closeCall(kind: Reduction["kind"], place: number): boolean {
    this.writeOpcode(kind === "reduce" ? op.REDUCE : kind === "newobj" ? op.NEWOBJ : op.NEWOBJ_EX);
    const known = this.objectMemo.indexAt(place);
    if (known >= 0) {
      this.writeOpcode(op.POP);
      this.get(known);
      return false;
    }
    this.putAt(place);
    return true;
  }

  /** Writes the start of a container that is in no memo. */
  openContainer(opcode: number, oldOpcode: number, object: object): void {
    if (this.protocol > 0) {
      this.buf[this.pos++] = opcode;
    } else {
      this.buf[this.pos++] = op.MARK;
      this.buf[this.pos++] = oldOpcode;
    }
    this.memoize(object);
  }
}
