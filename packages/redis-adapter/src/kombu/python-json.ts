/**
 * JSON as kombu writes and reads it: integers of any size (bigint when unsafe), NaN and the infinities. Envelopes carry
 * headers of other people's making, and a 64-bit id that came back rounded would be another id.
 */
import { jsonSerializer } from "@brine/codec/kombu";
import { RedisAdapterError } from "../errors.js";

/** `__type__` objects stay what they are on the wire: headers are handed on, not interpreted. */
const reader = jsonSerializer({ dialect: "5.2" });
/** Bytes and dates in a header have a form since kombu 5.3 only. */
const writer = jsonSerializer({ dialect: "5.3", undefined: "omit" });

/** @throws RedisAdapterError `bad-envelope` when the text is not JSON */
export function parsePythonJson(text: string): unknown {
  try {
    return reader.decode!(Buffer.from(text));
  } catch (cause) {
    throw new RedisAdapterError(`Cannot parse JSON: ${(cause as Error).message}`, { code: "bad-envelope", cause });
  }
}

/** Members that are `undefined` are left out. @throws RedisAdapterError `bad-message` for what JSON has no form for */
export function formatPythonJson(value: unknown): string {
  try {
    return Buffer.from(writer.encode!(value)).toString("latin1");
  } catch (cause) {
    throw new RedisAdapterError(`Cannot write JSON: ${(cause as Error).message}`, { code: "bad-message", cause });
  }
}
