/** The crash fuzzer, whose feedback is V8's own block coverage. See {@link USAGE}. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { isPickleError, loads, Unpickler } from "@brine/codec";
import { createSerializers, isKombuError } from "@brine/codec/kombu";
import { dis, genops, optimize, scan } from "@brine/codec/tools";
import { scriptOptions, wholeNumber } from "../script-options.js";
import { readCorpus } from "./corpus.js";
import { Coverage } from "./coverage.js";
import { Program } from "./grammar.js";
import { mutate } from "./mutate.js";
import { Random } from "./random.js";

const USAGE = `npm run fuzz:crash -- [options]

Gives damaged pickles and texts to the decoders and the tools; those that reach code which none before did are kept and
damaged further. Only Brine's errors may leave, and nothing may take long. Exits with 1 after findings, each written to
test/fuzz/findings.

  --seconds 60   how long
  --seed 1       the same inputs again; default another each time
`;

const FINDINGS = fileURLToPath(new URL("./findings", import.meta.url));
const SLOW_MS = 2000;
const BATCH = 40;

const serializers = createSerializers();
const decodeAs = (name: string) => (bytes: Buffer) =>
  serializers.loads(bytes, {
    contentType: { json: "application/json", yaml: "application/x-yaml", msgpack: "application/x-msgpack" }[name]!,
    contentEncoding: name === "msgpack" ? "binary" : "utf-8",
    accept: [name],
  });

const PICKLE_TARGETS: readonly (readonly [string, (bytes: Buffer) => unknown])[] = [
  ["loads", (bytes) => loads(bytes)],
  ["loads as data", (bytes) => loads(bytes, { unregistered: "opaque", encoding: "bytes", tuple: "array" })],
  ["loads views", (bytes) => new Unpickler(bytes, { int: "bigint", bytes: "view", dict: "map" }).load()],
  ["loads objects", (bytes) => loads(bytes, { dict: "object", float: "exact", errors: "backslashreplace" })],
  ["loads dates", (bytes) => loads(bytes, { datetime: "date", encoding: "utf-8", errors: "surrogateescape" })],
  ["genops", (bytes) => [...genops(bytes)]],
  ["dis", (bytes) => dis(bytes)],
  ["optimize", (bytes) => optimize(bytes)],
  ["scan", (bytes) => scan(bytes)],
];
const TEXT_TARGETS: readonly (readonly [string, (bytes: Buffer) => unknown])[] = [
  ["json", decodeAs("json")],
  ["yaml", decodeAs("yaml")],
  ["msgpack", decodeAs("msgpack")],
];

/** What kombu's decoders read, to start from. */
const TEXTS = [
  '{"a": [1, 2.5, null, true, "x\\u0041"], "__proto__": {"b": 1}}',
  '{"__type__": "datetime", "__value__": "2024-05-06T07:08:09.123456+00:00"}',
  '{"__type__": "uuid", "__value__": {"hex": "12345678123456781234567812345678", "version": 4}}',
  '[{"__type__": "decimal", "__value__": "1.10"}, {"__type__": "bytes", "__value__": "YWJj"}]',
  "a: [1, 2.5, ~, true]\nb: &x {c: d}\ne: *x\n? [k]\n: !!binary YWJj\n",
  "- !!python/tuple [1, 2]\n- 2024-05-06T07:08:09Z\n- 0x1F\n- .inf\n- |\n  text\n",
].map((text) => Buffer.from(text));
const BINARIES = [
  "83a161ca3fc00000a16292c3c0a163c4036162 63",
  "d6ff5e0be100",
  "dc0003010203",
  "c70cff00000000ffffffffffffffff",
].map((hex) => Buffer.from(hex.replaceAll(" ", ""), "hex"));

const { values } = scriptOptions(USAGE, { seconds: wholeNumber(60), seed: wholeNumber(undefined, 0) });
const seed = values.seed ?? Date.now() % 2 ** 32;
const random = new Random(seed);
const pickles = readCorpus();
const texts = [...TEXTS, ...BINARIES];
let findings = 0;
const seen = new Set<string>();

function keep(target: string, what: string, bytes: Buffer, detail: string): void {
  const cause = `${target}: ${what}: ${detail
    .split("\n")
    .slice(0, 2)
    .join("|")
    .replace(/[0-9]+/g, "#")}`;
  if (seen.has(cause)) return;
  seen.add(cause);
  findings++;
  mkdirSync(FINDINGS, { recursive: true });
  const name = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const file = path.join(FINDINGS, `${what}-${name}.json`);
  const finding = { kind: what, target, input: bytes.toString("base64"), text: bytes.toString("latin1"), detail };
  writeFileSync(file, `${JSON.stringify(finding, null, 2)}\n`);
  console.log(`${what} in ${target}: ${JSON.stringify(bytes.toString("latin1").slice(0, 300))}\n${detail}\n${file}`);
}

function run(isPickle: boolean, bytes: Buffer): void {
  for (const [target, decode] of isPickle ? PICKLE_TARGETS : TEXT_TARGETS) {
    const start = performance.now();
    try {
      decode(bytes);
    } catch (error) {
      if (!isPickleError(error) && !isKombuError(error)) {
        keep(target, "crash", bytes, error instanceof Error ? String(error.stack) : String(error));
      }
    }
    if (performance.now() - start > SLOW_MS) keep(target, "slow", bytes, `more than ${SLOW_MS} ms`);
  }
}

function next(isPickle: boolean): Buffer {
  if (isPickle && random.chance(0.3)) return Program.generate(random, 1 + random.below(20));
  return mutate(isPickle ? pickles : texts, random);
}

const coverage = await Coverage.start(/codec\/(dist|src)\//);

for (const bytes of pickles) run(true, bytes);
for (const bytes of texts) run(false, bytes);
await coverage.grew();

const end = performance.now() + values.seconds * 1000;
let inputs = 0;
let kept = 0;
let said = performance.now();
while (performance.now() < end && findings < 40) {
  const isPickle = random.chance(0.7);
  const batch = Array.from({ length: BATCH }, () => next(isPickle));
  for (const bytes of batch) run(isPickle, bytes);
  inputs += BATCH;
  if (await coverage.grew()) {
    // One of the batch did it: which one costs more to find out than to keep a few that did not.
    const room = isPickle ? pickles : texts;
    room.push(...batch.filter((bytes) => bytes.length > 0 && bytes.length < 2000).slice(0, 10));
    kept++;
  }
  if (performance.now() - said > 10_000) {
    said = performance.now();
    console.log(`${inputs} inputs, ${kept} batches with new coverage, ${findings} findings`);
  }
}
console.log(`seed ${seed}: ${inputs} inputs, ${kept} batches with new coverage, ${findings} findings`);
coverage.stop();
process.exitCode = findings === 0 ? 0 : 1;
