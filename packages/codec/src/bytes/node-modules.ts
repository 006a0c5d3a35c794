/**
 * Node's own modules, got when first used, so that the codec also loads where there is no Node.
 * `process.getBuiltinModule` exists since Node 20.16 and leaves nothing for bundlers to resolve.
 */
import type * as buffer from "node:buffer";
import type * as crypto from "node:crypto";
import type { createRequire } from "node:module";
import type * as zlib from "node:zlib";

export interface NodeModules {
  readonly "node:buffer": typeof buffer;
  readonly "node:crypto": typeof crypto;
  readonly "node:module": { readonly createRequire: typeof createRequire };
  readonly "node:zlib": typeof zlib;
}

/** One of Node's own modules, `undefined` outside of Node. */
export function builtinModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  const nodeProcess: { getBuiltinModule?: (id: string) => unknown } | undefined = Reflect.get(globalThis, "process");
  return nodeProcess?.getBuiltinModule?.(name) as NodeModules[Name] | undefined;
}
