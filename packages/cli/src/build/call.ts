/** `build --call=METHOD[,format=json]`: what is asked about a Dockerfile, and how the answer is shown. */
import type { BuildCall, BuildEvent, CheckWarning } from '@tsdocker/shared/types/build.ts';
import type { Flags } from '../command.ts';
import { alignTabs } from '../format/tab-writer.ts';
import { StatusError } from '../status-error.ts';
import { excerpt } from './events.ts';

export interface CallOptions {
  call: BuildCall;
  format: 'text' | 'json';
}

export type CallAnswer = Extract<BuildEvent, { kind: 'checked' | 'outline' | 'targets' }>;

const METHODS: Readonly<Record<string, BuildCall>> = {
  build: 'build',
  check: 'check',
  lint: 'check',
  outline: 'outline',
  targets: 'targets',
};

/** @throws StatusError */
export function callOptions(flags: Flags): CallOptions {
  const given = flags.changed('print') ? flags.string('print') : flags.string('call');
  const text = flags.bool('check') ? 'check' : given || 'build';
  if (flags.bool('check') && flags.changed('call') && !/^(check|lint)\b/.test(given))
    throw new StatusError(1, 'ERROR: incompatible flags: --check and --call');
  const [method = '', ...options] = text.split(',').map((part) => part.trim());
  const call = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  if (!call)
    throw new StatusError(1, `ERROR: --call ${method} is not there: it is one of build, check, outline, targets`);
  const named = options.map((option) => /^format=(.*)$/.exec(option)?.[1]);
  const unknown = options.find((_, i) => named[i] === undefined);
  if (unknown !== undefined) throw new StatusError(1, `ERROR: invalid print option "${unknown}"`);
  const format = named.at(-1) ?? 'text';
  if (format !== 'json' && format !== 'text') throw new StatusError(1, `ERROR: invalid format "${format}"`);
  return { call, format };
}

/** What goes to standard output. @param shownAs what the Dockerfile is called */
export function callText(answer: CallAnswer, format: CallOptions['format'], shownAs: string): string {
  if (format === 'json') return `${JSON.stringify(jsonOf(answer, shownAs), null, 2)}\n`;
  if (answer.kind === 'checked') return checkText(answer, shownAs);
  return answer.kind === 'outline' ? outlineText(answer.outline) : targetsText(answer.targets);
}

/** A warning is a failure where one asks for them. */
export const callFailed = (answer: CallAnswer): boolean =>
  answer.kind === 'checked' && (answer.warnings.length > 0 || answer.error !== undefined);

function checkText({ warnings, error }: Extract<CallAnswer, { kind: 'checked' }>, shownAs: string): string {
  const count = warnings.length === 1 ? '1 warning has been found!' : `${warnings.length} warnings have been found!`;
  const told = warnings.map(
    ({ rule, url, detail, place }) => `\nWARNING: ${rule} - ${url}\n${detail}\n${excerpt({ ...place, file: shownAs })}`,
  );
  const head = warnings.length > 0 ? `Check complete, ${count}\n` : error ? '' : 'Check complete, no warnings found.\n';
  const failure = error
    ? `${warnings.length > 0 ? '\n' : ''}${error.message}\n${excerpt({ ...error.place, file: shownAs })}`
    : '';
  return `${head}${told.join('')}${failure}`;
}

function outlineText({ name, description, args, secrets, ssh }: Extract<CallAnswer, { kind: 'outline' }>['outline']) {
  const parts: string[] = [];
  if (name !== undefined || description !== undefined)
    parts.push(
      alignTabs(
        `TARGET:\t${name ?? '(default)'}\n${description === undefined ? '' : `DESCRIPTION:\t${description}\n`}`,
        0,
        1,
      ),
    );
  if (args.length > 0) {
    const rows = args.map((arg) => `${arg.name}\t${arg.value ?? ''}\t${arg.description ?? ''}\n`);
    parts.push(alignTabs(`BUILD ARG\tVALUE\tDESCRIPTION\n${rows.join('')}`, 0, 3));
  }
  for (const [title, list] of [
    ['SECRET', secrets],
    ['SSH', ssh],
  ] as const)
    if (list.length > 0) {
      const rows = list.map((item) => `${item.name}\t${item.required ? 'true' : ''}\n`);
      parts.push(alignTabs(`${title}\tREQUIRED\n${rows.join('')}`, 0, 3));
    }
  return parts.map((part) => `${part}\n`).join('');
}

function targetsText(targets: Extract<CallAnswer, { kind: 'targets' }>['targets']): string {
  const rows = targets.map((target) => {
    const name = target.default ? `${target.name ?? ''} (default)`.trim() : (target.name ?? '');
    return `${name}\t${target.description ?? ''}\n`;
  });
  return alignTabs(`TARGET\tDESCRIPTION\n${rows.join('')}`, 0, 1);
}

function jsonOf(answer: CallAnswer, shownAs: string): unknown {
  const data = Buffer.from(answer.source.text).toString('base64');
  if (answer.kind === 'checked') {
    const error = answer.error && {
      message: answer.error.message,
      location: { ranges: [rangeOf(answer.error.place.location)] },
    };
    const sources = [{ filename: shownAs, language: 'Dockerfile', data }];
    return { warnings: answer.warnings.map(warningJson), sources, ...(error && { buildError: error }) };
  }
  if (answer.kind === 'targets')
    return {
      targets: answer.targets.map(({ line, default: isDefault, ...target }) => ({
        ...target,
        ...(isDefault && { default: true }),
        ...located(line),
      })),
      sources: [data],
    };
  const { name, description, args, secrets, ssh, cache } = answer.outline;
  const mounts = (list: typeof secrets) =>
    list.map(({ line, required, name: id }) => ({ name: id, ...(required && { required }), ...located(line) }));
  return {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(args.length > 0 && { args: args.map(({ line, ...arg }) => ({ ...arg, ...located(line) })) }),
    ...(secrets.length > 0 && { secrets: mounts(secrets) }),
    ...(ssh.length > 0 && { ssh: mounts(ssh) }),
    ...(cache.length > 0 && { cache: cache.map(({ id, line }) => ({ ID: id, ...located(line) })) }),
    sources: [data],
  };
}

const rangeOf = ({ startLine, endLine }: { startLine: number; endLine: number }) => ({
  start: { line: startLine },
  end: { line: endLine },
});

const located = (line: number) => ({ location: { ranges: [rangeOf({ startLine: line, endLine: line })] } });

function warningJson({ rule, description, url, detail, place }: CheckWarning) {
  return { ruleName: rule, description, url, detail, location: { ranges: [rangeOf(place.location)] } };
}

/** What stands at the end of a build. @param isDebug with the lines and where docker explains it */
export function warningsText(warnings: readonly CheckWarning[], shownAs: string, isDebug: boolean): string {
  if (warnings.length === 0) return '';
  const count = warnings.length === 1 ? '1 warning found' : `${warnings.length} warnings found`;
  const head = `\n ${count}${isDebug ? '' : ' (use docker --debug to expand)'}:\n`;
  const told = warnings.map(({ rule, detail, description, url, place }) => {
    const line = ` - ${rule}: ${detail} (line ${place.location.startLine})\n`;
    return isDebug ? `${line}${description}\nMore info: ${url}\n${excerpt({ ...place, file: shownAs })}\n` : line;
  });
  return `${head}${told.join('')}`;
}
