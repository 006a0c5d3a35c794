import { EventEmitter } from "node:events";
import type { Channel, Options } from "amqplib";
import { describe, expect, it } from "vitest";
import { Publisher } from "./publisher.js";

/** What a confirm channel does to its caller, driven by hand: the orders of events that a broker seldom produces. */
class HandDrivenChannel extends EventEmitter {
  readonly sent: { readonly exchange: string; readonly content: string; readonly confirm: (error: unknown) => void }[] =
    [];
  /** Messages for which there is room before the write buffer is full. */
  room = Number.POSITIVE_INFINITY;

  publish(
    exchange: string,
    _key: string,
    content: Buffer,
    _options: Options.Publish,
    confirm: (error: unknown) => void,
  ) {
    this.sent.push({ exchange, content: content.toString(), confirm });
    return --this.room > 0;
  }

  get contents(): string[] {
    return this.sent.map((message) => message.content);
  }

  confirm(...indexes: number[]): void {
    for (const index of indexes) this.sent[index]?.confirm(null);
  }

  /** As amqplib closes a channel: `error` if the broker said why, then every callback, then `close`. */
  end(replyCode?: number, text = ""): void {
    if (replyCode !== undefined) this.emit("error", Object.assign(new Error(text), { code: replyCode }));
    const error = new Error("channel closed");
    for (const { confirm } of this.sent) confirm(error);
    this.emit("close");
  }
}

function setUp(options: { unconfirmed?: "resend" | "reject"; reopens?: boolean } = {}) {
  const channels: HandDrivenChannel[] = [];
  const publisher = new Publisher({
    open: async () => {
      const channel = new HandDrivenChannel();
      channels.push(channel);
      return channel as unknown as Channel;
    },
    reopens: options.reopens ?? true,
    confirms: true,
    unconfirmed: options.unconfirmed,
  });
  const outcomes: Record<string, string> = {};
  const publish = (content: string, exchange = "", signal?: AbortSignal) => {
    publisher.publish(exchange, "key", Buffer.from(content), {}, signal).then(
      () => {
        outcomes[content] = "ok";
      },
      (error: { code?: string; name: string }) => {
        outcomes[content] = error.code && typeof error.code === "string" ? error.code : error.name;
      },
    );
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { publisher, channels, outcomes, publish, settle };
}

describe("Publisher", () => {
  it("sends in order, and resolves each message with its own confirm", async () => {
    const { channels, outcomes, publish, settle } = setUp();
    for (const content of ["a", "b", "c"]) publish(content);
    await settle();
    expect(channels[0]?.contents).toEqual(["a", "b", "c"]);
    channels[0]?.confirm(1);
    await settle();
    expect(outcomes).toEqual({ b: "ok" });
  });

  it("stops when the write buffer is full and goes on with drain", async () => {
    const { channels, publish, settle } = setUp();
    publish("first");
    await settle();
    const channel = channels[0] as HandDrivenChannel;
    channel.room = 2;
    for (const content of ["a", "b", "c", "d"]) publish(content);
    expect(channel.contents).toEqual(["first", "a", "b"]);
    channel.room = 10;
    channel.emit("drain");
    expect(channel.contents).toEqual(["first", "a", "b", "c", "d"]);
  });

  it("sends again what a lost connection left unconfirmed, before what came later", async () => {
    const { channels, outcomes, publish, settle } = setUp();
    for (const content of ["a", "b", "c"]) publish(content);
    await settle();
    channels[0]?.confirm(0);
    channels[0]?.end();
    publish("d");
    await settle();
    expect(channels[1]?.contents).toEqual(["b", "c", "d"]);
    channels[1]?.confirm(0, 1, 2);
    await settle();
    expect(outcomes).toEqual({ a: "ok", b: "ok", c: "ok", d: "ok" });
  });

  it("reports instead of sending again, when told to", async () => {
    const { channels, outcomes, publish, settle } = setUp({ unconfirmed: "reject" });
    publish("a");
    await settle();
    channels[0]?.end();
    await settle();
    expect(outcomes).toEqual({ a: "unconfirmed" });
    expect(channels).toHaveLength(1);
  });

  it("fails only the messages to the exchange that a 404 names", async () => {
    const { channels, outcomes, publish, settle } = setUp();
    publish("a");
    publish("bad", "gone");
    publish("b");
    await settle();
    channels[0]?.end(404, "NOT_FOUND - no exchange 'gone' in vhost '/'");
    await settle();
    expect(outcomes).toEqual({ bad: "not-found" });
    expect(channels[1]?.contents).toEqual(["a", "b"]);
  });

  it("finds the message behind any other refusal by sending one at a time", async () => {
    const { channels, outcomes, publish, settle } = setUp();
    for (const content of ["a", "bad", "b"]) publish(content);
    await settle();
    channels[0]?.end(406, "PRECONDITION_FAILED - invalid expiration");
    await settle();
    expect(channels[1]?.contents).toEqual(["a"]);
    channels[1]?.confirm(0);
    await settle();
    expect(channels[1]?.contents).toEqual(["a", "bad"]);
    channels[1]?.end(406, "PRECONDITION_FAILED - invalid expiration");
    await settle();
    expect(outcomes).toEqual({ a: "ok", bad: "precondition-failed" });
    expect(channels[2]?.contents).toEqual(["b"]);
  });

  it("tells a refused message from a closed channel", async () => {
    const { channels, outcomes, publish, settle } = setUp();
    publish("a");
    publish("b");
    await settle();
    channels[0]?.sent[0]?.confirm(new Error("message nacked"));
    await settle();
    expect(outcomes).toEqual({ a: "nacked" });
    channels[0]?.end();
    await settle();
    expect(channels[1]?.contents).toEqual(["b"]);
  });

  it("forgets a message that is aborted, sent or not", async () => {
    const { publisher, channels, outcomes, publish, settle } = setUp();
    const sent = new AbortController();
    publish("sent", "", sent.signal);
    await settle();
    (channels[0] as HandDrivenChannel).room = 1;
    publish("fills");
    const waiting = new AbortController();
    publish("waiting", "", waiting.signal);
    publish("before", "", AbortSignal.abort());
    sent.abort();
    waiting.abort();
    await settle();
    expect(outcomes).toEqual({ sent: "AbortError", waiting: "AbortError", before: "AbortError" });
    channels[0]?.end();
    await settle();
    expect(channels[1]?.contents).toEqual(["fills"]);
    const idle = publisher.idle();
    channels[1]?.confirm(0);
    await idle;
    expect(publisher.size).toBe(0);
  });

  it("fails everything on a channel that is not replaced", async () => {
    const { channels, outcomes, publish, settle } = setUp({ reopens: false });
    publish("a");
    await settle();
    channels[0]?.end();
    publish("b");
    await settle();
    expect(outcomes).toEqual({ a: "unconfirmed", b: "closed" });
    expect(channels).toHaveLength(1);
  });

  it("holds 150,000 unconfirmed messages over a loss", { timeout: 30_000 }, async () => {
    // More than the engine allows as arguments of one call.
    const { channels, publisher, settle } = setUp();
    const all = Array.from({ length: 150_000 }, () => publisher.publish("", "k", Buffer.alloc(0), {}));
    await settle();
    channels[0]?.end();
    await settle();
    expect(channels[1]?.sent).toHaveLength(150_000);
    for (const { confirm } of channels[1]?.sent ?? []) confirm(null);
    await Promise.all(all);
  });
});
