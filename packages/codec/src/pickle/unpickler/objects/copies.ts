/**
 * The limit `maxCopies`. A pickle names a value that it holds with two bytes, again and again, and each time a call such as
 * `list(x)` goes through all of it: what that costs grows with the square of the input.
 */
import type { GlobalEntry } from "../../../globals/registry.js";
import { isDictObject } from "../containers/fill.js";
import { overLimit } from "../faults.js";

/** What is no longer than this costs little more than the opcodes that name it, and is not counted. */
const SHORT = 100;

/** The first int with more bytes than that. */
const LONG_INT = 2n ** BigInt(8 * SHORT);

/** What a machine says of its input. */
export interface Sharing {
  /** Whether an object, other than a global, was pushed a second time. Strings and ints are not told apart. */
  readonly isSharing: boolean;
  readonly input: { readonly bytes: Uint8Array };
}

export class Copies {
  readonly #sharing: Sharing;
  readonly #max: number;
  #count = 0;

  /** @param max - how much may be copied beyond what the input itself can hold */
  constructor(sharing: Sharing, max: number) {
    this.#sharing = sharing;
    this.#max = max;
  }

  /** The arguments of a call, which are passed on, each as it is, and gone through if `entry` says so. */
  arguments(args: readonly unknown[], entry?: GlobalEntry): void {
    if (args.length > SHORT && this.#sharing.isSharing) this.#add(args.length);
    // Asked last: most arguments are short, which is seen sooner than any entry is asked. Their size is found out last of all,
    // since that goes through a dict.
    for (let i = 0; i < args.length; i++)
      if (this.#mayBeLong(args[i]) && entry?.copiesArguments === true) this.#add(sizeOf(args[i]));
  }

  /** A value that something goes through. */
  read(value: unknown): void {
    if (this.#mayBeLong(value)) this.#add(sizeOf(value));
  }

  #mayBeLong(value: unknown): boolean {
    if (typeof value === "string") return value.length > SHORT;
    if (typeof value === "bigint") return value >= LONG_INT || value <= -LONG_INT;
    return typeof value === "object" && value !== null && this.#sharing.isSharing;
  }

  /** A state whose items become attributes: a dict, or the tuple of one or `null` and one of slots. */
  attributes(state: unknown): void {
    if (!this.#sharing.isSharing) return;
    if (!Array.isArray(state)) this.#addDict(state);
    else if (state.length === 2) for (let i = 0; i < 2; i++) this.#addDict(state[i]);
  }

  #addDict(value: unknown): void {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) this.#add(sizeOf(value));
  }

  #add(size: number): void {
    if (size <= SHORT) return;
    this.#count += size;
    // What is copied once each is no longer than the input.
    if (this.#count > this.#sharing.input.bytes.length + this.#max) throw overLimit("maxCopies", this.#max);
  }
}

/** Items, characters or bytes. */
function sizeOf(value: unknown): number {
  if (typeof value === "bigint") return value.toString(16).length / 2;
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  if (value instanceof Map || value instanceof Set) return value.size;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  // An instance is passed on as it is, and going through all that it has would cost as much as copying it.
  if (!isDictObject(value)) return 0;
  // Most are short, for which no list of their keys is made.
  let count = 0;
  for (const _key in value) if (++count > SHORT) return Object.keys(value).length;
  return count;
}
