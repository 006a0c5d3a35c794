/**
 * Nanoseconds of CPU time that this process has used, in steps of a thousand, on all its threads: V8's collector works in some
 * of its own. Elapsed time would count what other processes do on a busy machine.
 */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}
