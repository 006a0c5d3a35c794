/** Charts of how many times as fast Brine is. */
import { bar, line, svg, text } from "../docs/images/svg.js";

/** A chart of {@link ratioChart}: for each bar of each row how many times as fast as somebody else, who is the line at 1. */
interface RatioChart {
  readonly title: string;
  /** What the bars of a row are, from the top. */
  readonly bars: readonly string[];
  readonly rows: readonly { readonly title: string; readonly ratios: readonly (number | undefined)[] }[];
}

const COLORS = ["first", "second"];
const TICKS = [0.25, 0.5, 1, 2, 4, 8, 16];

/** Bars on a logarithmic scale, to the left of 1 where Brine is slower. */
export function ratioChart({ title, bars, rows }: RatioChart): string {
  const [left, width, rowHeight, top] = [290, 430, 30, 56];
  const [low, high] = [Math.log2(TICKS[0]!), Math.log2(TICKS.at(-1)!)];
  const x = (ratio: number): number =>
    left + (width * (Math.min(high, Math.max(low, Math.log2(ratio))) - low)) / (high - low);
  const height = top + rows.length * rowHeight + 30;
  const parts = [
    text(12, 22, title, "title"),
    ...bars.flatMap((name, i) => [
      bar(left + 80 * i, 33, 10, 10, COLORS[i]!),
      text(left + 80 * i + 15, 42, name, "small"),
    ]),
    ...TICKS.flatMap((tick) => [
      line(x(tick), top - 6, x(tick), height - 22, tick === 1 ? "line" : "grid"),
      text(x(tick), height - 8, `${tick}x`, "small", "middle"),
    ]),
  ];
  for (const [index, row] of rows.entries()) {
    const y = top + index * rowHeight;
    parts.push(text(left - 8, y + 17, row.title, "", "end"));
    for (const [lane, ratio] of row.ratios.entries()) {
      if (ratio === undefined) continue;
      const [from, to] = [Math.min(x(1), x(ratio)), Math.max(x(1), x(ratio))];
      const at = y + 2 + lane * 12;
      parts.push(
        bar(from, at, to - from, 10, COLORS[lane]!),
        text(to + 4, at + 9, ratio.toFixed(ratio < 100 ? 2 : 0), "small"),
      );
    }
  }
  const said = rows.map((row) => {
    const each = row.ratios.flatMap((ratio, i) => (ratio === undefined ? [] : [`${bars[i]} ${ratio.toFixed(2)}`]));
    return `${row.title}: ${each.join(", ")}`;
  });
  return svg({ width: left + width + 60, height, title, description: said.join("; "), parts });
}
