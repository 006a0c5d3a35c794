/** Whether code ran that had not run before, by V8's block coverage of this process. */
import { Session } from "node:inspector/promises";

export class Coverage {
  readonly #session = new Session();
  readonly #scripts: RegExp;
  /** By function, which characters of its source were run. */
  readonly #covered = new Map<string, Uint8Array>();

  private constructor(scripts: RegExp) {
    this.#scripts = scripts;
  }

  /** @param scripts - URLs of the scripts that count */
  static async start(scripts: RegExp): Promise<Coverage> {
    const coverage = new Coverage(scripts);
    coverage.#session.connect();
    await coverage.#session.post("Profiler.enable");
    await coverage.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    return coverage;
  }

  /** Whether something ran for the first time since this was last asked. */
  async grew(): Promise<boolean> {
    // Taking the counts sets them to zero, so functions that did not run since are not worth a look.
    const { result } = await this.#session.post("Profiler.takePreciseCoverage");
    let hasGrown = false;
    for (const { url, scriptId, functions } of result) {
      if (!this.#scripts.test(url)) continue;
      for (const { ranges } of functions) {
        const [whole, ...blocks] = ranges;
        if (whole === undefined || whole.count === 0) continue;
        const start = whole.startOffset;
        const now = new Uint8Array(whole.endOffset - start).fill(1);
        // Inner blocks come after the outer ones that they correct.
        for (const { startOffset, endOffset, count } of blocks) {
          now.fill(count > 0 ? 1 : 0, startOffset - start, endOffset - start);
        }
        const key = `${scriptId}:${start}:${whole.endOffset}`;
        const before = this.#covered.get(key);
        if (before === undefined) {
          this.#covered.set(key, now);
          hasGrown = true;
          continue;
        }
        for (let i = 0; i < now.length; i++) {
          if (now[i]! > before[i]!) {
            before[i] = 1;
            hasGrown = true;
          }
        }
      }
    }
    return hasGrown;
  }

  stop(): void {
    this.#session.disconnect();
  }
}
