/** What of the commands offered here is newer than Redis 6.0, the oldest server that is supported. */
import { RedisAdapterError } from "../../errors.js";

/** What ioredis notes on an error reply. The name is in capitals in a pipeline of ours. */
interface Sent {
  readonly name: string;
  readonly args: readonly unknown[];
}

const COMMANDS: ReadonlyMap<string, string> = new Map([
  ["lmove", "6.2"],
  ["blmove", "6.2"],
  ["getex", "6.2"],
  ["getdel", "6.2"],
]);

/** The first server with all the words of a command; `undefined`: any. */
function versionOfWords(name: string, args: Sent["args"]): string | undefined {
  const has = (word: string, from: number) => args.indexOf(word, from) !== -1;
  // After the key and the value.
  if (name === "set") {
    if (has("GET", 2)) return has("NX", 2) ? "7.0" : "6.2";
    return has("EXAT", 2) || has("PXAT", 2) ? "6.2" : undefined;
  }
  return name === "zadd" && (has("GT", 1) || has("LT", 1)) ? "6.2" : undefined;
}

/**
 * Which server a refused command needs, in an error of this package; `undefined` when its age is not why it was refused.
 *
 * @param error - as ioredis rejects with it, the command still on it
 */
export function tooOld(error: unknown): RedisAdapterError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { command: sent, message } = error as Error & { readonly command?: Sent };
  if (sent === undefined) return undefined;
  const name = sent.name.toLowerCase();
  let version: string | undefined;
  if (message.startsWith("ERR unknown command")) version = COMMANDS.get(name);
  // The second: a word that is not known is taken for the score.
  else if (/^ERR (syntax error|value is not a valid float)/.test(message)) version = versionOfWords(name, sent.args);
  if (version === undefined) return undefined;
  const what = `${name.toUpperCase()}${COMMANDS.has(name) ? "" : " with these options"}`;
  return new RedisAdapterError(`The server does not have ${what}: that needs Redis ${version}, or Valkey`, {
    code: "unsupported",
    cause: error,
  });
}
