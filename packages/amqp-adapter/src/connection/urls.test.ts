import { describe, expect, it } from "vitest";
import { describeUrl, parseUrls, withHeartbeat } from "./urls.js";

describe("parseUrls()", () => {
  it("takes one URL, a list, or kombu's list in one string", () => {
    expect(parseUrls("amqp://a//")).toEqual(["amqp://a//"]);
    expect(parseUrls(["amqp://a", "amqps://b"])).toEqual(["amqp://a", "amqps://b"]);
    expect(parseUrls("amqp://a;pyamqp://b:1/v;")).toEqual(["amqp://a", "amqp://b:1/v"]);
    expect(parseUrls("amqp://")).toEqual(["amqp://"]);
  });

  it.each(["", "redis://a", "localhost", [] as string[]])("refuses %j", (urls) => {
    expect(() => parseUrls(urls)).toThrow(expect.objectContaining({ code: "bad-option" }));
  });

  it("never shows a password, not even of a URL it refuses", () => {
    expect(describeUrl("amqp://me:secret@host:5672/v?password=secret")).toBe("amqp://me@host:5672/v");
    expect(() => parseUrls("http://me:secret@host")).toThrow(expect.not.stringContaining("secret"));
  });

  it("adds a heartbeat unless the URL has one", () => {
    expect(withHeartbeat("amqp://a//", 60)).toBe("amqp://a//?heartbeat=60");
    expect(withHeartbeat("amqp://a/v?heartbeat=5", 60)).toBe("amqp://a/v?heartbeat=5");
  });
});
