import { once } from "node:events";
import { access, constants } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";

/** Not every PATH has these, and servers live there. */
const SERVER_DIRECTORIES = [
  "/usr/lib/rabbitmq/bin",
  "/usr/local/sbin",
  "/usr/sbin",
  "/opt/homebrew/sbin",
  "/opt/homebrew/bin",
];

/** The first of `names` found in `first`, PATH or where servers are usually installed. */
export async function findExecutable(
  names: readonly string[],
  first: readonly string[] = [],
): Promise<string | undefined> {
  const directories = [...first, ...(process.env.PATH ?? "").split(path.delimiter), ...SERVER_DIRECTORIES];
  for (const directory of directories) {
    for (const name of names) {
      const file = path.join(directory, name);
      const isExecutable = await access(file, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (isExecutable) return file;
    }
  }
  return undefined;
}

/** A TCP port of the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
