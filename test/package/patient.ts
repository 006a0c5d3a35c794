/** `code` of a page, in Node or Python, with ten times as long for what it waits for: its reader's machine has nothing else to do. */
export function patient(code: string): string {
  return code.replace(/\btimeoutMs: (?=\d)/g, "timeoutMs: 10 * ").replace(/\btimeout=(?=\d)/g, "timeout=10 * ");
}
