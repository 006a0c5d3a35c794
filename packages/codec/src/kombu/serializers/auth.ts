/** Celery's `auth` serializer: another serializer's body, signed. Celery 5.6 and 5.2 `security/serialization.py`. */
import type { KeyObject, X509Certificate } from "node:crypto";
import { reasonOf } from "../../coded-error.js";
import { optionNames } from "../../options/option-names.js";
import { base64, fromBase64 } from "../base64.js";
import { requireBuiltin } from "../builtin-module.js";
import { DecodeError, EncodeError, isKombuError, type KombuErrorCode } from "../errors.js";
import { checkOptions } from "../option-names.js";
import { checkChoices, checkList } from "../option-values.js";
import type { Serializer, SerializerRegistry } from "../serialization.js";
import { asciiBytes, encodeUtf8 } from "../text.js";

/** What a PEM file contains, as text or bytes: not its path. */
export type Pem = string | Uint8Array;

/** Keys and certificates of {@link authSerializer}. */
export interface AuthOptions {
  /** Encodes and decodes what is inside. */
  readonly serializers: SerializerRegistry;
  /** Private RSA key to sign with (`security_key`); by default the serializer only reads. */
  readonly key?: Pem | undefined;
  /** Of an encrypted `key` (`security_key_password`). Default: none. */
  readonly keyPassword?: string | undefined;
  /** The certificate of that key, which readers must have (`security_certificate`). Default: none; a `key` needs one. */
  readonly certificate?: Pem | undefined;
  /** Certificates of signers to trust (`security_cert_store`). An expired one is an error when the serializer is made. Default: nobody's. */
  readonly trusted?: readonly Pem[] | undefined;
  /** Hash of the signature (`security_digest`). Default `"sha256"`. */
  readonly digest?: string | undefined;
  /** Name of the serializer of what is inside. Default `"json"`. */
  readonly serializer?: string | undefined;
  /** Names and content types to accept inside. Default: all that are registered, as in Celery: the signer is trusted. */
  readonly accept?: Iterable<string> | undefined;
  /**
   * How the parts are put together when writing: `"base64"` (default) for current Celery, `"raw"` for Celery 5.2. Neither
   * reads the other's; this reads both.
   */
  readonly packing?: "base64" | "raw" | undefined;
}

const AUTH_OPTIONS = /* @__PURE__ */ optionNames<AuthOptions>(
  {
    serializers: true,
    key: true,
    keyPassword: true,
    certificate: true,
    trusted: true,
    digest: true,
    serializer: true,
    accept: true,
    packing: true,
  },
  {
    instead: [
      ["securityKey", "key"],
      ["securityKeyPassword", "keyPassword"],
      ["securityCertificate", "certificate"],
      ["securityCertStore", "trusted"],
      ["securityDigest", "digest"],
    ],
  },
);

const CONTENT_TYPE = "application/data";
const SEPARATOR = Uint8Array.of(0, 1);
const FIELDS = 5;

interface Signed {
  readonly signer: string;
  readonly signature: Uint8Array;
  readonly contentType: string;
  readonly contentEncoding: string;
  readonly body: Uint8Array;
}

/**
 * Celery's `auth` serializer; register it under the name `auth`. Needs Node.
 *
 * Its content type is `application/data`, which every accept list lets through: what is not signed by a trusted certificate is
 * refused by the signature, with the code `bad-signature`.
 *
 * @throws {@link EncodeError} `bad-option` for keys and certificates that cannot be used, {@link KombuError} for an option that
 *   there is not; {@link SerializerNotInstalled} `not-installed` outside Node
 * @example
 * const serializers = createSerializers();
 * const [key, certificate] = [readFileSync("worker.key"), readFileSync("worker.pem")];
 * serializers.register("auth", authSerializer({ serializers, key, certificate, trusted: [certificate] }));
 */
