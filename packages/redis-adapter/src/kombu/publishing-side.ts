import type { Redis } from "ioredis";
import { RedisAdapterError } from "../errors.js";
import type { Bindings } from "./bindings.js";

/** What publishing, and declaring, needs: the connection of the transport that every transport has. */
export interface PublishingSide {
  /** Its commands fail soon, and are never sent twice. */
  readonly producer: Redis;
  readonly bindings: Bindings;
}

/** The replies of a pipeline; the first error among them is thrown. */
export function results(replies: [error: Error | null, result: unknown][] | null): unknown[] {
  if (replies === null) throw new RedisAdapterError("The transaction was discarded", { code: "unavailable" });
  return replies.map(([error, result]) => {
    if (error !== null) throw error;
    return result;
  });
}
