/** Naming a class where it is written. */
import type { AnyClass } from "./registry.js";

const NAME = Symbol.for("brine.pickled");

/**
 * Says which Python class a JavaScript class stands for. A standard decorator, and as well a plain function.
 *
 * It only marks the class: there is no global table. Hand the class to a registry to have it read and written, with
 * `registry.register(A)` or `new ClassRegistry({ classes: [A] })`. A subclass does not inherit the name.
 *
 * @param name - `"module.ClassName"`, or `{ module, name }` for a nested class (`{ module: "app", name: "Outer.Inner" }`)
 *
 * @example
 * ```ts
 * @pickled("app.models.A")
 * class A {}
 *
 * // without decorators
 * class B {}
 * pickled("app.models.B")(B);
 *
 * const registry = new ClassRegistry({ classes: [A, B] });
 * loads(dumps(new B(), { registry }), { registry }) // => B {}
 * ```
 */
export function pickled(
  name: string | { readonly module: string; readonly name: string },
): <C extends AnyClass>(value: C, context?: ClassDecoratorContext) => C {
  return (value) => {
    Object.defineProperty(value, NAME, { value: name, configurable: true });
    return value;
  };
}

/** The name a class was marked with; not one of its parents'. */
export function pickledName(
  jsClass: AnyClass,
): string | { readonly module: string; readonly name: string } | undefined {
  return Object.hasOwn(jsClass, NAME) ? (jsClass as unknown as { readonly [NAME]: string })[NAME] : undefined;
}
