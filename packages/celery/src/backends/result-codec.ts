/** Result metas in and out of bytes, the same for every backend. */
import type { ClassRegistryView } from "@brine/codec";
import { DecodeError } from "@brine/codec/kombu";
import type { ContentCodec } from "../client/content.js";
import {
  errorFromResult,
  exceptionToJson,
  exceptionToPickle,
  exceptionToSafeJson,
  wrapException,
} from "../protocol/exceptions.js";
import { decodeResultMeta, encodeResultMeta, type ResultMeta } from "../protocol/result-meta.js";
import { EXCEPTION_STATES } from "../protocol/states.js";
import type { StoreRequest, TaskResult } from "./backend.js";

export interface EncodedResult {
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly contentEncoding: string;
}

export class ResultCodec {
  readonly #content: ContentCodec;
  readonly #serializer: string;
  readonly registry: ClassRegistryView;

  constructor(content: ContentCodec, serializer: string, registry: ClassRegistryView) {
    this.#content = content;
    this.#serializer = serializer;
    this.registry = registry;
  }

  /**
   * @throws EncodeError for a return value that the serializer cannot carry; exceptions always can, in a reduced form if
   * need be
   */
  encode(request: StoreRequest): EncodedResult {
    const { meta } = request;
    if (!EXCEPTION_STATES.has(meta.status)) return this.#dump(encodeResultMeta(meta));
    try {
      return this.#dump(encodeResultMeta({ ...meta, result: this.exceptionForm(request.thrown) }));
    } catch {
      return this.#dump(encodeResultMeta({ ...meta, result: this.#reducedForm(request.thrown) }));
    }
  }

  /** An exception as the serializer wants it: an instance for pickle, a dict for the others. */
  exceptionForm(thrown: unknown): unknown {
    return this.#serializer === "pickle"
      ? exceptionToPickle(thrown, this.registry)
      : exceptionToJson(thrown, this.registry);
  }

  #reducedForm(thrown: unknown): unknown {
    return this.#serializer === "pickle" ? wrapException(thrown) : exceptionToSafeJson(thrown);
  }

  /** Any other value of the backend: parts of chords. */
  dump(value: unknown): EncodedResult {
    return this.#dump(value);
  }

  /** A chord part's `[1, id, state, result]`; an exception that cannot be carried is reduced. */
  dumpPart(taskId: string, state: string, result: unknown, thrown: unknown): EncodedResult {
    if (!EXCEPTION_STATES.has(state)) return this.#dump([1, taskId, state, result]);
    try {
      return this.#dump([1, taskId, state, this.exceptionForm(thrown)]);
    } catch {
      return this.#dump([1, taskId, state, this.#reducedForm(thrown)]);
    }
  }

  load(body: Uint8Array, contentType: string | undefined): unknown {
    return this.#content.decodeResult(body, contentType).value;
  }

  #dump(value: unknown): EncodedResult {
    return this.#content.encodeBare(value, this.#serializer);
  }

  /** @throws DecodeError, ContentDisallowed */
  decode(body: Uint8Array, contentType: string | undefined, taskId?: string): TaskResult {
    const { value, refusal } = this.#content.decodeResult(body, contentType);
    const meta = decodeResultMeta(value, taskId);
    if (meta === undefined) throw new DecodeError("Cannot decode result: no status in it", { code: "decode-failed" });
    if (EXCEPTION_STATES.has(meta.status)) return { meta, value: undefined, error: this.#error(meta) };
    // An unregistered class in a failure is its name; in a value it is an error that says how to register it.
    if (refusal !== undefined) throw refusal;
    return { meta, value: meta.result, error: undefined };
  }

  #error(meta: ResultMeta): TaskResult["error"] {
    const { taskId, traceback } = meta;
    return errorFromResult(meta.result, { registry: this.registry, taskId, traceback });
  }
}
