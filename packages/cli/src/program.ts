/** argv to command: finds it, parses its flags, checks its arguments, runs it, says its error. */
import type { Cli } from './cli.ts';
import { errorText } from './client/errors.ts';
import type { CommandEntry, CommandSpec, FlagSpec, Flags } from './command.ts';
import { COMMON, GROUPS, SHORTCUTS, TOP_LEVEL } from './commands/index.ts';
import { configDirectory } from './config/config-file.ts';
import { type GlobalOptions, globalFlags, toGlobalOptions } from './global-options.ts';
import { commandHelp, groupHelp, rootHelp, usageLine } from './help.ts';
import { FlagError, parseArguments } from './pflag.ts';
import { StatusError } from './status-error.ts';

export const PROGRAM = 'tsdocker';
const SUMMARY = 'Containers, from the image to the shell';
const FALLBACK_WIDTH = 80;
const EXIT_BAD_FLAG = 125;

/** A Cli whose daemon and configuration the program names before the command asks for them. */
export interface ProgramCli extends Cli {
  globals: GlobalOptions;
}

/** A command as the user named it. */
interface FoundCommand {
  path: string;
  entry: CommandEntry;
  /** Every path that means it, canonical first. */
  aliases: string[];
  argv: readonly string[];
}

/** Runs one command line. Never throws: errors are printed and become cli.exitCode. */
export async function runProgram(cli: ProgramCli): Promise<void> {
  try {
    await dispatch(cli);
  } catch (err) {
    cli.exitCode = report(cli, err);
  }
}

function report(cli: ProgramCli, err: unknown): number {
  const text = errorText(err);
  if (text !== '') cli.stderr.write(`${text}\n`);
  if (cli.globals.debug && err instanceof Error && err.stack) cli.stderr.write(`${err.stack}\n`);
  return err instanceof StatusError ? err.exitCode : 1;
}

async function dispatch(cli: ProgramCli): Promise<void> {
  const specs = globalFlags(configDirectory(cli.env));
  const { flags, args, help } = parseOrExplain(PROGRAM, '[OPTIONS] COMMAND [ARG...]', specs, cli.argv, true);
  cli.globals = toGlobalOptions(flags, cli.env);
  if (flags.bool('version')) return printVersion(cli);
  const [name, ...rest] = args;
  if (name === undefined || help) return showRoot(cli, help);
  if (name === 'help') return helpCommand(cli, rest);
  const group = GROUPS.find((candidate) => candidate.name === name);
  const found = group ? findInGroup(group.name, rest) : findTopLevel(name, rest);
  if (found === 'help') return showGroup(cli, name, rest);
  if (!found) return unknownCommand(cli, [name, ...rest], group !== undefined);
  await runCommand(cli, found, await found.entry.load());
}

/** 'help' when the group itself is meant. */
function findInGroup(groupName: string, argv: readonly string[]): FoundCommand | 'help' | undefined {
  const group = GROUPS.find((candidate) => candidate.name === groupName)!;
  const { args } = parseOrExplain(`${PROGRAM} ${groupName}`, '', [], argv, true);
  const verb = args[0];
  if (verb === undefined) return 'help';
  const entry = group.commands.find((command) => command.name === verb || command.aliases?.includes(verb));
  if (!entry) return undefined;
  const path = `${PROGRAM} ${groupName} ${entry.name}`;
  return { path, entry, aliases: aliasesOf(groupName, entry), argv: args.slice(1) };
}

function findTopLevel(name: string, argv: readonly string[]): FoundCommand | undefined {
  const path = `${PROGRAM} ${name}`;
  const own = TOP_LEVEL.find((command) => command.name === name);
  if (own) return { path, entry: own, aliases: [], argv };
  const [groupName, verb] = SHORTCUTS[name] ?? [];
  const entry = entryOf(groupName, verb);
  return entry && groupName ? { path, entry, aliases: aliasesOf(groupName, entry), argv } : undefined;
}

function entryOf(groupName: string | undefined, verb: string | undefined): CommandEntry | undefined {
  const group = GROUPS.find((candidate) => candidate.name === groupName);
  return group?.commands.find((command) => command.name === verb);
}

function aliasesOf(groupName: string, entry: CommandEntry): string[] {
  const inGroup = [entry.name, ...(entry.aliases ?? [])].map((name) => `${PROGRAM} ${groupName} ${name}`);
  const short = Object.entries(SHORTCUTS).filter(([, [group, verb]]) => group === groupName && verb === entry.name);
  return [...inGroup, ...short.map(([name]) => `${PROGRAM} ${name}`)];
}

async function runCommand(cli: ProgramCli, found: FoundCommand, spec: CommandSpec): Promise<void> {
  const { path } = found;
  const parsed = parseOrExplain(path, spec.usage, spec.flags, found.argv, spec.stopAtArgument ?? false);
  for (const warning of parsed.warnings) cli.stdout.write(`${warning}\n`);
  if (parsed.help) return showCommand(cli, found, spec);
  checkArgumentCount(path, spec, parsed.args.length);
  await checkVersions(cli, spec.flags, parsed.flags);
  await spec.run(cli, parsed.args, parsed.flags);
}

