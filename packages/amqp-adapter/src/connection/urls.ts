/** Broker URLs as kombu and Celery write them, as amqplib reads them. */
import { AmqpError } from "../errors.js";

/**
 * The URLs of a list, or of one string with several separated by `;` (kombu's failover lists).
 *
 * kombu's scheme `pyamqp:` is taken as `amqp:`. An absent port, login or virtual host is 5672 (5671 with TLS), guest and `/`;
 * a path of `//` also means the virtual host `/`.
 *
 * @throws {@link AmqpError} `bad-option` for another scheme or an empty list
 */
export function parseUrls(urls: string | readonly string[]): string[] {
  if (urls === undefined || urls === null) throw new AmqpError("Cannot connect: no URL given", { code: "bad-option" });
  const list = (typeof urls === "string" ? urls.split(";") : [...urls])
    .map((url) => url.trim())
    .filter((url) => url !== "");
  if (list.length === 0) throw new AmqpError("Cannot connect: no URL given", { code: "bad-option" });
  return list.map((url) => {
    const amqp = url.replace(/^pyamqp(s?):/, "amqp$1:");
    if (!/^amqps?:\/\//.test(amqp) || !URL.canParse(amqp)) {
      throw new AmqpError(`Cannot connect to ${describeUrl(url)}: want amqp:// or amqps://`, { code: "bad-option" });
    }
    return amqp;
  });
}

/** `url` with `heartbeat` as its query says it, unless it says so itself. */
export function withHeartbeat(url: string, seconds: number): string {
  const parsed = new URL(url);
  if (parsed.searchParams.has("heartbeat")) return url;
  parsed.searchParams.set("heartbeat", String(seconds));
  return parsed.href;
}

/** For logs: login name and host, never the password or the query. */
export function describeUrl(url: string): string {
  if (!url.includes("://") || !URL.canParse(url)) return "an invalid URL";
  const { protocol, username, host, pathname } = new URL(url);
  return `${protocol}//${username === "" ? "" : `${username}@`}${host}${pathname}`;
}
