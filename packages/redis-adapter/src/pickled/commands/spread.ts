/** Commands over several keys, which a cluster takes only when all are in one slot. */
import type { Arg, Command } from "../driver/client.js";

/** A command that can be split by key. */
export interface SpreadCommand extends Command {
  readonly keys: readonly string[];
  part(indexes: readonly number[]): Command;
  /** Puts the results of parts together; `indexes` says which keys each part had. */
  merge(parts: readonly { readonly indexes: readonly number[]; readonly result: unknown }[]): unknown;
}

export function isSpread(command: Command): command is SpreadCommand {
  return "merge" in command;
}

export function spread(
  keys: readonly string[],
  make: (keys: readonly Arg[], indexes: readonly number[]) => Command,
  merge: SpreadCommand["merge"],
): SpreadCommand {
  const whole = make(
    keys,
    keys.map((_, i) => i),
  );
  return {
    ...whole,
    keys,
    part: (indexes) =>
      make(
        indexes.map((i) => keys[i]!),
        indexes,
      ),
    merge,
  };
}

export const sum: SpreadCommand["merge"] = (parts) =>
  parts.reduce((total, { result }) => total + (result as number), 0);

export const inOrder: SpreadCommand["merge"] = (parts) => {
  const merged: unknown[] = [];
  for (const { indexes, result } of parts)
    for (const [i, at] of indexes.entries()) merged[at] = (result as unknown[])[i];
  return merged;
};
