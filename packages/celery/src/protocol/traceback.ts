/** Python's traceback text, taken apart where one exception led to another. CPython `traceback.py`. */

export const DIRECT_CAUSE = "\n\nThe above exception was the direct cause of the following exception:\n\n";
const CONTEXT = "\n\nDuring handling of the above exception, another exception occurred:\n\n";

/** Exceptions of a chain at most. */
export const MAX_CAUSES = 10;
const MAX_LENGTH = 1_000_000;

export interface TracebackSection {
  /** `ValueError`, `proj.errors.Boom`. */
  readonly name: string;
  readonly message: string;
  readonly text: string;
}

/** One for each exception, the first cause first. What does not look like one is left out, and all before it. */
export function tracebackSections(traceback: string): TracebackSection[] {
  const texts = traceback
    .slice(-MAX_LENGTH)
    .split(DIRECT_CAUSE)
    .flatMap((part) => part.split(CONTEXT))
    .slice(-MAX_CAUSES);
  let sections: TracebackSection[] = [];
  for (const text of texts) {
    const section = readSection(text.trim());
    sections = section === undefined ? [] : [...sections, section];
  }
  return sections;
}

function readSection(text: string): TracebackSection | undefined {
  const lines = text.split("\n");
  const isPython = lines[0]?.startsWith("Traceback (most recent call last)") === true;
  // Python puts the exception after its frames, V8 before them.
  const start = isPython ? lines.findIndex((line, index) => index > 0 && /^\S/.test(line)) : 0;
  if (start < 0) return undefined;
  const end = isPython ? lines.length : lines.findIndex((line) => /^\s+at /.test(line));
  const said = lines.slice(start, end < 0 ? lines.length : end).join("\n");
  const match = /^([A-Za-z_][\w.]*)(?:: ([\s\S]*))?$/.exec(said);
  return match === null ? undefined : { name: match[1]!, message: match[2] ?? "", text };
}
