/** What cannot be pickled, and where in the value it is. */
import { reasonOf } from "../../../coded-error.js";
import { PicklingError } from "../../../errors.js";
import type { ResolvedPicklerOptions } from "../pickler-options.js";
import { Trail } from "../trail.js";
import { unhashableKey } from "../unhashable-keys.js";
import { ContainerWriter } from "./container-writer.js";

export abstract class ErrorWriter extends ContainerWriter {
  undefinedMode: ResolvedPicklerOptions["undefined"] = "error";
  protected maxDepth = Number.MAX_SAFE_INTEGER;
  private readonly trail = new Trail();
  /** The error that {@link failure} made for this pickle, which still lacks its path. */
  private failed: PicklingError | undefined;

  protected forgetErrors(): void {
    this.trail.clear();
    this.failed = undefined;
  }

  /** Whether a hook is asked for what an object is made of, and may write another in its place. */
  protected abstract asksForParts(): boolean;

  fail(message: string, cause?: unknown): Error {
    return this.failure("unpicklable", message, cause);
  }

  failure(code: PicklingError["code"], message: string, cause?: unknown): PicklingError {
    this.failed = new PicklingError(message, { code, cause });
    return this.failed;
  }

  private limitFailure(name: "maxBytes" | "maxDepth" | "maxIntDigits", max: number, what: string): PicklingError {
    const message = `Cannot pickle ${what}: the limit ${name} is ${max}`;
    this.failed = new PicklingError(message, { code: "limit-exceeded", limit: { name, max } });
    return this.failed;
  }

  tooLong(): Error {
    return this.limitFailure("maxBytes", this.maxBytes, "a value of so many bytes");
  }

  intTooLong(): Error {
    return this.limitFailure("maxIntDigits", this.maxIntDigits, "an int of so many digits as text");
  }

  protected tooDeep(): Error {
    return this.limitFailure("maxDepth", this.maxDepth, "a value nested so deeply");
  }

  /** The error to leave the encoder with: one of ours, with the path. */
  protected located(error: unknown): PicklingError {
    const path = this.trail.path();
    const at = path === "" ? "" : ` at ${path}`;
    const { failed } = this;
    if (failed !== undefined && error === failed) {
      const { code, limit, cause } = failed;
      const [head, tail] = splitMessage(failed.message);
      return new PicklingError(`${head}${at}${tail}`, { code, limit, cause, path });
    }
    const reason = reasonOf(error);
    return new PicklingError(`Cannot pickle the value${at}: ${reason}`, { code: "hook-failed", path, cause: error });
  }

  /** Reports where in the value an error happened, from the inside out. */
  note(segment: string): void {
    this.trail.note(segment);
  }

  /** `undefined` as the value of a dict. */
  checkDefined(value: unknown): unknown {
    if (value === undefined && this.undefinedMode !== "none") throw this.undefinedValue();
    return value;
  }

  protected undefinedValue(): Error {
    return this.fail('Cannot pickle undefined: delete it, use null, or pass the option undefined: "none" or "omit"');
  }

  /** `undefined` as a key or a member of a set, or what Python cannot hash. */
  checkKey(key: unknown): unknown {
    if (typeof key === "object" && key !== null && !this.asksForParts()) {
      const reason = unhashableKey(key);
      if (reason !== undefined) throw this.fail(`Cannot pickle ${reason}`);
    }
    if (key !== undefined || this.undefinedMode === "none") return key;
    throw this.fail("Cannot pickle undefined as a key of a dict or a member of a set");
  }
}

/** What comes before and after the path in a message: `Cannot pickle X`, `: because`. */
function splitMessage(message: string): [string, string] {
  const colon = message.indexOf(": ");
  return colon < 0 ? [message, ""] : [message.slice(0, colon), message.slice(colon)];
}
