/** The messages of `pitfalls.jsonl`, which says what Celery's workers did with them: written by hand, as no client of Celery's would. */
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { dumps, tuple } from "@brine/codec";
import type { TransportMessage } from "@brine/codec/kombu";

export const ID = "00000000-0000-4000-8000-000000000001";
export const HEADERS = { task: "lab.add", id: ID, lang: "py" };
export const EMBED = { callbacks: null, errbacks: null, chain: null, chord: null };
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
export const BODY = [[2, 3], {}, EMBED];
export const link = (signature: unknown) => ({ body: [[2, 3], {}, { ...EMBED, callbacks: signature }] });
export const FULL = { task: "lab.mul", args: [10], kwargs: {}, options: {}, subtask_type: null, immutable: false };
const PICKLE = { contentType: "application/x-python-serialize", contentEncoding: "binary" };

export interface Sent {
  readonly headers?: Record<string, unknown>;
  readonly body?: unknown;
  readonly raw?: Uint8Array;
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string;
}

export const MESSAGES: Readonly<Record<string, Sent>> = {
  "minimal v2 (task,id,lang)": {},
  "no lang": { headers: { task: "lab.add", id: ID } },
  "lang 'js'": { headers: { ...HEADERS, lang: "js" } },
  "embed null": { body: [[2, 3], {}, null] },
  "embed missing (2-tuple body)": { body: [[2, 3], {}] },
  "kwargs null": { body: [[2, 3], null, EMBED] },
  "args null": { body: [null, {}, EMBED] },
  "body is an object {args,kwargs} + headers": { body: { args: [2, 3], kwargs: {} } },
  "no id header": { headers: { task: "lab.add" } },
  "no task header, v2 body": { headers: { id: ID } },
  "no headers at all, v2 body": { headers: {} },
  "proto1 body, no headers": { headers: {}, body: { task: "lab.add", id: ID, args: [2, 3], kwargs: {}, retries: 0 } },
  "proto1 body id in body (result lookup)": {
    headers: {},
    body: { task: "lab.add", id: ID, args: [2, 3], kwargs: {} },
  },
  "proto1 minimal without retries etc": { headers: {}, body: { task: "lab.add", id: ID, args: [2, 3] } },
  "unknown task": { headers: { ...HEADERS, task: "lab.nope" } },
  "eta Z": { headers: { ...HEADERS, eta: "2020-01-01T00:00:00Z" } },
  "eta .000Z (JS toISOString)": { headers: { ...HEADERS, eta: new Date(0).toISOString() } },
  "eta naive": { headers: { ...HEADERS, eta: "2020-01-01T00:00:00" } },
  "eta garbage": { headers: { ...HEADERS, eta: "tomorrow" } },
  "eta number": { headers: { ...HEADERS, eta: 1577836800 } },
  "expires past": { headers: { ...HEADERS, expires: "2020-01-01T00:00:00Z" } },
  "expires garbage": { headers: { ...HEADERS, expires: "x" } },
  "retries null": { headers: { ...HEADERS, retries: null } },
  "timelimit null": { headers: { ...HEADERS, timelimit: null } },
  "timelimit [null,null]": { headers: { ...HEADERS, timelimit: [null, null] } },
  "timelimit strings": { headers: { ...HEADERS, timelimit: ["30", "20"] } },
  "timelimit one element": { headers: { ...HEADERS, timelimit: [30] } },
  "pickle body": { ...PICKLE, raw: dumps(tuple(tuple(2, 3), {}, EMBED)) },
  "pickle body, list args": { ...PICKLE, raw: dumps(BODY) },
  "pickle body, ce 'utf-8'": { ...PICKLE, contentEncoding: "utf-8", raw: dumps(BODY) },
  "pickle body, ct 'application/x-pickle'": { ...PICKLE, contentType: "application/x-pickle", raw: dumps(BODY) },
  "alias 'pickle' as content_type": { ...PICKLE, contentType: "pickle", raw: dumps(BODY) },
  "yaml body (not accepted)": { contentType: "application/x-yaml", raw: Buffer.from("- [2, 3]\n- {}\n- null\n") },
  "no content type": { contentType: undefined },
  "truncated pickle": { ...PICKLE, raw: dumps(BODY).subarray(0, -5) },
  "pickle with unknown class arg": { ...PICKLE, raw: Buffer.from("c__main__\nNope\n)R.", "latin1") },
  "pickle kwargs with bytes keys": {
    ...PICKLE,
    raw: dumps([[2], new Map([[Uint8Array.of(121), 3]]), EMBED]),
  },
  "broken json": { raw: Buffer.from("[[2, 3], {}") },
  "compression zlib, header 'application/x-gzip'": {
    headers: { ...HEADERS, compression: "application/x-gzip" },
    raw: deflateSync(json(BODY)),
  },
  "compression zlib, header 'zlib'": { headers: { ...HEADERS, compression: "zlib" }, raw: deflateSync(json(BODY)) },
  "real gzip bytes, application/x-gzip": {
    headers: { ...HEADERS, compression: "application/x-gzip" },
    raw: gzipSync(json(BODY)),
  },
  "raw deflate, application/x-gzip": {
    headers: { ...HEADERS, compression: "application/x-gzip" },
    raw: deflateRawSync(json(BODY)),
  },
  "unknown compression": { headers: { ...HEADERS, compression: "application/x-snappy" } },
  "link full signature": link([FULL]),
  "chain sig (reversed list)": { body: [[2, 3], {}, { ...EMBED, chain: [{ ...FULL, options: { task_id: "next" } }] }] },
  "callbacks not a list (dict)": link({ ...FULL }),
  "chord without group": { body: [[2, 3], {}, { ...EMBED, chord: FULL }] },
  "group header only": { headers: { ...HEADERS, group: "g" } },
  "id not a uuid": { headers: { ...HEADERS, id: "order:42" } },
  "unexpected kwargs": { body: [[2, 3], { z: 1 }, EMBED] },
  "ignore_result true": { headers: { ...HEADERS, ignore_result: true } },
  "nested custom header": { headers: { ...HEADERS, "x-nested": { a: [1, { b: null }] } } },
};

/** As it is published; `id` takes the place of the one that all have. */
export function message(sent: Sent, id = ID): TransportMessage {
  const headers = sent.headers ?? HEADERS;
  return {
    headers: headers.id === ID ? { ...headers, id } : headers,
    body: sent.raw ?? json(sent.body ?? BODY),
    contentType: "contentType" in sent ? sent.contentType : "application/json",
    contentEncoding: sent.contentEncoding ?? "utf-8",
    properties: { correlationId: id, deliveryMode: 2, priority: 0 },
  };
}
