/** Results as Celery writes them down: `[[id, parent], children]`, where only groups have children. Celery `result_from_tuple`. */
import { AsyncResult, type ResultContext } from "./async-result.js";
import { GroupResult } from "./group-result.js";

/** Parents of parents, and groups in groups. */
const MAX_DEPTH = 100;

/** `undefined` for what is no such tuple. */
export function resultFromTuple(value: unknown, context: ResultContext, depth = 0): AsyncResult | undefined {
  if (depth > MAX_DEPTH || !Array.isArray(value) || value.length !== 2 || !Array.isArray(value[0])) return undefined;
  const [[id, parentTuple], members] = value as [unknown[], unknown];
  if (typeof id !== "string") return undefined;
  const parent = resultFromTuple(parentTuple, context, depth + 1);
  if (!Array.isArray(members)) return new AsyncResult(id, context, parent);
  const results = members.map((member) => resultFromTuple(member, context, depth + 1));
  return new GroupResult(
    id,
    results.filter((result) => result !== undefined),
    context,
    parent,
  );
}
