/** What `inspect stats` shows of a worker's surroundings; the names are Celery's, kombu's and `getrusage`'s. */
import { Tuple } from "@brine/codec";
import type { Transport } from "@brine/codec/kombu";
import type { ResolvedSettings } from "../../client/settings/settings.js";
import type { RunQueue } from "../intake/run-queue.js";

const TLS = new Set(["amqps:", "rediss:"]);

/** kombu's `Connection.info()`, without what only the driver knows. */
export function brokerInfo({ type, description }: Transport): Record<string, unknown> {
  const urls = description.split(";");
  const url = URL.canParse(urls[0]!) ? new URL(urls[0]!) : undefined;
  const path = decodeURIComponent(url?.pathname.replace(/^\//, "") ?? "");
  const isAmqp = type === "amqp";
  return {
    hostname: url?.hostname || description,
    userid: url?.username || null,
    virtual_host: isAmqp && path === "" ? "/" : path,
    port: url === undefined || url.port === "" ? null : Number(url.port),
    insist: false,
    ssl: url !== undefined && TLS.has(url.protocol),
    transport: type,
    transport_options: {},
    login_method: isAmqp ? "PLAIN" : null,
    uri_prefix: null,
    failover_strategy: "round-robin",
    alternates: urls.length > 1 ? urls : [],
  };
}

/** As of a Celery pool without processes. */
export function poolInfo({ concurrency }: RunQueue, settings: ResolvedSettings): Record<string, unknown> {
  return {
    implementation: "brine:event-loop",
    "max-concurrency": concurrency,
    processes: [process.pid],
    "max-tasks-per-child": "N/A",
    "put-guarded-by-semaphore": false,
    timeouts: Tuple.of(settings.taskSoftTimeLimit ?? 0, settings.taskTimeLimit ?? 0),
  };
}

/** `undefined` where the worker does not scale itself. */
export function autoscalerInfo({ autoscale, concurrency, activeCount, reserved }: RunQueue) {
  if (autoscale === undefined) return undefined;
  return { max: autoscale.max, min: autoscale.min, current: concurrency, qty: activeCount + reserved.length };
}

/** `getrusage(2)`: times in seconds, sizes in KiB. */
export function resourceUsage(): Record<string, number> {
  const usage = process.resourceUsage();
  return {
    utime: usage.userCPUTime / 1e6,
    stime: usage.systemCPUTime / 1e6,
    maxrss: usage.maxRSS,
    ixrss: usage.sharedMemorySize,
    idrss: usage.unsharedDataSize,
    isrss: usage.unsharedStackSize,
    minflt: usage.minorPageFault,
    majflt: usage.majorPageFault,
    nswap: usage.swappedOut,
    inblock: usage.fsRead,
    oublock: usage.fsWrite,
    msgsnd: usage.ipcSent,
    msgrcv: usage.ipcReceived,
    nsignals: usage.signalsCount,
    nvcsw: usage.voluntaryContextSwitches,
    nivcsw: usage.involuntaryContextSwitches,
  };
}
