import { expect, test } from "vitest";
import { withChannel, withRedis } from "./clients.js";
import { describeEachGeneration } from "./inject.js";

describeEachGeneration("services", (set) => {
  test("come back after a kill, at the same URL, with their data", async (context) => {
    if (!set.amqp.isOurs) context.skip("services given by URL are not ours to kill");
    const isolation = await set.isolate();
    const queue = isolation.name("durable");
    await withChannel(isolation.amqp.url, async (channel) => {
      await channel.assertQueue(queue, { durable: true });
      channel.sendToQueue(queue, Buffer.from("kept"), { deliveryMode: 2 });
      await channel.waitForConfirms();
    });
    await withRedis(isolation.redis().url, (redis) => redis.set("key", "kept"));
    // A queue that was declared a moment ago can otherwise be unknown to RabbitMQ 3.10 after a kill.
    await set.amqp.rabbitmqctl("eval", "mnesia:sync_log().");
    await Promise.all([set.amqp.kill(), set.redis.kill()]);
    await expect(withRedis(isolation.redis().url, (redis) => redis.ping())).rejects.toThrow();
    await Promise.all([set.amqp.start(), set.redis.start()]);
    expect(await withRedis(isolation.redis().url, (redis) => redis.get("key"))).toBe("kept");
    const message = await withChannel(isolation.amqp.url, (channel) => channel.get(queue, { noAck: true }));
    expect(message === false ? undefined : message.content.toString()).toBe("kept");
  });
});
