/** Python's `==` between numbers of different types. */
import { hashKey, type PyHashable } from "../hash.js";
import { hashEquals } from "../key-table.js";

/** Whether `other` is a number of exactly the value of `own`, which is no NaN: `0.1` is not the Decimal `0.1`. */
export function equalsNumber(own: PyHashable, other: unknown): boolean {
  if (typeof other === "object") {
    if (other === null || typeof (other as PyHashable)[hashKey] !== "function") return false;
    if ((other as { isNaN?: unknown }).isNaN === true) return false;
  } else if (typeof other !== "number" && typeof other !== "bigint" && typeof other !== "boolean") {
    return false;
  }
  try {
    return hashEquals(own, other);
  } catch {
    // What Python cannot hash is no number.
    return false;
  }
}
