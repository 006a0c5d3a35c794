/** What both stores do with commands and their arguments. */
import { RedisAdapterError } from "../errors.js";

/** Celery stores for whole seconds, and for ever when there is no expiry. */
export function wholeSeconds(seconds: number | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  return Math.max(1, Math.trunc(seconds));
}

interface Transaction {
  exec(): Promise<[error: Error | null, result: unknown][] | null>;
}

/** Runs a transaction and gives its replies; the first error among them is thrown. */
export async function run(transaction: Transaction): Promise<unknown[]> {
  const replies = await transaction.exec();
  if (replies === null) throw new RedisAdapterError("The transaction was discarded", { code: "unavailable" });
  return replies.map(([error, result]) => {
    if (error !== null) throw error;
    return result;
  });
}

/** ioredis would store another Uint8Array as the text of its numbers. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
