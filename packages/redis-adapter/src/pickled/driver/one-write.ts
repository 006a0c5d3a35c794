/**
 * Commands of one turn of the event loop, sent in one write. ioredis writes each by itself, and a write to a socket costs the
 * process more than all else about a small command.
 */
import type { RedisLike } from "./client.js";

/** What ioredis has on a client that is one connection. */
interface Connection {
  /** What was sent and is not answered. */
  readonly commandQueue?: { readonly length: number } | undefined;
  /** The socket, or what a connector of the user's has in its place. */
  readonly stream?: Socket | null | undefined;
}

/** What it has on a Cluster: a connection for each node. */
interface Cluster {
  nodes(): readonly Connection[];
}

/** Node's `Writable`, as far as it is used. */
interface Socket {
  readonly writableCorked?: number | undefined;
  readonly writableLength: number;
  cork(): void;
  uncork(): void;
}

/** So many bytes are worth a write: the server works on them while the rest is encoded. */
const ENOUGH_BYTES = 16 * 1024;

/**
 * Before a command is sent: holds it back until the turn is over, for others to leave with it. Only while earlier ones are
 * unanswered: a command alone leaves at once.
 */
export function shareWrite(client: RedisLike): void {
  // Which node a command goes to is not known yet.
  if (client.isCluster) for (const node of (client as unknown as Cluster).nodes()) hold(node);
  else hold(client as Connection);
}

function hold({ commandQueue, stream }: Connection): void {
  if (commandQueue === undefined || commandQueue.length === 0 || stream?.writableCorked === undefined) return;
  if (stream.writableCorked === 0) {
    stream.cork();
    process.nextTick(release, stream);
  } else if (stream.writableLength > ENOUGH_BYTES) {
    stream.uncork();
    stream.cork();
  }
}

function release(socket: Socket): void {
  socket.uncork();
}
