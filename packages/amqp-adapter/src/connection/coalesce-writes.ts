/**
 * One system call for all that is written in a turn of the event loop. amqplib writes each acknowledgement and each message by
 * itself, which for small tasks costs more time than everything else (measured: a third of a busy worker's).
 */
import type { Writable } from "node:stream";
import type { ChannelModel } from "amqplib";

/** Does nothing to a connection whose socket is not where amqplib has it: it only gets slower. */
export function coalesceWrites(model: ChannelModel): void {
  const { stream } = model.connection as unknown as { readonly stream?: Writable };
  if (typeof stream?.cork !== "function" || typeof stream.write !== "function") return;
  const write = stream.write;
  let isCorked = false;
  const uncork = () => {
    isCorked = false;
    stream.uncork();
  };
  // The write itself stays the stream's own: its result, back-pressure and errors are as before.
  stream.write = function coalesced(this: Writable, ...args: Parameters<Writable["write"]>) {
    if (!isCorked) {
      isCorked = true;
      stream.cork();
      setImmediate(uncork);
    }
    return write.apply(this, args);
  } as Writable["write"];
}
