/** Every command of a wrapped client, with a value of all bytes: what it gives, and where it puts what it is given. */
import type { PickledCommands, PickledRedis } from "@brine/redis-adapter";
import type { Redis } from "ioredis";

export const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

/** In it all that text cannot keep: bytes, NUL, what a decoder puts for bytes that are no text, None. */
const VALUE = { bytes: EVERY_BYTE, text: "\ufffd\u0000\u{1f952}", none: null };

type Client = PickledRedis<Redis>;

interface Row {
  /** Fills the database. */
  readonly before?: (py: PickledCommands) => Promise<unknown>;
  readonly call: (py: PickledCommands, value?: unknown) => Promise<unknown>;
  readonly result: unknown;
  /** For what stores a value: the bytes that it stored. */
  readonly stored?: (driver: Redis) => Promise<Buffer | null | undefined>;
}

const scored = [{ member: VALUE, score: 1.5 }];
const string = (py: PickledCommands) => py.set("k", VALUE);
const hash = (py: PickledCommands) => py.hset("h", { f: VALUE });
const list = (py: PickledCommands) => py.rpush("l", VALUE);
const members = (py: PickledCommands) => py.sadd("s", VALUE);
const sorted = (py: PickledCommands) => py.zadd("z", [[VALUE, 1.5]]);
const stream = (py: PickledCommands) => py.xadd("x", { f: VALUE }, { id: "1-1" });

const inString = (driver: Redis) => driver.getBuffer("k");
const inHash = (driver: Redis) => driver.hgetBuffer("h", "f");
const inList = (driver: Redis) => driver.lindexBuffer("l", 0);
const inEntry = async (driver: Redis) => (await driver.xrangeBuffer("x", "-", "+"))[0]?.[1][1];

