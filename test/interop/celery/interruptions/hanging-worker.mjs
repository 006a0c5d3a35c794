/** A worker to be killed: says when it is ready, and when its task has begun, which never ends. */
import { amqp } from "@brine/amqp-adapter";
import { Celery } from "@brine/celery";

const [url, queue] = process.argv.slice(2);
const app = new Celery({ broker: amqp(url), taskDefaultQueue: queue, acceptContent: ["pickle"] });
app.task("hang", { acksLate: true }, () => {
  process.stdout.write("begun\n");
  return new Promise(() => {});
});
await app.worker({ mingle: false }).start();
process.stdout.write("ready\n");
