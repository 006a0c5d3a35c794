/** How a connection is to be made and kept. */
import { optionNames } from "@brine/codec/options";
import type { ChannelModel, SocketOptions } from "amqplib";
import type { BackOffOptions } from "./back-off.js";

/** The part of the `amqplib` module that is used. */
export interface AmqplibModule {
  /** Called for each host and attempt, with a URL whose query has the heartbeat. */
  connect(url: string, socketOptions?: SocketOptions): Promise<ChannelModel>;
}

/** How {@link AmqpConnection} connects, and comes back. */
export interface ConnectionOptions {
  /** Seconds between heartbeats; the connection counts as dead after two missed. 0: none. Default 60; `?heartbeat=` of a URL wins. */
  readonly heartbeatSeconds?: number | undefined;
  /** Milliseconds for one host to answer. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Rounds over all hosts before the first connection is given up. Default 100, as Celery's: more than half an hour with the default delays. Once connected, there is no limit. */
  readonly maxConnectAttempts?: number | undefined;
  /** Delays between rounds. Defaults: see {@link BackOffOptions}. */
  readonly backOff?: BackOffOptions | undefined;
  /**
   * Given to `tls.connect` or `net.connect`: `ca`, `cert`, `key`, `servername`, `rejectUnauthorized`, ... Default: no certificate
   * of the client, and what Node trusts.
   */
  readonly socket?: SocketOptions | undefined;
  /**
   * `"PLAIN"` (default): with user and password of the URL. `"EXTERNAL"`: as whom the certificate `socket.cert` names; RabbitMQ
   * needs its plugin `rabbitmq_auth_mechanism_ssl`. kombu's `login_method`, Celery's `broker_login_method`.
   */
  readonly loginMethod?: "PLAIN" | "EXTERNAL" | undefined;
  /** Shown by RabbitMQ's management pages. Default: none. */
  readonly connectionName?: string | undefined;
  /** Milliseconds that `close` waits for what is under way; for a broker that has stopped answering 5,000 at most. Default 10,000. */
  readonly closeTimeoutMs?: number | undefined;
  /** Your `amqplib` module. Default: the one this package finds. */
  readonly amqplib?: AmqplibModule | undefined;
}

/** What Celery's `broker_use_ssl` holds. */
const CERTIFICATES = "write socket: { ca, cert, key }, what the files ca_certs, certfile and keyfile contain";

export const CONNECTION_OPTIONS = /* @__PURE__ */ optionNames<ConnectionOptions>(
  {
    heartbeatSeconds: true,
    connectTimeoutMs: true,
    maxConnectAttempts: true,
    backOff: true,
    socket: true,
    loginMethod: true,
    connectionName: true,
    closeTimeoutMs: true,
    amqplib: true,
  },
  {
    instead: [
      ["hostname", "it belongs to the URL, or into socket"],
      ["host", "it belongs to the URL, or into socket"],
      ["port", "it belongs to the URL, or into socket"],
      ["username", "it belongs to the URL, or into socket"],
      ["password", "it belongs to the URL, or into socket"],
      ["vhost", "it belongs to the URL, or into socket"],
      ["protocol", "it belongs to the URL, or into socket"],
      ["ca", "it belongs into socket"],
      ["cert", "it belongs into socket"],
      ["key", "it belongs into socket"],
      ["caCerts", CERTIFICATES],
      ["certfile", CERTIFICATES],
      ["keyfile", CERTIFICATES],
      ["certReqs", "write socket: { rejectUnauthorized: false } for CERT_NONE"],
      ["servername", "it belongs to the URL, or into socket"],
      ["rejectUnauthorized", "it belongs to the URL, or into socket"],
      ["sslCertReqs", "write socket: { rejectUnauthorized: false } for CERT_NONE"],
      ["ssl*", CERTIFICATES],
      ["brokerUseSsl", CERTIFICATES],
      ["brokerLoginMethod", "loginMethod"],
      ["tls", "it belongs to the URL, or into socket"],
      ["heartbeat", "heartbeatSeconds"],
      ["clientProperties", "write connectionName"],
      ["maxRetries", "maxConnectAttempts"],
    ],
  },
);
