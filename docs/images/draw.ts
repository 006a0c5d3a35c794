/**
 * Draws the guide's pictures, in light and dark colours by the reader's preference.
 * `npx tsx docs/images/draw.ts` draws them anew.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { architecture } from "./architecture.js";
import { arrow, box, svg, text } from "./svg.js";

/** Python, JavaScript, and what is to be known; a note that starts with "!" says what is lost. */
const VALUES: readonly (readonly [python: string, javascript: string, note: string])[] = [
  ["None", "null", "undefined is an error in an object"],
  ['"text"', '"text"', "never bytes"],
  ['b"bytes"', "Buffer", "or any Uint8Array"],
  ["42", "42", "beyond 2**53 a bigint"],
  ["2.0", "2", "! goes back as the int 2, unless new PyFloat(2)"],
  ["[1, 2]", "[1, 2]", ""],
  ["(1, 2)", "tuple(1, 2)", "an Array of class Tuple"],
  ['{"a": 1}', "{ a: 1 }", ""],
  ['{1: "a"}', 'new PyDict([[1, "a"]])', "a Map; keys compare as in Python"],
  ["{1, 2}", "new Set([1, 2])", ""],
  ["datetime(2026, 8, 1)", "new PyDateTime(2026, 8, 1)", "microseconds, zone, fold; or Date, Temporal"],
  ['Decimal("1.10")', 'new Decimal("1.10")', "keeps its places"],
  ['ValueError("no")', 'new pyExceptions.ValueError("no")', "an Error, with args"],
  ["app.models.User", "your class, by that name", "registered; unknown ones are an error"],
];

function values(): string {
  const top = 62;
  const rows = VALUES.flatMap(([python, javascript, note], index) => {
    const y = top + index * 30;
    const isLossy = note.startsWith("!");
    return [
      box(20, y, 200, 24, "python"),
      text(30, y + 17, python, "code"),
      arrow(226, y + 12, 264, y + 12, isLossy ? "bad" : "", true),
      box(270, y, 270, 24, "node"),
      text(280, y + 17, javascript, "code"),
      text(556, y + 17, note.replace(/^! /, ""), isLossy ? "small badText" : "small"),
    ];
  });
  return svg({
    width: 880,
    height: top + VALUES.length * 30 + 12,
    title: "What a Python value is in JavaScript, and back",
    description: VALUES.map(([python, javascript, note]) =>
      [`${python}: ${javascript}`, note.replace(/^! /, "")].filter(Boolean).join(", "),
    ).join("; "),
    parts: [
      text(20, 28, "Python", "head"),
      text(270, 28, "JavaScript", "head"),
      text(20, 47, "pickled by either side, the same value on the other", "small"),
      ...rows,
    ],
  });
}

/** Three lanes from top to bottom: who says what to whom, when a connection is cut in between. */
function delivery(): string {
  const lanes = { broker: 210, worker: 460, task: 690 };
  const bottom = 520;
  const lane = (x: number, name: string, kind: string) => [
    box(x - 80, 18, 160, 32, kind),
    text(x, 39, name, "head", "middle"),
    `<path d="M${x} 50V${bottom}" class="line" stroke-dasharray="2 4"/>`,
  ];
  const say = (y: number, from: number, to: number, what: string, kind = "") => [
    arrow(from, y, to, y, kind),
    text((from + to) / 2, y - 7, what, kind === "bad" ? "small badText" : "small", "middle"),
  ];
  const run = (y: number, height: number, label: string) => [
    box(lanes.task - 10, y, 20, height, "node"),
    text(lanes.task + 20, y + height / 2 + 4, label, "small"),
  ];
  return svg({
    width: 860,
    height: bottom + 20,
    title: "What is acknowledged when, and what a lost connection means",
    description:
      "With acksLate false, the default, a message is acknowledged before the task runs: a crash while it runs loses the task. " +
      "With acksLate true it is acknowledged after the result is stored: when the connection is lost, the handler ends by itself, " +
      "its result is stored, the broker delivers the message again and the task runs a second time, so make it safe to repeat.",
    parts: [
      ...lane(lanes.broker, "RabbitMQ", "plain"),
      ...lane(lanes.worker, "Node worker", "node"),
      ...lane(lanes.task, "Your handler", "plain"),
      text(20, 84, "acksLate: false", "head"),
      text(20, 101, "(the default)", "small"),
      ...say(90, lanes.broker, lanes.worker, "message"),
      ...say(124, lanes.worker, lanes.broker, "ack, before it runs"),
      ...say(124, lanes.worker, lanes.task - 10, "runs"),
      ...run(124, 44, "a crash here"),
      text(lanes.task + 20, 168, "loses the task", "small badText"),
      ...say(168, lanes.task - 10, lanes.worker, "result, stored"),
      text(20, 216, "acksLate: true", "head"),
      ...say(222, lanes.broker, lanes.worker, "message"),
      ...say(250, lanes.worker, lanes.task - 10, "runs"),
      ...run(250, 60, "ends by itself"),
      `<path d="M${lanes.broker - 40} 284H${lanes.worker + 60}" class="line bad" stroke-width="2" stroke-dasharray="6 4"/>`,
      text((lanes.broker + lanes.worker) / 2, 277, "connection lost", "small badText", "middle"),
      ...say(310, lanes.task - 10, lanes.worker, "result, stored"),
      text((lanes.broker + lanes.worker) / 2, 326, "tries again after 0.2 s, 0.4 s, ... 30 s", "small", "middle"),
      text((lanes.broker + lanes.worker) / 2, 343, "queues and consumers come back", "small", "middle"),
      ...say(386, lanes.broker, lanes.worker, "again: it was not acknowledged", "bad"),
      ...say(414, lanes.worker, lanes.task - 10, "runs a second time", "bad"),
      ...run(414, 44, "make it safe to repeat"),
      ...say(458, lanes.task - 10, lanes.worker, "result, stored"),
      ...say(492, lanes.worker, lanes.broker, "ack, after the result is stored"),
    ],
  });
}

/** By file name. */
export const PICTURES: Readonly<Record<string, () => string>> = {
  "architecture.svg": architecture,
  "values.svg": values,
  "delivery.svg": delivery,
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [name, draw] of Object.entries(PICTURES)) {
    writeFileSync(fileURLToPath(new URL(name, import.meta.url)), draw());
  }
}
