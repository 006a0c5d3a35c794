import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createSerializers } from "../create-serializers.js";
import { authSerializer } from "./auth.js";

interface Vectors {
  readonly value: unknown;
  readonly id: string;
  readonly key: string;
  readonly certificate: string;
  readonly bodies: Readonly<Record<string, string>>;
}

/** Made by Celery itself: `test/vectors/generate_auth.py`. */
const vectors = JSON.parse(
  readFileSync(new URL("../../../../../test/vectors/auth.json", import.meta.url), "utf8"),
) as Vectors;
const { value, key, certificate } = vectors;
const serializers = createSerializers();
const pair = { serializers, key, certificate, trusted: [certificate] };

test.each(Object.entries(vectors.bodies))("reads what Celery %s signed", (_, body) => {
  const { decode } = authSerializer(pair);
  expect(decode!(Buffer.from(body, "base64"))).toEqual(value);
});

test.each(["base64", "raw"] as const)(
  "reads what it signed itself, packed as %s, and nothing that was changed",
  (packing) => {
    const { encode, decode } = authSerializer({ ...pair, packing });
    const body = encode!(value);
    expect(decode!(body)).toEqual(value);
    expect(Buffer.from(Buffer.from(body).toString(), "base64").includes(vectors.id)).toBe(packing === "raw");
    const text = Buffer.from(Buffer.from(body).toString(), "base64");
    text[text.length - 1]! ^= 1;
    expect(() => decode!(Buffer.from(text.toString("base64")))).toThrow(
      expect.objectContaining({ name: "DecodeError", code: "bad-signature" }),
    );
  },
);

test.each(["base64", "raw"] as const)(
  "reads a body that has in it what separates its parts, packed as %s",
  (packing) => {
    const { encode, decode } = authSerializer({ ...pair, packing, serializer: "pickle" });
    const bytes = Buffer.from("\0\x01a\0\x01\0\x01", "latin1");
    expect(decode!(encode!(bytes))).toEqual(bytes);
  },
);

test("signs and verifies with the hash it is told", () => {
  const body = authSerializer({ ...pair, digest: "sha512" }).encode!(value);
  expect(authSerializer({ ...pair, digest: "sha512" }).decode!(body)).toEqual(value);
  expect(() => authSerializer(pair).decode!(body)).toThrow(expect.objectContaining({ code: "bad-signature" }));
});

test("reads a key that is kept with a password", () => {
  const keyPassword = "s3cret";
  const kept = createPrivateKey(key).export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: keyPassword,
  });
  const body = authSerializer({ ...pair, key: kept, keyPassword }).encode!(value);
  expect(authSerializer(pair).decode!(body)).toEqual(value);
  expect(() => authSerializer({ ...pair, key: kept, keyPassword: "other" })).toThrow("the key cannot be read");
});

test("trusts no certificate it was not given, and accepts inside what it is told", () => {
  const body = authSerializer(pair).encode!(value);
  for (const packing of ["base64", "raw"] as const) {
    const packed = authSerializer({ ...pair, packing }).encode!(value);
    expect(() => authSerializer({ serializers }).decode!(packed)).toThrow(
      expect.objectContaining({ code: "bad-signature", message: expect.stringContaining("no trusted certificate") }),
    );
  }
  expect(() => authSerializer({ ...pair, accept: ["pickle"] }).decode!(body)).toThrow(
    expect.objectContaining({ name: "ContentDisallowed" }),
  );
  expect(authSerializer({ serializers }).encode).toBeUndefined();
  for (const junk of ["", "AAAA", "not base64 at all!", Buffer.from("a b\0\x01c").toString("base64")]) {
    expect(() => authSerializer(pair).decode!(Buffer.from(junk))).toThrow(
      expect.objectContaining({ name: "DecodeError" }),
    );
  }
});

test("says what is wrong with keys and certificates", () => {
  expect(() => authSerializer({ serializers, key })).toThrow("a key needs its certificate");
  expect(() => authSerializer({ serializers, trusted: ["nonsense"] })).toThrow("a certificate cannot be read");
  expect(() => authSerializer({ serializers, key: "nonsense", certificate })).toThrow("the key cannot be read");
});

test("works as a serializer of a registry, whatever is accepted", () => {
  const own = createSerializers();
  own.register("auth", authSerializer({ ...pair, serializers: own }));
  const { body, contentType, contentEncoding } = own.dumps(value, { serializer: "auth" });
  expect([contentType, contentEncoding]).toEqual(["application/data", "utf-8"]);
  expect(own.loads(body, { contentType, contentEncoding, accept: ["json"] })).toEqual(value);
});

test("accepts inside what an iterator gives, in every body", () => {
  const { encode, decode } = authSerializer({ ...pair, accept: ["json"].values() });
  const body = encode!(value);
  for (let i = 0; i < 2; i++) expect(decode!(body)).toEqual(value);
  const bad = expect.objectContaining({ name: "KombuError", code: "bad-option" });
  expect(() => authSerializer({ ...pair, packing: "base32" as never })).toThrow(bad);
  expect(() => authSerializer({ ...pair, accept: "json" })).toThrow(bad);
});
