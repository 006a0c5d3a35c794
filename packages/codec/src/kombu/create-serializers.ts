import { optionNames } from "../options/option-names.js";
import { checkOptions } from "./option-names.js";
import { SerializerRegistry } from "./serialization.js";
import { type JsonOptions, jsonSerializer } from "./serializers/json.js";
import { type MsgpackOptions, msgpackSerializer } from "./serializers/msgpack.js";
import { type PickleSerializerOptions, pickleSerializer } from "./serializers/pickle.js";
import { type YamlOptions, yamlSerializer } from "./serializers/yaml.js";

/** Options of each format of {@link createSerializers}. */
export interface SerializersOptions {
  /** Registry of classes, limits, protocol, how values are represented: everything the pickle functions take. Default: theirs. */
  readonly pickle?: PickleSerializerOptions | undefined;
  /** Kombu's dialect, hooks. Default: see {@link JsonOptions}. */
  readonly json?: JsonOptions | undefined;
  /** Default: see {@link MsgpackOptions}. */
  readonly msgpack?: MsgpackOptions | undefined;
  /** Default: see {@link YamlOptions}. */
  readonly yaml?: YamlOptions | undefined;
}

const SERIALIZERS_OPTIONS = /* @__PURE__ */ optionNames<SerializersOptions>({
  pickle: true,
  json: true,
  msgpack: true,
  yaml: true,
});

/**
 * A registry with kombu's serializers: json, pickle, yaml and msgpack. As in kombu, all but json are disabled: they decode
 * only where an accept list names them.
 *
 * @example
 * const serializers = createSerializers({ pickle: { registry }, json: { dialect: "5.2" } });
 */
export function createSerializers(options: SerializersOptions = {}): SerializerRegistry {
  checkOptions(options, SERIALIZERS_OPTIONS, "options of createSerializers()");
  const registry = new SerializerRegistry();
  registry.register("json", jsonSerializer(options.json));
  registry.register("pickle", pickleSerializer(options.pickle));
  registry.register("yaml", yamlSerializer(options.yaml));
  registry.register("msgpack", msgpackSerializer(options.msgpack));
  for (const name of registry.names) if (name !== "json") registry.disable(name);
  registry.setDefaultSerializer("json");
  return registry;
}
