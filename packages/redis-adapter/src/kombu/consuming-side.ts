/** What the consumers of a transport share: their three connections, and what listens on them. */
import type { Redis } from "ioredis";
import type { Bindings } from "./bindings.js";
import type { Connections } from "./connections.js";
import type { ConsumerContext } from "./consumer.js";
import { Fanout } from "./fanout.js";
import type { TransportSettings } from "./settings.js";
import { Unacked } from "./unacked.js";
import { Wake } from "./wake.js";

export interface ConsumingSide extends ConsumerContext {
  /** Is told of arrivals and fanouts. */
  readonly subscriber: Redis;
  /** For what must not fail however long Redis is away: settling, renewing, restoring. */
  readonly settler: Redis;
}

/** @throws what ioredis throws when one of the connections cannot be made; none is left then */
export async function openConsumingSide(
  connections: Connections,
  settings: TransportSettings,
  bindings: Bindings,
  transport: Pick<ConsumerContext, "declareQueue" | "releaseQueue" | "warn">,
): Promise<ConsumingSide> {
  const { warn } = transport;
  // A pop must never be sent twice: its reply may be lost after it has taken messages.
  const reader = connections.open({ maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false });
  // A SUBSCRIBE that was kept for a new connection would come before that connection was asked for its id, which a connection
  // that has subscribed refuses to say.
  const subscriber = connections.open({
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
  });
  // Settling is safe to repeat and must get through in the end.
  const settler = connections.open({ maxRetriesPerRequest: null, autoResendUnfulfilledCommands: true });
  const wake = new Wake(reader, subscriber, warn);
  const fanout = new Fanout(subscriber, settings);
  const unacked = new Unacked(settler, settings, bindings, warn);
  try {
    await Promise.all([reader, subscriber, settler].map((client) => connections.connect(client)));
    await wake.subscribe();
    await wake.track();
  } catch (error) {
    for (const client of [reader, subscriber, settler]) connections.drop(client);
    throw error;
  }
  subscriber.on("ready", () => {
    void (async () => {
      await wake.subscribe();
      await fanout.restore();
      if (reader.status === "ready") await wake.track();
    })().catch(warn);
  });
  reader.on("ready", () => void wake.track().catch(warn));
  unacked.start();
  return { ...transport, settings, reader, subscriber, settler, wake, fanout, unacked };
}
