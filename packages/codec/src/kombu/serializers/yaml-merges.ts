/**
 * What merge keys (`<<: *defaults`) of a document cost. Each copies all of the mapping that it names, also what is in that,
 * so a document of a few hundred kilobytes asks for gigabytes.
 */

/** Nodes that merges may copy in all. */
const MAX_MERGED = 1_000_000;

/** What is used of the package's nodes: aliases have `resolve`, collections `items`, pairs `key`, merge keys `addToJSMap`. */
interface YamlNode {
  readonly anchor?: string | undefined;
  resolve?: unknown;
  readonly source?: string | undefined;
  readonly items?: readonly unknown[] | undefined;
  readonly key?: unknown;
  readonly value?: unknown;
  addToJSMap?: ((context: unknown, map: unknown, value: unknown) => void) | undefined;
}

/**
 * Lets the merge keys in a document's `contents` throw what `tooMany` gives once they copy more than {@link MAX_MERGED}
 * nodes, and tells aliases what they name: the package looks for it through all of the document, each time. Recurses as
 * deep as the package, which has read the document.
 */
export function boundMerges(contents: unknown, tooMany: () => Error): void {
  /** The nodes in what an anchor names, of those so far: an alias means the last one before it. */
  const anchored = new Map<string, number>();
  /** What an anchor names: known from where it begins, as it may contain its own alias. */
  const named = new Map<string, YamlNode>();
  let left = MAX_MERGED;

  const sizeOf = (given: unknown): number => {
    if (!isNode(given)) return 0;
    if (given.anchor !== undefined) named.set(given.anchor, given);
    const target = isAlias(given) ? named.get(given.source ?? "") : undefined;
    if (target !== undefined) given.resolve = () => target;
    let size = 1;
    if (given.items !== undefined) for (const item of given.items) size += sizeOf(item);
    else if (given.key !== undefined) {
      size += sizeOf(given.key) + sizeOf(given.value);
      if (isNode(given.key)) charge(given.key, copiedBy(given.value));
    }
    if (given.anchor !== undefined) anchored.set(given.anchor, size);
    return size;
  };

  /** What a merge of `value` copies, which is a mapping, an alias of one, or a list of these. */
  const copiedBy = (value: unknown): number => {
    if (!isNode(value)) return 0;
    if (isAlias(value)) return anchored.get(value.source ?? "") ?? 0;
    return 1 + (value.items ?? []).reduce<number>((sum, item) => sum + copiedBy(item), 0);
  };

  const charge = (key: YamlNode, size: number): void => {
    const merge = key.addToJSMap;
    if (merge === undefined) return;
    key.addToJSMap = (context, map, value) => {
      left -= size;
      if (left < 0) throw tooMany();
      merge.call(key, context, map, value);
    };
  };

  sizeOf(contents);
}

function isNode(value: unknown): value is YamlNode {
  return typeof value === "object" && value !== null;
}

function isAlias(node: YamlNode): boolean {
  return typeof node.resolve === "function";
}
