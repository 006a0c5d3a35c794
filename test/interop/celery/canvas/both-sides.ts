/** What work-flows between the two sides need: Python's worker and client, and Node's app, with results in Redis. */
import type { Celery, CelerySettings } from "@brine/celery";
import type { CeleryWorker, Isolation, PythonPeer, ServiceSet } from "../../../services/index.js";
import { type BrokerKind, connectApp, pythonEnvironment } from "../setting.js";

interface Options {
  readonly isolation: Isolation;
  /** Python's worker consumes it, and both clients send there what they send nowhere else. */
  readonly queue: string;
  readonly broker: BrokerKind;
  readonly serializer: "pickle" | "json";
  /** Of Python's worker. Default 1. */
  readonly concurrency?: number;
  /** Of Python's worker and client, by Celery's lower-case names. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly settings?: Partial<CelerySettings>;
}

export interface BothSides {
  readonly app: Celery;
  readonly python: PythonPeer;
  readonly worker: CeleryWorker;
  close(): Promise<void>;
}

export async function startBothSides(set: ServiceSet, options: Options): Promise<BothSides> {
  const { isolation, queue, broker, serializer, concurrency, config = {}, settings } = options;
  const env = pythonEnvironment(isolation, [broker, "redis"], queue, {
    SERIALIZER: serializer,
    CONFIG: JSON.stringify(config),
  });
  const [worker, python] = await Promise.all([
    set.python.celeryWorker({ broker, backend: "redis", isolation, queue, serializer, config, concurrency }),
    set.python.spawn("celery_client.py", [], { env }),
  ]);
  const app = connectApp(isolation, [broker, "redis"], {
    taskDefaultQueue: queue,
    taskSerializer: serializer,
    resultSerializer: serializer,
    ...settings,
  });
  const close = async () => {
    await python.close();
    await app.close();
    await worker.stop();
  };
  return { app, python, worker, close };
}
