/** What every registry knows unless told otherwise: the value types of Python's standard library. The only importer of `stdlib`. */
import { BoundMethod } from "../python/objects/objects.js";
import { arrayEntries, arrayTwins } from "../stdlib/array.js";
import { boundMethodTwin, builtinsEntries } from "../stdlib/builtins.js";
import { collectionsEntries } from "../stdlib/collections.js";
import { dataClassEntries } from "../stdlib/data-classes.js";
import { datetimeEntries, datetimeTwins } from "../stdlib/datetime/datetime.js";
import { dateutilEntries } from "../stdlib/datetime/dateutil.js";
import { pytzEntries } from "../stdlib/datetime/pytz.js";
import { osEntries, timeEntries } from "../stdlib/datetime/time.js";
import { zoneinfoEntries } from "../stdlib/datetime/zoneinfo.js";
import { decimalEntries } from "../stdlib/decimal.js";
import { enumSources } from "../stdlib/enums.js";
import { errorTwins, exceptionEntries } from "../stdlib/exceptions.js";
import { fractionsEntries } from "../stdlib/fractions.js";
import { functoolsEntries } from "../stdlib/functools.js";
import { ipaddressEntries } from "../stdlib/ipaddress.js";
import { libraryExceptionEntries, libraryExceptionModules } from "../stdlib/library-exceptions.js";
import { operatorEntries } from "../stdlib/operator.js";
import { pathlibEntries } from "../stdlib/pathlib.js";
import { reEntries } from "../stdlib/re.js";
import { tblibEntries } from "../stdlib/tblib.js";
import { typesEntries } from "../stdlib/types.js";
import { typingEntries } from "../stdlib/typing.js";
import { uuidEntries } from "../stdlib/uuid.js";
import { djangoEntries } from "../stdlib/web/django.js";
import { httpEntries } from "../stdlib/web/http.js";
import { urllibEntries } from "../stdlib/web/urllib.js";
import { werkzeugEntries } from "../stdlib/web/werkzeug.js";
import { BaseRegistry } from "./base-registry.js";
import type { EntrySource, GlobalEntry } from "./registry.js";
import type { ClassRegistryOptions } from "./registry-options.js";

/** The commonest first: that is the order in which a class is looked for. */
export const standardSources: readonly EntrySource[] = [
  {
    modules: ["builtins", "typing"],
    entries: builtinsEntries,
    twins: () => [[BoundMethod, boundMethodTwin as unknown as GlobalEntry]],
  },
  { modules: ["datetime"], entries: datetimeEntries, twins: datetimeTwins },
  { modules: ["decimal"], entries: decimalEntries },
  { modules: ["collections"], entries: collectionsEntries },
  { modules: ["uuid"], entries: uuidEntries },
  { modules: ["builtins"], entries: exceptionEntries, twins: errorTwins },
  { modules: ["array"], entries: arrayEntries, twins: arrayTwins },
  { modules: ["fractions"], entries: fractionsEntries },
  { modules: ["pathlib", "pathlib._local"], entries: pathlibEntries },
  { modules: ["types"], entries: typesEntries },
  { modules: ["zoneinfo"], entries: zoneinfoEntries },
  { modules: ["pytz"], entries: pytzEntries },
  { modules: ["ipaddress"], entries: ipaddressEntries },
  { modules: ["functools"], entries: functoolsEntries },
  { modules: ["operator", "_operator"], entries: operatorEntries },
  { modules: ["re"], entries: reEntries },
  { modules: ["time"], entries: timeEntries },
  { modules: ["os"], entries: osEntries },
  { modules: ["urllib.parse"], entries: urllibEntries },
  { modules: ["typing"], entries: typingEntries },
  { modules: ["http.cookies"], entries: httpEntries },
  { modules: ["dateutil.tz.tz", "dateutil.relativedelta", "dateutil._common"], entries: dateutilEntries },
  {
    modules: [
      "django.db.models.base",
      "django.http.request",
      "django.http.response",
      "django.template.response",
      "django.utils.datastructures",
      "django.utils.functional",
      "django.utils.safestring",
      "django.utils.translation",
    ],
    entries: djangoEntries,
  },
  {
    modules: [
      "flask.wrappers",
      "markupsafe",
      "werkzeug.datastructures",
      "werkzeug.datastructures.headers",
      "werkzeug.datastructures.structures",
      "werkzeug.wrappers.response",
    ],
    entries: werkzeugEntries,
  },
  {
    modules: [
      "_functools",
      "_io",
      "decimal",
      "email._policybase",
      "email.charset",
      "email.header",
      "email.message",
      "email.mime.application",
      "email.mime.audio",
      "email.mime.base",
      "email.mime.image",
      "email.mime.message",
      "email.mime.multipart",
      "email.mime.text",
      "email.policy",
      "functools",
      "inspect",
      "itertools",
      "json",
      "json.decoder",
      "logging",
      "random",
      "string",
      "subprocess",
      "xml.etree.ElementTree",
    ],
    entries: dataClassEntries,
  },
  { modules: ["tblib", "tblib.pickling_support"], entries: tblibEntries },
  { modules: libraryExceptionModules, entries: libraryExceptionEntries },
  ...enumSources,
];

function standardRegistry(): BaseRegistry {
  const registry = new BaseRegistry();
  for (const source of standardSources) registry.registerSource(source);
  return registry.freeze();
}

/**
 * The registry used where none is given: the value types of Python's standard library, and those that Django, Werkzeug, pytz
 * and dateutil put into caches and messages. Frozen; make a {@link ClassRegistry} to add to it.
 */
export const defaultRegistry: BaseRegistry = /* @__PURE__ */ standardRegistry();

/**
 * What your pickles may name, besides the standard library's value types: the classes you register, and nothing else.
 * Registries are values: make one, hand it to `loads` and `dumps`, extend it with another.
 *
 * @example
 * class A {
 *   x = 1;
 * }
 * const registry = new ClassRegistry();
 * registry.register("app.models.A", A);
 * loads(dumps(new A(), { registry }), { registry }) // => A { x: 1 }
 */
export class ClassRegistry extends BaseRegistry {
  /**
   * @param options - `extends` is {@link defaultRegistry} if not given; `extends: null` leaves the standard library out
   * @throws PickleError `bad-option` for an option that there is not, or a class that is not marked with {@link pickled}
   */
  constructor(options: ClassRegistryOptions = {}) {
    super(options.extends === undefined ? { ...options, extends: defaultRegistry } : options);
  }
}