export function authSerializer(options: AuthOptions): Serializer {
  checkOptions(options, AUTH_OPTIONS, "options of authSerializer()");
  checkChoices(options, { packing: ["base64", "raw"] });
  checkList("accept", options.accept);
  const signer = options.key === undefined ? undefined : new Signer(options);
  const verifier = new Verifier(options);
  const { serializers, packing = "base64" } = options;
  const serializer = options.serializer ?? "json";
  // Read for each body, and an iterator gives its items once only.
  const accept = options.accept && [...options.accept];
  return {
    contentType: CONTENT_TYPE,
    contentEncoding: "utf-8",
    ...(signer && {
      encode: (value: unknown) => {
        const { contentType, contentEncoding, body } = serializers.dumps(value, { serializer });
        const signature = signer.sign(body);
        return pack({ signer: signer.id, signature, contentType, contentEncoding, body }, packing);
      },
    }),
    decode(bytes) {
      const signed = unpack(bytes, (id) => verifier.signatureLength(id));
      verifier.verify(signed);
      const { contentType, contentEncoding, body } = signed;
      return serializers.loads(body, { contentType, contentEncoding, accept: accept ?? serializers.names });
    },
  };
}

class Signer {
  readonly id: string;
  readonly #key: KeyObject;
  readonly #digest: string;

  constructor(options: AuthOptions) {
    const { certificate, key, keyPassword } = options;
    if (certificate === undefined) throw badOption("a key needs its certificate");
    this.id = certificateId(readCertificate(certificate));
    this.#digest = options.digest ?? "sha256";
    const crypto = requireBuiltin("node:crypto", "auth");
    try {
      this.#key = crypto.createPrivateKey({
        key: Buffer.from(key!),
        ...(keyPassword !== undefined && { passphrase: keyPassword }),
      });
    } catch (cause) {
      throw badOption(`the key cannot be read: ${reasonOf(cause)}`, cause);
    }
    if (this.#key.asymmetricKeyType !== "rsa") throw badOption("the key is not an RSA key");
  }

  sign(body: Uint8Array): Uint8Array {
    const crypto = requireBuiltin("node:crypto", "auth");
    const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_MAX_SIGN: saltLength } = crypto.constants;
    return crypto.sign(this.#digest, body, { key: this.#key, padding, saltLength });
  }
}

class Verifier {
  readonly #keys = new Map<string, KeyObject>();
  readonly #digest: string;

  constructor(options: AuthOptions) {
    this.#digest = options.digest ?? "sha256";
    for (const pem of options.trusted ?? []) {
      const certificate = readCertificate(pem);
      const id = certificateId(certificate);
      if (Date.parse(certificate.validTo) <= Date.now()) throw badOption(`the certificate "${id}" has expired`);
      if (certificate.publicKey.asymmetricKeyType !== "rsa")
        throw badOption(`the certificate "${id}" is not of an RSA key`);
      this.#keys.set(id, certificate.publicKey);
    }
  }

  /** Bytes of a signature of this signer. */
  signatureLength(id: string): number {
    return (this.#find(id).asymmetricKeyDetails?.modulusLength ?? 0) >> 3;
  }

  verify(signed: Signed): void {
    const key = this.#find(signed.signer);
    const crypto = requireBuiltin("node:crypto", "auth");
    const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_AUTO: saltLength } = crypto.constants;
    if (!crypto.verify(this.#digest, signed.body, { key, padding, saltLength }, signed.signature)) {
      throw fail("the signature does not fit the body", "bad-signature");
    }
  }

  #find(id: string): KeyObject {
    const key = this.#keys.get(id);
    if (key === undefined) throw fail(`no trusted certificate has the id ${JSON.stringify(id)}`, "bad-signature");
    return key;
  }
}

/** Issuer's values and serial number, as Celery's `Certificate.get_id`. */
function certificateId(certificate: X509Certificate): string {
  const values = certificate.issuer.split("\n").map((line) => unescapeName(line.slice(line.indexOf("=") + 1)));
  return `${values.join(" ")} ${BigInt(`0x${certificate.serialNumber}`)}`;
}

