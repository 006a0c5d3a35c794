/** The settings of an app as Celery would show them. */
import type { Celery } from "../client/app.js";
import { resolveSettings } from "../client/settings.js";
import { saferepr } from "../protocol/saferepr.js";

/** Settings that Celery has under the same name in snake_case are shown; these are ours alone, or no setting of Celery's. */
const OURS: ReadonlySet<string> = new Set([
  "pickleProtocol",
  "jsonDialect",
  "registry",
  "limits",
  "maxBodyBytes",
  "resultChordOrdered",
  "tracing",
  "logger",
]);

/** What was set, or everything with `withDefaults`. URLs come from the transports, which hide passwords. */
export function celeryConf(app: Celery, withDefaults: boolean): Record<string, unknown> {
  const defaults = resolveSettings({}) as Readonly<Record<string, unknown>>;
  const conf: Record<string, unknown> = {
    broker_url: app.transport.description,
    result_backend: app.backend.description,
    task_serializer: app.settings.taskSerializer,
  };
  for (const [name, value] of Object.entries(app.settings)) {
    if (OURS.has(name) || value === undefined) continue;
    if (!withDefaults && saferepr(value) === saferepr(defaults[name])) continue;
    conf[name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] = isPlain(value) ? value : saferepr(value);
  }
  return conf;
}

/** What every serializer carries. */
function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}
