/** All that is in a database: to compare what two operations left there, and to begin anew before each. */
import type { Redis } from "ioredis";

/** Bytes, and lifetimes in half minutes, as two sides are not equally fast. */
export async function everything(client: Redis): Promise<Record<string, [bytes: string, lifetime: number]>> {
  const all: Record<string, [string, number]> = {};
  for (const key of (await client.keys("*")).sort()) {
    const [bytes, left] = await Promise.all([client.getBuffer(key), client.pttl(key)]);
    all[key] = [bytes!.toString("latin1"), left < 0 ? left : Math.ceil(left / 30_000)];
  }
  return all;
}

/** What fills the database with what is there now. */
export async function keeper(client: Redis): Promise<() => Promise<unknown>> {
  const keys = await client.keys("*");
  const kept = await Promise.all(
    keys.map(async (key) => [key, (await client.getBuffer(key))!, await client.pttl(key)] as const),
  );
  return () => {
    const filling = client.pipeline().flushdb();
    for (const [key, bytes, left] of kept) left < 0 ? filling.set(key, bytes) : filling.set(key, bytes, "PX", left);
    return filling.exec();
  };
}
