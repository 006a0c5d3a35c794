/** What can be known about values that are of no type the encoder knows. */
import type { AnyClass } from "../../globals/registry.js";

/** Whether somebody gave `Object.prototype` an enumerable property. */
export function isPolluted(): boolean {
  for (const _ in Object.prototype) return true;
  return false;
}

/** The class whose own prototype this is. */
export function classOf(prototype: unknown): AnyClass | undefined {
  if (typeof prototype !== "object" || prototype === null || !Object.hasOwn(prototype, "constructor")) return undefined;
  const jsClass: unknown = prototype.constructor;
  return typeof jsClass === "function" && jsClass.prototype === prototype ? (jsClass as AnyClass) : undefined;
}

/** The builtin type of an object that may come from another realm (`node:vm`, an iframe). */
export function foreignType(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
