/** Findings, of which so many are kept; the verdict counts all. */
import type { Verdict } from "./policy.js";
import { type ScanFinding, worse } from "./report.js";

export class Findings {
  readonly #max: number;
  readonly #kept: ScanFinding[] = [];
  #omitted = 0;
  #verdict: Verdict = "allowed";
  #acts = false;

  constructor(max: number) {
    this.#max = max;
  }

  get kept(): readonly ScanFinding[] {
    return this.#kept;
  }

  get omitted(): number {
    return this.#omitted;
  }

  /** The worst of all. */
  get verdict(): Verdict {
    return this.#verdict;
  }

  /** Whether one is about something that a pickle does. */
  get acts(): boolean {
    return this.#acts;
  }

  add(finding: ScanFinding): void {
    this.#verdict = worse(this.#verdict, finding.verdict);
    if (finding.kind !== "malformed") this.#acts = true;
    if (this.#kept.length < this.#max) this.#kept.push(finding);
    else this.#omitted++;
  }

  addAll(others: Findings): void {
    for (const finding of others.#kept) this.add(finding);
    this.#omitted += others.#omitted;
    this.#verdict = worse(this.#verdict, others.#verdict);
  }
}
