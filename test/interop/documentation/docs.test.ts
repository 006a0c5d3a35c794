/**
 * Runs the code of the pages that needs services, in the order of each page, with `AMQP_URL` and `REDIS_URL` in the
 * environment and Python's Celery workers on both brokers: ```ts services and ```py services blocks to their end,
 * ```ts services worker ones, which print a line when they are ready, beside the rest of their page, until SIGTERM, and
 * ```py services rq ones as modules that the `rq worker` of their first line imports.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { documentationPages, programsOfPage } from "../../package/documentation.js";
import { javascriptOf } from "../../package/javascript.js";
import { patient } from "../../package/patient.js";
import { settingsTable } from "../../package/settings-table.js";
import { ROOT } from "../../package/sources.js";
import type { CeleryWorker, Isolation, PythonProcess } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";
import { READY_MS } from "../../services/patience.js";
import { startRqWorker } from "./rq-worker.js";

const run = promisify(execFile);

const pages = documentationPages()
  .map((page) => ({ page, programs: programsOfPage(page, "services", "services worker", "services rq") }))
  .filter(({ programs }) => programs.length > 0);

function hasNotEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** Without its database: the pages put `/0` and `/1` after it. */
function server(url: string): string {
  return url.replace(/\/\d*$/, "");
}

describeEachGeneration("code of the pages", (set) => {
  const scratch = path.join(ROOT, "test-results/docs-services");
  const workers: CeleryWorker[] = [];
  let place: Isolation;
  let folder: string;
  const env = () => ({ ...process.env, AMQP_URL: place.amqp.url, REDIS_URL: server(place.redis().url) });

  beforeAll(async () => {
    mkdirSync(scratch, { recursive: true });
    folder = mkdtempSync(path.join(scratch, "page-"));
    place = await set.isolate();
    const redis = server(place.redis().pythonUrl);
    const options = { isolation: place, queue: "celery,billing", extraArgs: ["-I", "docs_tasks"] };
    workers.push(await set.python.celeryWorker({ ...options, broker: "amqp", backend: "rpc" }));
    workers.push(await set.python.celeryWorker({ ...options, broker: `${redis}/0`, backend: `${redis}/1` }));
  });

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  test("the settings table names Celery's settings", async () => {
    const script = "import json; from celery.app.defaults import DEFAULTS; print(json.dumps(list(DEFAULTS)))";
    const known = new Set(JSON.parse((await set.python.run(script)).stdout.toString()) as string[]);
    const names = settingsTable().flatMap(({ celery }) => celery ?? []);
    // Of Celery 5.3 and 5.5.
    const newer = new Set([
      "broker_connection_retry_on_startup",
      "task_allow_error_cb_on_chord_header",
      "task_default_queue_type",
      "worker_enable_soft_shutdown_on_idle",
      "worker_soft_shutdown_timeout",
    ]);
    expect(names.filter((name) => !known.has(name) && !newer.has(name))).toEqual([]);
  });

  describe.each(pages)("$page", ({ page, programs }) => {
    /** By the program's number: a second try of it takes the place of the first. */
    const running = new Map<number, ChildProcess>();
    const told = new Set<ChildProcess>();
    const rqWorkers = new Map<number, PythonProcess>();

    test.each(programs.map((program, index) => ({ ...program, index })))(
      "$language at line $line",
      async ({ language, attribute, code, index }) => {
        if (attribute === "services rq") {
          await rqWorkers.get(index)?.stop();
          rqWorkers.set(index, await startRqWorker(set.python, server(place.redis().pythonUrl), code));
          return;
        }
        if (language !== "ts") {
          const { exitCode, stderr } = await set.python.run(patient(code), [], {
            env: { AMQP_URL: place.amqp.pythonUrl, REDIS_URL: server(place.redis().pythonUrl) },
          });
          expect(exitCode, stderr).toBe(0);
          return;
        }
        const file = path.join(folder, `${page.replaceAll(/\W/g, "-")}-${index}.mjs`);
        writeFileSync(file, javascriptOf(patient(code)));
        if (attribute === "services") {
          await run(process.execPath, [file], { cwd: folder, env: env(), timeout: READY_MS });
          return;
        }
        const before = running.get(index);
        if (before !== undefined && hasNotEnded(before)) {
          before.kill("SIGKILL");
          await once(before, "exit");
        }
        const worker = spawn(process.execPath, [file], {
          cwd: folder,
          env: env(),
          stdio: ["ignore", "pipe", "inherit"],
        });
        running.set(index, worker);
        // Its first line says that it is ready.
        await once(worker.stdout, "data");
      },
    );

    if (programs.some(({ attribute }) => attribute === "services worker"))
      test("its workers end on SIGTERM", async () => {
        expect(running.size).toBeGreaterThan(0);
        for (const worker of running.values()) {
          // A second try finds those ended that the first one told.
          if (!told.has(worker)) expect(worker.exitCode).toBeNull();
          told.add(worker);
          const runs = hasNotEnded(worker);
          worker.kill("SIGTERM");
          if (runs) await once(worker, "exit");
          expect([worker.exitCode, worker.signalCode]).toEqual([0, null]);
        }
      });

    afterAll(async () => {
      for (const worker of running.values()) worker.kill("SIGKILL");
      await Promise.all([...rqWorkers.values()].map((worker) => worker.stop()));
    });
  });
});
