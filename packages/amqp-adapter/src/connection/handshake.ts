/** What went wrong while connecting, in words that say what to do. */
import { tlsProblem } from "@brine/codec/kombu";
import { type AmqpErrorCode, ConnectionError } from "../errors.js";
import { describeUrl } from "./urls.js";

const TLS_NAMES = { server: "broker", option: "socket", authorities: "ssl_options.cacertfile" };

/** amqplib's error of an attempt to connect to `url`, as this package's. */
export function explainHandshake(error: unknown, url: string): ConnectionError {
  const [code, reason] = explain(error, url);
  return new ConnectionError(`Cannot connect to ${describeUrl(url)}: ${reason}`, { code, cause: error });
}

function explain(error: unknown, url: string): [code: AmqpErrorCode, reason: string] {
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown };
  // Node's error for a name with several addresses has a code only.
  const text = String(message || code || error);
  const tls = tlsProblem(error, TLS_NAMES);
  if (tls !== undefined) return ["tls-failed", tls];
  // amqplib does not pass on the text with which the broker refuses a virtual host (2.3.1, lib/connection.js `open`).
  if (/^Expected ConnectionOpenOk; got <ConnectionClose/.test(text)) {
    return [
      "access-refused",
      `the broker refused ${describeAccess(url)}. It must exist, and the user be allowed to use it`,
    ];
  }
  if (text.includes("mechanism EXTERNAL")) {
    const advice = "It must have a user of the certificate's name, as `ssl_cert_login_from` says, without a password";
    return ["access-refused", `${text} ${advice}`];
  }
  if (/ACCESS.REFUSED|NOT.ALLOWED|SASL/i.test(text)) return ["access-refused", text];
  // In the middle of the handshake: after the connection was made, or there would be another error.
  if (/Socket closed abruptly|ECONNRESET|EPIPE/.test(text)) {
    return ["unreachable", `${text}. It may be no port of RabbitMQ, or one for amqps://`];
  }
  return ["unreachable", text];
}

function describeAccess(url: string): string {
  const { pathname, username } = new URL(url);
  const virtualHost = pathname.length > 1 ? decodeURIComponent(pathname.slice(1)) : "/";
  return `the virtual host ${JSON.stringify(virtualHost)} to user ${JSON.stringify(username || "guest")}`;
}
