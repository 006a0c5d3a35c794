/** What else Node has: other pickle packages where they can read the workload, and other formats with the same data. */
import { deserialize, serialize } from "node:v8";
import { loads } from "@brine/codec";
import { decode as msgpackDecode, encode as msgpackEncode } from "@msgpack/msgpack";
import { Packr } from "msgpackr";
import { type Contender, timed } from "./contenders.js";
import type { Direction } from "./workloads.js";

interface Input {
  readonly pickle: Buffer;
  /** As JSON, where that can hold it. */
  readonly json: Buffer | undefined;
  /** What formats without Python's types can hold. */
  readonly plain: unknown;
}

/** Makes what is timed; it throws, or gives nothing, where the workload is too much for it. */
type Prepare = (input: Input) => (() => unknown) | undefined | Promise<() => unknown>;

interface PickleParser {
  Parser: new () => { parse(bytes: Uint8Array): unknown };
}

const packr = new Packr({ useRecords: false });
const MSGPACK = { maxDepth: 20_000, useBigInt64: true };

/** By name, in the order of the columns. */
export const NODE_PEERS: Readonly<Record<string, Partial<Record<Direction, Prepare>>>> = {
  pickleparser: {
    async decode({ pickle }) {
      const { Parser } = (await import("pickleparser")) as unknown as PickleParser;
      // It warns of each int that it cannot hold, a line an int.
      console.warn = () => {};
      return () => new Parser().parse(pickle);
    },
  },
  jpickle: {
    async decode({ pickle }) {
      // @ts-expect-error jpickle has no types
      const jpickle = (await import("jpickle")) as { default: { loads(text: string): unknown } };
      return () => jpickle.default.loads(pickle.toString("latin1"));
    },
  },
  msgpackr: {
    decode({ plain }) {
      const packed = packr.pack(plain);
      return () => packr.unpack(packed);
    },
    encode:
      ({ plain }) =>
      () =>
        packr.pack(plain),
  },
  "@msgpack/msgpack": {
    decode({ plain }) {
      const packed = msgpackEncode(plain, MSGPACK);
      return () => msgpackDecode(packed);
    },
    encode:
      ({ plain }) =>
      () =>
        msgpackEncode(plain, MSGPACK),
  },
  JSON: {
    decode: ({ json }) => json && (() => JSON.parse(json.toString())),
    encode({ json }) {
      if (json === undefined) return undefined;
      const value: unknown = JSON.parse(json.toString());
      return () => Buffer.from(JSON.stringify(value));
    },
  },
  v8: {
    decode({ plain }) {
      const serialized = serialize(plain);
      return () => deserialize(serialized);
    },
    encode:
      ({ plain }) =>
      () =>
        serialize(plain),
  },
};

/** Those that can do the workload. */
export async function nodePeers(pickle: Buffer, json: Buffer | undefined, direction: Direction): Promise<Contender[]> {
  let plain: unknown;
  try {
    plain = toPlain(loads(pickle));
  } catch {
    // Data out of band is for pickle alone.
    return [];
  }
  const found: (Contender | undefined)[] = [];
  for (const [name, peer] of Object.entries(NODE_PEERS)) {
    try {
      const action = await peer[direction]?.({ pickle, json, plain });
      if (action !== undefined) found.push(timed(name, action));
    } catch {
      // Too much for it.
    }
  }
  return found.filter((contender) => contender !== undefined);
}

/** Tuples as arrays, rich values as text. */
function toPlain(value: unknown): unknown {
  if (Array.isArray(value) && value.length === 1) return value; // deep nesting stays as it is
  if (Array.isArray(value)) return Array.from(value, toPlain);
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return String(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)]));
}
