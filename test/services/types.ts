/**
 * What a test or the demo may ask of the Python world around it: two brokers and a Python side that speaks to them.
 * How they were come by (given, containers, local processes) makes no difference to whoever holds a `ServiceSet`.
 */

/** Celery generation of the Python side: `5.2` is Debian 12's (Python 3.11), `5.5` Debian 13's (Python 3.13). */
export type Generation = "5.2" | "5.5";

/** How the services were come by. */
export type Mode = "given" | "containers" | "local";

export interface RedisVersions {
  /** Of Valkey: the Redis whose commands it has, 7.2 for all of its own versions so far. */
  readonly redis: string | undefined;
  /** `undefined`: the server is Redis itself. */
  readonly valkey: string | undefined;
}

/** `undefined`: not installed on the Python side, or not found out. */
export interface ServiceVersions extends RedisVersions {
  readonly python: string;
  readonly celery: string | undefined;
  readonly kombu: string | undefined;
  readonly rabbitmq: string | undefined;
  readonly django: string | undefined;
  readonly djangoRedis: string | undefined;
  readonly redisPy: string | undefined;
  readonly rq: string | undefined;
  readonly flaskCaching: string | undefined;
}

/** One service, under two names: as Node reaches it and as the Python side reaches it. */
export interface Address {
  readonly url: string;
  readonly pythonUrl: string;
}

/**
 * A broker. The methods are for tests of what happens when it goes away: they keep the URL and the data (RabbitMQ's
 * durable queues and persistent messages; everything in Redis, which runs with an append-only file).
 * They throw for a service that was given by URL (`isOurs` false), and in a test file whose name does not end with
 * `.alone.test.ts`, as others use the service at the same time.
 */
export interface Endpoint extends Address {
  readonly kind: "amqp" | "redis";
  readonly isOurs: boolean;
  /** Asks the service to end and waits until it has. */
  stop(): Promise<void>;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** Resolves when the service accepts connections again, at the same URL. */
  start(): Promise<void>;
  /** `stop`, then `start`. RabbitMQ needs 5 to 15 s for it. */
  restart(): Promise<void>;
}

/** RabbitMQ, with its tool. */
export interface RabbitmqEndpoint extends Endpoint {
  /** Gives what `rabbitmqctl` writes. Takes seconds. @throws `Error` when it fails; else as the methods of {@link Endpoint} */
  rabbitmqctl(...args: string[]): Promise<string>;
}

/** What one test file has to itself, so that files cannot see each other's messages and keys. */
export interface Isolation {
  /** A virtual host that no other file has, and of this file not the 7 isolations before; with services given by URL, the given one. */
  readonly amqp: Address;
  /** One of 8 databases of its own, `0` to `7`; with services given by URL, counted from the given one. */
  redis(index?: number): Address & { readonly db: number };
  /** `label` made unique: for queues, exchanges, keys. */
  name(label: string): string;
}

export interface RunOptions {
  /** Fed to standard input, which is then closed. */
  readonly input?: string | Uint8Array | undefined;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Killed after that; default 120,000. */
  readonly timeoutMs?: number | undefined;
}

export interface PythonResult {
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly exitCode: number;
}

