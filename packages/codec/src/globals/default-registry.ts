/** What every registry knows unless told otherwise: the value types of Python's standard library. The only importer of `stdlib`. */

import { BoundMethod } from "../python/objects.js";
import { arrayEntries, arrayTwins } from "../stdlib/array.js";
import { boundMethodTwin, builtinsEntries } from "../stdlib/builtins.js";
import { collectionsEntries } from "../stdlib/collections.js";
import { dataClassEntries } from "../stdlib/data-classes.js";
import { datetimeEntries, datetimeTwins } from "../stdlib/datetime.js";
import { dateutilEntries } from "../stdlib/dateutil.js";
import { decimalEntries } from "../stdlib/decimal.js";
import { djangoEntries } from "../stdlib/django.js";
import { errorTwins, exceptionEntries } from "../stdlib/exceptions.js";
import { fractionsEntries } from "../stdlib/fractions.js";
import { functoolsEntries } from "../stdlib/functools.js";
import { httpEntries } from "../stdlib/http.js";
import { ipaddressEntries } from "../stdlib/ipaddress.js";
import { operatorEntries } from "../stdlib/operator.js";
import { pathlibEntries } from "../stdlib/pathlib.js";
import { pytzEntries } from "../stdlib/pytz.js";
import { reEntries } from "../stdlib/re.js";
import { osEntries, timeEntries } from "../stdlib/time.js";
import { typesEntries } from "../stdlib/types.js";
import { typingEntries } from "../stdlib/typing.js";
import { urllibEntries } from "../stdlib/urllib.js";
import { uuidEntries } from "../stdlib/uuid.js";
import { werkzeugEntries } from "../stdlib/werkzeug.js";
import { zoneinfoEntries } from "../stdlib/zoneinfo.js";
import { BaseRegistry, type ClassRegistryOptions, type GlobalEntry } from "./registry.js";

const ENTRIES: readonly (readonly GlobalEntry[])[] = [
  arrayEntries,
  builtinsEntries,
  collectionsEntries,
  dataClassEntries,
  dateutilEntries,
  datetimeEntries,
  decimalEntries,
  djangoEntries,
  exceptionEntries,
  fractionsEntries,
  functoolsEntries,
  httpEntries,
  ipaddressEntries,
  operatorEntries,
  pathlibEntries,
  pytzEntries,
  reEntries,
  osEntries,
  timeEntries,
  typesEntries,
  typingEntries,
  urllibEntries,
  uuidEntries,
  werkzeugEntries,
  zoneinfoEntries,
];

function standardRegistry(): BaseRegistry {
  const registry = new BaseRegistry();
  for (const entries of ENTRIES) registry.registerEntries(entries);
  for (const [target, entry] of [...arrayTwins, ...datetimeTwins, ...errorTwins]) registry.registerTwin(target, entry);
  registry.registerTwin(BoundMethod, boundMethodTwin as unknown as GlobalEntry);
  return registry.freeze();
}

/** The standard library's value types. Frozen; make a {@link ClassRegistry} to add to it. */
export const defaultRegistry: BaseRegistry = /* @__PURE__ */ standardRegistry();

/**
 * What your pickles may name, besides the standard library's value types: the classes you register, and nothing else.
 * Registries are values: make one, hand it to `loads` and `dumps`, extend it with another.
 *
 * @example
 * class A {}
 * const registry = new ClassRegistry();
 * registry.register("app.models.A", A);
 * loads(dumps(new A(), { registry }), { registry }); // an A
 */
export class ClassRegistry extends BaseRegistry {
  /** `extends: null` leaves the standard library out. */
  constructor(options: ClassRegistryOptions = {}) {
    super(options.extends === undefined ? { ...options, extends: defaultRegistry } : options);
  }
}
