/** What all pictures are drawn with: text, boxes and arrows in light or dark colours, as the reader prefers. */

const STYLE = `<style>
text { fill: #24292f; font: 13px system-ui, sans-serif } .code { font: 13px ui-monospace, monospace } .head { font-weight: 600 } .title { font-size: 15px; font-weight: 600 }
.small { font-size: 12px; fill: #57606a } .page { fill: #fff } .python { fill: #fdf3e1; stroke: #b86e14 } .node { fill: #e9f4ea; stroke: #2f7d3b }
.plain { fill: #f3f4f6; stroke: #6e7781 } .part { fill: #eef4f7; stroke: #2f6f8f } .frame { fill: none; stroke: #2f6f8f; stroke-dasharray: 5 4 }
.line { stroke: #57606a; fill: none } .grid { stroke: #d8dee4 } .arrow { fill: #57606a } .bad { stroke: #c62828 } .badText { fill: #c62828 }
.first { fill: #2f6f8f } .second { fill: #c97f1e } .other { fill: #a8afb7 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .small { fill: #9da7b1 } .page { fill: #0d1117 } .python { fill: #3a2a10; stroke: #e0a458 } .node { fill: #12301a; stroke: #5fb36b }
.plain { fill: #21262d; stroke: #8b949e } .part { fill: #11293a; stroke: #5aa9cf } .frame { stroke: #5aa9cf }
.line { stroke: #9da7b1 } .grid { stroke: #30363d } .arrow { fill: #9da7b1 } .bad { stroke: #ff7b72 } .badText { fill: #ff7b72 }
.first { fill: #5aa9cf } .second { fill: #e0a458 } .other { fill: #6e7681 }
}
</style>
<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path class="arrow" d="M0 0L8 4L0 8z"/></marker></defs>
<rect class="page" width="100%" height="100%"/>`;

const escaped = (content: string) => content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** At most one decimal: more would not be seen, and would differ with every run. */
const short = (length: number) => String(Math.round(length * 10) / 10);

export const text = (x: number, y: number, content: string, kind = "", anchor: "start" | "middle" | "end" = "start") =>
  `<text x="${short(x)}" y="${short(y)}" class="${kind}" text-anchor="${anchor}">${escaped(content)}</text>`;

export const box = (x: number, y: number, width: number, height: number, kind: string) =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" class="${kind}"/>`;

/** Of a chart: no rounded corners, at least a pixel. */
export const bar = (x: number, y: number, width: number, height: number, kind: string) =>
  `<rect x="${short(x)}" y="${y}" width="${short(Math.max(1, width))}" height="${height}" class="${kind}"/>`;

export const line = (x1: number, y1: number, x2: number, y2: number, kind = "line") =>
  `<path d="M${short(x1)} ${y1}L${short(x2)} ${y2}" class="${kind}"/>`;

/** @param path - in SVG's own words, as `M0 0L10 10` */
export const arrowAlong = (path: string, kind = "", both = false) =>
  `<path d="${path}" class="line ${kind}" marker-end="url(#end)"${both ? ' marker-start="url(#end)"' : ""}/>`;

export const arrow = (x1: number, y1: number, x2: number, y2: number, kind = "", both = false) =>
  arrowAlong(`M${x1} ${y1}L${x2} ${y2}`, kind, both);

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** What the picture says, for those who do not see it. */
  readonly description: string;
  readonly parts: readonly string[];
}

/** The file's text. */
export function svg({ width, height, title, description, parts }: Picture): string {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="t d">`;
  const words = `<title id="t">${escaped(title)}</title>\n<desc id="d">${escaped(description)}</desc>`;
  return `${[open, words, STYLE, ...parts].join("\n")}\n</svg>\n`;
}
