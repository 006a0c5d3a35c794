/** Signatures to build work-flows from: a task's name, arguments and options, as a value. */
import { PyGlobal, Tuple } from "@brine/codec";
import { extendOptionNames, optionNames } from "@brine/codec/options";
import { CeleryError } from "../../errors.js";
import {
  makeSignature,
  mergeSignature,
  readSignature,
  type SignatureDict,
  type SignatureLike,
  type SubtaskType,
} from "../../protocol/signature.js";
import { APPLY_OPTIONS, type ApplyOptions, optionsToWire } from "../apply-options.js";
import { checkNames } from "../option-names.js";
import type { AsyncResult } from "../results/async-result.js";
import { type LinkOption, type LinkRules, linkRules, withLink } from "./links.js";
import { type Stamps, stampSignature } from "./stamps.js";

/** What a signature holds beside the name of its task. */
export interface SignatureFields {
  /** Positional arguments; a call may put more in front. Default: none. */
  readonly args?: readonly unknown[] | undefined;
  /** Keyword arguments; a call may add more. Default: none. */
  readonly kwargs?: Readonly<Record<string, unknown>> | undefined;
  /** How it is sent; those of a call win. Default: the task's. */
  readonly options?: ApplyOptions | undefined;
  /** Takes no arguments from the task before it. Default false. */
  readonly immutable?: boolean | undefined;
}

const SIGNATURE_FIELDS = /* @__PURE__ */ optionNames<SignatureFields>({
  args: true,
  kwargs: true,
  options: true,
  immutable: true,
});

/** What `set` changes. */
type SignatureChanges = ApplyOptions & Pick<SignatureFields, "immutable">;

const SIGNATURE_CHANGES = extendOptionNames<SignatureChanges, ApplyOptions>(APPLY_OPTIONS, { immutable: true });

/** @throws CeleryError `bad-option` for a name that there is not */
function checkFields(fields: SignatureFields): void {
  checkNames(fields, SIGNATURE_FIELDS, "fields of a signature");
  checkNames(fields.options, APPLY_OPTIONS, "options of a signature");
}

/** Sends a signature; an app implements it. */
export interface SignatureSender {
  readonly settings?: LinkRules | undefined;
  applySignature(
    signature: SignatureDict,
    more: { args?: readonly unknown[]; kwargs?: Record<string, unknown>; options?: Record<string, unknown> },
  ): Promise<AsyncResult<unknown>>;
}

/**
 * A task call that has not been made. Immutable as a value: `set`, `clone` and `link` give a new one.
 *
 * Pickled and in JSON it is what Python's `celery.canvas.Signature` is, so it may be an argument of a task.
 */
export class Signature<Result = unknown, Sent extends AsyncResult = AsyncResult<Result>> implements SignatureLike {
  readonly #dict: SignatureDict;
  readonly #sender: SignatureSender | undefined;
  /** Only for the type of the result. */
  declare readonly resultType?: Result;
  /** Only for the type of what stands for the result when it is sent: of a group, a `GroupResult`. */
  declare readonly sentType?: Sent;

  /** For `app.signature` and the functions of the canvas, which make signatures. */
  constructor(dict: SignatureDict, sender?: SignatureSender) {
    this.#dict = Object.freeze({ ...dict });
    this.#sender = sender;
  }

  /**
   * What `app.signature` and `task.s` make: checked, with all six keys in its dict.
   *
   * @param sender - without one it can be built with, and not be sent
   * @throws CeleryError `bad-option` for a field or an option that there is not
   */
  static make<Result>(task: string, fields: SignatureFields, sender?: SignatureSender): Signature<Result> {
    checkFields(fields);
    const dict = makeSignature(task, {
      args: Tuple.from(fields.args ?? []),
      kwargs: { ...fields.kwargs },
      options: optionsToWire(fields.options ?? {}),
      immutable: fields.immutable ?? false,
    });
    return new Signature<Result>(dict, sender);
  }

  /** The task's name. */
  get task(): string {
    return this.#dict.task;
  }

  /** The first positional arguments; a call may add more in front. */
  get args(): readonly unknown[] {
    return this.#dict.args;
  }

  /** Keyword arguments; a call may add more. */
  get kwargs(): Readonly<Record<string, unknown>> {
    return this.#dict.kwargs;
  }

  /** Options of the call, with Python's names: `task_id`, `countdown`. */
  get options(): Readonly<Record<string, unknown>> {
    return this.#dict.options;
  }

