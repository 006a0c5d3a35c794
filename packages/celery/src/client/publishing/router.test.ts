import { describe, expect, test } from "vitest";
import { matchTopic } from "../../memory/broker.js";
import { type CelerySettings, resolveSettings } from "../settings/settings.js";
import { Router } from "./router.js";
import { broadcast, workerDirect } from "./special-queues.js";

const router = (settings: CelerySettings = {}) => new Router(resolveSettings(settings));
const where = (made: Router, options = {}, task = "t") => made.destination(options, made.lookup(task, [], {}, {}));

describe("a task goes", () => {
  test("to the default queue, through the default exchange", () => {
    expect(where(router())).toMatchObject({
      exchange: "",
      routingKey: "celery",
      queue: { exchange: { name: "celery", type: "direct" } },
    });
    expect(where(router({ taskDefaultQueue: "jobs" }))).toMatchObject({ exchange: "", routingKey: "jobs" });
  });

  test("to a queue named in the call, which is made like Celery makes it", () => {
    expect(where(router(), { queue: "video" })).toMatchObject({
      exchange: "",
      routingKey: "video",
      queue: { name: "video", exchange: { name: "video", type: "direct" }, routingKey: "video" },
    });
    expect(() => where(router({ taskCreateMissingQueues: false }), { queue: "video" })).toThrow("video");
  });

  test("where taskRoutes says, by name, glob or function, unless the call says otherwise", () => {
    const made = router({
      taskRoutes: [{ "video.*": { queue: "video" }, exact: "one" }, (task) => (task === "f" ? "two" : undefined)],
    });
    expect(where(made, {}, "video.encode").routingKey).toBe("video");
    expect(where(made, {}, "exact").routingKey).toBe("one");
    expect(where(made, {}, "f").routingKey).toBe("two");
    expect(where(made, {}, "other").routingKey).toBe("celery");
    expect(where(made, { queue: "mine" }, "video.encode").routingKey).toBe("mine");
  });

  test("to topic exchanges with a routing key", () => {
    const queue = { name: "feed", exchange: { name: "feeds", type: "topic" as const }, routingKey: "feed.#" };
    const made = router({ taskQueues: [queue], taskDefaultQueue: "feed" });
    expect(where(made)).toMatchObject({ exchange: "feeds", routingKey: "feed.#" });
    expect(where(made, { routingKey: "feed.new" })).toMatchObject({ exchange: "feeds", routingKey: "feed.new" });
    expect(where(made, { exchange: "other", routingKey: "k" })).toEqual({
      exchange: "other",
      routingKey: "k",
      queue: undefined,
    });
  });

  test("to all workers that have a broadcast queue, which is not declared for it", () => {
    const made = router({ taskQueues: [broadcast("news")], taskDefaultQueueType: "quorum", taskDefaultQueue: "jobs" });
    expect(where(made, { queue: "news" })).toEqual({
      exchange: "news",
      routingKey: "jobs",
      queue: undefined,
      fanout: { name: "news", type: "fanout" },
    });
    expect(made.queue("news")).not.toHaveProperty("arguments");
  });

  test("to one worker", () => {
    expect(where(router(), { queue: workerDirect("w1@host") })).toMatchObject({
      exchange: "",
      routingKey: "w1@host.dq2",
      queue: { exchange: { name: "C.dq2", type: "direct" }, routingKey: "w1@host" },
    });
  });

  test("with the arguments that the settings ask for", () => {
    expect(where(router({ taskQueueMaxPriority: 9 })).queue).toMatchObject({ arguments: { "x-max-priority": 9 } });
    expect(where(router({ taskDefaultQueueType: "quorum" })).queue).toMatchObject({
      arguments: { "x-queue-type": "quorum" },
    });
  });
});

test.each([
  ["#", "", true],
  ["#", "a.b.c", true],
  ["*.b", "a.b", true],
  ["*.b", "a.x.b", false],
  ["a.#.c", "a.c", true],
  ["a.#.c", "a.x.y.c", true],
  ["task.*", "task", false],
])("topic %s on %s is %s", (pattern, key, expected) => {
  expect(matchTopic(pattern, key)).toBe(expected);
});