/** Undoes the escapes of RFC 2253 that Node writes. */
function unescapeName(value: string): string {
  return value.replace(/\\([0-9A-Fa-f]{2}|.)/g, (_, escaped: string) =>
    escaped.length === 2 ? String.fromCharCode(Number.parseInt(escaped, 16)) : escaped,
  );
}

function readCertificate(pem: Pem): X509Certificate {
  const crypto = requireBuiltin("node:crypto", "auth");
  try {
    return new crypto.X509Certificate(Buffer.from(pem));
  } catch (cause) {
    throw badOption(`a certificate cannot be read: ${reasonOf(cause)}`, cause);
  }
}

function pack(signed: Signed, packing: "base64" | "raw"): Uint8Array {
  const ids = [encodeUtf8(signed.signer), signed.signature];
  const fields = [
    ...(packing === "raw" ? ids : ids.map((field) => asciiBytes(base64(field)))),
    encodeUtf8(signed.contentType),
    encodeUtf8(signed.contentEncoding),
    signed.body,
  ];
  return asciiBytes(base64(Buffer.concat(fields.flatMap((field, i) => (i === 0 ? [field] : [SEPARATOR, field])))));
}

function unpack(bytes: Uint8Array, signatureLength: (id: string) => number): Signed {
  try {
    const raw = Buffer.from(
      fromBase64(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")),
    );
    const end = raw.indexOf(SEPARATOR);
    if (end < 0) throw new Error("its parts are not separated");
    const first = raw.subarray(0, end).toString();
    // An id has a blank before the serial number, and base64 has none.
    return first.includes(" ") ? unpackRaw(raw, first, signatureLength(first)) : unpackBase64(raw);
  } catch (error) {
    if (isKombuError(error)) throw error;
    throw fail(reasonOf(error), "decode-failed", error);
  }
}

function unpackBase64(raw: Buffer): Signed {
  const fields = split(raw, FIELDS);
  const [signer, signature, contentType, contentEncoding, body] = fields;
  if (body === undefined) throw new Error(`it has ${fields.length} parts, not ${FIELDS}`);
  return {
    signer: Buffer.from(fromBase64(signer!.toString("latin1"))).toString(),
    signature: fromBase64(signature!.toString("latin1")),
    contentType: contentType!.toString(),
    contentEncoding: contentEncoding!.toString(),
    body,
  };
}

/** The signature may hold the separator, so its length has to be known. */
function unpackRaw(raw: Buffer, signer: string, signatureLength: number): Signed {
  const start = Buffer.byteLength(signer) + SEPARATOR.length;
  const signature = raw.subarray(start, start + signatureLength);
  const fields = split(raw.subarray(start + signatureLength + SEPARATOR.length), FIELDS - 2);
  const [contentType, contentEncoding, body] = fields;
  if (body === undefined) throw new Error(`it has ${fields.length + 2} parts, not ${FIELDS}`);
  return {
    signer,
    signature,
    contentType: contentType!.toString(),
    contentEncoding: contentEncoding!.toString(),
    body,
  };
}

/** At most so many parts; the last one keeps separators of its own. */
function split(raw: Buffer, parts: number): Buffer[] {
  const fields: Buffer[] = [];
  let start = 0;
  while (fields.length < parts - 1) {
    const end = raw.indexOf(SEPARATOR, start);
    if (end < 0) break;
    fields.push(raw.subarray(start, end));
    start = end + SEPARATOR.length;
  }
  fields.push(raw.subarray(start));
  return fields;
}

function fail(what: string, code: KombuErrorCode, cause?: unknown): DecodeError {
  return new DecodeError(`Cannot decode auth: ${what}`, { code, contentType: CONTENT_TYPE, cause });
}

function badOption(what: string, cause?: unknown): EncodeError {
  return new EncodeError(`Cannot use auth: ${what}`, { code: "bad-option", contentType: CONTENT_TYPE, cause });
}
