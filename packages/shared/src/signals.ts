/** Linux signal names and numbers (x86-64 and arm64 have the same). @see signal(7) */

const NAMES = (
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU ' +
  'XFSZ VTALRM PROF WINCH IO PWR SYS'
).split(' ');
const NUMBERS = new Map<string, number>(NAMES.map((name, index) => [name, index + 1]));
for (const [alias, name] of [
  ['IOT', 'ABRT'],
  ['CLD', 'CHLD'],
  ['POLL', 'IO'],
] as const) {
  NUMBERS.set(alias, NUMBERS.get(name)!);
}

/** The C library keeps 32 and 33 for itself. */
const RTMIN = 34;
const RTMAX = 64;

/**
 * Number of a signal given as `KILL`, `SIGKILL`, `sigkill`, `9`, `RTMIN+3` or `SIGRTMAX-1`.
 * @throws Error `invalid signal: x`
 */
export function parseSignal(text: string): number {
  const number = /^[+-]?\d+$/.test(text) ? Number(text) : numberOfName(text.toUpperCase().replace(/^SIG/, ''));
  if (number === undefined || number < 1 || number > RTMAX) throw new Error(`invalid signal: ${text}`);
  return number;
}

function numberOfName(name: string): number | undefined {
  const realtime = /^RT(MIN|MAX)([+-]\d+)?$/.exec(name);
  if (!realtime) return NUMBERS.get(name);
  const number = (realtime[1] === 'MIN' ? RTMIN : RTMAX) + Number(realtime[2] ?? 0);
  return number >= RTMIN && number <= RTMAX ? number : undefined;
}

/** `SIGTERM` for 15; `SIGRTMIN+n` for the real-time ones; undefined for numbers that have no name. */
export function signalName(number: number): string | undefined {
  if (number >= RTMIN && number <= RTMAX) return number === RTMIN ? 'SIGRTMIN' : `SIGRTMIN+${number - RTMIN}`;
  const name = NAMES[number - 1];
  return name && `SIG${name}`;
}
