/** For tests: an app with a worker over the in-memory broker, closed after each test. */
import { afterEach } from "vitest";
import { Celery } from "../client/app.js";
import type { CelerySettings } from "../client/settings/settings.js";
import type { Worker } from "./worker.js";
import type { WorkerOptions } from "./worker-options.js";

const open: Celery[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((app) => app.close()));
});

export function makeApp(settings: Partial<CelerySettings> = {}): Celery {
  const app = new Celery({
    broker: "memory://",
    backend: "memory://",
    taskSerializer: "pickle",
    resultSerializer: "pickle",
    acceptContent: ["pickle", "json"],
    logger: {}, // failures are meant here
    ...settings,
  });
  open.push(app);
  return app;
}

export async function startWorker(
  settings: Partial<CelerySettings> = {},
  define: (app: Celery) => void = () => {},
  options: WorkerOptions = {},
): Promise<{ readonly app: Celery; readonly worker: Worker }> {
  const app = makeApp(settings);
  define(app);
  const worker = app.worker({ mingle: false, concurrency: 2, ...options });
  await worker.start();
  return { app, worker };
}

/** Waits for what other parts of the process do; the test's own time limit is the limit. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A promise and the function that resolves it. */
export function gate<T = void>(): { readonly passed: Promise<T>; readonly open: (value: T) => void } {
  let open: (value: T) => void = () => {};
  const passed = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}
