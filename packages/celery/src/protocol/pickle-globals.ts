/** What pickles of Celery name beside the standard library: signatures and exceptions. Nothing else is let in. */
import {
  BaseRegistry,
  ClassRegistry,
  type ClassRegistryView,
  defaultRegistry,
  exceptionClass,
  type PyExceptionClass,
} from "@brine/codec";
import { PYTHON_EXCEPTIONS } from "./python-exceptions.js";
import { readSignature } from "./signature.js";

/**
 * `UnpickleableExceptionWrapper(module, class name, args, text)`: how Celery pickles an exception that its reader may not be
 * able to import. `get()` never shows it: it becomes an Error of the class it names.
 */
export const UnpickleableExceptionWrapper: PyExceptionClass = /* @__PURE__ */ exceptionClass(
  "celery.utils.serialization.UnpickleableExceptionWrapper",
);

function celeryGlobals(): BaseRegistry {
  const registry = new BaseRegistry({ extends: defaultRegistry });
  for (const jsClass of PYTHON_EXCEPTIONS) registry.registerException(jsClass.pythonName, jsClass);
  registry.registerException(UnpickleableExceptionWrapper.pythonName, UnpickleableExceptionWrapper);
  registry.registerEntry({
    module: "celery.canvas",
    name: "signature",
    // A signature decodes to its dict, which is what the protocol works with and what Python accepts back.
    call: (args, context) => {
      try {
        return readSignature(args[0], "signature");
      } catch (error) {
        throw context.fail("Cannot decode a signature", error);
      }
    },
  });
  return registry.freeze();
}

/** The registry of an app that is given none: Python's standard library, and Celery's signatures and exceptions. Frozen; {@link createRegistry} adds your classes. */
export const celeryRegistry: BaseRegistry = /* @__PURE__ */ celeryGlobals();

/**
 * A registry for the `registry` setting of an app: knows the standard library and Celery, takes your classes.
 *
 * @param options - `extends`: a registry that is looked into first; default none
 * @example
 * class Order {
 *   id = 0;
 * }
 * const registry = createRegistry();
 * registry.register("shop.models.Order", Order);
 * const app = new Celery({ broker: "memory://", registry });
 * app.settings.registry === registry // => true
 */
export function createRegistry(options: { readonly extends?: ClassRegistryView | undefined } = {}): ClassRegistry {
  return new ClassRegistry({
    extends: options.extends === undefined ? celeryRegistry : [options.extends, celeryRegistry],
  });
}
