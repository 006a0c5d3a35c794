/** A browser that runs one page of this machine and says what came of it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

/** A Chromium: `BRINE_CHROMIUM`, then the usual names on PATH; `undefined` without one. */
export function findChromium(): string | undefined {
  const candidates = [process.env.BRINE_CHROMIUM, "chromium", "chromium-browser", "google-chrome"];
  return candidates.find(
    (name): name is string => name !== undefined && spawnSync(name, ["--version"], { encoding: "utf8" }).status === 0,
  );
}

/** Nothing of the machine's is used, and nothing is looked up outside of it. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
] as const;

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".json": "application/json",
  ".html": "text/html",
};

/**
 * Serves `files` (folders, by the first part of a URL) and `page`, opens it, and gives what it POSTs to `/result`.
 *
 * @throws Error when nothing was posted within `timeoutMs`
 */
export async function runPage(
  chromium: string,
  page: string,
  folders: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<unknown> {
  let posted: (result: string) => void;
  const result = new Promise<string>((resolve) => {
    posted = resolve;
  });
  const server = createServer((request, response) => {
    if (request.method === "POST") {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      request.on("end", () => {
        response.end();
        posted(body);
      });
      return;
    }
    const [, folder, ...rest] = (request.url ?? "/").split("/");
    if (folder === "") {
      response.setHeader("content-type", "text/html");
      response.end(page);
      return;
    }
    try {
      const root = Object.hasOwn(folders, folder ?? "") ? folders[folder ?? ""]! : "";
      const content = readFileSync(path.join(root, path.normalize(`/${rest.join("/")}`)));
      response.setHeader("content-type", TYPES[path.extname(rest.at(-1) ?? "")] ?? "text/plain");
      response.end(content);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const profile = mkdtempSync(path.join(tmpdir(), "brine-chromium-"));
  let browser: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    browser = spawn(chromium, [...FLAGS, `--user-data-dir=${profile}`, "--remote-debugging-port=0", url], {
      stdio: ["ignore", "ignore", "pipe"],
      // A process group, so that the browser's other processes end with it: they write to its profile, too.
      detached: true,
    });
    let complaints = "";
    browser.stderr?.setEncoding("utf8").on("data", (text: string) => {
      complaints = (complaints + text).slice(-2000);
    });
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`The page said nothing in ${timeoutMs} ms: ${complaints}`)), timeoutMs);
    });
    return JSON.parse(await Promise.race([result, late]));
  } finally {
    clearTimeout(timer);
    if (browser !== undefined && browser.exitCode === null) {
      const ended = new Promise((resolve) => browser?.once("exit", resolve));
      process.kill(-browser.pid!, "SIGKILL");
      await ended;
    }
    server.closeAllConnections();
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}
