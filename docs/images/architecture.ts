/** What `architecture.svg` shows. `test/package/architecture.test.ts` holds the second half against the import statements. */
import { arrow, arrowAlong, box, svg, text } from "./svg.js";

type Box = readonly [x: number, y: number, width: number, height: number, kind: string, ...lines: string[]];

const JOURNEY: Readonly<Record<string, Box>> = {
  Python: [20, 50, 150, 84, "python", "Celery, kombu,", "Django, RQ"],
  "Broker or cache": [240, 50, 150, 84, "plain", "RabbitMQ, Redis"],
  Adapter: [460, 50, 200, 84, "part", "channels and confirms; Redis", "envelopes, cache dialects"],
  "codec/kombu": [730, 50, 210, 84, "part", "accept list, content type,", "decompresses within a bound"],
  "codec/pickle": [730, 190, 210, 76, "part", "loads and dumps, registry,", "limits, Python's values"],
  celery: [460, 190, 200, 76, "part", "task messages, results,", "canvas, client and worker"],
  "Your handler": [240, 190, 150, 76, "node", "typed values,", "task context"],
};

/** From, to, and what travels; each way back is drawn beside it. */
const STEPS: readonly (readonly [from: string, to: string, what?: string, back?: string])[] = [
  ["Python", "Broker or cache"],
  ["Broker or cache", "Adapter", "bytes"],
  ["Adapter", "codec/kombu"],
  ["codec/kombu", "codec/pickle"],
  ["codec/pickle", "celery", "values"],
  ["celery", "Your handler", "args", "result"],
];

/** The folders of the codec. */
const FOLDERS: Readonly<Record<string, readonly [x: number, y: number]>> = {
  numpy: [410, 375],
  kombu: [270, 445],
  cli: [270, 515],
  pickle: [410, 445],
  tools: [410, 515],
  stdlib: [560, 375],
  globals: [560, 445],
  options: [700, 375],
  python: [700, 445],
  bytes: [700, 515],
  opcodes: [840, 515],
};
const [WIDTH, HEIGHT] = [90, 40];

/**
 * Who imports whom in the codec at run time. What follows from two of these is not drawn. A path is given where the
 * straight line from side to side would cross a box.
 */
export const IMPORTS: readonly (readonly [from: string, to: string, path?: string])[] = [
  ["kombu", "pickle"],
  ["cli", "tools"],
  ["cli", "pickle", "M345 515L410 478"],
  ["numpy", "globals", "M500 400L560 452"],
  ["pickle", "globals"],
  ["pickle", "bytes", "M500 477L700 527"],
  ["tools", "bytes", "M500 541L700 541"],
  ["tools", "python", "M500 522L700 474"],
  ["globals", "python"],
  ["globals", "stdlib", "M595 445L595 415"],
  ["stdlib", "globals", "M615 415L615 445"],
  ["globals", "options", "M650 448L700 409"],
  ["tools", "options", "M455 555L455 563L935 563L935 395L790 395"],
  ["stdlib", "bytes", "M620 375C 645 343, 835 343, 840 420C 842 480, 820 510, 790 524"],
  ["bytes", "opcodes"],
];

const PACKAGES: Readonly<Record<string, number>> = { "amqp-adapter": 380, celery: 445, "redis-adapter": 510 };

const DESCRIPTION =
  "Above: a message goes from Python through the broker to an adapter, to codec/kombu, codec/pickle, celery and your handler, and the result goes back the same way. " +
  `Below: amqp-adapter, redis-adapter and celery import the public entries of codec, never each other. In codec, ${IMPORTS.map(([from, to]) => `${from} imports ${to}`).join(", ")}.`;

function labelled([x, y, width, height, kind, ...lines]: Box, name: string): string[] {
  const middle = x + width / 2;
  const small = lines.map((each, index) => text(middle, y + 42 + index * 16, each, "small", "middle"));
  return [box(x, y, width, height, kind), text(middle, y + 22, name, "head", "middle"), ...small];
}

function step([from, to, what = "", back = ""]: (typeof STEPS)[number]): string[] {
  const [[x1, y1, w1, h1], [x2, y2, w2]] = [JOURNEY[from]!, JOURNEY[to]!];
  if (y2 > y1) {
    const x = x1 + w1 / 2;
    return [arrow(x - 25, y1 + h1, x - 25, y2), arrow(x + 25, y2, x + 25, y1 + h1)];
  }
  const [start, end] = x2 > x1 ? [x1 + w1, x2] : [x1, x2 + w2];
  const middle = (start + end) / 2;
  return [
    arrow(start, y1 + 28, end, y1 + 28),
    text(middle, y1 + 23, what, "small", "middle"),
    arrow(end, y1 + 58, start, y1 + 58),
    text(middle, y1 + 74, back, "small", "middle"),
  ];
}

function importArrow([from, to, path]: (typeof IMPORTS)[number]): string {
  if (path !== undefined) return arrowAlong(path);
  const [[x1, y1], [x2, y2]] = [FOLDERS[from]!, FOLDERS[to]!];
  return arrow(x1 + WIDTH, y1 + HEIGHT / 2, x2, y2 + HEIGHT / 2);
}

export function architecture(): string {
  return svg({
    width: 960,
    height: 600,
    title: "How a message travels through Brine, and which part may import which",
    description: DESCRIPTION,
    parts: [
      text(20, 28, "A message, from a Python producer to a handler and back", "title"),
      ...Object.entries(JOURNEY).flatMap(([name, where]) => labelled(where, name)),
      ...STEPS.flatMap(step),
      text(20, 318, "Who may import whom: an arrow points to what is imported", "title"),
      ...Object.entries(PACKAGES).flatMap(([name, y]) => [
        box(20, y, 130, HEIGHT, "part"),
        text(85, y + 25, name, "head", "middle"),
        arrow(150, y + HEIGHT / 2, 250, y + HEIGHT / 2),
      ]),
      text(200, 458, "public", "small", "middle"),
      text(200, 482, "entries", "small", "middle"),
      box(250, 345, 690, 225, "frame"),
      text(264, 366, "codec", "head"),
      ...Object.entries(FOLDERS).flatMap(([name, [x, y]]) => [
        box(x, y, WIDTH, HEIGHT, "part"),
        text(x + WIDTH / 2, y + 25, name, name === "opcodes" ? "code" : "head", "middle"),
      ]),
      ...IMPORTS.map(importArrow),
      text(
        20,
        590,
        "What celery asks of an adapter is in codec/kombu/transport.ts, types only: the application gives it the adapter.",
        "small",
      ),
    ],
  });
}
