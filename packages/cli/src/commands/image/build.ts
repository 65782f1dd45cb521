import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseReference } from '@tsdocker/shared/reference.ts';
import type { BuildEvent, CheckWarning, FailedPlace } from '@tsdocker/shared/types/build.ts';
import {
  type CallAnswer,
  type CallOptions,
  callFailed,
  callOptions,
  callText,
  warningsText,
} from '../../build/call.ts';
import { buildContext } from '../../build/context.ts';
import { type BuildDisplay, excerpt } from '../../build/events.ts';
import { BUILD_FLAGS } from '../../build/flags.ts';
import { buildRequest } from '../../build/options.ts';
import { PlainDisplay } from '../../build/plain-display.ts';
import { TtyDisplay } from '../../build/tty-display.ts';
import type { Cli } from '../../cli.ts';
import { type BuildMessage, imageBuild } from '../../client/build.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { StatusError } from '../../status-error.ts';
import { silent } from './pull-image.ts';
import { pushImage } from './push-image.ts';

export const command: CommandSpec = {
  name: 'build',
  usage: '[OPTIONS] PATH | URL | -',
  summary: 'Build an image from a Dockerfile',
  flags: BUILD_FLAGS,
  args: { min: 1, max: 1 },
  run: build,
};

interface Outcome {
  image?: string;
  names: string[];
  warnings: CheckWarning[];
  answer?: CallAnswer;
  failed?: { message: string; place: FailedPlace; step: number };
}

async function build(cli: Cli, [source = '']: string[], flags: Flags): Promise<void> {
  const quiet = flags.bool('quiet') || flags.string('progress') === 'quiet';
  const display = displayOf(cli, quiet ? 'quiet' : flags.string('progress'));
  const asked = callOptions(flags);
  const request = await buildRequest(cli, flags, asked.call);
  let sent = 0;
  const context = await buildContext(cli, source, flags.string('file'), (bytes) => {
    sent += bytes;
    display?.sent(sent, false);
  });
  const outcome: Outcome = { names: [], warnings: [] };
  const logs = new LastLines();
  try {
    const messages = await imageBuild(cli.client(), {
      query: { ...request.query, dockerfile: context.dockerfile },
      headers: request.headers,
      context: context.body,
    });
    let isSent = false;
    for await (const message of messages) {
      if (!isSent) display?.sent(sent, true);
      isSent = true;
      takeMessage(cli, message, { outcome, display, logs, quiet });
    }
  } catch (err) {
    if (!outcome.failed) {
      display?.close();
      throw new StatusError(1, `ERROR: failed to build: failed to solve: ${(err as Error).message}`);
    }
  }
  display?.close();
  if (outcome.failed) throw new StatusError(1, failure(outcome.failed, context.shownAs, logs));
  if (asked.call !== 'build') return answered(cli, asked, outcome.answer, context.shownAs);
  if (outcome.image === undefined)
    throw new StatusError(1, 'ERROR: failed to build: the daemon ended the answer early');
  if (quiet) cli.stdout.write(`${outcome.image}\n`);
  else if (flags.string('progress') !== 'rawjson') warn(cli, outcome.warnings, context.shownAs);
  writeResults(cli, flags, outcome.image, outcome.names);
  if (!flags.bool('push')) return;
  for (const name of outcome.names)
    await pushImage(cli, parseReference(name), { out: quiet ? silent(cli.stderr) : cli.stderr });
}

function answered(cli: Cli, asked: CallOptions, answer: CallAnswer | undefined, shownAs: string): void {
  if (!answer) throw new StatusError(1, `ERROR: the daemon knows no --call=${asked.call}`);
  cli.stdout.write(callText(answer, asked.format, shownAs));
  if (callFailed(answer)) throw new StatusError(1, '');
}

/** At the end, where they are seen. */
function warn(cli: Cli, warnings: readonly CheckWarning[], shownAs: string): void {
  cli.stderr.write(warningsText(warnings, shownAs, cli.globals.debug));
}

