/** What a pickle does besides making values: names, calls, state set, ids loaded. Each is judged and reported. */
import { fixImport } from "../../pickle/fix-imports.js";
import { type GlobalJudge, isEnum, type Verdict } from "./policy.js";
import { type ScanFinding, worse } from "./report.js";
import { type CallValue, callOf, type GlobalValue, type ScanValue } from "./values.js";

/** Reports something that the opcode at hand does. */
export type Report = (
  kind: ScanFinding["kind"],
  verdict: Verdict,
  message: string,
  module?: string | undefined,
  name?: string | undefined,
) => void;

/** Nothing has a longer name: one would only make the report long. */
const MAX_NAME = 1000;
const RESULT_OF = "the result of ";

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
    const length = Math.max(givenModule.length, givenName.length);
    if (length > MAX_NAME) return this.#nameless(`names a global by ${length} characters`);
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
    return this.#nameless("names a global by values that are not plain strings");
  }

  #nameless(message: string): GlobalValue {
    this.#report("global", "dangerous", message);
    return { kind: "global", module: "?", name: "?", verdict: "dangerous" };
  }

  call(callable: ScanValue, items: readonly ScanValue[]): CallValue {
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
      // Said once, also of the result of a result.
      shown = callable.callable.startsWith(RESULT_OF) ? callable.callable : `${RESULT_OF}${callable.callable}`;
    }
    this.#report("call", verdict, `calls ${shown}`, module, name);
    const isShared = module !== undefined && name !== undefined && isEnum(module, name);
    return callOf({ callable: shown, verdict, isShared }, items);
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
    const shown = id !== undefined && id.length > MAX_NAME ? `${id.slice(0, MAX_NAME)}...` : id;
    this.#report(
      "persistent-id",
      "unknown",
      shown === undefined ? "loads a persistent id" : `loads persistent id ${shown}`,
    );
    return callOf({ callable: "persistent_load", verdict: "unknown", isShared: false }, []);
  }
}

function isGlobal(value: ScanValue): value is GlobalValue {
  return typeof value === "object" && value.kind === "global";
}

function isCall(value: ScanValue): value is CallValue {
  return typeof value === "object" && value.kind === "call";
}