/** @throws StatusError with docker's frame around pflag's message */
function parseOrExplain(
  path: string,
  usage: string,
  specs: readonly FlagSpec[],
  argv: readonly string[],
  stopAtArgument: boolean,
): ReturnType<typeof parseArguments> {
  try {
    return parseArguments(specs, argv, { stopAtArgument });
  } catch (err) {
    if (!(err instanceof FlagError)) throw err;
    throw new StatusError(EXIT_BAD_FLAG, `${err.message}\n\n${usageAndHint(path, usage, 'Run')}`);
  }
}

function usageAndHint(path: string, usage: string, verb: 'Run' | 'See'): string {
  return `Usage:  ${usageLine(path, usage)}\n\n${verb} '${path} --help' for more information`;
}

/** @throws StatusError in docker's words */
function checkArgumentCount(path: string, spec: CommandSpec, count: number): void {
  const { min, max } = spec.args;
  if (count >= min && count <= max) return;
  const only = max === Number.POSITIVE_INFINITY;
  const text = `${PROGRAM}: '${path}' ${countText(min, max)}\n\n${usageAndHint(path, spec.usage, only ? 'See' : 'Run')}`;
  throw new StatusError(1, text);
}

function countText(min: number, max: number): string {
  const plural = (n: number): string => (n === 1 ? 'argument' : 'arguments');
  if (max === 0) return 'accepts no arguments';
  if (min === max) return `requires ${min} ${plural(min)}`;
  if (max === Number.POSITIVE_INFINITY) return `requires at least ${min} ${plural(min)}`;
  if (min === 0) return `requires at most ${max} ${plural(max)}`;
  return `requires at least ${min} and at most ${max} ${plural(max)}`;
}

/** A flag newer than the daemon would be ignored by it: refused instead. */
async function checkVersions(cli: Cli, specs: readonly FlagSpec[], flags: Flags): Promise<void> {
  const used = specs.filter((spec) => spec.since !== undefined && flags.changed(spec.name));
  if (used.length === 0) return;
  const { compareApiVersions } = await import('@tsdocker/shared/api-version.ts');
  const version = await cli.client().apiVersion();
  const tooNew = used.filter((spec) => compareApiVersions(version, spec.since!) < 0);
  if (tooNew.length === 0) return;
  const lines = tooNew.map(
    ({ name, since }) => `"--${name}" requires API version ${since}, but the tsdocker daemon API version is ${version}`,
  );
  throw new StatusError(1, lines.join('\n'));
}

function unknownCommand(cli: Cli, words: readonly string[], inGroup: boolean): void {
  if (words.includes('--help')) {
    if (inGroup) showGroup(cli, words[0]!, ['--help']);
    else showRoot(cli, true);
    return;
  }
  const depth = inGroup ? 2 : 1;
  const parent = [PROGRAM, ...words.slice(0, depth - 1)].join(' ');
  const usage = inGroup ? `Usage:  ${parent}\n\n` : '';
  const unknown = [PROGRAM, ...words.slice(0, depth)].join(' ');
  const text = `${PROGRAM}: unknown command: ${unknown}\n\n${usage}Run '${parent} --help' for more information`;
  throw new StatusError(1, text);
}

async function helpCommand(cli: ProgramCli, words: readonly string[]): Promise<void> {
  const [first, ...rest] = words;
  if (first === undefined) return showRoot(cli, true);
  const isGroup = GROUPS.some((group) => group.name === first);
  const found = isGroup ? findInGroup(first, rest) : findTopLevel(first, rest);
  if (found === 'help') return showGroup(cli, first, ['--help']);
  if (!found) throw new StatusError(1, `unknown help topic: ${words.join(' ')}`);
  showCommand(cli, found, await found.entry.load());
}

function widthOf(cli: Cli): number {
  return cli.stdout.size()?.width || FALLBACK_WIDTH;
}

function showCommand(cli: Cli, found: FoundCommand, spec: CommandSpec): void {
  cli.stdout.write(commandHelp({ path: found.path, spec, aliases: found.aliases, width: widthOf(cli) }));
}

/** Asked for: stdout. Shown because nothing was asked: stderr. */
function showGroup(cli: Cli, name: string, argv: readonly string[]): void {
  const group = GROUPS.find((candidate) => candidate.name === name)!;
  const out = argv.length > 0 ? cli.stdout : cli.stderr;
  out.write(groupHelp(`${PROGRAM} ${name}`, group.summary, group.commands));
}

function showRoot(cli: Cli, asked: boolean): void {
  const short = Object.entries(SHORTCUTS).flatMap(([name, [group, verb]]) => {
    const entry = entryOf(group, verb);
    return entry ? [{ name, summary: entry.summary }] : [];
  });
  const all = [...TOP_LEVEL, ...short].sort((a, b) => (a.name < b.name ? -1 : 1));
  const sections = [
    { title: 'Common Commands', commands: COMMON.flatMap((name) => all.filter((entry) => entry.name === name)) },
    { title: 'Management Commands', commands: GROUPS },
    { title: 'Commands', commands: all.filter((entry) => !COMMON.includes(entry.name)) },
  ];
  const flags = globalFlags(configDirectory(cli.env));
  const text = rootHelp({ program: PROGRAM, summary: SUMMARY, sections, flags, width: widthOf(cli) });
  (asked ? cli.stdout : cli.stderr).write(text);
}

async function printVersion(cli: Cli): Promise<void> {
  const { PRODUCT_VERSION } = await import('@tsdocker/shared/api-version.ts');
  cli.stdout.write(`tsdocker version ${PRODUCT_VERSION}\n`);
}
