/** A program in a pseudo-terminal, typed at and read like a person would. */
import { type IPty, spawn } from '@lydell/node-pty';

export interface Terminal {
  /** Waits for text that has not been read yet; everything up to its end is then read. @returns what was read */
  expect(pattern: RegExp | string, timeoutMs?: number): Promise<string>;
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** Exit code, 128+n after signal n. */
  readonly exited: Promise<number>;
  kill(): void;
}

export function openTerminal(
  command: string,
  args: string[],
  options: { env?: Record<string, string>; columns?: number; rows?: number } = {},
): Terminal {
  const pty: IPty = spawn(command, args, {
    cols: options.columns ?? 80,
    rows: options.rows ?? 24,
    env: { ...(process.env as Record<string, string>), TERM: 'xterm', ...options.env },
  });
  let unread = '';
  let wake: (() => void) | undefined;
  let ended = false;
  pty.onData((data) => {
    unread += data;
    wake?.();
  });
  const exited = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      ended = true;
      wake?.();
      resolve(signal ? 128 + signal : exitCode);
    });
  });
  return {
    exited,
    type: (text) => pty.write(text),
    resize: (columns, rows) => pty.resize(columns, rows),
    kill: () => {
      if (!ended) pty.kill('SIGKILL');
    },
    async expect(pattern, timeoutMs = 20_000) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const match = typeof pattern === 'string' ? indexOf(unread, pattern) : matchOf(unread, pattern);
        if (match) {
          const read = unread.slice(0, match.end);
          unread = unread.slice(match.end);
          return read;
        }
        const left = deadline - Date.now();
        if (left <= 0 || ended) {
          throw new Error(`terminal: ${ended ? 'ended before' : 'no'} ${pattern}; unread: ${JSON.stringify(unread)}`);
        }
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = undefined;
      }
    },
  };
}

function indexOf(text: string, wanted: string): { end: number } | undefined {
  const start = text.indexOf(wanted);
  return start < 0 ? undefined : { end: start + wanted.length };
}

function matchOf(text: string, pattern: RegExp): { end: number } | undefined {
  const match = pattern.exec(text);
  return match ? { end: match.index + match[0].length } : undefined;
}
