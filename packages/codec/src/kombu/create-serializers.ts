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
  /** How values are represented, timestamps, the package. Default: see {@link MsgpackOptions}. */
  readonly msgpack?: MsgpackOptions | undefined;
  /** How values are represented, aliases, the package. Default: see {@link YamlOptions}. */
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
 * only where an accept list names them. The default serializer of `dumps` is json. msgpack and reading yaml need the packages
 * `msgpackr` and `yaml`, loaded when first used.
 *
 * @throws PickleError or {@link KombuError} `bad-option` for an option that there is not
 * @example
 * const serializers = createSerializers({ pickle: { protocol: 2 }, json: { dialect: "5.2" } });
 * serializers.dumps({ id: 7n }, { serializer: "json" }).body.toString() // => '{"id": 7}'
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
