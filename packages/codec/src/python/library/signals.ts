/** The signals of Linux. */

/** Python's `signal.Signals`, member by member: a second name for a number is an alias. */
export const SIGNALS = `
  SIGHUP=1 SIGINT=2 SIGQUIT=3 SIGILL=4 SIGTRAP=5 SIGABRT=6 SIGIOT=6 SIGBUS=7 SIGFPE=8 SIGKILL=9 SIGUSR1=10 SIGSEGV=11
  SIGUSR2=12 SIGPIPE=13 SIGALRM=14 SIGTERM=15 SIGSTKFLT=16 SIGCHLD=17 SIGCLD=17 SIGCONT=18 SIGSTOP=19 SIGTSTP=20
  SIGTTIN=21 SIGTTOU=22 SIGURG=23 SIGXCPU=24 SIGXFSZ=25 SIGVTALRM=26 SIGPROF=27 SIGWINCH=28 SIGIO=29 SIGPOLL=29 SIGPWR=30
  SIGSYS=31 SIGRTMIN=34 SIGRTMAX=64
`;

/** The name of a signal; `undefined` for a number that has none. */
export function signalName(number: number): string | undefined {
  const [, name] = new RegExp(`\\s(\\w+)=${number}\\s`).exec(SIGNALS) ?? [];
  return name;
}
