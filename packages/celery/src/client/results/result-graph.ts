/** What a task has set going, and what that has, and so on. Celery 5.2 `result.py` `build_graph`. */
import type { AsyncResult } from "./async-result.js";

/** Results at most: a work-flow that sends itself again has no end. */
const MAX_RESULTS = 100_000;

/** Results and who sent whom, as far as they are known now. */
export interface ResultGraph {
  /** By id; the one asked first, then its children, breadth first. */
  readonly results: ReadonlyMap<string, AsyncResult>;
  /** Ids: the second was sent by the first. */
  readonly edges: readonly (readonly [parent: string, child: string])[];
  /** As a `digraph` of Graphviz. */
  toDot(): string;
}

export async function resultGraph(root: AsyncResult): Promise<ResultGraph> {
  const results = new Map<string, AsyncResult>([[root.id, root]]);
  const edges: [string, string][] = [];
  // A Map is walked in the order of insertion, additions during the walk included.
  for (const result of results.values()) {
    for (const child of await result.children()) {
      edges.push([result.id, child.id]);
      if (results.size < MAX_RESULTS && !results.has(child.id)) results.set(child.id, child);
    }
  }
  return { results, edges, toDot: () => dotOf(results, edges) };
}

function dotOf(results: ReadonlyMap<string, AsyncResult>, edges: ResultGraph["edges"]): string {
  const nodes = [...results.keys()].map((id) => `  ${JSON.stringify(id)};`);
  const arrows = edges.map(([from, to]) => `  ${JSON.stringify(from)} -> ${JSON.stringify(to)};`);
  return ["digraph dependencies {", ...nodes, ...arrows, "}", ""].join("\n");
}
