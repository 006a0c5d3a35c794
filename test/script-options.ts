/** The command lines of scripts that people run by hand. What is wrong with one is said in a line, with what there is. */
import { type ParseArgsConfig, parseArgs } from "node:util";

/** One option: how it is written, and what it means; `read` throws an Error that says what it may be. */
interface Option<Value> {
  readonly type: "string" | "boolean";
  read(given: string | boolean | undefined): Value;
}
type Values<Options> = { readonly [Name in keyof Options]: Options[Name] extends Option<infer Value> ? Value : never };

function textOption<Value>(fallback: Value, read: (text: string) => Value): Option<Value> {
  return { type: "string", read: (given) => (typeof given === "string" ? read(given) : fallback) };
}

/** `--save` */
export const flag: Option<boolean> = { type: "boolean", read: (given) => given === true };

/** `--rounds 15` */
export function wholeNumber<const Fallback extends number | undefined>(fallback: Fallback, least = 1) {
  return textOption<number | Fallback>(fallback, (text) => {
    const number = Number(text);
    if (text.trim() === "" || !Number.isSafeInteger(number) || number < least) {
      throw new Error(`takes a whole number from ${least} on, not ${JSON.stringify(text)}`);
    }
    return number;
  });
}

function choiceOf<Choice extends string>(text: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((each) => each === text);
  if (choice === undefined) throw new Error(`takes ${choices.join(", ")}, not ${JSON.stringify(text)}`);
  return choice;
}

/** `--broker amqp` */
export function oneOf<const Choice extends string>(choices: readonly Choice[]) {
  return textOption<Choice | undefined>(undefined, (text) => choiceOf(text, choices));
}

/** `--workload a,b` */
export function someOf<const Choice extends string>(choices: readonly Choice[]) {
  return textOption<readonly Choice[] | undefined>(undefined, (text) =>
    text.split(",").map((part) => choiceOf(part, choices)),
  );
}

/**
 * What this process was started with. Prints `usage` for `--help` and ends the process; with 2 where an option is unknown
 * or has a value that it cannot have.
 */
export function scriptOptions<Options extends Readonly<Record<string, Option<unknown>>>>(
  usage: string,
  options: Options,
  { allowPositionals = false } = {},
): { values: Values<Options>; positionals: readonly string[] } {
  let at = "";
  try {
    const { values, positionals } = parseArgs({
      options: { ...options, help: { type: "boolean", short: "h" } } as ParseArgsConfig["options"] & {},
      allowPositionals,
    });
    if (values.help === true) {
      console.log(usage);
      process.exit(0);
    }
    const read = Object.entries(options).map(([name, option]) => {
      at = `--${name} `;
      return [name, option.read(values[name] as string | boolean | undefined)];
    });
    return { values: Object.fromEntries(read) as Values<Options>, positionals };
  } catch (error) {
    console.error(`${at}${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}
