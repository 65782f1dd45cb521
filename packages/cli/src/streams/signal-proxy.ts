import type { Cli } from '../cli.ts';
import { containerKill } from '../client/container.ts';

/**
 * Signals that are passed on: all that a program may catch, without those about its own children, pipes, sockets and window,
 * and without those that a fault in this program raises.
 */
const PROXIED: readonly NodeJS.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGCONT',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGIO',
  'SIGPWR',
  'SIGTRAP',
  'SIGABRT',
  'SIGSYS',
];

/** Sends the signals we get to the container, until the returned function is called. */
export function proxySignals(cli: Cli, container: string): () => void {
  return cli.onSignal(PROXIED, (signal) => {
    // One that comes too late for the container is lost, as it would be for any process.
    containerKill(cli.client(), container, signal.slice('SIG'.length)).catch(() => {});
  });
}