/** A row for each: the type asks for it. */
export const COMMANDS: Readonly<Record<keyof PickledCommands, Row>> = {
  get: { before: string, call: (py) => py.get("k"), result: VALUE },
  mget: { before: string, call: (py) => py.mget(["none", "k"]), result: [undefined, VALUE] },
  set: { call: (py, value = VALUE) => py.set("k", value), result: true, stored: inString },
  getset: { before: string, call: (py, value = 1) => py.getset("k", value), result: VALUE, stored: inString },
  getex: { before: string, call: (py) => py.getex("k", { persist: true }), result: VALUE },
  getdel: { before: string, call: (py) => py.getdel("k"), result: VALUE },
  incr: { call: (py) => py.incr("n").catch(({ code }) => code), result: "unsupported" },
  del: { before: string, call: (py) => py.del("k", "none"), result: 1 },
  unlink: { before: string, call: (py) => py.unlink("k", "none"), result: 1 },
  exists: { before: string, call: (py) => py.exists("k", "none"), result: 1 },
  expire: { before: string, call: (py) => py.expire("k", 60), result: true },
  pexpire: { before: string, call: (py) => py.pexpire("k", 60_000), result: true },
  persist: { before: string, call: (py) => py.persist("k"), result: false },
  ttl: { before: string, call: (py) => py.ttl("k"), result: -1 },
  pttl: { before: string, call: (py) => py.pttl("k"), result: -1 },
  type: { before: string, call: (py) => py.type("k"), result: "string" },

  hget: { before: hash, call: (py) => py.hget("h", "f"), result: VALUE },
  hset: { call: (py, value = VALUE) => py.hset("h", { f: value }), result: 1, stored: inHash },
  hsetnx: { call: (py, value = VALUE) => py.hsetnx("h", "f", value), result: true, stored: inHash },
  hmget: { before: hash, call: (py) => py.hmget("h", ["none", "f"]), result: [undefined, VALUE] },
  hgetall: { before: hash, call: (py) => py.hgetall("h"), result: new Map([["f", VALUE]]) },
  hdel: { before: hash, call: (py) => py.hdel("h", "f", "none"), result: 1 },
  hexists: { before: hash, call: (py) => py.hexists("h", "f"), result: true },
  hkeys: { before: hash, call: (py) => py.hkeys("h"), result: ["f"] },
  hlen: { before: hash, call: (py) => py.hlen("h"), result: 1 },

  lpush: { call: (py, value = VALUE) => py.lpush("l", value), result: 1, stored: inList },
  rpush: { call: (py, value = VALUE) => py.rpush("l", value), result: 1, stored: inList },
  lpop: { before: list, call: (py) => py.lpop("l"), result: VALUE },
  rpop: { before: list, call: (py) => py.rpop("l"), result: VALUE },
  blpop: { before: list, call: (py) => py.blpop(["none", "l"], 1), result: { key: "l", value: VALUE } },
  brpop: { before: list, call: (py) => py.brpop(["none", "l"], 1), result: { key: "l", value: VALUE } },
  lrange: { before: list, call: (py) => py.lrange("l", 0, -1), result: [VALUE] },
  lindex: { before: list, call: (py) => py.lindex("l", 0), result: VALUE },
  lset: { before: list, call: (py) => py.lset("l", 0, 1), result: undefined },
  ltrim: { before: list, call: (py) => py.ltrim("l", 0, 0), result: undefined },
  llen: { before: list, call: (py) => py.llen("l"), result: 1 },
  lmove: { before: list, call: (py) => py.lmove("l", "l2", "LEFT", "RIGHT"), result: VALUE },

  sadd: {
    call: (py, value = VALUE) => py.sadd("s", value),
    result: 1,
    stored: async (driver) => (await driver.smembersBuffer("s"))[0],
  },
  srem: { before: members, call: (py) => py.srem("s", VALUE), result: 1 },
  sismember: { before: members, call: (py) => py.sismember("s", VALUE), result: true },
  smembers: { before: members, call: (py) => py.smembers("s"), result: [VALUE] },
  spop: { before: members, call: (py) => py.spop("s"), result: VALUE },
  scard: { before: members, call: (py) => py.scard("s"), result: 1 },
  zadd: {
    call: (py, value = VALUE) => py.zadd("z", [[value, 1.5]]),
    result: 1,
    stored: async (driver) => (await driver.zrangeBuffer("z", 0, "-1"))[0],
  },
  zrem: { before: sorted, call: (py) => py.zrem("z", VALUE), result: 1 },
  zscore: { before: sorted, call: (py) => py.zscore("z", VALUE), result: 1.5 },
  zrange: { before: sorted, call: (py) => py.zrange("z", 0, -1), result: scored },
  zrangebyscore: { before: sorted, call: (py) => py.zrangebyscore("z", "-inf", 2), result: scored },
  zpopmin: { before: sorted, call: (py) => py.zpopmin("z"), result: scored },
  zpopmax: { before: sorted, call: (py) => py.zpopmax("z"), result: scored },
  zcard: { before: sorted, call: (py) => py.zcard("z"), result: 1 },

  xadd: { call: (py, value = VALUE) => py.xadd("x", { f: value }, { id: "1-1" }), result: "1-1", stored: inEntry },
  xlen: { before: stream, call: (py) => py.xlen("x"), result: 1 },
  xrange: { before: stream, call: (py) => py.xrange("x"), result: [{ stream: "x", id: "1-1", fields: { f: VALUE } }] },
  xdel: { before: stream, call: (py) => py.xdel("x", "1-1"), result: 1 },
  xread: {
    before: stream,
    call: (py) => py.xread({ x: "0" }),
    result: [{ stream: "x", id: "1-1", fields: { f: VALUE } }],
  },

  // Channels are those of the whole server, whatever the database.
  publish: { call: (py, value = VALUE) => py.publish("nobody listens here", value), result: 0 },
};

type Call = (py: PickledCommands) => Promise<unknown>;

/** A command by itself, in a pipeline, and in a transaction. */
export const WAYS: readonly (readonly [name: string, run: (py: Client, call: Call) => Promise<unknown>])[] = [
  ["alone", (py, call) => call(py)],
  ["pipeline", (py, call) => sentBy(py.pipeline(), call)],
  ["multi", (py, call) => sentBy(py.multi(), call)],
];

/** The same call on a pipeline, which is sent with it. */
async function sentBy(pipeline: ReturnType<Client["pipeline"]>, call: Call): Promise<unknown> {
  const commands = new Proxy(pipeline, {
    get:
      (target, name) =>
      (...args: unknown[]) => {
        const make = Reflect.get(target, name) as (...args: unknown[]) => typeof pipeline;
        return (async () => (await make(...args).results())[0 as never])();
      },
  });
  return call(commands as unknown as PickledCommands);
}
