/** Node's own modules and optional peers, for features that cannot do without; loaded when first used. */
import { builtinModule, type NodeModules } from "../bytes/node-modules.js";
import { SerializerNotInstalled } from "./errors.js";

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
