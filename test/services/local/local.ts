import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { SCRIPTS_DIRECTORY } from "../paths.js";
import type { ServiceVersions } from "../types.js";
import { canInstall, DEBIAN_PACKAGES, installWithApt, type Requirement } from "./debian.js";
import { findExecutable } from "./executables.js";

export type PythonVersions = Omit<ServiceVersions, "rabbitmq" | "redis" | "valkey">;

export interface LocalPython {
  readonly interpreter: string;
  readonly versions: PythonVersions;
  readonly missing: readonly Requirement[];
}

/** Without these there is nothing to test against; without the others only their own tests. */
const ESSENTIAL: ReadonlySet<Requirement> = new Set([
  "redis-server",
  "rabbitmq-server",
  "python3",
  "celery",
  "kombu",
  "redis",
]);

/** What `versions.py` prints. */
export function parseVersions(output: string): { versions: PythonVersions; missing: readonly Requirement[] } {
  const { versions, missing } = JSON.parse(output) as {
    versions: Record<keyof PythonVersions, string | null> & { python: string };
    missing: Requirement[];
  };
  return {
    versions: Object.fromEntries(Object.entries(versions).map(([name, value]) => [name, value ?? undefined])) as {
      [Name in keyof PythonVersions]: PythonVersions[Name];
    },
    missing,
  };
}

/**
 * The interpreter that has Celery, which need not be the first on PATH: Debian's packages belong to /usr/bin/python3.
 * Without any, the first interpreter there is; `BRINE_PYTHON` goes before all.
 */
export async function findLocalPython(): Promise<LocalPython | undefined> {
  const onPath = await findExecutable(["python3"]);
  const candidates = new Set(
    [process.env.BRINE_PYTHON, "/usr/bin/python3", onPath].filter((file) => file !== undefined),
  );
  let fallback: LocalPython | undefined;
  for (const interpreter of candidates) {
    const result = await promisify(execFile)(interpreter, [path.join(SCRIPTS_DIRECTORY, "versions.py")]).catch(
      () => undefined,
    );
    if (result === undefined) continue;
    const python = { interpreter, ...parseVersions(result.stdout) };
    if (!python.missing.some((module) => ESSENTIAL.has(module))) return python;
    fallback ??= python;
  }
  return fallback;
}

/**
 * Sees to it that this machine has what local mode needs: as root on Debian or Ubuntu by installing it.
 * @throws `Error` that says exactly what to install
 */
export async function requireLocal(
  wanted: { readonly servers: boolean },
  log: (text: string) => void,
): Promise<LocalPython> {
  let { python, missing } = await survey(wanted.servers);
  if (missing.length > 0 && (await canInstall())) {
    await installWithApt([...new Set(missing.map((name) => DEBIAN_PACKAGES[name]))], log);
    ({ python, missing } = await survey(wanted.servers));
  }
  const essential = missing.filter((name) => ESSENTIAL.has(name));
  if (python === undefined || essential.length > 0) {
    throw new Error(
      [
        `Cannot start local services: not installed: ${essential.join(", ")}`,
        `On Debian or Ubuntu: sudo apt-get install --no-install-recommends ${Object.values(DEBIAN_PACKAGES).join(" ")}`,
        "Elsewhere: install Redis (or Valkey), RabbitMQ with Erlang, and Python 3 with celery, redis, rq, django,",
        "django-redis, flask-caching, msgpack and pyyaml (BRINE_PYTHON names the interpreter to use)",
        "Or start Docker; or give running services in BRINE_AMQP_URL and BRINE_REDIS_URL",
      ].join("\n"),
    );
  }
  if (missing.length > 0) log(`Not installed, so their tests are skipped: ${missing.join(", ")}`);
  return python;
}

async function survey(servers: boolean): Promise<{ python: LocalPython | undefined; missing: Requirement[] }> {
  const python = await findLocalPython();
  const missing: Requirement[] = [];
  if (servers && (await findExecutable(["redis-server", "valkey-server"])) === undefined) missing.push("redis-server");
  if (servers && (await findExecutable(["rabbitmq-server"], ["/usr/lib/rabbitmq/bin"])) === undefined)
    missing.push("rabbitmq-server");
  if (python === undefined) missing.push("python3", "celery", "kombu", "redis");
  else missing.push(...python.missing);
  return { python, missing };
}
