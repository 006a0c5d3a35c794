/** Settings by name: what an app was given must be known here, or it would be ignored without a word. */
import { CeleryError } from "../errors.js";

/**
 * Celery's settings that nothing here reads, in camelCase (`*`: all that begin so), and what to do instead. Those of Celery's
 * other brokers, backends and pools have no meaning here.
 */
export const UNSUPPORTED_SETTINGS: readonly (readonly [name: string, instead: string])[] = [
  ["brokerUrl", "write broker"],
  ["brokerReadUrl", "one broker serves both directions"],
  ["brokerWriteUrl", "one broker serves both directions"],
  ["broker*", "it belongs to the transport: the URL and options of amqp() or redis()"],
  ["resultBackend", "write backend"],
  ["resultBackend*", "it belongs to the result store: the options of redisBackend()"],
  ["redis*", "it belongs to the result store: the URL and options of redisBackend()"],
  ["resultExchange*", "replies of rpc:// go to a queue of the caller"],
  ["resultCompression", "results are not compressed"],
  ["resultCacheMax", "results are not cached"],
  ["resultChordRetryInterval", "parts of a chord are counted, nothing is polled"],
  ["enableUtc", "times on the wire are UTC"],
  ["timezone", "times on the wire are UTC"],
  ["imports", "import the modules that call app.task"],
  ["include", "import the modules that call app.task"],
  ["beat*", "there is no scheduler here; celery beat sends to these workers too"],
  ["taskAlwaysEager", 'for tests, start a worker on broker "memory://"'],
  ["taskEagerPropagates", 'for tests, start a worker on broker "memory://"'],
  ["taskStoreEagerResult", 'for tests, start a worker on broker "memory://"'],
  ["taskAnnotations", "give app.task the options"],
  ["taskRemoteTracebacks", "results have the traceback in any case"],
  ["taskAllowErrorCbOnChordHeader", "link errbacks to the tasks of the header"],
  ["taskCreateMissingQueue*", "name the queue in taskQueues"],
  ["taskAcksOnFailure", "write taskAcksOnFailureOrTimeout"],
  ["taskAcksOnTimeout", "write taskAcksOnFailureOrTimeout"],
  ["workerDirect", "give the worker a queue of its own in queues"],
  ["workerSoftShutdownTimeout", "give worker.stop() a timeoutMs"],
  ["workerEnableSoftShutdownOnIdle", "give worker.stop() a timeoutMs"],
  ["workerPool", "tasks run on the event loop, or in a thread where they name a module"],
  ["workerPoolPutlocks", "there are no pool processes"],
  ["workerMaxTasksPerChild", "there are no pool processes"],
  ["workerMaxMemoryPerChild", "there are no pool processes"],
  ["workerProcAliveTimeout", "there are no pool processes"],
  ["workerLostWait", "there are no pool processes"],
  ["workerAutoscaler", "give the worker autoscale"],
  ["workerAgent", "it is a class of Python"],
  ["workerConsumer", "it is a class of Python"],
  ["workerTimer*", "timers are Node's"],
  ["workerHijackRootLogger", "set logger"],
  ["workerRedirectStdouts*", "set logger"],
  ["workerLog*", "set logger"],
  ["workerTaskLogFormat", "set logger"],
  ["workerEnablePrefetchCountReduction", "the prefetch stays as it is over a reconnection"],
  ["workerDetectQuorumQueues", "quorum queues are always detected"],
  ["workerEtaTaskLimit", "let the broker hold them: quorum queues have native delay"],
  ["eventExchange", "events use Celery's default"],
  ["eventSerializer", "events are JSON, as Celery's are"],
  ["eventQueue*", "the queues of events have Celery's defaults"],
  ["controlQueue*", "the mailbox of a worker has Celery's defaults"],
  ["security*", "use authSerializer of @brine/codec/kombu"],
  ["arangodb*", "there is no such result store"],
  ["azureblockblob*", "there is no such result store"],
  ["cache*", "there is no such result store"],
  ["cassandra*", "there is no such result store"],
  ["cosmosdbsql*", "there is no such result store"],
  ["couchbase*", "there is no such result store"],
  ["database*", "there is no such result store"],
  ["elasticsearch*", "there is no such result store"],
  ["gcs*", "there is no such result store"],
  ["mongodb*", "there is no such result store"],
  ["s3*", "there is no such result store"],
];

/** Namespaces that Celery's names of before 4.0 lacked: `CELERY_ACKS_LATE` is `task_acks_late`. */
const OLD_NAMESPACES = ["", "task", "worker", "result"];
/** Letters that a name may be off by and still be meant. */
const MAX_TYPOS = 3;

/**
 * @param what - that which was given, for the message
 * @throws CeleryError `bad-option` for a name that is not among `known`; it says what to write
 */
export function checkSettingNames(given: object, known: ReadonlySet<string>, what = "settings"): void {
  for (const name of Object.keys(given)) {
    if (known.has(name)) continue;
    throw new CeleryError(`Cannot use ${what}: ${explain(name, known)}`, { code: "bad-option", path: name });
  }
}

function explain(name: string, known: ReadonlySet<string>): string {
  const meant = spellings(name);
  const found = meant.find((spelling) => known.has(spelling));
  if (found !== undefined) return `"${name}" is written ${found} here`;
  for (const spelling of meant) {
    const row = UNSUPPORTED_SETTINGS.find(([pattern]) => covers(pattern, spelling));
    if (row !== undefined) return `"${name}" is not supported: ${row[1]}`;
  }
  const near = nearest(meant[0]!, known);
  return `there is no "${name}"${near === undefined ? "" : `; did you mean ${near}?`}`;
}

function covers(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** The name in camelCase: of `task_serializer`, and of `CELERY_TASK_SERIALIZER` and `CELERYD_CONCURRENCY` too. */
function spellings(name: string): string[] {
  if (!/^[A-Z0-9_]+$/.test(name)) return [camelCase(name)];
  const old = name.toLowerCase().replace(/^celeryd?_/, "");
  return OLD_NAMESPACES.map((namespace) => camelCase(namespace === "" ? old : `${namespace}_${old}`));
}

function camelCase(name: string): string {
  return name.replaceAll(/[_-]+(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function nearest(name: string, known: ReadonlySet<string>): string | undefined {
  let best: string | undefined;
  let bestTypos = Math.min(MAX_TYPOS, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const typos = typosBetween(name.toLowerCase(), candidate.toLowerCase(), bestTypos);
    if (typos < bestTypos) [best, bestTypos] = [candidate, typos];
  }
  return best;
}

/** Levenshtein's distance; some number not below `limit` when it is not below that. */
function typosBetween(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
