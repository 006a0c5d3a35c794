/** An RQ worker to be killed: says when the job has begun that never ends, one of the function given. Others return their first argument. */
import { RqWorker } from "@brine/redis-adapter/rq";
import { Redis } from "ioredis";

const [url, format, hanging = "rq_jobs.add"] = process.argv.slice(2);
const hang = () => {
  process.stdout.write("begun\n");
  return new Promise(() => {});
};
const handlers = { "rq_jobs.add": ([first]) => first, [hanging]: hang };
await new RqWorker(["default"], handlers, { client: new Redis(url), format: Number(format) }).run();
