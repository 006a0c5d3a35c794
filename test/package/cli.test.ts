/** The command `brine` as a process, with what only a real pipe does. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { dumps } from "@brine/codec";
import { afterAll, expect, it } from "vitest";
import { ROOT } from "./sources.js";

const CLI = path.join(ROOT, "packages/codec/dist/cli.js");
const folder = mkdtempSync(path.join(tmpdir(), "brine-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** More than any pipe holds, whichever command prints it. */
const big = path.join(folder, "big.pkl");
writeFileSync(big, dumps(Array.from({ length: 100_000 }, (_, i) => [i, `item ${i}`])));

it.each(["dis", "json", "optimize"])("%s ends silently with 0 when nobody reads on", async (command) => {
  const child = spawn(process.execPath, [CLI, command, big], { stdio: ["ignore", "pipe", "pipe"] });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const closed = once(child, "close");
  await once(child.stdout, "data");
  child.stdout.destroy();
  expect(await closed).toEqual([0, null]);
  expect(complaints).toBe("");
});

it("optimizes and scans a pickle with little more memory than it has itself", async () => {
  const pickle = path.join(folder, "many.pkl");
  writeFileSync(pickle, dumps(Array.from({ length: 150_000 }, (_, i) => ({ id: i, tags: ["a", i % 7] }))));
  for (const args of [["optimize", "-o", path.join(folder, "small.pkl")], ["scan"]]) {
    const child = spawn(process.execPath, ["--max-old-space-size=80", CLI, ...args, pickle], { stdio: "ignore" });
    expect(await once(child, "close"), args[0]).toEqual([0, null]);
  }
});

it("is ended by Ctrl-C while it waits for its input", async () => {
  const child = spawn(process.execPath, [CLI, "json"], { stdio: ["pipe", "ignore", "ignore"] });
  const exited = once(child, "exit");
  // Taken by the process once it reads; the pickle has no end yet.
  await new Promise((resolve) => child.stdin.write("]", resolve));
  child.kill("SIGINT");
  expect(await exited).toEqual([null, "SIGINT"]);
});
