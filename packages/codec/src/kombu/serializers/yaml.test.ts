import { describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { DecodeError } from "../errors.js";
import { yamlSerializer } from "./yaml.js";

const serializer = yamlSerializer();
const read = (text: string) => serializer.decode!(Buffer.from(text));

/** Twenty thousand keys, and a mapping that merges them, so often. */
const merges = (times: number) => {
  const keys = Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join(", ");
  return `a: &a {${keys}}\nb:\n${"- {<<: *a}\n".repeat(times)}`;
};

describe("what is hostile is a DecodeError", () => {
  test.each([
    ["an alias of nothing", "a: *b"],
    ["a merge of no mapping", "<<: 1"],
    ["a merge of an alias of nothing", "{a: b, <<: *z}"],
    ["a mapping that merges itself", "&a {<<: *a}"],
    [
      "aliases in aliases",
      Array.from({ length: 30 }, (_, i) => `a${i}: &a${i} [*a${i - 1}, *a${i - 1}]`)
        .join("\n")
        .replaceAll("*a-1", "x"),
    ],
    ["lists in lists", "[".repeat(20_000)],
    ["items in items", `${"- ".repeat(5000)}a`],
    ["tags of tags", `${"!!str ".repeat(20_000)}a`],
    ["merges of a large mapping", merges(900)],
    ["merges of one list of large mappings", `${merges(0)} {<<: [${"*a,".repeat(900)}]}`],
  ])("%s", (_, text) => {
    expect(() => read(text)).toThrow(DecodeError);
  });

  test("and a mapping that is merged a few times is not", () => {
    const { b } = read(merges(5)) as { readonly b: readonly object[] };
    expect(b.map((merged) => Object.keys(merged).length)).toEqual([20_000, 20_000, 20_000, 20_000, 20_000]);
    expect(() => read(merges(900))).toThrow("merge keys ask for too many copies");
  });
});

test("an alias is no search through the document", () => {
  /** How often the package starts from the top of a document with so many aliases. */
  const starts = (aliases: number) => {
    let count = 0;
    const module = {
      parseDocument(text: string, options: object) {
        const document = parseDocument(text, options);
        const { contents } = document;
        return Object.defineProperty(document, "contents", {
          get() {
            count++;
            return contents;
          },
        });
      },
    };
    yamlSerializer({ module }).decode!(Buffer.from(`a: &a {x: 1}\nb: [{<<: [${"*a, ".repeat(aliases)}]}, *a]`));
    return count;
  };
  expect(starts(400)).toBe(starts(1));
});

test("an alias names the last anchor before it, which may be around it", () => {
  expect(read("- &a 1\n- *a\n- &a 2\n- *a")).toEqual([1, 1, 2, 2]);
  const [, self] = read("- &a x\n- &a [*a]") as [string, unknown[]];
  expect(self[0]).toBe(self);
});
