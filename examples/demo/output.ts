/** What the demo prints: steps with bytes, values and times, in columns, with colours on a terminal. */
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

const isColoured = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
const paint = (style: Style, text: string): string => (isColoured ? styleText(style, text) : text);

const startedAt = performance.now();

/** Steps that failed, in order. */
export const failures: string[] = [];

export function title(text: string): void {
  console.log(`\n${paint("bold", text)}`);
}

export function note(text: string): void {
  console.log(`  ${paint("dim", text)}`);
}

/** One line: who, what, and how it looks there. */
export function line(who: string, what: string, detail: string): void {
  console.log(`  ${paint("cyan", who.padEnd(8))} ${what.padEnd(15)} ${detail}`);
}

/** Bytes as a person can take them in: how many, the first ones in hexadecimal, and those that are text. */
export function bytes(who: string, what: string, data: Uint8Array): void {
  const head = Buffer.from(data.subarray(0, 20)).toString("hex").replaceAll(/../g, "$& ");
  const text = Buffer.from(data.subarray(0, 64))
    .toString("latin1")
    .replaceAll(/[^\x20-\x7e]+/g, "·");
  line(who, what, `${data.length} bytes  ${paint("yellow", head.trimEnd())}${data.length > 20 ? " ..." : ""}`);
  line("", "", paint("dim", text));
}

/** Runs a step, times it, and says whether it held. */
export async function step(name: string, action: () => Promise<void>): Promise<void> {
  title(name);
  const from = performance.now();
  try {
    await action();
    console.log(`  ${paint("green", "ok")}  in ${(performance.now() - from).toFixed(0)} ms`);
  } catch (error) {
    failures.push(name);
    console.log(
      `  ${paint("red", "FAILED")}  ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }
}

/** Fails the step when what came is not what was meant. */
export function expectEqual(actual: unknown, wanted: unknown, what: string): void {
  if (actual !== wanted) throw new Error(`${what}: got ${String(actual)}, wanted ${String(wanted)}`);
}

/** The last line; the exit code says the same. */
export function summary(): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (failures.length === 0) console.log(`\n${paint("green", "All steps worked")} in ${seconds} s.`);
  else console.log(`\n${paint("red", `${failures.length} failed`)}: ${failures.join("; ")} (${seconds} s).`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}
