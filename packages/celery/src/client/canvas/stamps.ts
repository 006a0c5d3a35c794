/**
 * Stamps: facts that travel with every task of a work-flow, to find and revoke them by. Celery 5.3 `canvas.py`
 * `Signature.stamp`: in a signature's options each stamp is an option of its own name, and `stamped_headers` lists the names.
 */
import { isPlainRecord, readSignature, type SignatureDict } from "../../protocol/signature.js";

/** By name: text or numbers, or lists of them. */
export type Stamps = Readonly<Record<string, unknown>>;

/** Options with these stamps in addition to those they have; of the same name, the new one counts. */
export function stampOptions(options: Readonly<Record<string, unknown>>, stamps: Stamps): Record<string, unknown> {
  const names = Object.keys(stamps);
  if (names.length === 0) return { ...options };
  const present = stringsOf(options.stamped_headers);
  return { ...options, ...stamps, stamped_headers: [...new Set([...present, ...names])] };
}

/** The stamps of a signature's options; `undefined` for none. A plain `stamps` mapping is read too. */
export function stampsOfOptions(options: Readonly<Record<string, unknown>>): Stamps | undefined {
  const found = new Map<string, unknown>(isPlainRecord(options.stamps) ? Object.entries(options.stamps) : []);
  for (const name of stringsOf(options.stamped_headers)) {
    if (Object.hasOwn(options, name)) found.set(name, options[name]);
  }
  return found.size === 0 ? undefined : Object.fromEntries(found);
}

/** A copy with the stamps on it, on every task in it, and on what is called back. */
export function stampSignature(dict: SignatureDict, stamps: Stamps): SignatureDict {
  const stampOne = (value: unknown): SignatureDict => stampSignature(readSignature(value, "signature"), stamps);
  const options = stampOptions(dict.options, stamps);
  for (const name of ["link", "link_error"] as const) {
    const targets = options[name];
    if (Array.isArray(targets)) options[name] = targets.map(stampOne);
    else if (targets !== undefined && targets !== null) options[name] = [stampOne(targets)];
  }
  return { ...dict, options, kwargs: stampParts(dict, stampOne) };
}

function stampParts(dict: SignatureDict, stampOne: (value: unknown) => SignatureDict): Record<string, unknown> {
  const { kwargs } = dict;
  const list = (value: unknown): unknown => (Array.isArray(value) ? value.map(stampOne) : value);
  switch (dict.subtask_type) {
    case "chain":
    case "group":
      return { ...kwargs, tasks: list(kwargs.tasks) };
    case "chord": {
      const { header, body } = kwargs;
      return { ...kwargs, header: Array.isArray(header) ? list(header) : stampOne(header), body: stampOne(body) };
    }
    default:
      return kwargs;
  }
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}
