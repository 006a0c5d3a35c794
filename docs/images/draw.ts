/**
 * Draws `values.svg` and `delivery.svg`, in light and dark colours by the reader's preference.
 * `npx tsx docs/images/draw.ts` draws them anew.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const STYLE = `<style>
text { fill: #24292f; font: 13px system-ui, sans-serif } .code { font: 13px ui-monospace, monospace } .head { font-weight: 600 }
.small { font-size: 12px; fill: #57606a } .page { fill: #fff } .python { fill: #fdf3e1; stroke: #b86e14 } .node { fill: #e9f4ea; stroke: #2f7d3b }
.plain { fill: #f3f4f6; stroke: #6e7781 } .line { stroke: #57606a; fill: none } .arrow { fill: #57606a } .bad { stroke: #c62828 } .badText { fill: #c62828 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .small { fill: #9da7b1 } .page { fill: #0d1117 } .python { fill: #3a2a10; stroke: #e0a458 } .node { fill: #12301a; stroke: #5fb36b }
.plain { fill: #21262d; stroke: #8b949e } .line { stroke: #9da7b1 } .arrow { fill: #9da7b1 } .bad { stroke: #ff7b72 } .badText { fill: #ff7b72 }
}
</style>
<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path class="arrow" d="M0 0L8 4L0 8z"/></marker></defs>
<rect class="page" width="100%" height="100%"/>`;

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const text = (x: number, y: number, content: string, kind = "", anchor = "start") =>
  `<text x="${x}" y="${y}" class="${kind}" text-anchor="${anchor}">${escaped(content)}</text>`;
const box = (x: number, y: number, width: number, height: number, kind: string) =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" class="${kind}"/>`;
const arrow = (x1: number, y1: number, x2: number, y2: number, kind = "", both = false) =>
  `<path d="M${x1} ${y1}L${x2} ${y2}" class="line ${kind}" marker-end="url(#end)"${both ? ' marker-start="url(#end)"' : ""}/>`;

function svg(width: number, height: number, title: string, parts: readonly string[]): string {
  const body = [STYLE, ...parts].join("\n");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">\n<title>${escaped(title)}</title>\n${body}\n</svg>\n`;
}

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
  return svg(880, top + VALUES.length * 30 + 12, "What a Python value is in JavaScript, and back", [
    text(20, 28, "Python", "head"),
    text(270, 28, "JavaScript", "head"),
    text(20, 47, "pickled by either side, the same value on the other", "small"),
    ...rows,
  ]);
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
  return svg(860, bottom + 20, "What is acknowledged when, and what a lost connection means", [
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
  ]);
}

/** By file name. */
export const PICTURES: Readonly<Record<string, () => string>> = { "values.svg": values, "delivery.svg": delivery };

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [name, draw] of Object.entries(PICTURES)) {
    writeFileSync(fileURLToPath(new URL(name, import.meta.url)), draw());
  }
}
