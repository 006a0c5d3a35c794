/** A misspelt option is an error wherever options are taken, with the name that was meant. */
import { Redis } from "ioredis";
import { afterAll, expect, test } from "vitest";
import { ArqQueue } from "./arq/index.js";
import { DramatiqQueue } from "./dramatiq/index.js";
import { HueyQueue } from "./huey/index.js";
import {
  aiocache,
  beaker,
  beakerSession,
  cachelib,
  cacheops,
  createCache,
  django,
  djangoRedis,
  djangoSession,
  dogpile,
  flaskCaching,
  flaskSession,
  invalidateCacheops,
  isRedisAdapterError,
  pickled,
  plain,
  redis,
  redisBackend,
  sharded,
  signed,
} from "./index.js";
import { pickledKeyv } from "./keyv/index.js";
import { PickleSerializer } from "./moleculer/index.js";
import { PickledRedisClient, PickledRedisServer } from "./nestjs/index.js";
import { RqQueue, RqWorker } from "./rq/index.js";

const client = new Redis({ lazyConnect: true });
const py = pickled(client);
const cache = createCache(py);
const rq = new RqQueue("q", { client });
const worker = new RqWorker(["q"], {}, { client });
afterAll(() => client.disconnect());

const wrong = (options: object): never => options as never;
const enqueue = (options: object) => rq.enqueue("a.b", [], {}, wrong(options));

