/** Values whose class in Python is below `str` or `int`: to what only asks for a str or an int, they are one. */
import { SafeString } from "../web/django.js";
import { EnumMember, isEqualToValue } from "./enum.js";

/** The str or int that an object also is, such as a SafeString or a member of an `IntEnum`; anything else as it is. */
export function builtinValue(value: unknown): unknown {
  if (value instanceof SafeString) return value.value;
  return value instanceof EnumMember && isEqualToValue(value) ? value.value : value;
}
