/** Sends tasks to Python workers and gets their results, and their errors. */
import { Celery } from "@brine/celery";
import { isPickleError, PyException } from "@brine/codec";
import { redis, redisBackend } from "@brine/redis-adapter";

const url = process.env.REDIS_URL ?? "redis://127.0.0.1:6379";
const app = new Celery({
  broker: redis(`${url}/0`),
  backend: redisBackend(`${url}/1`),
  taskSerializer: "pickle",
  acceptContent: ["pickle", "json"],
});
const add = app.task<[number, number], number>("add");

try {
  const sum = await add.delay(2, 3);
  console.log("2 + 3 =", await sum.get({ timeoutMs: 30_000 }));

  const failing = await app.sendTask("add", { args: [1, "one"] });
  await failing.get({ timeoutMs: 30_000 });
} catch (error) {
  if (error instanceof PyException) console.log(`${error.pythonClass}: ${error.message}`);
  else if (isPickleError(error)) console.log(error.code);
  else throw error;
} finally {
  await app.close();
}
