/** A TCP connection between client and broker that a test can cut. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { Transform } from "node:stream";

/** What the broker has answered and the client has not got yet. */
export interface HeldAnswers {
  /** As latin1. */
  readonly text: string;
  /** Passes them on, all at once. */
  release(): void;
}

export interface TcpProxy {
  /** `url` with this proxy's address for host and port. */
  readonly url: string;
  /** How many connections were accepted. */
  readonly accepted: number;
  /** How many bytes were passed on to the broker. */
  readonly sent: number;
  /** Resets every connection that is open, as a dying router would. */
  cut(): void;
  /**
   * Passes that many more bytes on to the broker, and then cuts, within a command if that is where they end. Resolves when the
   * broker has taken them and closed.
   */
  cutAfter(bytes: number): Promise<void>;
  /** Nothing is passed on in either direction, not even that one end has closed: what a heartbeat is for. */
  freeze(): void;
  /** From when the client sends `text` (latin1) on, keeps back what the broker answers on that connection. */
  hold(text: string): HeldAnswers;
  close(): Promise<void>;
}

/** Listens on a free local port and passes everything on to the broker of `target`. */
export async function startProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const pairs = new Set<readonly [Socket, Socket]>();
  const frozen = new WeakSet<readonly [Socket, Socket]>();
  let accepted = 0;
  let sent = 0;
  let left = Number.POSITIVE_INFINITY;
  let onCut: (broker: Socket) => void = () => {};
  let wanted: { readonly text: string; readonly onSent: (pair: readonly [Socket, Socket]) => void } | undefined;
  const gate = (pair: readonly [Socket, Socket]) =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        if (wanted !== undefined && chunk.includes(wanted.text, 0, "latin1")) wanted.onSent(pair);
        const passed = chunk.subarray(0, left);
        sent += passed.length;
        left -= passed.length;
        done(null, passed);
        if (left > 0) return;
        left = Number.POSITIVE_INFINITY;
        const [client, broker] = pair;
        pairs.delete(pair);
        // What was passed on arrives, and nothing comes back.
        broker.unpipe();
        broker.resume().end();
        client.resetAndDestroy();
        onCut(broker);
      },
    });
  const server = createServer((client) => {
    accepted++;
    const broker = connect(Number(port || 5672), hostname);
    const pair = [client, broker] as const;
    pairs.add(pair);
    client.pipe(gate(pair)).pipe(broker).pipe(client);
    for (const socket of pair) {
      socket.on("error", () => undefined);
      socket.on("close", () => {
        if (frozen.has(pair) || !pairs.delete(pair)) return;
        for (const each of pair) each.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as { port: number };
  const url = new URL(target);
  url.host = `127.0.0.1:${address.port}`;
  const cut = () => {
    for (const pair of pairs) {
      pairs.delete(pair);
      for (const socket of pair) {
        // A socket whose end is on its way cannot be reset: Node would forget it open.
        if (socket.writableEnded) socket.destroy();
        else socket.resetAndDestroy();
      }
    }
  };
  return {
    url: url.href,
    get accepted() {
      return accepted;
    },
    get sent() {
      return sent;
    },
    cut,
    cutAfter(bytes) {
      left = bytes;
      return new Promise((resolve) => {
        onCut = (broker) => broker.once("close", () => resolve());
      });
    },
    freeze() {
      for (const pair of pairs) {
        frozen.add(pair);
        for (const socket of pair) {
          socket.unpipe();
          socket.pause();
        }
      }
    },
    hold(text) {
      const chunks: Buffer[] = [];
      const keep = (chunk: Buffer) => void chunks.push(chunk);
      let release = () => {};
      wanted = {
        text,
        onSent([client, broker]) {
          wanted = undefined;
          broker.unpipe(client);
          broker.on("data", keep).resume();
          release = () => {
            broker.off("data", keep);
            client.write(Buffer.concat(chunks));
            broker.pipe(client);
          };
        },
      };
      return {
        get text() {
          return Buffer.concat(chunks).toString("latin1");
        },
        release: () => release(),
      };
    },
    async close() {
      server.close();
      cut();
      await once(server, "close");
    },
  };
}