test.each<[string, () => unknown, string]>([
  ["plain", () => plain(wrong({ prefx: "a" })), "did you mean prefix?"],
  ["pickle of plain", () => plain(wrong({ protcol: 2 })), "did you mean protocol?"],
  ["django", () => django(wrong({ key_prefix: "a" })), '"key_prefix" is written prefix here'],
  ["django", () => django(wrong({ TIMEOUT: 300 })), "write defaultTtl, in milliseconds"],
  ["django", () => django(wrong({ registry: {} })), "write pickle: { registry }"],
  ["djangoRedis", () => djangoRedis(wrong({ compresor: "zlib" })), "did you mean compressor?"],
  ["djangoRedis", () => djangoRedis(wrong({ CACHE_HERD_TIMEOUT: 60 })), "write herdTtl, in milliseconds"],
  ["cachelib", () => cachelib(wrong({ default_timeout: 1 })), "write defaultTtl, in milliseconds"],
  ["flaskCaching", () => flaskCaching(wrong({ CACHE_KEY_PREFIX: "a" })), "is written prefix here"],
  ["cacheops", () => cacheops(wrong({ prefixx: "a" })), "did you mean prefix?"],
  ["invalidateCacheops", () => invalidateCacheops(client, wrong({ table: "a", rows: {} })), "did you mean row?"],
  ["flaskSession", () => flaskSession(wrong({ SESSION_KEY_PREFIX: "a" })), "is written prefix here"],
  ["djangoSession", () => djangoSession(wrong({ cach: django() })), "did you mean cache?"],
  ["dogpile", () => dogpile(wrong({ key_mangler: "sha1" })), "is written mangle here"],
  ["beaker", () => beaker(wrong({ namespce: "a" })), "did you mean namespace?"],
  ["beakerSession", () => beakerSession(wrong({ pickles: {} })), "did you mean pickle?"],
  ["aiocache", () => aiocache(wrong({ prefix: "a" })), "is written namespace here"],
  ["signed", () => signed(plain(), wrong({ secrets: ["a"] })), "is written keys here"],
  ["pickle", () => django({ pickle: wrong({ fix_imports: true }) }), "is written fixImports here"],
  ["limits", () => django({ pickle: { limits: wrong({ maxdepth: 1 }) } }), "did you mean maxDepth?"],
  ["pickled", () => pickled(client, wrong({ prefix: "a" })), "give it to the dialect, as in plain({ prefix })"],
  ["sharded", () => sharded({ a: client }, wrong({ dialct: plain() })), "did you mean dialect?"],
  ["with", () => py.with(wrong({ maxBytes: 1 })), "is written maxValueBytes here"],
  ["get", () => py.get("a", wrong({ verson: 2 })), "did you mean version?"],
  ["mget", () => py.mget(["a"], wrong({ shema: 1 })), "did you mean schema?"],
  ["set", () => py.set("a", 1, wrong({ ttlSeconds: 60 })), "is written ex here"],
  ["set", () => py.set("a", 1, wrong({ EX: 60 })), "is written ex here"],
  ["mset", () => py.mset({ a: 1 }, wrong({ tll: 1 })), "did you mean ttl?"],
  ["getex", () => py.getex("a", wrong({ persists: true })), "did you mean persist?"],
  ["hget", () => py.hget("a", "b", wrong({ onDecodeErr: "miss" })), "did you mean onDecodeError?"],
  ["zadd", () => py.zadd("a", [[1, 2]], wrong({ changed: true })), 'there is no "changed"'],
  ["zrange", () => py.zrange("a", 0, 1, wrong({ rev_: true })), "did you mean rev?"],
  ["zrangebyscore", () => py.zrangebyscore("a", 0, 1, wrong({ limits: {} })), "did you mean limit?"],
  ["limit", () => py.zrangebyscore("a", 0, 1, { limit: wrong({ offset: 0, cont: 1 }) }), "did you mean count?"],
  ["xadd", () => py.xadd("a", {}, wrong({ maxLen: 1 })), "did you mean maxlen?"],
  ["xrange", () => py.xrange("a", "-", "+", wrong({ cnt: 1 })), 'there is no "cnt"'],
  ["xread", () => py.xread({ a: "0" }, wrong({ blok: 1 })), "did you mean block?"],
  ["get in a pipeline", () => py.pipeline().get("a", wrong({ verson: 2 })), "did you mean version?"],
  ["scan", () => py.scan(wrong({ mach: "a*" })), "did you mean match?"],
  ["subscribe", () => py.subscribe("a", wrong({ patern: true })), "did you mean pattern?"],
  ["consume", () => py.consume(wrong({ stream: "a", groups: "b", consumer: "c" })), "did you mean group?"],
  ["createCache", () => createCache(py, wrong({ ttlSeconds: 60 })), "write ttl, in milliseconds"],
  ["createCache", () => createCache(py, wrong({ negativeTTL: 60 })), "did you mean negativeTtl?"],
  ["get of a cache", () => cache.get("a", wrong({ verson: 2 })), "did you mean version?"],
  ["getMany", () => cache.getMany(["a"], wrong({ verson: 2 })), "did you mean version?"],
  ["getOrSet", () => cache.getOrSet("a", () => 1, wrong({ tag: ["a"] })), "did you mean tags?"],
  ["wrap", () => cache.wrap(() => 1, wrong({ key: () => "a", tag: ["a"] })), "did you mean tags?"],
  ["lock", () => cache.lock("a", wrong({ ttl: 1, blocking_timeout: 1 })), "write wait, in milliseconds"],
  [
    "redis",
    () => redis("redis://localhost", wrong({ visibility_timeout: 1 })),
    "did you mean visibilityTimeoutSeconds?",
  ],
  ["redis", () => redis("redis://localhost", wrong({ password: "x" })), "it belongs to the URL, or into connection"],
  [
    "waitForReplicas",
    () => redis("redis://localhost", { waitForReplicas: wrong({ count: 1, timeout: 1 }) }),
    "did you mean timeoutMs?",
  ],
  [
    "redisBackend",
    () => redisBackend("redis://localhost", wrong({ keyPrefix: "a" })),
    "is written globalKeyprefix here",
  ],
  ["RqQueue", () => new RqQueue("q", wrong({ client, default_timeout_s: 1 })), "did you mean defaultTimeout?"],
  ["enqueue of RQ", () => enqueue({ job_timeout: 60 }), "is written timeout here"],
  ["enqueue of RQ", () => enqueue({ depends_on: "a" }), "is written dependsOn here"],
  ["retry", () => enqueue({ retry: { maxx: 1 } }), "did you mean max?"],
  ["repeat", () => enqueue({ repeat: { time: 1 } }), "did you mean times?"],
  ["dependsOn", () => enqueue({ dependsOn: { jobs: [], allow_failure: true } }), "is written allowFailure here"],
  ["cleanRegistries", () => rq.cleanRegistries(wrong({ callback: {} })), "did you mean callbacks?"],
  ["result", () => rq.job("a").result(wrong({ timeout: 1 })), "did you mean timeoutMs?"],
  ["cancel", () => rq.job("a").cancel(wrong({ enqueue_dependents: true })), "is written enqueueDependents here"],
  ["requeue", () => rq.job("a").requeue(wrong({ at_front: true })), "is written atFront here"],
  ["RqWorker", () => new RqWorker(["q"], {}, wrong({ client, with_scheduler: true })), "is written withScheduler here"],
  ["run", () => worker.run(wrong({ brst: true })), "did you mean burst?"],
  ["ArqQueue", () => new ArqQueue(wrong({ client, queue_name: "a" })), "is written queueName here"],
  [
    "enqueue of arq",
    () => new ArqQueue({ client }).enqueue("a", [], {}, wrong({ _job_id: "a" })),
    "is written id here",
  ],
  ["HueyQueue", () => new HueyQueue("a", wrong({ client, secret: "a" })), "is written secrets here"],
  [
    "enqueue of huey",
    () => new HueyQueue("a", { client }).enqueue("a", [], {}, wrong({ retry_delay: 1 })),
    "is written retryDelay here",
  ],
  ["DramatiqQueue", () => new DramatiqQueue("a", wrong({ client, namespce: "a" })), "did you mean namespace?"],
  [
    "enqueue of dramatiq",
    () => new DramatiqQueue("a", { client }).enqueue("a", [], {}, wrong({ max_retries: 1 })),
    "dramatiq's own go into options",
  ],
  ["messages", () => new DramatiqQueue("a", { client }).messages(wrong({ delayd: true })), "did you mean delayed?"],
  ["pickledKeyv", () => pickledKeyv(py, wrong({ namespace: "a" })), "keys get the prefix of the dialect"],
  ["PickleSerializer", () => new PickleSerializer(wrong({ protcol: 2 })), "did you mean protocol?"],
  ["PickledRedisClient", () => new PickledRedisClient(wrong({ client, host: "a" })), "give it to the client"],
  ["PickledRedisServer", () => new PickledRedisServer(wrong({ client, pickles: {} })), "did you mean pickle?"],
])("options of %s", async (_name, call, message) => {
  const error = await (async () => call())().catch((thrown: unknown) => thrown);
  expect(isRedisAdapterError(error) && error.code).toBe("bad-option");
  expect((error as Error).message).toMatch(/^Cannot use /);
  expect((error as Error).message).toContain(message);
});
