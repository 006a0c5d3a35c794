import type { Generation, Mode, RedisVersions, ServiceVersions } from "./types.js";

/** Where a Python side lives. */
export type PythonPlace =
  | { readonly kind: "local"; readonly interpreter: string }
  | { readonly kind: "container"; readonly id: string; readonly image: string };

export interface EndpointDescriptor {
  readonly url: string;
  readonly pythonUrl: string;
  readonly isOurs: boolean;
}

/** A `ServiceSet` as data, so that another process can use what this one started. */
export interface SetDescriptor {
  readonly generation: Generation;
  readonly mode: Mode;
  readonly versions: ServiceVersions;
  readonly amqp: EndpointDescriptor;
  readonly redis: EndpointDescriptor;
  /** Absent: not installed there. */
  readonly valkey?: (EndpointDescriptor & { readonly versions: RedisVersions }) | undefined;
  readonly python: PythonPlace;
}

export interface MissingGeneration {
  readonly generation: Generation;
  readonly reason: string;
}

/** Everything that a run has, as data. */
export interface Provision {
  readonly mode: Mode;
  readonly sets: readonly SetDescriptor[];
  readonly missing: readonly MissingGeneration[];
  /** Unix socket of the process that owns the services (`control.ts`). */
  readonly controlSocket: string;
}
