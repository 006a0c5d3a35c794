import { describe, expect, it } from "vitest";
import { delayedAddress, delayedBindingKey, delayedLevels, MAX_DELAY_SECONDS } from "./delayed-delivery.js";

describe("native delayed delivery", () => {
  it("has 28 levels that dead-letter downwards, as kombu declares them", () => {
    const levels = delayedLevels();
    expect(levels).toHaveLength(28);
    expect(levels[0]).toEqual({
      name: "celery_delayed_27",
      queueArguments: {
        "x-queue-type": "quorum",
        "x-overflow": "reject-publish",
        "x-message-ttl": 134217728000,
        "x-dead-letter-exchange": "celery_delayed_26",
        "x-dead-letter-strategy": "at-least-once",
      },
      waitKey: "1.#",
      passKey: "0.#",
      next: "celery_delayed_26",
    });
    expect(levels[1]?.waitKey).toBe("*.1.#");
    expect(levels.at(-1)).toMatchObject({
      name: "celery_delayed_0",
      next: "celery_delayed_delivery",
      passKey: `${"*.".repeat(27)}0.#`,
    });
    expect(delayedLevels("classic")[3]?.queueArguments).not.toHaveProperty("x-dead-letter-strategy");
  });

  it("puts the delay before the routing key, most significant bit first", () => {
    // A capture of Celery 5.6: countdown 90 to queue cap_q.
    expect(delayedAddress("cap_q", 90)).toEqual({
      exchange: "celery_delayed_27",
      routingKey: "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.1.1.0.1.0.cap_q",
    });
    expect(delayedAddress("a.b", 1.9).routingKey).toMatch(/^(0\.){27}1\.a\.b$/);
    expect(delayedBindingKey("cap_q")).toBe("#.cap_q");
  });

  it("refuses a routing key that leaves no room for the delay", () => {
    expect(delayedAddress("q".repeat(199), 1).routingKey).toHaveLength(255);
    expect(() => delayedAddress("q".repeat(200), 1)).toThrow(expect.objectContaining({ code: "bad-option" }));
    expect(() => delayedAddress("ü".repeat(100), 1)).toThrow(expect.objectContaining({ code: "bad-option" }));
  });

  it.each([0, 0.5, -1, Number.NaN, MAX_DELAY_SECONDS + 1])("refuses a delay of %s s", (seconds) => {
    expect(() => delayedAddress("q", seconds)).toThrow(expect.objectContaining({ code: "bad-option" }));
  });
});
