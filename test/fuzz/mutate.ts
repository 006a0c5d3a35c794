/** Valid pickles made slightly wrong: bytes changed, opcodes moved, two pickles spliced. */
import { genops, OPCODES } from "@brine/codec/tools";
import type { Random } from "./random.js";

const EDGES = [0, 1, 2, 3, 0x0a, 0x27, 0x28, 0x2e, 0x7f, 0x80, 0xff] as const;

/** A pickle as its opcodes, each with its argument. */
function split(pickle: Uint8Array): Buffer[] {
  const ops: Buffer[] = [];
  let end = 0;
  try {
    for (const op of genops(pickle)) {
      ops.push(Buffer.from(pickle.subarray(op.offset, op.end)));
      end = op.end;
    }
  } catch {
    ops.push(Buffer.from(pickle.subarray(end)));
  }
  return ops;
}

function mutateBytes(pickle: Buffer, random: Random): Buffer {
  if (pickle.length === 0) return pickle;
  const at = random.below(pickle.length);
  const copy = Buffer.from(pickle);
  switch (random.below(6)) {
    case 0:
      copy[at] = copy[at]! ^ (1 << random.below(8));
      return copy;
    case 1:
      copy[at] = random.pick(EDGES);
      return copy;
    case 2:
      copy[at] = random.pick(OPCODES).code;
      return copy;
    case 3:
      return Buffer.concat([pickle.subarray(0, at), pickle.subarray(at + 1 + random.below(3))]);
    case 4:
      return Buffer.concat([
        pickle.subarray(0, at),
        Buffer.from([random.chance(0.7) ? random.pick(OPCODES).code : random.below(256)]),
        pickle.subarray(at),
      ]);
    default:
      return random.chance(0.2) ? pickle.subarray(0, at) : copy;
  }
}

function mutateOps(pickle: Buffer, other: Buffer, random: Random): Buffer {
  const ops = split(pickle);
  const at = random.below(ops.length);
  switch (random.below(5)) {
    case 0:
      ops.splice(at, 1);
      break;
    case 1:
      ops.splice(at, 0, ops[random.below(ops.length)]!);
      break;
    case 2: {
      const to = random.below(ops.length);
      [ops[at], ops[to]] = [ops[to]!, ops[at]!];
      break;
    }
    default: {
      const donor = split(other);
      const from = random.below(donor.length);
      ops.splice(at, random.below(3), ...donor.slice(from, from + 1 + random.below(6)));
    }
  }
  return Buffer.concat(ops);
}

export function mutate(corpus: readonly Buffer[], random: Random): Buffer {
  let pickle = random.pick(corpus);
  const times = 1 + random.below(3);
  for (let i = 0; i < times; i++) {
    pickle = random.chance(0.5) ? mutateBytes(pickle, random) : mutateOps(pickle, random.pick(corpus), random);
  }
  return pickle;
}
