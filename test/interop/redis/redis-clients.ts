/**
 * Connections to the database that a test has to itself. What Redis itself counts and ends by their kind are those to all
 * databases, and so those of other tests.
 */
import type { Redis } from "ioredis";

type Kind = "normal" | "pubsub";

/** As `CLIENT LIST` has them, the one that asks among them. */
async function clientsOf(admin: Redis, kind: Kind): Promise<Readonly<Record<string, string>>[]> {
  const list = String(await admin.call("CLIENT", "LIST", "TYPE", kind));
  const clients = list
    .trim()
    .split("\n")
    .map((line) => Object.fromEntries(line.split(" ").map((field) => field.split("=", 2))) as Record<string, string>);
  return clients.filter(({ db }) => Number(db) === admin.options.db);
}

/** `CLIENT KILL` of all but `admin` itself. */
export async function killClients(admin: Redis, ...kinds: readonly Kind[]): Promise<void> {
  const own = String(await admin.client("ID"));
  const clients = (await Promise.all(kinds.map((kind) => clientsOf(admin, kind)))).flat();
  const ids = clients.flatMap(({ id }) => (id === undefined || id === own ? [] : [id]));
  // All at once, so that none is back before another one is lost.
  await Promise.all(ids.map((id) => admin.call("CLIENT", "KILL", "ID", id)));
}

/** Subscriptions to patterns, as `PUBSUB NUMPAT`, but each client's. */
export async function countPatterns(admin: Redis): Promise<number> {
  return (await clientsOf(admin, "pubsub")).reduce((sum, { psub }) => sum + Number(psub), 0);
}
