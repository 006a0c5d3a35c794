/** kombu's `yaml` serializer: PyYAML's `safe_dump` and `safe_load`. */
import { DEFAULT_LIMITS } from "../../limits.js";
import { optionNames } from "../../options/option-names.js";
import { MODEL_CHOICES } from "../../pickle/model-choices.js";
import type { ModelOptions } from "../../pickle/options.js";
import { requirePeer } from "../builtin-module.js";
import { checkOptions } from "../option-names.js";
import { checkBound, checkChoices } from "../option-values.js";
import type { Serializer } from "../serialization.js";
import { decodeUtf8 } from "../text.js";
import { parseYaml, type YamlModule } from "./yaml-reader.js";
import { writeYaml } from "./yaml-writer.js";

/** What {@link yamlSerializer} takes. Everything is optional. */
export interface YamlOptions extends Pick<ModelOptions, "int" | "float" | "dict"> {
  /** The yaml package, needed to read; by default it is loaded when first used, which only Node can. */
  readonly module?: YamlModule | undefined;
  /** How often aliases (`*name`) may be expanded in all; a "billion laughs" document needs more. Default 1000. */
  readonly maxAliases?: number | undefined;
}

const YAML_OPTIONS = /* @__PURE__ */ optionNames<YamlOptions>({
  int: true,
  float: true,
  dict: true,
  module: true,
  maxAliases: true,
});

/**
 * kombu's `yaml` serializer. Writes without a library; reading needs the package `yaml`.
 *
 * It cannot carry signatures of Celery, and tags of Python objects are refused, both as in Python.
 *
 * @throws {@link KombuError} `bad-option` for an option that there is not, or a value that it cannot have
 */
export function yamlSerializer(options: YamlOptions = {}): Serializer {
  checkOptions(options, YAML_OPTIONS, "options of yamlSerializer()");
  checkChoices(options, MODEL_CHOICES);
  checkBound("maxAliases", options.maxAliases);
  const model = Object.freeze({
    int: options.int ?? "auto",
    float: options.float ?? "number",
    dict: options.dict ?? "auto",
    maxIntDigits: DEFAULT_LIMITS.maxIntDigits,
    maxAliases: options.maxAliases ?? 1000,
  });
  const given = options.module;
  let loaded: YamlModule | undefined;
  return {
    contentType: "application/x-yaml",
    contentEncoding: "utf-8",
    encode: writeYaml,
    decode(body) {
      loaded ??= given ?? (requirePeer("yaml", "yaml") as YamlModule);
      return parseYaml(decodeUtf8(body), model, loaded);
    },
  };
}
