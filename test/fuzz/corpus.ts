/** Pickles that CPythons wrote, to mutate: the vectors of the standard library's types, and the regressions. */
import { existsSync, readFileSync } from "node:fs";

/** Longer ones are mostly more of the same. */
const MAX_BYTES = 600;

export function readCorpus(): Buffer[] {
  const rows = JSON.parse(readFileSync(new URL("../vectors/types.json", import.meta.url), "utf8")) as readonly {
    readonly pickles: readonly { readonly data: string }[];
  }[];
  const pickles = rows.flatMap((row) => row.pickles.map(({ data }) => Buffer.from(data, "base64")));
  const opcodes = new URL("../vectors/opcodes.json", import.meta.url);
  if (existsSync(opcodes)) {
    const { pickles: more } = JSON.parse(readFileSync(opcodes, "utf8")) as {
      readonly pickles: readonly { readonly data: string }[];
    };
    pickles.push(...more.map(({ data }) => Buffer.from(data, "base64")));
  }
  return pickles.filter((pickle) => pickle.length <= MAX_BYTES);
}
