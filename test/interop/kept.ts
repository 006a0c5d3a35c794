/** What a test opens and leaves to be closed. */
import { afterEach } from "vitest";

interface Closable {
  close(): unknown;
}

/** Gives a function that hands on what it is given and closes it after the test, what came last first. For a `describe`. */
export function closeAfterEach(): <T extends Closable>(resource: T) => T {
  const open: Closable[] = [];
  afterEach(async () => {
    const failures: unknown[] = [];
    // One that does not close leaves none of the others open.
    for (const resource of open.splice(0).reverse()) {
      try {
        await resource.close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, "What the test opened does not close");
  });
  return (resource) => {
    open.push(resource);
    return resource;
  };
}
