import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { connectionFactory, parseRedisUrl } from "./connection.js";
import { isRedisAdapterError } from "./errors.js";

describe("parseRedisUrl()", () => {
  test.each([
    ["redis://localhost", { host: "localhost", port: 6379, db: 0 }],
    ["redis://:p%40ss@h:1234/5", { host: "h", port: 1234, db: 5, password: "p@ss" }],
    ["redis://user:pw@[::1]:1/2", { host: "::1", port: 1, db: 2, username: "user", password: "pw" }],
    ["redis://h/?virtual_host=3", { host: "h", port: 6379, db: 3 }],
    ["rediss://h", { host: "h", port: 6379, db: 0, tls: {} }],
    ["rediss://h/1?ssl_cert_reqs=CERT_NONE", { host: "h", port: 6379, db: 1, tls: { rejectUnauthorized: false } }],
    ["rediss://h?ssl_cert_reqs=required&ssl_check_hostname=yes", { host: "h", port: 6379, db: 0, tls: {} }],
    ["unix:///run/redis.sock?db=2", { path: "/run/redis.sock", db: 2 }],
    ["redis+socket:///run/redis.sock?virtual_host=4", { path: "/run/redis.sock", db: 4 }],
    [
      "sentinel://a:26379;sentinel://:pw@b:26380/3",
      {
        sentinels: [
          { host: "a", port: 26379 },
          { host: "b", port: 26380 },
        ],
        name: "main",
        db: 3,
        password: "pw",
      },
    ],
  ])("understands %s", (url, options) => {
    expect(parseRedisUrl(url, { masterName: "main" })).toEqual(options);
  });

  test.each(["", "localhost", "amqp://h", "redis://h/name", "redis://h:port", "sentinel://a"])("refuses %j", (url) => {
    expect(() => parseRedisUrl(url)).toThrow(expect.toSatisfy(isRedisAdapterError));
  });

  test("reads the files that Celery's ssl_ parameters name", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "brine-url-"));
    try {
      const file = (name: string) => path.join(folder, name);
      for (const name of ["ca", "cert", "key"]) await writeFile(file(name), name);
      const files = `ssl_ca_certs=${file("ca")}&ssl_certfile=${encodeURIComponent(file("cert"))}&ssl_keyfile=${file("key")}`;
      const { tls } = parseRedisUrl(`rediss://h?${files}&ssl_check_hostname=False`);
      expect(tls).toMatchObject({ ca: Buffer.from("ca"), cert: Buffer.from("cert"), key: Buffer.from("key") });
      expect(tls?.checkServerIdentity?.("h", {} as never)).toBe(undefined);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.each([
    ["ssl_certfile=/does/not/exist", "ssl_certfile cannot be read: ENOENT"],
    ["ssl_cert_reqs=CERT_NOEN", 'ssl_cert_reqs is "CERT_NOEN", not one of none, optional, required'],
    ["ssl_check_hostname=2", 'ssl_check_hostname is "2", not one of'],
    ["ssl_ciphers=x", "ssl_ciphers is unknown; use the option connection: { tls: { ... } }"],
  ])("refuses %s", (query, message) => {
    expect(() => parseRedisUrl(`rediss://:secret@h?${query}`)).toThrow(
      expect.objectContaining({ code: "bad-url", message: expect.stringContaining(message) }),
    );
  });

  test("keeps passwords out of its errors and descriptions", () => {
    let refused: unknown;
    try {
      parseRedisUrl("redis://:secret@ho st");
    } catch (error) {
      refused = error;
    }
    expect(refused).toMatchObject({ code: "bad-url" });
    expect(`${refused} ${JSON.stringify(refused)} ${String((refused as Error).cause)}`).not.toContain("secret");
    expect(connectionFactory("redis://:secret@h/1", {}).description).toBe("redis://h/1");
  });
});
