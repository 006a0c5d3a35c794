/**
 * Node's own modules and optional peers, loaded when first used, so that the codec also loads where there is no Node.
 * `process.getBuiltinModule` exists since Node 20.16 and leaves nothing for bundlers to resolve.
 */

import type * as crypto from "node:crypto";
import type { createRequire } from "node:module";
import type * as zlib from "node:zlib";
import { SerializerNotInstalled } from "./errors.js";

interface NodeModules {
  readonly "node:zlib": typeof zlib;
  readonly "node:crypto": typeof crypto;
  readonly "node:module": { readonly createRequire: typeof createRequire };
}

/** One of Node's own modules, `undefined` outside of Node. */
export function builtinModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  const nodeProcess: { getBuiltinModule?: (id: string) => unknown } | undefined = Reflect.get(globalThis, "process");
  return nodeProcess?.getBuiltinModule?.(name) as NodeModules[Name] | undefined;
}

/** One of Node's own modules, for a feature that cannot do without. */
export function requireBuiltin<Name extends keyof NodeModules>(name: Name, feature: string): NodeModules[Name] {
  const found = builtinModule(name);
  if (found === undefined) {
    throw new SerializerNotInstalled(`Cannot use ${feature}: it needs ${name}, which only Node has`, {
      code: "not-installed",
    });
  }
  return found;
}

/** An optional peer dependency, loaded synchronously; the error says what to install. */
export function requirePeer(name: string, feature: string): unknown {
  const nodeModule = builtinModule("node:module");
  try {
    if (nodeModule === undefined) throw new Error("this is not Node, so pass the module itself");
    return nodeModule.createRequire(import.meta.url)(name);
  } catch (cause) {
    throw notInstalled(name, feature, cause);
  }
}

/** The error of a peer dependency that cannot be loaded. */
export function notInstalled(name: string, feature: string, cause: unknown): SerializerNotInstalled {
  return new SerializerNotInstalled(`Cannot use ${feature}: package "${name}" cannot be loaded; npm install ${name}`, {
    code: "not-installed",
    cause,
  });
}
