import { describe, expect, test } from "vitest";
import { decodeControlRequest, isAddressedTo, matchGlob } from "./pidbox.js";

describe("matchGlob()", () => {
  test.each([
    ["w*", "w1@lab", true],
    ["*@lab", "w1@lab", true],
    ["w?@lab", "w1@lab", true],
    ["w?@lab", "w10@lab", false],
    ["w[12]@*", "w2@lab", true],
    ["w[!12]@*", "w2@lab", false],
    ["", "", true],
    ["*", "", true],
    ["video.*", "video.encode.h264", true],
    ["a*b*c", "aXXbYYc", true],
    ["a*b*c", "aXXbYY", false],
  ])("%s on %s is %s", (pattern, text, expected) => {
    expect(matchGlob(pattern, text)).toBe(expected);
  });

  test("takes linear time on patterns made to take exponential time", () => {
    expect(matchGlob(`${"*a".repeat(1000)}b`, "a".repeat(5000))).toBe(false);
  });
});

describe("isAddressedTo()", () => {
  const request = (more: object) => decodeControlRequest({ method: "ping", arguments: {}, ...more })!;

  test("everybody, unless it says whom", () => {
    expect(isAddressedTo(request({}), "w1@lab")).toBe(true);
    expect(isAddressedTo(request({ destination: ["w2@lab"] }), "w1@lab")).toBe(false);
    expect(isAddressedTo(request({ destination: ["w1@lab"] }), "w1@lab")).toBe(true);
    expect(isAddressedTo(request({ pattern: "w*", matcher: "glob" }), "w1@lab")).toBe(true);
    expect(isAddressedTo(request({ pattern: "w[0-9]@lab", matcher: "pcre" }), "w1@lab")).toBe(true);
    expect(isAddressedTo(request({ pattern: "(", matcher: "pcre" }), "w1@lab")).toBe(false);
    expect(isAddressedTo(request({ pattern: "(a+)+$", matcher: "pcre" }), "a".repeat(40))).toBe(false);
  });

  test("what is no request is none", () => {
    for (const body of [null, 1, "ping", [], {}, { method: 1 }]) expect(decodeControlRequest(body)).toBeUndefined();
  });
});
