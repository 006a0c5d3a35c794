/** Django: what its caches, sessions and lazy texts are made of. */
import { dataEntry } from "../../globals/entries/data-entry.js";
import { markupEntry } from "../../globals/entries/markup-entry.js";
import { globalOfEntry } from "../../globals/global-of.js";
import type { AnyClass, DecodeContext, EncodeContext, GlobalEntry, Reduction } from "../../globals/registry.js";
import { itemsOfDict } from "../../python/coerce.js";
import { Tuple } from "../../python/containers/sequences.js";
import { attributesOf, setOwn } from "../../python/objects/attributes.js";
import { PyGlobal } from "../../python/objects/objects.js";
import { DjangoModel, LazyObject, LazyString, MultiValueDict, QueryDict, SafeString } from "../../python/web/django.js";

const DICT = new PyGlobal("builtins", "dict");

const safeString = markupEntry("django.utils.safestring", "SafeString", SafeString);

const lazyString: GlobalEntry<LazyString> = {
  module: "django.utils.functional",
  name: "_lazy_proxy_unpickle",
  target: LazyString,
  call(args, context) {
    const [func, positional, kwargs, ...resultClasses] = args;
    if (!Array.isArray(positional) || args.length > 20) throw context.fail("Cannot make a lazy string: bad arguments");
    return new LazyString(func, positional, kwargs, resultClasses);
  },
  reduce: (object) => ({
    kind: "reduce",
    callable: globalOfEntry(lazyString),
    args: [object.func, Tuple.from(object.args), object.kwargs, ...object.resultClasses],
  }),
};

const lazyObject: GlobalEntry<LazyObject> = {
  module: "django.utils.functional",
  name: "unpickle_lazyobject",
  target: LazyObject,
  call(args, context) {
    if (args.length !== 1) throw context.fail("Cannot make a lazy object: needs the object");
    return new LazyObject(args[0]);
  },
  reduce: (object) => ({ kind: "reduce", callable: globalOfEntry(lazyObject), args: [object.wrapped] }),
};

/** Dicts of lists: Python sees the last values as items, and the lists come in the state as `_data`. */
function multiValueEntry<T extends MultiValueDict>(
  module: string,
  name: string,
  target: AnyClass & { new (): T },
): GlobalEntry {
  const entry: GlobalEntry<T> = {
    module,
    name,
    target,
    create: () => new target(),
    reconstruct(base, value, context) {
      const items = itemsOfDict(value);
      if (base !== "dict" || items === undefined) throw context.fail(`Cannot make a ${name}: needs a dict`);
      const object = new target();
      for (const [key, list] of items) object.set(key as string, list as unknown[]);
      return object;
    },
    setItems(object, items) {
      for (let i = 0; i + 1 < items.length; i += 2) object.set(items[i] as string, [items[i + 1]]);
    },
    setState: (object, state, context) => setMultiValueState(object, state, context),
    reduce: (object, context) => reduceMultiValue(object, globalOfEntry(entry as unknown as GlobalEntry), context),
  };
  return entry as unknown as GlobalEntry;
}

function setMultiValueState(object: MultiValueDict, state: unknown, context: DecodeContext): void {
  const attributes = attributesOf(state);
  if (attributes === undefined) throw context.fail("Cannot set the state of a MultiValueDict: it is no dict");
  for (const [name, value] of attributes) {
    if (name !== "_data") {
      setOwn(object, name, value);
      continue;
    }
    context.countCopies(value);
    const lists = itemsOfDict(value);
    if (lists === undefined) throw context.fail("Cannot set the state of a MultiValueDict: _data is no dict");
    for (const [key, list] of lists) {
      if (!Array.isArray(list)) throw context.fail("Cannot set the state of a MultiValueDict: a value is no list");
      object.set(key as string, list);
    }
  }
}

function reduceMultiValue(object: MultiValueDict, callable: PyGlobal, context: EncodeContext): Reduction {
  const data = new Map(object);
  const state = { ...object, _data: data };
  if (context.protocol < 2)
    return { kind: "newobj", callable, args: [], base: { global: DICT, value: new Map(object) }, state };
  const last = Array.from(object, ([key, list]) => [key, list.length === 0 ? [] : list.at(-1)] as const);
  return { kind: "newobj", callable, args: [], dictItems: last, state };
}

/** `model_unpickle(('app', 'Model'))`, then the row as its state. */
const model: GlobalEntry<DjangoModel> = {
  module: "django.db.models.base",
  name: "model_unpickle",
  target: DjangoModel,
  call(args, context) {
    const [id] = args;
    if (Array.isArray(id) && id.length === 2 && typeof id[0] === "string" && typeof id[1] === "string") {
      return new DjangoModel(id[0], id[1]);
    }
    throw context.fail("Cannot make a Django model: needs app and model name");
  },
  setState(object, state, context) {
    const attributes = attributesOf(state);
    if (attributes === undefined) throw context.fail("Cannot set the state of a Django model: it is no dict");
    for (const [name, value] of attributes) setOwn(object.state, name, value);
  },
  reduce: (object) => ({
    kind: "reduce",
    callable: globalOfEntry(model),
    args: [Tuple.of<unknown>(object.app, object.model)],
    state: object.state,
  }),
};

const TRANSLATIONS = "gettext ngettext pgettext npgettext ugettext ungettext gettext_noop".split(" ");
const RESPONSES = [
  ..."HttpResponse HttpResponseRedirect HttpResponsePermanentRedirect HttpResponseNotFound HttpResponseForbidden".split(
    " ",
  ),
  ..."HttpResponseBadRequest HttpResponseNotModified HttpResponseNotAllowed HttpResponseGone".split(" "),
  ..."HttpResponseServerError JsonResponse ResponseHeaders".split(" "),
];

export function djangoEntries(): readonly GlobalEntry[] {
  return [
    safeString,
    // SafeText until Django 2.
    { ...safeString, name: "SafeText", target: undefined, reduce: undefined },
    lazyString as unknown as GlobalEntry,
    lazyObject as unknown as GlobalEntry,
    multiValueEntry("django.utils.datastructures", "MultiValueDict", MultiValueDict),
    multiValueEntry("django.http.request", "QueryDict", QueryDict),
    model as unknown as GlobalEntry,
    dataEntry("django.db.models.base", "ModelState"),
    dataEntry("django.utils.datastructures", "CaseInsensitiveMapping"),
    dataEntry("django.template.response", "TemplateResponse"),
    dataEntry("django.template.response", "SimpleTemplateResponse"),
    ...RESPONSES.map((name) => dataEntry("django.http.response", name)),
    ...TRANSLATIONS.map((name): GlobalEntry => ({ module: "django.utils.translation", name })),
  ] as readonly GlobalEntry[];
}
