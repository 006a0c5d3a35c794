/** The settings of an app as Celery would show them: `inspect conf`, and the last part of `inspect report`. */
import { arch, release, type as systemName } from "node:os";
import type { Queue } from "@brine/codec/kombu";
import type { Celery } from "../../client/app.js";
import { resolveSettings } from "../../client/settings/settings.js";
import { saferepr } from "../../protocol/saferepr.js";
import { isPlainRecord } from "../../protocol/signature.js";
import { describeQueue } from "./queue-info.js";

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

/** Settings whose values hold names, or objects that kombu has in a form of its own. */
const FORMS: Readonly<Record<string, (value: unknown) => unknown>> = {
  taskPublishRetryPolicy: withPythonNames,
  taskQueues: (queues) => (queues as readonly Queue[]).map(describeQueue),
  taskRoutes: describeRoutes,
};

/** What was set, or everything with `withDefaults`. URLs come from the transports, which hide passwords. */
export function celeryConf(app: Celery, withDefaults: boolean): Record<string, unknown> {
  // Some defaults follow from what was set.
  const { taskDefaultQueue, acceptContent } = app.settings;
  const defaults = resolveSettings({ taskDefaultQueue, acceptContent }) as Readonly<Record<string, unknown>>;
  const plain = resolveSettings({}) as Readonly<Record<string, unknown>>;
  const isDefault = (name: string, value: unknown): boolean =>
    saferepr(value) === saferepr((name === "taskDefaultQueue" || name === "acceptContent" ? plain : defaults)[name]);
  const conf: Record<string, unknown> = {
    broker_url: app.transport.description,
    result_backend: app.backend.description,
    task_serializer: app.settings.taskSerializer,
  };
  for (const [name, value] of Object.entries(app.settings)) {
    if (OURS.has(name) || value === undefined) continue;
    if (!withDefaults && isDefault(name, value)) continue;
    const form = Object.hasOwn(FORMS, name) ? FORMS[name] : undefined;
    conf[pythonName(name)] = plainOf(form === undefined ? value : form(value));
  }
  return conf;
}

/** Celery's `app.bugreport()`. */
export function bugReport(app: Celery): string {
  const { node, v8, uv } = process.versions;
  const settings = Object.entries(celeryConf(app, false)).map(([name, value]) => `${name}: ${saferepr(value)}`);
  return [
    "",
    `software -> brine node:${node}`,
    `            v8:${v8} uv:${uv}`,
    `platform -> system:${systemName()} arch:${arch()}`,
    `            kernel version:${release()} imp:Node.js`,
    "loader   -> @brine/celery",
    `settings -> transport:${app.transport.type} results:${app.backend.description}`,
    "",
    ...settings,
    "",
  ].join("\n");
}

function pythonName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function withPythonNames(value: unknown): unknown {
  if (!isPlainRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [pythonName(name), each]));
}

/** Patterns stay as they are; what is said of one has Python's names. */
function describeRoutes(routes: unknown): unknown {
  if (Array.isArray(routes)) return routes.map(describeRoutes);
  if (!isPlainRecord(routes)) return routes;
  return Object.fromEntries(Object.entries(routes).map(([pattern, route]) => [pattern, withPythonNames(route)]));
}

/** What every serializer carries; text for the rest. */
function plainOf(value: unknown): unknown {
  if (value === null || ["string", "number", "boolean"].includes(typeof value)) return value;
  if (Array.isArray(value)) return value.map(plainOf);
  if (!isPlainRecord(value)) return saferepr(value);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plainOf(each)]));
}
