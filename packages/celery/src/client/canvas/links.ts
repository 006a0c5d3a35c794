/** `link` and `link_error` of every kind of signature: whose option it becomes. Celery `canvas.py`. */
import { dumps } from "@brine/codec";
import type { SignatureDict } from "../../protocol/signature.js";
import { chordParts, groupDict, groupTasks, listOf } from "./canvas-dicts.js";

export type LinkOption = "link" | "link_error";

/** Settings that say where links go. */
export interface LinkRules {
  /** An errback of a chord is one of its header's tasks, too. */
  readonly taskAllowErrorCbOnChordHeader: boolean;
}

/** Those of an app, or the defaults for a signature that belongs to none. */
export function linkRules(settings: LinkRules | undefined): LinkRules {
  return settings ?? { taskAllowErrorCbOnChordHeader: false };
}

/**
 * A copy of the signature with the target linked as Celery does it: a chain's own option goes to its tasks when it is sent, a
 * group's errback to each task and its callback to the first, a chord's to the body. The callback of a group is immutable: what
 * one task returns is not the result of all.
 */
export function withLink(
  dict: SignatureDict,
  option: LinkOption,
  target: SignatureDict,
  rules: LinkRules,
): SignatureDict {
  switch (dict.subtask_type) {
    case "group":
      return { ...dict, kwargs: { ...dict.kwargs, tasks: linkAll(groupTasks(dict), option, target, rules) } };
    case "chord": {
      const { header, body } = chordParts(dict);
      const linked =
        option === "link_error" && rules.taskAllowErrorCbOnChordHeader
          ? groupDict(linkAll(groupTasks(header), option, target, rules), header.options)
          : header;
      return { ...dict, kwargs: { ...dict.kwargs, header: linked, body: withLink(body, option, target, rules) } };
    }
    default:
      return { ...dict, options: { ...dict.options, [option]: addLinks(dict.options[option], target) } };
  }
}

function linkAll(tasks: SignatureDict[], option: LinkOption, target: SignatureDict, rules: LinkRules): SignatureDict[] {
  if (option === "link_error") return tasks.map((task) => withLink(task, option, target, rules));
  return tasks.map((task, index) => (index === 0 ? withLink(task, option, asImmutable(target), rules) : task));
}

/** An option's targets and more: one that is there already is called once, as in Celery. */
export function addLinks(present: unknown, ...more: readonly unknown[]): unknown[] {
  const all = listOf(present);
  const added = listOf(...more);
  if (added.length === 0 || all.length + added.length === 1) return [...all, ...added];
  const known = new Set(all.map(identityOf));
  for (const target of added) {
    const identity = identityOf(target);
    if (known.has(identity)) continue;
    known.add(identity);
    all.push(target);
  }
  return all;
}

/**
 * Equal for equal targets. Messages bring them: to compare each with each would take the square of their number, and value by
 * value what grows without bound where values share others.
 */
function identityOf(target: unknown): unknown {
  try {
    return Buffer.from(dumps(target)).toString("latin1");
  } catch {
    // What cannot be written, such as an instance of an unknown class, is equal to itself only.
    return target;
  }
}

export function asImmutable<Target>(target: Target): Target {
  return { ...target, immutable: true };
}
