/** What went wrong while connecting, in words that say what to do. */
import { type AmqpErrorCode, ConnectionError } from "./errors.js";
import { describeUrl } from "./urls.js";

/** Node's and OpenSSL's codes of a certificate that is not accepted. */
const NOT_TRUSTED =
  "the broker's certificate is not trusted. Give the certificate of its authority as `socket.ca`, as PEM";
const TLS_PROBLEMS: ReadonlyMap<unknown, string> = new Map([
  ["DEPTH_ZERO_SELF_SIGNED_CERT", NOT_TRUSTED],
  ["SELF_SIGNED_CERT_IN_CHAIN", NOT_TRUSTED],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", NOT_TRUSTED],
  ["UNABLE_TO_GET_ISSUER_CERT", NOT_TRUSTED],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", NOT_TRUSTED],
  ["CERT_HAS_EXPIRED", "the broker's certificate has expired. Renew it, or set this machine's clock"],
  ["CERT_NOT_YET_VALID", "the broker's certificate is not valid yet. Set the clocks"],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "the broker's certificate is for other names. Connect to one of those, or give it as `socket.servername`",
  ],
  [
    "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
    "the broker wants a certificate of the client. Give `socket.cert` and `socket.key`",
  ],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "the port does not speak TLS. Use its TLS port, 5671 by default, or amqp://"],
  ["ERR_SSL_PACKET_LENGTH_TOO_LONG", "the port does not speak TLS. Use its TLS port, 5671 by default, or amqp://"],
]);

/** amqplib's error of an attempt to connect to `url`, as this package's. */
export function explainHandshake(error: unknown, url: string): ConnectionError {
  const [code, reason] = explain(error, url);
  return new ConnectionError(`Cannot connect to ${describeUrl(url)}: ${reason}`, { code, cause: error });
}

function explain(error: unknown, url: string): [code: AmqpErrorCode, reason: string] {
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown };
  // Node's error for a name with several addresses has a code only.
  const text = String(message || code || error);
  const tls = TLS_PROBLEMS.get(code);
  if (tls !== undefined) return ["tls-failed", `${tls} (${text})`];
  // amqplib does not pass on the text with which the broker refuses a virtual host (2.3.1, lib/connection.js `open`).
  if (/^Expected ConnectionOpenOk; got <ConnectionClose/.test(text)) {
    return [
      "access-refused",
      `the broker refused ${describeAccess(url)}. It must exist, and the user be allowed to use it`,
    ];
  }
  if (/ACCESS.REFUSED|NOT.ALLOWED|SASL/i.test(text)) return ["access-refused", text];
  if (text.includes("Socket closed abruptly")) {
    return ["unreachable", `${text}. It may be no port of RabbitMQ, or one for amqps://`];
  }
  return ["unreachable", text];
}

function describeAccess(url: string): string {
  const { pathname, username } = new URL(url);
  const virtualHost = pathname.length > 1 ? decodeURIComponent(pathname.slice(1)) : "/";
  return `the virtual host ${JSON.stringify(virtualHost)} to user ${JSON.stringify(username || "guest")}`;
}
