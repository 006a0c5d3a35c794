/** Which arrays numpy hands out as a buffer. */
import type { DType } from "./dtype.js";

/** By type: bytes up to the end of an item's last field. `undefined`: numpy has no format for it. */
const ENDS = new WeakMap<DType, number | undefined>();

/** Whether numpy hands out arrays of this type as a buffer, which is how they travel at protocol 5. */
export function isExportable(type: DType): boolean {
  return type.itemSize !== 0 && !type.hasObjects && endOf(type) !== undefined;
}

/** numpy 2.4 `_buffer_format_string`. Types are in one another only so deep as a call may be. */
function endOf(type: DType): number | undefined {
  if (ENDS.has(type)) return ENDS.get(type);
  const end = type.fields !== null ? endOfFields(type) : endOfArray(type);
  ENDS.set(type, end);
  return end;
}

function endOfArray(type: DType): number | undefined {
  const { subdtype, itemSize, kind, code } = type;
  if (subdtype !== null) {
    const end = endOf(subdtype.dtype);
    return end === undefined ? undefined : subdtype.shape.reduce((total, axis) => total * axis, end);
  }
  const isNativeOnly = code === "f12" || code === "f16" || code === "c24" || code === "c32";
  if (kind === "M" || kind === "m" || kind === "T" || (isNativeOnly && type.isBigEndian)) return undefined;
  return itemSize;
}

/** Fields must not overlap, and their names be such that a format can hold them. */
function endOfFields(type: DType): number | undefined {
  let end = 0;
  for (const [name, field] of type.fields!) {
    const fieldEnd = endOf(field.dtype);
    if (fieldEnd === undefined || end > field.offset || /:|\p{Surrogate}/u.test(name)) return undefined;
    end = field.offset + fieldEnd;
  }
  return end;
}
