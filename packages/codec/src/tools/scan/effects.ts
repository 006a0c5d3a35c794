/** What a pickle does besides making values: names, calls, state set, ids loaded. Each is judged and reported. */
import { fixImport } from "../../pickle/fix-imports.js";
import { type GlobalJudge, isEnum, type Verdict } from "./policy.js";
import { type ScanFinding, worse } from "./report.js";
import type { CallValue, GlobalValue, ScanValue } from "./values.js";

/** Reports something that the opcode at hand does. */
export type Report = (
  kind: ScanFinding["kind"],
  verdict: Verdict,
  message: string,
  module?: string | undefined,
  name?: string | undefined,
) => void;

/** Each method but `build` returns what the opcode pushes. */
export class ScanEffects {
  readonly #judge: GlobalJudge;
  readonly #report: Report;

  constructor(judge: GlobalJudge, report: Report) {
    this.#judge = judge;
    this.#report = report;
  }

  /** Protocols below 3 may mean Python 2's names, which readers translate unless told not to. */
  resolve(givenModule: string, givenName: string, protocol: number): GlobalValue {
    let verdict = this.#judge.judge(givenModule, givenName);
    let [module, name] = [givenModule, givenName];
    if (protocol < 3) {
      [module, name] = fixImport(givenModule, givenName);
      if (module !== givenModule || name !== givenName) {
        const translated = this.#judge.judge(module, name);
        verdict = verdict === "dangerous" ? verdict : translated;
      }
    }
    this.#report("global", verdict, `names ${module}.${name}`, module, name);
    return { kind: "global", module, name, verdict };
  }

  /** A name that the pickle makes up while it is loaded. */
  computedName(): GlobalValue {
    this.#report("global", "dangerous", "names a global by values that are not plain strings");
    return { kind: "global", module: "?", name: "?", verdict: "dangerous" };
  }

  call(callable: ScanValue, items: ScanValue[]): CallValue {
    let verdict: Verdict = "dangerous";
    let shown = "a computed value";
    let module: string | undefined;
    let name: string | undefined;
    if (isGlobal(callable)) {
      ({ module, name, verdict } = callable);
      shown = `${module}.${name}`;
    } else if (isCall(callable)) {
      // What a harmless class's instance does when called is not known.
      verdict = worse(callable.verdict, "unknown");
      shown = `the result of ${callable.callable}`;
    }
    this.#report("call", verdict, `calls ${shown}`, module, name);
    const isShared = module !== undefined && name !== undefined && isEnum(module, name);
    return { kind: "call", callable: shown, verdict, isShared, items, leaves: 0, expanded: 0 };
  }

  build(target: ScanValue): void {
    if (isGlobal(target)) {
      const { module, name } = target;
      this.#report("build", "dangerous", `changes ${module}.${name} itself`, module, name);
    } else if (isCall(target) && target.isShared) {
      this.#report("build", "dangerous", `changes a member of ${target.callable} for everyone`);
    } else if (isCall(target)) {
      this.#report("build", target.verdict, `sets the state of what ${target.callable} made`);
    } else {
      this.#report("build", "unknown", "sets the state of a value that has none");
    }
  }

  extension(code: number): GlobalValue {
    this.#report("extension", "unknown", `names extension code ${code}`);
    return { kind: "global", module: "copyreg", name: `extension ${code}`, verdict: "unknown" };
  }

  persistentId(id: string | undefined): CallValue {
    this.#report("persistent-id", "unknown", id === undefined ? "loads a persistent id" : `loads persistent id ${id}`);
    return {
      kind: "call",
      callable: "persistent_load",
      verdict: "unknown",
      isShared: false,
      items: [],
      leaves: 0,
      expanded: 0,
    };
  }
}

function isGlobal(value: ScanValue): value is GlobalValue {
  return value.kind === "global";
}

function isCall(value: ScanValue): value is CallValue {
  return value.kind === "call";
}
