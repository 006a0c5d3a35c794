/** Whether npm installs the packages together, with the newest drivers, as a user does. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "./sources.js";

const PACKAGES = ["codec", "amqp-adapter", "redis-adapter", "celery"];
const run = promisify(execFile);

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "brine-install-"));
});

afterAll(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));

test("npm finds versions for both adapters and their drivers", async (context) => {
  const dependencies: Record<string, string> = { amqplib: "*", ioredis: "*" };
  for (const name of PACKAGES) {
    const folder = path.join(ROOT, "packages", name);
    const argv = ["pack", "--json", "--ignore-scripts", "--pack-destination", directory];
    const [packed] = JSON.parse((await run("npm", argv, { cwd: folder })).stdout) as {
      name: string;
      filename: string;
    }[];
    dependencies[packed!.name] = `file:./${packed!.filename}`;
  }
  await writeFile(path.join(directory, "package.json"), JSON.stringify({ private: true, dependencies }));
  // Versions are chosen and written down, nothing is downloaded but what the registry says of each.
  const argv = ["install", "--package-lock-only", "--no-audit", "--fund=false", "--fetch-retries=0"];
  const failure = await run("npm", argv, { cwd: directory }).then(
    () => undefined,
    (error: { readonly stderr: string }) => error.stderr,
  );
  if (failure !== undefined && /ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|E50\d/.test(failure))
    return context.skip("npm's registry does not answer here");
  expect(failure).toBeUndefined();
  const lock = JSON.parse(await readFile(path.join(directory, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, unknown>>;
  };
  const installed = Object.keys(lock.packages);
  expect(installed).toEqual(expect.arrayContaining(["node_modules/amqplib", "node_modules/ioredis"]));
  expect(installed.filter((name) => /moleculer|unstorage|nestjs|keyv/.test(name))).toEqual([]);
});
