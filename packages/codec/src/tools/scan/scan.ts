import { isPickleError } from "../../errors.js";
import { checkOptions } from "../../options/check.js";
import { optionNames } from "../../options/option-names.js";
import { Cursor } from "../cursor.js";
import { Findings } from "./findings.js";
import { type MachineFinding, ScanMachine } from "./machine.js";
import { GlobalJudge, type ScanPolicy } from "./policy.js";
import type { ScanReport } from "./report.js";

/** What {@link scan} takes. Everything is optional. */
export interface ScanOptions extends ScanPolicy {
  /** Findings kept in the report; the verdict counts all. Default 100,000. */
  readonly maxFindings?: number | undefined;
}

const SCAN_OPTIONS = /* @__PURE__ */ optionNames<ScanOptions>({ allow: true, deny: true, maxFindings: true });

/** A pickle in a pickle in a pickle ... more than this deep is nobody's data. */
const MAX_NESTING = 8;

/**
 * What the pickles in `bytes` would import, call and change: every one, in every pickle of a stream one after another, up to
 * the first byte that is no pickle. Nothing is imported, called or built; the work is linear in the input.
 *
 * Only `"allowed"` means that loading the input does nothing but make values. It never throws for bad input: what cannot be
 * read is a finding.
 *
 * @throws PickleError `bad-option` for an option that there is not, or a text in place of a list of names
 * @example
 * const { verdict, findings } = scan(Buffer.from("cos\nsystem\n(Vls\ntR."), { allow: ["app.models.User"] });
 * verdict // => 'dangerous'
 * findings.map((finding) => finding.message) // => [ 'names os.system', 'calls os.system' ]
 */
export function scan(bytes: Uint8Array | ArrayBuffer, options: ScanOptions = {}): ScanReport {
  checkOptions(options, SCAN_OPTIONS, "options of scan()");
  const scanner = new Scanner(options);
  scanner.stream(bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes);
  return scanner.result();
}

class Scanner {
  readonly #judge: GlobalJudge;
  readonly #maxFindings: number;
  readonly #findings: Findings;
  #pickles = 0;

  constructor(options: ScanOptions) {
    this.#judge = new GlobalJudge(options);
    this.#maxFindings = options.maxFindings ?? 100_000;
    this.#findings = new Findings(this.#maxFindings);
  }

  result(): ScanReport {
    const { verdict, kept, omitted } = this.#findings;
    return { verdict, findings: kept, pickles: this.#pickles, omitted };
  }

  /** All pickles of the input; one without any is damaged too. */
  stream(bytes: Uint8Array): void {
    const cursor = new Cursor(bytes);
    for (let pickle = 0; pickle === 0 || cursor.remaining > 0; pickle++) {
      const report = (finding: MachineFinding) => this.#findings.add({ ...finding, pickle, within: [] });
      if (!this.#pickle(cursor, report, pickle, [])) return;
      this.#pickles++;
    }
  }

  /** One pickle; false where it breaks off. */
  #pickle(
    cursor: Cursor,
    report: (finding: MachineFinding) => void,
    pickle: number,
    within: readonly number[],
  ): boolean {
    const start = cursor.position;
    const machine = new ScanMachine(cursor, {
      judge: this.#judge,
      report,
      content: (content, offset) => this.#nested(content, offset, pickle, within),
    });
    try {
      machine.run();
      return true;
    } catch (error) {
      if (!isPickleError(error)) throw error;
      const what = pickle > 0 && machine.offset === start ? "what follows the pickle is none" : "is damaged";
      report({
        kind: "malformed",
        verdict: "unknown",
        offset: machine.offset,
        opcode: error.opcode,
        message: `${what}: ${error.message}`,
      });
      return false;
    }
  }

  /** Looks for a pickle in a string. What only looks like one, and does nothing, is not reported. */
  #nested(content: Uint8Array, offset: number, pickle: number, outer: readonly number[]): void {
    if (!looksLikePickle(content)) return;
    const within = [...outer, offset];
    if (within.length > MAX_NESTING) {
      this.#findings.add({
        kind: "nested",
        verdict: "dangerous",
        offset,
        pickle,
        within: outer,
        message: `nests pickles more than ${MAX_NESTING} deep`,
      });
      return;
    }
    const found = new Findings(this.#maxFindings);
    const complete = this.#pickle(
      new Cursor(content),
      (finding) => found.add({ ...finding, pickle, within }),
      pickle,
      within,
    );
    if (!found.acts || (!complete && found.verdict !== "dangerous")) return;
    const { verdict } = found;
    this.#findings.add({
      kind: "nested",
      verdict,
      offset,
      pickle,
      within: outer,
      message: "holds a pickle in a string",
    });
    this.#findings.addAll(found);
  }
}

/** The beginnings of a pickle: PROTO, or one of the opcodes a hostile pickle of protocol 0 or 1 begins with. */
function looksLikePickle(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false;
  const first = bytes[0];
  if (first === 0x80) return bytes[1]! <= 5;
  // GLOBAL, or a mark; the rest of text that begins so soon turns out to be no pickle.
  return (first === 0x63 || first === 0x28) && bytes.includes(0x2e) && bytes.includes(0x0a);
}
