/** bytes, bytearray and PickleBuffer. CPython 3.12 `_pickle.c` `save_bytes`, `save_bytearray`, `save_picklebuffer`. */

import { latin1Text } from "../../../python/bytes.js";
import type { PickleBuffer } from "../../../python/containers/buffers.js";
import { FreshBytes, PyGlobal } from "../../../python/objects/objects.js";
import * as op from "../../opcodes.js";
import type { Encoder } from "../encoder.js";
import { NO_PLACE } from "../memo/identity-memo.js";
import type { ContainerWriter } from "../writers/container-writer.js";
import { ReduceSaving } from "./reduce-saving.js";
import type { Saving } from "./saving.js";

const BYTES = new PyGlobal("builtins", "bytes");
const BYTEARRAY = new PyGlobal("builtins", "bytearray");
const ENCODE = new PyGlobal("_codecs", "encode");

/** Writes bytes; `object` is what stands for them in the data, none for bytes in nobody's hands, which are shared with none. */
export function saveBytes(encoder: ContainerWriter, bytes: Uint8Array, object: object | undefined): void {
  if (bytes.length < 2 && object !== undefined && encoder.getSmallBytes(bytes)) return;
  if (encoder.protocol >= 3) encoder.writeBytes(bytes);
  else callForBytes(encoder, bytes);
  encoder.memoizeBytes(bytes, object);
}

/** Before protocol 3 there are no bytes: `_codecs.encode(text, "latin1")`, or `bytes()`. */
function callForBytes(encoder: ContainerWriter, bytes: Uint8Array): void {
  const { length } = bytes;
  if (length === 0) {
    encoder.saveOwnGlobal(BYTES);
    encoder.saveEmptyTuple();
  } else {
    encoder.saveOwnGlobal(ENCODE);
    if (encoder.protocol < 2) encoder.writeOpcode(op.MARK);
    encoder.ready();
    if (length === 1 || encoder.protocol === 0) encoder.saveFreshStr(latin1Text(bytes));
    else encoder.saveLatin1(bytes);
    encoder.ready();
    encoder.saveSharedStr("latin1");
    encoder.closeTuple(2, NO_PLACE);
  }
  encoder.writeOpcode(op.REDUCE);
}

export function saveBytearray(encoder: Encoder, bytes: Uint8Array, object: object): Saving | undefined {
  if (encoder.protocol >= 5) {
    encoder.writeLargeBytes(op.BYTEARRAY8, 8, bytes);
    encoder.memoize(object);
    return undefined;
  }
  const copy = new FreshBytes(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  return new ReduceSaving(object, { kind: "reduce", callable: BYTEARRAY, args: bytes.length === 0 ? [] : [copy] });
}

export function saveBuffer(encoder: Encoder, buffer: PickleBuffer): Saving | undefined {
  if (encoder.protocol < 5) {
    throw encoder.failure("protocol-too-low", "Cannot pickle a PickleBuffer: needs protocol 5");
  }
  if (encoder.bufferCallback !== undefined && !encoder.bufferCallback(buffer)) {
    encoder.writeOpcode(op.NEXT_BUFFER);
    if (buffer.readonly) encoder.writeOpcode(op.READONLY_BUFFER);
    return undefined;
  }
  if (!buffer.readonly) return saveBytearray(encoder, buffer.bytes, buffer);
  encoder.writeBytes(buffer.bytes);
  encoder.memoize(buffer);
  return undefined;
}