  /** `"chain"`, `"group"`, `"chord"`, ...; `null` for a task. */
  get subtaskType(): SubtaskType | null {
    return this.#dict.subtask_type;
  }

  /** Whether the results of what went before are left out of its arguments: Python's `si`. */
  get isImmutable(): boolean {
    return this.#dict.immutable;
  }

  /** The app that sends it; `undefined` when it came from elsewhere, as by a message. */
  get sender(): SignatureSender | undefined {
    return this.#sender;
  }

  /**
   * A copy with more arguments in front and other keyword arguments and options: a partial.
   *
   * @throws CeleryError `bad-option` for a field or an option that there is not
   */
  clone(more: SignatureFields): Signature<Result, Sent> {
    checkFields(more);
    const merged = mergeSignature(this.#dict, {
      ...(more.args === undefined ? {} : { args: more.args }),
      ...(more.kwargs === undefined ? {} : { kwargs: { ...more.kwargs } }),
      options: optionsToWire(more.options ?? {}),
    });
    const args = Tuple.from(merged.args);
    return new Signature({ ...merged, args, immutable: more.immutable ?? merged.immutable }, this.#sender);
  }

  /**
   * A copy with these options over its own; `immutable` too.
   *
   * @throws CeleryError `bad-option` for an option that there is not
   */
  set(options: SignatureChanges): Signature<Result, Sent> {
    checkNames(options, SIGNATURE_CHANGES, "options of a signature");
    const { immutable, ...rest } = options;
    return this.clone({ options: rest, immutable });
  }

  /** A copy that calls `callback` with its result. Of a group, its first task does, without the result; of a chord, its body. */
  link(callback: SignatureLike | SignatureDict): Signature<Result, Sent> {
    return this.#withLink("link", callback);
  }

  /**
   * A copy that calls `errback` when it fails. Of a group and of a chain, each task does; of a chord, its body, and the tasks of
   * its header too with the setting `taskAllowErrorCbOnChordHeader`.
   */
  linkError(errback: SignatureLike | SignatureDict): Signature<Result, Sent> {
    return this.#withLink("link_error", errback);
  }

  /** A copy with these stamps on it and on every task in it, callbacks included. */
  stamp(stamps: Stamps): Signature<Result, Sent> {
    return new Signature(stampSignature(this.#dict, stamps), this.#sender);
  }

  #withLink(option: LinkOption, target: SignatureLike | SignatureDict): Signature<Result, Sent> {
    const rules = linkRules(this.#sender?.settings);
    return new Signature(withLink(this.#dict, option, readSignature(target, option), rules), this.#sender);
  }

  /**
   * Sends it: `args` in front of its own, `kwargs` and `options` over its own. An immutable one takes options only.
   *
   * @throws CeleryError `bad-state` when the signature was not made by an app, `no-backend` for a chord where nothing counts its
   *   parts, and as {@link Celery.sendTask}
   */
  async applyAsync(more: SignatureFields = {}): Promise<Sent> {
    checkFields(more);
    if (this.#sender === undefined) {
      throw new CeleryError(`Cannot send ${this.task}: the signature belongs to no app; send app.signature(it)`, {
        code: "bad-state",
      });
    }
    const { stamps, ...options } = more.options ?? {};
    const dict = stamps === undefined ? this.#dict : stampSignature(this.#dict, stamps);
    const sent = await this.#sender.applySignature(dict, {
      ...(more.args === undefined ? {} : { args: more.args }),
      ...(more.kwargs === undefined ? {} : { kwargs: { ...more.kwargs } }),
      options: optionsToWire(options),
    });
    return sent as Sent;
  }

  /**
   * Sends it with these arguments in front of its own.
   *
   * @throws as {@link applyAsync}
   */
  async delay(...args: unknown[]): Promise<Sent> {
    return this.applyAsync({ args });
  }

  /** Its dict, as it travels in a message. Frozen. */
  toDict(): SignatureDict {
    return this.#dict;
  }

  /** As {@link toDict}. */
  toJSON(): SignatureDict {
    return this.#dict;
  }

  /** As {@link toDict}; kombu's JSON asks for it. */
  __json__(): SignatureDict {
    return this.#dict;
  }

  /** `celery.canvas.signature(dict)`, as Python pickles its own. */
  __reduce__(): readonly [PyGlobal, readonly [SignatureDict]] {
    return [new PyGlobal("celery.canvas", "signature"), [this.#dict]];
  }
}
