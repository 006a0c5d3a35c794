import { createInterface } from "node:readline";
import { ANSWER_MS, PROCESS_MS, READY_MS } from "./patience.js";
import { type Launch, type Launched, RunningProcess } from "./running-process.js";
import type {
  Address,
  CeleryWorker,
  CeleryWorkerOptions,
  PythonPeer,
  PythonProcess,
  PythonResult,
  PythonSide,
  RunOptions,
} from "./types.js";
import { PythonError } from "./types.js";

const REPEAT_SIGNAL_MS = 3000;

type Environment = Readonly<Record<string, string>>;

/** Where Python runs and how to start something there. */
export interface PythonSetting {
  readonly description: string;
  readonly interpreter: string;
  /** `test/python`, as seen there. */
  readonly scriptsDirectory: string;
  readonly launch: Launch;
  readonly amqp: Address;
  readonly redis: Address;
}

/** The one implementation of `PythonSide`: only `launch` differs between this machine and a container. */
export class LaunchedPythonSide implements PythonSide {
  readonly description: string;
  readonly #setting: PythonSetting;
  #workers = 0;

  constructor(setting: PythonSetting) {
    this.description = setting.description;
    this.#setting = setting;
  }

  async run(script: string, args: readonly string[] = [], options: RunOptions = {}): Promise<PythonResult> {
    const launched = await this.#launch([...this.#program(script), ...args], options.env);
    const stdout: Buffer[] = [];
    let stderr = "";
    launched.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    launched.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const timeoutMs = options.timeoutMs ?? READY_MS;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      void launched.killGroup();
    }, timeoutMs);
    launched.stdin.end(options.input ?? "");
    const exitCode = await launched.exited;
    clearTimeout(timer);
    if (isLate) throw new Error(`Python did not end within ${timeoutMs} ms; it wrote:\n${stderr.slice(-3000)}`);
    return { stdout: Buffer.concat(stdout), stderr, exitCode: exitCode ?? -1 };
  }

  async spawn(
    script: string,
    args: readonly string[] = [],
    options: { readonly env?: Environment | undefined } = {},
  ): Promise<PythonPeer> {
    const launched = await this.#launch([...this.#program(script), ...args], options.env);
    const peer = new LinePeer(script.endsWith(".py") ? script : "Python", launched);
    await peer.ready();
    return peer;
  }

  async start(
    args: readonly string[],
    options: { readonly env?: Environment | undefined } = {},
  ): Promise<PythonProcess> {
    const launched = await this.#launch(args, options.env);
    launched.stdin.end();
    return new RunningProcess(`python ${args.join(" ")}`, launched);
  }

  async celeryWorker(options: CeleryWorkerOptions): Promise<CeleryWorker> {
    const nodeName = `${options.name ?? `python-${process.pid}-${++this.#workers}`}@brine`;
    const args = [
      ...["-m", "celery", "-A", "celery_app", "worker", "--loglevel", "INFO", "--hostname", nodeName],
      ...[
        "--queues",
        options.queue,
        "--concurrency",
        String(options.concurrency ?? 1),
        "--pool",
        options.pool ?? "prefork",
      ],
      ...(options.extraArgs ?? []),
    ];
    const launched = await this.#launch(args, { ...this.#workerEnvironment(options), ...options.env });
    launched.stdin.end();
    const worker = new LaunchedCeleryWorker(nodeName, launched);
    try {
      await worker.waitForLog(/\bready\./, options.readyTimeoutMs ?? READY_MS);
    } catch (error) {
      await worker.kill();
      throw error;
    }
    return worker;
  }

  #workerEnvironment(options: CeleryWorkerOptions): Environment {
    const redis = (index: number) =>
      options.isolation?.redis(index).pythonUrl ?? `${this.#setting.redis.pythonUrl}/${index}`;
    const brokers: Record<string, () => string> = {
      amqp: () => (options.isolation?.amqp ?? this.#setting.amqp).pythonUrl,
      redis: () => (options.db === undefined ? redis(0) : `${this.#setting.redis.pythonUrl}/${options.db}`),
    };
    const backends: Record<string, () => string> = {
      rpc: () => "rpc://",
      redis: () => redis(1),
      disabled: () => "disabled://",
    };
    const backend = options.backend ?? "rpc";
    const serializer = options.serializer ?? "pickle";
    return {
      BROKER: brokers[options.broker]?.() ?? options.broker,
      BACKEND: backends[backend]?.() ?? backend,
      QUEUE: options.queue.split(",")[0]!,
      SERIALIZER: serializer,
      RESULT_SERIALIZER: options.resultSerializer ?? serializer,
      ACCEPT: (options.acceptContent ?? ["pickle", "json"]).join(","),
      CONFIG: JSON.stringify(options.config ?? {}),
      // Celery refuses pickle as root otherwise, and containers run as root.
      C_FORCE_ROOT: "1",
    };
  }

  #program(script: string): string[] {
    return script.endsWith(".py") ? [`${this.#setting.scriptsDirectory}/${script}`] : ["-c", script];
  }

  #launch(args: readonly string[], env: Environment | undefined): Promise<Launched> {
    return this.#setting.launch([this.#setting.interpreter, ...args], {
      env: {
        PYTHONPATH: this.#setting.scriptsDirectory,
        PYTHONUNBUFFERED: "1",
        PYTHONDONTWRITEBYTECODE: "1",
        PYTHONIOENCODING: "utf-8",
        LANG: "C.UTF-8",
        ...env,
      },
    });
  }
}

