import { PyInstance } from "../objects/instance.js";

/** `operator.methodcaller(name, *args, **keywords)`, as data. */
export class MethodCaller extends PyInstance {
  static override readonly pythonName = "operator.methodcaller";

  /** `undefined` without keyword arguments. */
  readonly keywords: Readonly<Record<string, unknown>> | undefined;

  constructor(
    kind?: "reduce" | "newobj",
    args?: readonly unknown[],
    keywords?: Readonly<Record<string, unknown>> | undefined,
  ) {
    super(kind, args);
    this.keywords = keywords;
  }
}
