/** How much the kill tests send: little in the usual run, `BRINE_SOAK` messages where that is set. */
export function soakCount(usual: number): number {
  const given = Number(process.env.BRINE_SOAK ?? "");
  return Number.isSafeInteger(given) && given > 0 ? Math.max(usual, Math.ceil(given / 100) * 100) : usual;
}

/** A bound for what takes `usual` without `BRINE_SOAK`, and as many times longer as more is sent. */
export function soakTimeoutMs(usual: number): number {
  return usual * Math.max(1, Math.ceil(soakCount(1000) / 1000));
}
