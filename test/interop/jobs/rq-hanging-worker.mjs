/** An RQ worker to be killed: says when its job has begun, which never ends. */
import { RqWorker } from "@brine/redis-adapter/rq";
import { Redis } from "ioredis";

const [url, format] = process.argv.slice(2);
const hang = () => {
  process.stdout.write("begun\n");
  return new Promise(() => {});
};
await new RqWorker(["default"], { "rq_jobs.add": hang }, { client: new Redis(url), format: Number(format) }).run();
