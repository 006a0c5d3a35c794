/** Entries of text that is safe to put into a page: classes below str. */
import { PyGlobal } from "../../python/objects/objects.js";
import type { SafeString } from "../../python/web/django.js";
import { globalOfEntry } from "../global-of.js";
import type { GlobalEntry } from "../registry.js";

const STR = new PyGlobal("builtins", "str");

export function markupEntry(module: string, name: string, target: new (value: string) => SafeString): GlobalEntry {
  const entry: GlobalEntry<SafeString> = {
    module,
    name,
    target,
    create(args, _kwargs, context) {
      const [value] = args;
      if (args.length !== 1 || typeof value !== "string") throw context.fail(`Cannot make a ${name}: needs its text`);
      return new target(value);
    },
    reduce: (object, context) => ({
      kind: "newobj",
      callable: globalOfEntry(entry as unknown as GlobalEntry),
      args: [object.value],
      base: context.protocol < 2 ? { global: STR, value: object.value } : undefined,
    }),
  };
  return entry as unknown as GlobalEntry;
}