/** A running Python process with its output in `log()`. */
export interface PythonProcess {
  /** Standard output and standard error, as they came, the last 1 MiB. */
  log(): string;
  /** Resolves with the match once the log has it; rejects when the process ends without, or after `timeoutMs` (60,000). */
  waitForLog(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /** Resolves when the process has ended, with its exit code (`null`: by a signal). */
  readonly exited: Promise<number | null>;
  /** Sends `signal` (default SIGTERM: Celery's warm shutdown) and waits for the end; SIGKILL after 60 s. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** SIGKILL to the process and its children. */
  kill(): Promise<void>;
}

/**
 * A Python process that answers requests: one JSON object per line each way (`test/python/peer.py`), so that a test pays
 * the interpreter's start once. Requests may overlap; answers are matched by id.
 */
export interface PythonPeer extends PythonProcess {
  /**
   * Calls the operation `op` of the script with `params` as keyword arguments. Bytes travel as base64 strings.
   * @throws {@link PythonError} when the operation raised; `Error` when the process ended or after `timeoutMs` (90,000).
   */
  request<T = unknown>(op: string, params?: Readonly<Record<string, unknown>>, timeoutMs?: number): Promise<T>;
  /** Closes its standard input, on which it ends, and waits. */
  close(): Promise<void>;
}

export interface CeleryWorkerOptions {
  /** `amqp` and `redis` mean those of `isolation` (Redis database 0), else of the set; anything else is a URL as Python sees it. */
  readonly broker: "amqp" | "redis" | (string & {});
  /** `redis` means database 1 of `isolation`. Default `rpc`. */
  readonly backend?: "rpc" | "redis" | "disabled" | (string & {}) | undefined;
  readonly isolation?: Isolation | undefined;
  /** Names of the queues it consumes, comma-separated; the first is also the app's default queue. */
  readonly queue: string;
  /** Redis database of the broker when `broker` is `redis`, overriding the isolation's. */
  readonly db?: number | undefined;
  /** Default 1. */
  readonly concurrency?: number | undefined;
  /** Default `prefork`. */
  readonly pool?: "prefork" | "solo" | "threads" | undefined;
  /** Task serializer; default `pickle`. */
  readonly serializer?: string | undefined;
  /** Default: `serializer`. */
  readonly resultSerializer?: string | undefined;
  /** Default `["pickle", "json"]`. */
  readonly acceptContent?: readonly string[] | undefined;
  /** Merged into `app.conf`, Celery's lower-case names. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** Node name before `@`; default one of its own. */
  readonly name?: string | undefined;
  /** After `celery -A celery_app worker`, e.g. `["-E"]`. */
  readonly extraArgs?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Default 120,000. */
  readonly readyTimeoutMs?: number | undefined;
}

export interface CeleryWorker extends PythonProcess {
  /** `name@host`, as `inspect` and events show it. */
  readonly nodeName: string;
}

/**
 * CPython with Celery, kombu, redis-py, Django, RQ, ... A `script` that ends in `.py` is a file of `test/python`;
 * anything else is program text. Scripts can import what lies in `test/python`.
 */
export interface PythonSide {
  /** Where it runs, for messages: a path, or a path in an image. */
  readonly description: string;
  /** Runs to the end. A non-zero exit does not throw. */
  run(script: string, args?: readonly string[], options?: RunOptions): Promise<PythonResult>;
  /** Starts a script built on `peer.py`; resolves when it is ready. */
  spawn(
    script: string,
    args?: readonly string[],
    options?: { readonly env?: Readonly<Record<string, string>> | undefined },
  ): Promise<PythonPeer>;
  /** Starts the interpreter with these arguments, e.g. `["-m", "rq.cli", "worker"]`. */
  start(
    args: readonly string[],
    options?: { readonly env?: Readonly<Record<string, string>> | undefined },
  ): Promise<PythonProcess>;
  /** Starts a real worker of `test/python/celery_app.py`; resolves when it says that it is ready. */
  celeryWorker(options: CeleryWorkerOptions): Promise<CeleryWorker>;
}

/** One generation of everything. */
export interface ServiceSet {
  readonly generation: Generation;
  readonly mode: Mode;
  readonly versions: ServiceVersions;
  readonly amqp: RabbitmqEndpoint;
  readonly redis: Endpoint;
  /** The same set with Valkey in the place of Redis. `undefined`: there is no `valkey-server`. */
  readonly onValkey: ServiceSet | undefined;
  readonly python: PythonSide;
  /** A fresh virtual host, fresh Redis databases and unique names. At most 256 per run. */
  isolate(): Promise<Isolation>;
}

/** An operation of a {@link PythonPeer} raised. */
export class PythonError extends Error {
  /** `module.QualName` of the exception's class; no module for builtins. */
  readonly pythonClass: string;
  readonly traceback: string;

  constructor(pythonClass: string, message: string, traceback: string) {
    super(`${pythonClass}: ${message}`);
    this.name = "PythonError";
    this.pythonClass = pythonClass;
    this.traceback = traceback;
  }
}