function displayOf(cli: Cli, how: string): BuildDisplay | undefined {
  const write = (text: string): void => cli.stderr.write(text);
  switch (how) {
    case 'quiet':
      return undefined;
    case 'rawjson':
      return { sent: () => {}, event: (event) => write(`${JSON.stringify(event)}\n`), close: () => {} };
    case 'auto':
    case '':
    case 'tty':
      if (cli.stderr.isTerminal) {
        return new TtyDisplay(write, () => {
          const size = cli.stderr.size();
          return { columns: size?.width || 80, rows: size?.height || 24 };
        });
      }
      if (how === 'tty') throw new StatusError(1, 'ERROR: failed to get console: provided file is not a console');
      return new PlainDisplay(write);
    case 'plain':
      return new PlainDisplay(write);
    default:
      throw new StatusError(1, `ERROR: invalid progress mode ${how}: it is one of auto, plain, tty, quiet, rawjson`);
  }
}

function takeMessage(
  cli: Cli,
  message: BuildMessage,
  to: { outcome: Outcome; display: BuildDisplay | undefined; logs: LastLines; quiet: boolean },
): void {
  const { outcome, display, logs } = to;
  if (message.id === 'tsdocker.build') {
    const event = message.aux as BuildEvent;
    display?.event(event);
    if (event.kind === 'log') logs.add(event.step, event.text);
    if (event.kind === 'started') logs.name(event.step, event.name);
    if (event.kind === 'failed') outcome.failed ??= event;
    if (event.kind === 'warnings') outcome.warnings = event.warnings;
    if (event.kind === 'checked' || event.kind === 'outline' || event.kind === 'targets') outcome.answer = event;
    if (event.kind === 'built') Object.assign(outcome, { image: event.image, names: event.names });
  } else if (message.error !== undefined) {
    if (!outcome.failed) throw new Error(message.error);
  } else if (message.stream !== undefined) {
    // Another daemon, which tells its builds as text.
    if (!to.quiet) cli.stderr.write(message.stream);
  } else if (typeof (message.aux as { ID?: string } | undefined)?.ID === 'string') {
    outcome.image = (message.aux as { ID: string }).ID;
  }
}

/** The end of what each step printed. */
class LastLines {
  static readonly KEPT = 20;
  readonly #steps = new Map<number, { name: string; text: string }>();

  name(step: number, name: string): void {
    this.#steps.set(step, { name, text: '' });
  }

  add(step: number, text: string): void {
    const known = this.#steps.get(step) ?? { name: '', text: '' };
    known.text = `${known.text}${text}`
      .split('\n')
      .slice(-(LastLines.KEPT + 1))
      .join('\n');
    this.#steps.set(step, known);
  }

  of(step: number): { name: string; text: string } | undefined {
    return this.#steps.get(step);
  }
}

/** What the step printed last, the lines it stands on, the reason. */
function failure({ message, place, step }: NonNullable<Outcome['failed']>, shownAs: string, logs: LastLines): string {
  const log = logs.of(step);
  const printed = log?.text ? `------\n > ${log.name}:\n${log.text.replace(/\n?$/, '\n')}------\n` : '';
  return `${printed}${excerpt({ ...place, file: shownAs })}ERROR: failed to build: failed to solve: ${message}`;
}

function writeResults(cli: Cli, flags: Flags, image: string, names: readonly string[]): void {
  const [idFile, metadataFile] = [flags.string('iidfile'), flags.string('metadata-file')];
  if (idFile !== '') writeFileSync(resolve(cli.cwd, idFile), image);
  if (metadataFile === '') return;
  const metadata = {
    'containerimage.config.digest': image,
    ...(names.length > 0 && { 'image.name': names.join(',') }),
  };
  writeFileSync(resolve(cli.cwd, metadataFile), `${JSON.stringify(metadata, null, 2)}\n`);
}
