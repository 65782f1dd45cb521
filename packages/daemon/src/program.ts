/** The tsdockerd program: command line in, daemon up, signals. */
import { PRODUCT_VERSION } from '@tsdocker/shared/api-version.ts';
import { runStoreCheck } from './check-store.ts';
import { helpText, type ParsedFlags, parseFlags } from './config/flags.ts';
import { loadConfig } from './config/load.ts';
import type { BuildServices, Daemon } from './daemon.ts';
import { startDaemon } from './daemon.ts';
import { createLogger, type RootLogger } from './log.ts';

/** Runs until a signal ends it. @returns once it listens, or has nothing to do */
export async function runDaemon(argv: readonly string[], build: BuildServices): Promise<void> {
  try {
    const flags = parseFlags(argv);
    if (flags.help) process.stdout.write(helpText());
    else if (flags.version) process.stdout.write(`tsdockerd version ${PRODUCT_VERSION}\n`);
    else if (flags.checkStore)
      process.exitCode = await runStoreCheck((await loadConfig(flags)).dataRoot, (line) =>
        process.stdout.write(`${line}\n`),
      );
    else await run(flags, build);
  } catch (err) {
    process.stderr.write(`failed to start daemon: ${(err as Error).message}\n`);
    process.exit(1);
  }
}

async function run(flags: ParsedFlags, build: BuildServices): Promise<void> {
  const config = await loadConfig(flags);
  const log = createLogger(config.logLevel);
  // One request's bug must not end everybody's containers' daemon.
  process.on('uncaughtException', (err) => log.error('uncaught exception', { error: err }));
  process.on('unhandledRejection', (err) => log.error('unhandled rejection', { error: err }));
  // Handlers come before the start: whoever reads that the daemon is up may signal it at once. They wait for the start.
  const starting = startDaemon(config, log, build);
  endOnSignals(starting, log);
  reloadOnSignal(starting, flags, log);
  await starting;
}

function endOnSignals(starting: Promise<Daemon>, log: RootLogger): void {
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      log.info(`Processing signal '${signal}': containers keep running`);
      ignoreFailedStart(starting, (daemon) => daemon.stop().then(() => process.exit(0)));
    });
  }
}

function reloadOnSignal(starting: Promise<Daemon>, flags: ParsedFlags, log: RootLogger): void {
  process.on('SIGHUP', () => {
    ignoreFailedStart(starting, async (daemon) => {
      try {
        daemon.reload(await loadConfig(flags));
        log.info('Got signal to reload configuration');
      } catch (err) {
        log.error('reload failed, the configuration stays as it is', { error: (err as Error).message });
      }
    });
  });
}

/** A start that fails ends the program with its own message. */
function ignoreFailedStart(starting: Promise<Daemon>, then: (daemon: Daemon) => Promise<unknown>): void {
  starting.then(then, () => undefined);
}
