/** Replacing objects that something refers to already. */
import { PyDict } from "../../../python/containers/dict.js";
import { PySet } from "../../../python/containers/sets.js";
import { PyObject } from "../../../python/objects/objects.js";

/**
 * Replaces objects everywhere below `root`: in arrays, own properties, maps, sets and opaque objects. Each object is
 * visited once, with a stack of its own, so neither cycles nor depth nor sharing cost more than the number of references.
 *
 * @param replacement - what stands for an object; the object itself to keep it; must give the same answer every time
 * @param isKept - whether what an object holds is left as it is
 * @returns what stands for `root`
 */
export function rewire(
  root: unknown,
  replacement: (value: object) => object,
  isKept: (object: object) => boolean = () => false,
): unknown {
  const seen = new Set<object>();
  const open: object[] = [];
  const visit = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    const result = replacement(value);
    if (!seen.has(result)) {
      seen.add(result);
      if (!isKept(result)) open.push(result);
    }
    return result;
  };
  const result = visit(root);
  for (let object = open.pop(); object !== undefined; object = open.pop()) rewireParts(object, visit);
  return result;
}

function rewireParts(object: object, visit: (value: unknown) => unknown): void {
  if (ArrayBuffer.isView(object)) return;
  if (object instanceof PyObject) {
    visit(object.callable);
    visit(object.args);
    for (const step of object.steps) {
      if (step.kind === "state") rewireProperties(step, visit);
      else visit(step.kind === "items" ? step.items : step.pairs);
    }
    return;
  }
  if (object instanceof Map) rewireMap(object, visit);
  else if (object instanceof Set) rewireSet(object, visit);
  rewireProperties(object, visit);
}

function rewireMap(map: Map<unknown, unknown>, visit: (value: unknown) => unknown): void {
  // A key is compared by what it holds and cannot change; only a value can be what was replaced, or what a key refers to.
  const set = map instanceof PyDict ? PyDict.prototype.set : Map.prototype.set;
  for (const [key, value] of map) {
    visit(key);
    const result = visit(value);
    if (result !== value) set.call(map, key, result);
  }
}

function rewireSet(set: Set<unknown>, visit: (value: unknown) => unknown): void {
  const members = [...set];
  const isChanged = members.map(visit).some((member, i) => member !== members[i]);
  if (!isChanged || set instanceof PySet) return;
  set.clear();
  for (const member of members) set.add(visit(member));
}

function rewireProperties(object: object, visit: (value: unknown) => unknown): void {
  // Also those that nobody lists, as the attributes of an exception, and those with a symbol, as the items of a deque.
  for (const key of Reflect.ownKeys(object)) {
    const descriptor = Object.getOwnPropertyDescriptor(object, key)!;
    if (!("value" in descriptor)) continue;
    const result = visit(descriptor.value);
    if (result === descriptor.value) continue;
    if (descriptor.writable === true) Object.defineProperty(object, key, { ...descriptor, value: result });
  }
}
