/** A client for the tests of a `describe`, in a database of its own that is empty before each. */
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach } from "vitest";
import type { Address, ServiceSet } from "../../services/index.js";

/** @param ready - given the client before the first test */
export function withClient(set: ServiceSet, ready: (client: Redis, at: Address) => void): void {
  let client: Redis;

  beforeAll(async () => {
    const at = (await set.isolate()).redis();
    client = new Redis(at.url);
    ready(client, at);
  });

  afterAll(() => client.quit());

  beforeEach(() => client.flushdb());
}
