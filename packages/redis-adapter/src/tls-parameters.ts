/** The `ssl_*` parameters that Celery's URLs carry. celery 5.2 `backends/redis.py` `_params_from_url`. */
import { readFileSync } from "node:fs";
import { reasonOf } from "@brine/codec/errors";
import type { RedisOptions } from "ioredis";
import { RedisAdapterError } from "./errors.js";

/** What the parameters of a `rediss://` URL say; the files that they name are read at once. */
export function tlsOptions(url: URL): NonNullable<RedisOptions["tls"]> {
  const tls: NonNullable<RedisOptions["tls"]> = {};
  for (const [name, value] of url.searchParams) {
    if (!name.startsWith("ssl_")) continue;
    if (name === "ssl_cert_reqs") {
      if (isOneOf(NOT_REQUIRED, name, value)) tls.rejectUnauthorized = false;
    } else if (name === "ssl_check_hostname") {
      if (isOneOf(NOT_CHECKED, name, value)) tls.checkServerIdentity = () => undefined;
    } else {
      const option = PEM_FILES.get(name);
      if (option === undefined) throw badUrl(`${name} is unknown; use the option connection: { tls: { ... } }`);
      tls[option] = readPem(name, value);
    }
  }
  return tls;
}

const PEM_FILES: ReadonlyMap<string, "ca" | "cert" | "key"> = new Map([
  ["ssl_ca_certs", "ca"],
  ["ssl_certfile", "cert"],
  ["ssl_keyfile", "key"],
]);

/** For a client, Python's `CERT_OPTIONAL` asks as much as `CERT_REQUIRED`. */
const NOT_REQUIRED: ReadonlyMap<string, boolean> = new Map([
  ["none", true],
  ["optional", false],
  ["required", false],
]);
/** redis-py's spellings of truth. Other than there, names are checked unless this says no. */
const NOT_CHECKED: ReadonlyMap<string, boolean> = new Map([
  ["false", true],
  ["no", true],
  ["0", true],
  ["true", false],
  ["yes", false],
  ["1", false],
]);

function isOneOf(values: ReadonlyMap<string, boolean>, name: string, value: string): boolean {
  const found = values.get(value.replace(/^CERT_/, "").toLowerCase());
  if (found !== undefined) return found;
  throw badUrl(`${name} is ${JSON.stringify(value)}, not one of ${[...values.keys()].join(", ")}`);
}

function readPem(name: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw badUrl(`${name} cannot be read: ${reasonOf(cause)}`);
  }
}

function badUrl(what: string): RedisAdapterError {
  return new RedisAdapterError(`Cannot use the Redis URL: ${what}`, { code: "bad-url" });
}
