/** A name that is no option is a mistake that would show nowhere else: `fix_imports`, `protcol`. */
import { PickleError } from "../errors.js";
import { DEFAULT_LIMITS } from "../limits.js";
import type { PicklerOptions, UnpicklerOptions } from "./options.js";

/** Those of decoder and encoder alike: one object may be given to both. */
const NAMES: ReadonlySet<string> = /* @__PURE__ */ new Set(
  /* @__PURE__ */ Object.keys({
    protocol: true,
    registry: true,
    int: true,
    float: true,
    bytes: true,
    tuple: true,
    dict: true,
    datetime: true,
    buffers: true,
    encoding: true,
    errors: true,
    fixImports: true,
    persistentLoad: true,
    unregistered: true,
    limits: true,
    bufferCallback: true,
    memoizeStrings: true,
    fast: true,
    python: true,
    undefined: true,
    opaque: true,
    persistentId: true,
    reducerOverride: true,
    dispatchTable: true,
  } satisfies Record<keyof (UnpicklerOptions & PicklerOptions), true>),
);

/** @throws PickleError `bad-option` for a name that neither decoder nor encoder has, in `options` or their limits */
export function checkOptionNames(options: UnpicklerOptions | PicklerOptions): void {
  for (const name in options) if (!NAMES.has(name)) throw unknownOption(name, NAMES);
  const { limits } = options;
  for (const name in limits) if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw unknownOption(`limits.${name}`);
}

function unknownOption(name: string, known?: ReadonlySet<string>): PickleError {
  const camelCase = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const hint = known?.has(camelCase) ? `; it is ${camelCase} here` : "";
  return new PickleError(`Cannot use option ${name}: there is none of that name${hint}`, { code: "bad-option" });
}
