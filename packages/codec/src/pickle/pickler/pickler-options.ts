/** The encoder's options with every default filled in. */
import { PickleError } from "../../errors.js";
import type { ClassRegistryView } from "../../globals/registry.js";
import { badValue } from "../../options/check.js";
import { DEFAULT_PROTOCOL, HIGHEST_PROTOCOL, type Protocol } from "../opcodes.js";
import { checkPickleOptions, limitOf, type PickleOptionNames, registryOf } from "../option-names.js";
import type { PicklerOptions } from "../options.js";

export interface ResolvedPicklerOptions {
  readonly protocol: Protocol;
  readonly registry: ClassRegistryView;
  readonly fixImports: boolean;
  readonly bufferCallback: PicklerOptions["bufferCallback"];
  readonly memoizeStrings: "all" | "keys" | "none";
  readonly fast: boolean;
  readonly python: "3.12" | "3.13";
  readonly undefined: "error" | "none" | "omit";
  readonly opaque: "refuse" | "allow";
  readonly persistentId: PicklerOptions["persistentId"];
  readonly reducerOverride: PicklerOptions["reducerOverride"];
  readonly dispatchTable: PicklerOptions["dispatchTable"];
  readonly maxBytes: number;
  readonly maxDepth: number;
  readonly maxIntDigits: number;
}

function choose<T extends string>(name: string, value: T | undefined, choices: readonly [T, ...T[]]): T {
  if (value === undefined) return choices[0];
  if (!choices.includes(value)) throw badValue(name, value, choices);
  return value;
}

function hook<T>(name: string, value: T): T {
  if (value !== undefined && typeof value !== "function") throw badValue(name, value, "a function");
  return value;
}

function table(value: PicklerOptions["dispatchTable"]): PicklerOptions["dispatchTable"] {
  if (value !== undefined && typeof value?.get !== "function") throw badValue("dispatchTable", value, "a Map");
  return value;
}

function resolveProtocol(protocol: number | undefined): Protocol {
  if (protocol === undefined) return DEFAULT_PROTOCOL;
  if (typeof protocol === "number" && protocol < 0) return HIGHEST_PROTOCOL;
  if (!Number.isInteger(protocol) || protocol > HIGHEST_PROTOCOL) {
    throw badValue("protocol", protocol, `an integer from 0 to ${HIGHEST_PROTOCOL}`);
  }
  return protocol as Protocol;
}

/**
 * @param names - those that the options may have; by default without those of files
 * @throws PickleError `bad-option`
 */
export function resolvePicklerOptions(
  options: PicklerOptions,
  defaultRegistry: ClassRegistryView,
  names?: PickleOptionNames,
): ResolvedPicklerOptions {
  checkPickleOptions(options, names);
  const protocol = resolveProtocol(options.protocol);
  const bufferCallback = hook("bufferCallback", options.bufferCallback);
  if (bufferCallback !== undefined && protocol < 5) {
    throw new PickleError(`Cannot use option bufferCallback with protocol ${protocol}: must be used with protocol 5`, {
      code: "bad-option",
    });
  }
  return {
    protocol,
    registry: registryOf(options, defaultRegistry),
    fixImports: options.fixImports ?? true,
    bufferCallback,
    memoizeStrings: choose("memoizeStrings", options.memoizeStrings, ["all", "keys", "none"]),
    fast: options.fast ?? false,
    python: choose("python", options.python, ["3.12", "3.13"]),
    undefined: choose("undefined", options.undefined, ["error", "none", "omit"]),
    opaque: choose("opaque", options.opaque, ["refuse", "allow"]),
    persistentId: hook("persistentId", options.persistentId),
    reducerOverride: hook("reducerOverride", options.reducerOverride),
    dispatchTable: table(options.dispatchTable),
    maxBytes: limitOf(options.limits, "maxBytes"),
    maxDepth: limitOf(options.limits, "maxDepth"),
    maxIntDigits: limitOf(options.limits, "maxIntDigits"),
  };
}
