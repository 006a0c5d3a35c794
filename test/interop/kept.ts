/** What a test opens and leaves to be closed. */
import { afterEach } from "vitest";

interface Closable {
  close(): unknown;
}

/** Gives a function that hands on what it is given and closes it after the test, what came last first. For a `describe`. */
export function closeAfterEach(): <T extends Closable>(resource: T) => T {
  const open: Closable[] = [];
  afterEach(async () => {
    for (const resource of open.splice(0).reverse()) await resource.close();
  });
  return (resource) => {
    open.push(resource);
    return resource;
  };
}
