/** Celery's names of settings: those of before 4.0, and those that have no meaning here. */
import { camelCase, type NameHints } from "@brine/codec/options";

/**
 * Celery's settings that nothing here reads, in camelCase (`*`: all that begin so), and what to do instead. Those of Celery's
 * other brokers, backends and pools have no meaning here.
 */
const UNSUPPORTED_SETTINGS: readonly (readonly [name: string, instead: string])[] = [
  ["brokerUrl", "write broker"],
  ["brokerReadUrl", "one broker serves both directions"],
  ["brokerWriteUrl", "one broker serves both directions"],
  ["brokerUseSsl", "give amqp() a socket, redis() a connection with tls"],
  ["brokerLoginMethod", "give amqp() a loginMethod"],
  ["broker*", "it belongs to the transport: the URL and options of amqp() or redis()"],
  ["resultBackend", "write backend"],
  ["resultBackend*", "it belongs to the result store: the options of redisBackend()"],
  ["redisBackendUseSsl", "give redisBackend() a connection with tls"],
  ["redis*", "it belongs to the result store: the URL and options of redisBackend()"],
  ["resultExchange*", "replies of rpc:// go to a queue of the caller"],
  ["resultCompression", "results are not compressed"],
  ["resultCacheMax", "results are not cached"],
  ["resultChordRetryInterval", "parts of a chord are counted, nothing is polled"],
  ["enableUtc", "times carry their offset; without one they are UTC to any worker, whatever its app's timezone"],
  ["timezone", "times carry their offset; without one they are UTC to any worker, whatever its app's timezone"],
  ["imports", "import the modules that call app.task"],
  ["include", "import the modules that call app.task"],
  ["beat*", "there is no scheduler here; celery beat sends to these workers too"],
  ["taskAlwaysEager", 'for tests, start a worker on broker "memory://"'],
  ["taskEagerPropagates", 'for tests, start a worker on broker "memory://"'],
  ["taskStoreEagerResult", 'for tests, start a worker on broker "memory://"'],
  ["taskAnnotations", "give app.task the options"],
  ["taskRemoteTracebacks", "results have the traceback in any case"],
  ["taskCreateMissingQueue*", "name the queue in taskQueues"],
  ["taskAcksOnFailure", "write taskAcksOnFailureOrTimeout"],
  ["taskAcksOnTimeout", "write taskAcksOnFailureOrTimeout"],
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
/** The name in camelCase: of `task_serializer`, and of `CELERY_TASK_SERIALIZER` and `CELERYD_CONCURRENCY` too. */
function spellings(name: string): string[] {
  if (!/^[A-Z0-9_]+$/.test(name)) return [camelCase(name)];
  const old = name.toLowerCase().replace(/^celeryd?_/, "");
  return OLD_NAMESPACES.map((namespace) => camelCase(namespace === "" ? old : `${namespace}_${old}`));
}

/** What is said of a setting that there is not. */
export const SETTING_HINTS: NameHints = { instead: UNSUPPORTED_SETTINGS, spellings };
