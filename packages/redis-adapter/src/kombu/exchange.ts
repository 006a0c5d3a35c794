/**
 * Exchanges as kombu emulates them on Redis: a set per exchange holds the bindings that all its users look routes up in.
 * kombu 5.6 `transport/virtual/exchange.py` and `transport/redis.py` `_queue_bind`, `get_table`.
 */

/** One member of the set `_kombu.binding.<exchange>`. */
export interface Binding {
  readonly routingKey: string;
  /** The regular expression that kombu matches routing keys of a topic exchange with. */
  readonly pattern: string;
  readonly queue: string;
}

export function bindingsKey(exchange: string): string {
  return `_kombu.binding.${exchange}`;
}

export function formatBinding(binding: Binding, separator: string): string {
  return [binding.routingKey, binding.pattern, binding.queue].join(separator);
}

export function parseBinding(member: string, separator: string): Binding | undefined {
  const parts = member.split(separator);
  if (parts.length !== 3) return undefined;
  return { routingKey: parts[0]!, pattern: parts[1]!, queue: parts[2]! };
}

/** The regular expression kombu stores for a topic binding, where `*` is one word or more and `#` any text. */
export function topicPattern(routingKey: string): string {
  const words = routingKey.split(".").map((word) => (word === "*" ? ".*?[^\\.]" : word === "#" ? ".*?" : word));
  return `^${words.join("\\.")}$`;
}

/**
 * Whether kombu's topic exchange takes `routingKey` to a binding of `pattern`. Works on the binding key instead of the
 * stored expression, because an expression out of Redis could take exponential time; the answers are the same as long
 * as the words hold no regular expression syntax of their own. Time is the product of both lengths at worst.
 */
export function matchesTopic(bindingKey: string, routingKey: string): boolean {
  // A row of "can the pattern so far end at this index", advanced one pattern token at a time.
  let reachable = new Uint8Array(routingKey.length + 1);
  reachable[0] = 1;
  const words = bindingKey.split(".");
  for (let w = 0; w < words.length; w++) {
    if (w > 0) reachable = advanceLiteral(reachable, routingKey, ".");
    const word = words[w]!;
    if (word === "#") reachable = advanceAny(reachable);
    else if (word === "*") reachable = advanceWord(reachable, routingKey);
    else reachable = advanceLiteral(reachable, routingKey, word);
  }
  return reachable[routingKey.length] === 1;
}

function advanceLiteral(reachable: Uint8Array, text: string, literal: string): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(reachable.length);
  for (let i = 0; i + literal.length <= text.length; i++) {
    if (reachable[i] === 1 && text.startsWith(literal, i)) next[i + literal.length] = 1;
  }
  return next;
}

function advanceAny(reachable: Uint8Array): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(reachable.length);
  const first = reachable.indexOf(1);
  if (first !== -1) next.fill(1, first);
  return next;
}

/** One character or more, the last of which is no dot. */
function advanceWord(reachable: Uint8Array, text: string): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(reachable.length);
  const first = reachable.indexOf(1);
  if (first === -1) return next;
  for (let i = first + 1; i < next.length; i++) if (text[i - 1] !== ".") next[i] = 1;
  return next;
}

/** The queues that a message goes to, without duplicates, in the order of the bindings. */
export function route(type: "direct" | "topic" | "fanout", bindings: Iterable<Binding>, routingKey: string): string[] {
  const queues = new Set<string>();
  for (const binding of bindings) {
    const taken =
      type === "fanout" ||
      (type === "direct" ? binding.routingKey === routingKey : matchesTopic(binding.routingKey, routingKey));
    if (taken) queues.add(binding.queue);
  }
  return [...queues];
}
