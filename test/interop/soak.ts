/** How much the kill tests send: little in the usual run, `BRINE_SOAK` messages where that is set. */
export function soakCount(usual: number): number {
  const given = Number(process.env.BRINE_SOAK ?? "");
  return Number.isSafeInteger(given) && given > 0 ? Math.max(usual, Math.ceil(given / 100) * 100) : usual;
}
