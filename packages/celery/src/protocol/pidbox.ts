/** Remote control messages, kombu's pidbox: requests go to every worker over a fanout exchange, replies to a queue. */
import type { Exchange, Queue } from "@brine/codec/kombu";
import { isPlainRecord } from "./signature.js";

/** `namespace` is `control_exchange`, `"celery"` by default. */
export function controlExchange(namespace = "celery"): Exchange {
  return { name: `${namespace}.pidbox`, type: "fanout", durable: false };
}

export function replyExchange(namespace = "celery"): Exchange {
  return { name: `reply.${namespace}.pidbox`, type: "direct", durable: false };
}

/** The queue a worker gets its requests from. */
export function mailboxQueue(node: string, namespace = "celery"): Queue {
  return {
    name: `${node}.${namespace}.pidbox`,
    exchange: controlExchange(namespace),
    routingKey: "",
    durable: false,
    autoDelete: true,
    arguments: { "x-expires": 10_000, "x-message-ttl": 300_000 },
  };
}

/** The queue a client gets its replies from; it lives as long as its consumer. */
export function replyQueue(oid: string, namespace = "celery"): Queue {
  return {
    name: `${oid}.reply.${namespace}.pidbox`,
    exchange: replyExchange(namespace),
    routingKey: oid,
    durable: false,
    autoDelete: true,
    arguments: { "x-expires": 10_000, "x-message-ttl": 300_000 },
  };
}

export interface ControlRequest {
  readonly method: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Node names; `null` is every worker. */
  readonly destination: readonly string[] | null;
  readonly pattern: string | null;
  readonly matcher: "glob" | "pcre" | null;
  /** Identifies the request in replies; without it no reply is wanted. */
  readonly ticket: string | null;
  readonly replyTo: { readonly exchange: string; readonly routingKey: string } | null;
}

/** The body of a request, in the order kombu writes it. */
export function encodeControlRequest(request: ControlRequest): Record<string, unknown> {
  const body: Record<string, unknown> = {
    method: request.method,
    arguments: request.arguments,
    destination: request.destination,
    pattern: request.pattern,
    matcher: request.matcher,
  };
  if (request.ticket !== null && request.replyTo !== null) {
    body.ticket = request.ticket;
    body.reply_to = { exchange: request.replyTo.exchange, routing_key: request.replyTo.routingKey };
  }
  return body;
}

/** `undefined` when `body` is no control request. */
export function decodeControlRequest(body: unknown): ControlRequest | undefined {
  if (!isPlainRecord(body) || typeof body.method !== "string") return undefined;
  const replyTo = isPlainRecord(body.reply_to) ? body.reply_to : undefined;
  const hasReply = typeof replyTo?.exchange === "string" && typeof replyTo.routing_key === "string";
  return {
    method: body.method,
    arguments: isPlainRecord(body.arguments) ? body.arguments : {},
    destination: Array.isArray(body.destination) ? body.destination.filter((name) => typeof name === "string") : null,
    pattern: typeof body.pattern === "string" ? body.pattern : null,
    matcher: body.matcher === "pcre" || body.matcher === "glob" ? body.matcher : null,
    ticket: typeof body.ticket === "string" ? body.ticket : null,
    replyTo: hasReply ? { exchange: replyTo.exchange as string, routingKey: replyTo.routing_key as string } : null,
  };
}

/** Whether the request is for `node`. A pattern that is no valid one matches nothing. */
export function isAddressedTo(request: ControlRequest, node: string): boolean {
  if (request.destination !== null) return request.destination.includes(node);
  if (request.pattern === null || request.matcher === null) return true;
  if (request.matcher === "glob") return matchGlob(request.pattern, node);
  // A regular expression from the wire could take exponential time; only what has no repetition of groups is run.
  if (/[)][*+{?]/.test(request.pattern)) return false;
  try {
    return new RegExp(`^(?:${request.pattern})`).test(node);
  } catch {
    return false;
  }
}

/** Python's `fnmatch`, without its character classes' edge cases: `*`, `?`, `[abc]`, `[!abc]`. Linear in both lengths for `*`. */
export function matchGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    const step = p < pattern.length && pattern[p] !== "*" ? matchOne(pattern, p, text[t]!) : 0;
    if (step > 0) {
      p += step;
      t += 1;
    } else if (pattern[p] === "*") {
      star = p++;
      resume = t;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p += 1;
  return p === pattern.length;
}

/** How many characters of the pattern at `p` match `char`; 0 when they do not. */
function matchOne(pattern: string, p: number, char: string): number {
  if (pattern[p] === "?") return 1;
  const close = pattern[p] === "[" ? pattern.indexOf("]", p + 2) : -1;
  if (close < 0) return pattern[p] === char ? 1 : 0;
  const isNegated = pattern[p + 1] === "!";
  const members = pattern.slice(p + (isNegated ? 2 : 1), close);
  return members.includes(char) !== isNegated ? close - p + 1 : 0;
}
