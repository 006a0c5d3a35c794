import { startServices } from "/work/main/test/services/index.ts";

process.env.BRINE_SERVICES = "containers";
const s = await startServices({ generations: process.argv[2] ? ["5.5"] : ["5.2"] });
const a = s.sets[0].amqp;
let t = performance.now();
const lap = (n: string) => {
  console.log(n, Math.round(performance.now() - t));
  t = performance.now();
};
await a.stop();
lap("stop");
await a.start();
lap("start");
await a.kill();
lap("kill");
await a.start();
lap("start");
await s.sets[0].redis.stop();
lap("redis stop");
await s.stop();
