/** How a chain becomes what Celery sends for it, and a part of a chord what a chord can count. */

import { Tuple } from "@brine/codec";
import { makeSignature, readSignature, type SignatureDict } from "../../protocol/signature.js";
import { chainDict, chordDict, chordParts, groupTasks, listOf, splitChunks } from "./canvas-dicts.js";
import { type LinkOption, type LinkRules, withLink } from "./links.js";

/**
 * The steps of a chain without chains in it; a group before another step has become the header of a chord, and what
 * follows a chord its body. Celery 5.2 `canvas.py` `_chain.__or__`.
 */
export function foldSteps(parts: readonly SignatureDict[], rules: LinkRules): SignatureDict[] {
  const steps: SignatureDict[] = [];
  const pending = [...parts].reverse();
  for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
    if (step.subtask_type === "chain") {
      pending.push(...unchain(step, rules).reverse());
      continue;
    }
    const last = steps.at(-1);
    if (last?.subtask_type === "group") steps[steps.length - 1] = chordDict(groupTasks(last), step);
    else if (last?.subtask_type === "chord") steps[steps.length - 1] = extendChord(last, step, rules);
    else steps.push(step);
  }
  return steps;
}

function extendChord(dict: SignatureDict, step: SignatureDict, rules: LinkRules): SignatureDict {
  const { header, body } = chordParts(dict);
  const steps = foldSteps([body, step], rules);
  const kwargs = { ...dict.kwargs, header, body: steps.length === 1 ? steps[0]! : chainDict(steps) };
  return { ...dict, kwargs };
}

/** The tasks of a chain in a chain, with what was linked to it. Celery 5.5 `unchain_tasks`; 5.2 loses the callbacks. */
function unchain(chain: SignatureDict, rules: LinkRules): SignatureDict[] {
  const { link, link_error: linkError } = chain.options;
  const tasks = groupTasks(chain);
  const last = tasks.pop();
  if (last !== undefined) tasks.push(linkedWith(last, "link", listOf(link), rules));
  return tasks.map((task) => linkedWith(task, "link_error", listOf(linkError), rules));
}

function linkedWith(
  task: SignatureDict,
  option: LinkOption,
  targets: readonly unknown[],
  rules: LinkRules,
): SignatureDict {
  return targets.reduce<SignatureDict>(
    (dict, target) => withLink(dict, option, readSignature(target, option), rules),
    task,
  );
}

/**
 * A part of a chord counts as one. Where it ends in a group, a task after that gives back the list, which is what the body
 * gets of such a part in Celery too.
 */
export function endInOneTask(part: SignatureDict, rules: LinkRules): SignatureDict {
  switch (part.subtask_type) {
    case "group":
      return groupAsChord(part);
    case "chunks":
      return groupAsChord(splitChunks(part));
    case "chain": {
      const steps = foldSteps(groupTasks(part), rules);
      const last = steps.pop();
      return last === undefined ? part : { ...part, kwargs: { tasks: [...steps, endInOneTask(last, rules)] } };
    }
    case "chord": {
      const { body } = chordParts(part);
      return { ...part, kwargs: { ...part.kwargs, body: endInOneTask(body, rules) } };
    }
    default:
      return part;
  }
}

/** A group has no task of its own to carry on with: a chord that gives back what it got. */
export function groupAsChord(part: SignatureDict): SignatureDict {
  return chordDict(groupTasks(part), makeSignature("celery.accumulate", { args: new Tuple(), kwargs: { index: 0 } }));
}
