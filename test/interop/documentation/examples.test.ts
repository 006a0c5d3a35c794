/** Runs the examples against real services, as their pages say. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { programsOf } from "../../package/markdown.js";
import { patient } from "../../package/patient.js";
import { ROOT } from "../../package/sources.js";
import type { CeleryWorker, Isolation } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";
import { startRqWorker } from "./rq-worker.js";

const run = promisify(execFile);
const command = (example: string) => ["--import", "tsx", path.join(ROOT, "examples", example, "main.ts")];

const ASK = `
import os
from celery import Celery

app = Celery(broker=os.environ["AMQP_URL"], backend="rpc://")
app.conf.update(task_serializer="pickle", accept_content=["pickle", "json"])
print(app.send_task("shop.add", (2, 3), queue="shop").get(timeout=60))
report = app.send_task("shop.report", kwargs={"year": 2024}, queue="shop").get(timeout=60)
print(report["year"], type(report["madeAt"]).__name__)
`;

const DJANGO = `
import sys, django
from django.conf import settings

core, theirs = "django.core.cache.backends.redis.RedisCache", "django_redis.cache.RedisCache"
settings.configure(
    CACHES={"default": {"BACKEND": core if django.VERSION >= (4,) else theirs, "LOCATION": sys.argv[1]}}
)
from django.core.cache import cache
`;

/** What the example writes until `text` is among it. */
async function untilSaid(example: ChildProcess, text: string): Promise<void> {
  let output = "";
  for await (const chunk of example.stdout!) {
    output += String(chunk);
    if (output.includes(text)) return;
  }
  throw new Error(`It ended before it said "${text}": ${output}`);
}

describeEachGeneration("examples", (set) => {
  let place: Isolation;
  let worker: CeleryWorker;
  let redis: string;

  beforeAll(async () => {
    place = await set.isolate();
    redis = place.redis().url.replace(/\/\d*$/, "");
    const pythonRedis = place.redis().pythonUrl.replace(/\/\d*$/, "");
    worker = await set.python.celeryWorker({
      broker: `${pythonRedis}/0`,
      backend: `${pythonRedis}/1`,
      isolation: place,
      queue: "celery",
      // The examples' Redis is that of the pages, too, whose tests may run at the same time: either's worker can be given their tasks.
      extraArgs: ["-I", "docs_tasks"],
    });
  });

  afterAll(async () => {
    await worker.stop();
  });

  test("publish-task gets a result and an error", async () => {
    const { stdout } = await run(process.execPath, command("publish-task"), {
      env: { ...process.env, REDIS_URL: redis },
    });
    expect(stdout.trim().split("\n")).toEqual([
      "2 + 3 = 5",
      "builtins.TypeError: unsupported operand type(s) for +: 'int' and 'str'",
    ]);
  });

  test("read-django-cache stores and reads", async () => {
    const { stdout } = await run(process.execPath, command("read-django-cache"), {
      env: { ...process.env, REDIS_URL: place.redis(2).url },
    });
    expect(stdout).toBe(
      "user:7 is undefined\nprice:7 is Price { amount: 12, currency: 'EUR' }\nreport is { rows: 3 }\n",
    );
  });

  test("enqueue-rq-job gets a result and an error of a real worker", async () => {
    const at = place.redis(3);
    const page = readFileSync(path.join(ROOT, "examples/enqueue-rq-job/README.md"), "utf8");
    const [reports] = programsOf(page, "services rq");
    const worker = await startRqWorker(set.python, at.pythonUrl, reports!.code);
    try {
      const env = { ...process.env, REDIS_URL: at.url };
      const { stdout } = await run(process.execPath, command("enqueue-rq-job"), { env });
      expect(stdout.trim().split("\n"), worker.log()).toEqual([
        "the report is { total: 42.5, currency: 'EUR' }",
        "failed: TypeError: unsupported operand type(s) for +: 'int' and 'str'",
      ]);
      for (const line of stdout.trim().split("\n")) expect(page).toContain(line);
    } finally {
      await worker.stop();
    }
  });

  test("share-keyv-cache stores what Django reads, and reads what it stored", async () => {
    const at = place.redis(4);
    const django = async (statement: string) => {
      const { stdout, stderr } = await set.python.run(DJANGO + statement, [at.pythonUrl]);
      expect(stderr).not.toContain("Traceback");
      return stdout.toString();
    };
    // Another try has stored rates.
    await django('cache.delete("rates"); cache.set("visits", 41)');
    const { stdout } = await run(process.execPath, command("share-keyv-cache"), {
      env: { ...process.env, REDIS_URL: at.url },
    });
    expect(stdout).toBe("rates are Map(1) { 'EUR' => 1.0825 }\nvisits are 41\n");
    expect(await django('print(cache.get("rates"), cache.get("user:7"))')).toBe(
      "{'EUR': 1.0825} {'name': 'Ada', 'roles': {'admin'}}\n",
    );
  });

  test("consume-kombu-messages reads what the page's Python sends, and answers", async () => {
    const page = readFileSync(path.join(ROOT, "examples/consume-kombu-messages/README.md"), "utf8");
    const [producer] = programsOf(page, "no-run");
    const example = spawn(process.execPath, command("consume-kombu-messages"), {
      env: { ...process.env, AMQP_URL: place.amqp.url },
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await untilSaid(example, "orders is consumed");
      const code = patient(producer!.code).replace(
        "print(answer.payload)",
        "print(answer.payload['id'], sorted(answer.payload['tags']))",
      );
      const { stdout, stderr } = await set.python.run(code, [], { env: { AMQP_URL: place.amqp.pythonUrl } });
      expect(stderr).not.toContain("Traceback");
      expect(stdout.toString()).toBe("7 ['new', 'seen']\n");
      example.kill("SIGTERM");
      await once(example, "exit");
      expect(example.exitCode).toBe(0);
    } finally {
      example.kill("SIGKILL");
    }
  });

  test("consume-from-celery answers Python, and ends on SIGTERM", async () => {
    const example = spawn(process.execPath, command("consume-from-celery"), {
      env: { ...process.env, AMQP_URL: place.amqp.url },
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await untilSaid(example, "is ready");
      const asked = await set.python.run(ASK, [], { env: { AMQP_URL: place.amqp.pythonUrl } });
      expect(asked.stderr).not.toContain("Traceback");
      expect(asked.stdout.toString()).toBe("5\n2024 datetime\n");
      example.kill("SIGTERM");
      await once(example, "exit");
      expect(example.exitCode).toBe(0);
    } finally {
      example.kill("SIGKILL");
    }
  });
});
