/** The daemon's log: logfmt lines on stderr, as dockerd writes them. */

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
/** Values are printed as they are; objects as JSON, errors with their causes. */
export type LogFields = Record<string, unknown>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Same destination, with these fields on every line. */
  with(fields: LogFields): Logger;
}

export interface RootLogger extends Logger {
  setLevel(level: LogLevel): void;
  readonly level: LogLevel;
}

/** @param write gets one line, newline included; default: stderr */
export function createLogger(level: LogLevel, write: (line: string) => void = toStderr): RootLogger {
  const state = { threshold: LOG_LEVELS.indexOf(level) };
  return {
    ...child(state, write, {}),
    setLevel: (next) => {
      state.threshold = LOG_LEVELS.indexOf(next);
    },
    get level() {
      return LOG_LEVELS[state.threshold]!;
    },
  };
}

function toStderr(line: string): void {
  process.stderr.write(line);
}

function child(state: { threshold: number }, write: (line: string) => void, base: LogFields): Logger {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (LOG_LEVELS.indexOf(level) >= state.threshold) write(formatLine(level, message, { ...base, ...fields }));
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => child(state, write, { ...base, ...fields }),
  };
}

function formatLine(level: LogLevel, message: string, fields: LogFields): string {
  const shownLevel = level === 'warn' ? 'warning' : level;
  let line = `time="${new Date().toISOString()}" level=${shownLevel} msg=${quoted(message)}`;
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) line += ` ${key}=${quoted(textOf(value))}`;
  }
  return `${line}\n`;
}

function quoted(text: string): string {
  return /^[\w./:@^+-]+$/.test(text) ? text : JSON.stringify(text);
}

function textOf(value: unknown): string {
  if (value instanceof Error) return errorText(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Message with the causes behind it; the stack only for errors that are bugs (no DockerError). */
function errorText(err: Error): string {
  const own = err.name === 'DockerError' ? err.message : (err.stack ?? err.message);
  return err.cause instanceof Error ? `${own}: ${errorText(err.cause)}` : own;
}
