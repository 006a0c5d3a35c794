/** A class with state of its own: what is stored, and how it comes back. */
import { ClassRegistry, dumps, loads } from "@brine/codec";

class Report {
  title: string;
  rows: number[];
  #cache: number | undefined;

  constructor(title: string, rows: number[]) {
    this.title = title;
    this.rows = rows;
  }

  get total(): number {
    this.#cache ??= this.rows.reduce((sum, row) => sum + row, 0);
    return this.#cache;
  }

  __getstate__(): unknown {
    return { title: this.title, rows: this.rows };
  }

  // The constructor is not called, so private fields do not exist here: a fresh object is made by `static __new__`.
  static __new__(): Report {
    return new Report("", []);
  }

  __setstate__(state: { title: string; rows: number[] }): void {
    if (!Array.isArray(state.rows)) throw new TypeError("rows is no list"); // the sender may lie
    this.title = state.title;
    this.rows = state.rows;
  }
}

const registry = new ClassRegistry();
registry.register("app.reports.Report", Report);

const bytes = dumps(new Report("May", [1, 2, 3]), { registry });
const report = loads(bytes, { registry }) as Report;
console.log(report instanceof Report, report.title, report.total); // true May 6