class LaunchedCeleryWorker extends RunningProcess implements CeleryWorker {
  readonly nodeName: string;
  readonly #launched: Launched;

  constructor(nodeName: string, launched: Launched) {
    super(`Celery worker ${nodeName}`, launched);
    this.nodeName = nodeName;
    this.#launched = launched;
  }

  /**
   * Repeats the signal: Celery 5.2 that gets it just after it said "ready" notes it, then waits in its event loop for
   * something to happen (seen in 1 of 7 stops). A further one wakes it up and is otherwise harmless.
   */
  override async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const timer = setInterval(() => void this.#launched.signal(signal), REPEAT_SIGNAL_MS);
    try {
      await super.stop(signal);
    } finally {
      clearInterval(timer);
    }
  }
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

type Line =
  | { readonly ready: true }
  | { readonly id: number; readonly ok: unknown }
  | {
      readonly id: number;
      readonly error: { readonly class: string; readonly message: string; readonly traceback: string };
    };

/** The Node end of `test/python/peer.py`. */
class LinePeer extends RunningProcess implements PythonPeer {
  readonly #name: string;
  readonly #launched: Launched;
  readonly #pending = new Map<number, Pending>();
  readonly #ready: Promise<void>;
  #nextId = 1;

  constructor(name: string, launched: Launched) {
    super(name, launched, ["stderr"]);
    this.#name = name;
    this.#launched = launched;
    this.#ready = new Promise((resolve, reject) => {
      createInterface({ input: launched.stdout }).on("line", (text) => {
        const line = JSON.parse(text) as Line;
        if ("ready" in line) resolve();
        else this.#settle(line);
      });
      void this.exited.then((code) => {
        const error = new Error(`${name} ended with exit code ${code}:\n${this.log().slice(-3000)}`);
        reject(error);
        for (const { reject: rejectRequest, timer } of this.#pending.values()) {
          clearTimeout(timer);
          rejectRequest(error);
        }
        this.#pending.clear();
      });
    });
  }

  ready(): Promise<void> {
    return this.#ready;
  }

  request<T = unknown>(op: string, params: Readonly<Record<string, unknown>> = {}, timeoutMs = ANSWER_MS): Promise<T> {
    if (this.hasExited) return Promise.reject(new Error(`${this.#name} has ended:\n${this.log().slice(-3000)}`));
    const id = this.#nextId++;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new Error(`${this.#name} did not answer ${op} within ${timeoutMs} ms:\n${this.log().slice(-3000)}`));
      }, timeoutMs);
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject, timer });
      this.#launched.stdin.write(`${JSON.stringify({ id, op, params })}\n`);
    });
  }

  async close(): Promise<void> {
    this.#launched.stdin.end();
    const timer = setTimeout(() => void this.#launched.killGroup(), PROCESS_MS);
    await this.exited;
    clearTimeout(timer);
  }

  #settle(line: Exclude<Line, { ready: true }>): void {
    const pending = this.#pending.get(line.id);
    if (pending === undefined) return;
    this.#pending.delete(line.id);
    clearTimeout(pending.timer);
    if ("ok" in line) pending.resolve(line.ok);
    else pending.reject(new PythonError(line.error.class, line.error.message, line.error.traceback));
  }
}
