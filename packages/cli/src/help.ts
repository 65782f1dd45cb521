/** Help texts in docker's layout. Flags wrap at the terminal's width, 80 without one, by pflag's rule. */
import type { CommandEntry, CommandSpec, FlagSpec } from './command.ts';

/** Wrapping tries this many columns before the edge, so that a short last word may still stay on the line. */
const SLOP = 5;
const NARROWEST_TEXT = 24;
const FALLBACK_INDENT = 16;

const TYPE_NAMES: Readonly<Record<FlagSpec['kind'], string>> = {
  bool: '',
  string: 'string',
  int: 'int',
  uint: 'uint',
  float: 'float',
  list: 'list',
  custom: 'value',
};

export interface CommandHelp {
  /** `tsdocker container ls` */
  path: string;
  spec: CommandSpec;
  /** Full paths that mean the same, canonical first; none or one: no section. */
  aliases: readonly string[];
  width: number;
}

export function commandHelp({ path, spec, aliases, width }: CommandHelp): string {
  const sections = [`Usage:  ${usageLine(path, spec.usage)}`, spec.description ?? spec.summary];
  if (aliases.length > 1) sections.push(`Aliases:\n  ${aliases.join(', ')}`);
  const flags = flagLines(spec.flags, width);
  if (flags !== '') sections.push(`Options:\n${flags}`);
  return `${sections.join('\n\n')}\n`;
}

/** `tsdocker rm [OPTIONS] CONTAINER` */
export function usageLine(path: string, usage: string): string {
  return usage === '' ? path : `${path} ${usage}`;
}

export function groupHelp(path: string, summary: string, commands: readonly CommandEntry[]): string {
  return [
    `Usage:  ${path} COMMAND`,
    summary,
    `Commands:\n${commandLines(commands)}`,
    `Run '${path} COMMAND --help' for more information on a command.`,
    '',
  ]
    .join('\n\n')
    .slice(0, -1);
}

export interface RootHelp {
  program: string;
  summary: string;
  sections: readonly { title: string; commands: readonly { name: string; summary: string; hidden?: boolean }[] }[];
  flags: readonly FlagSpec[];
  width: number;
}

export function rootHelp({ program, summary, sections, flags, width }: RootHelp): string {
  return [
    `Usage:  ${program} [OPTIONS] COMMAND`,
    summary,
    ...sections.map(({ title, commands }) => `${title}:\n${commandLines(commands)}`),
    `Global Options:\n${flagLines(flags, width)}`,
    `Run '${program} COMMAND --help' for more information on a command.\n`,
  ].join('\n\n');
}

/** Names in one column, at least 11 wide as docker's. */
function commandLines(commands: readonly { name: string; summary: string; hidden?: boolean }[]): string {
  const shown = commands.filter((command) => !command.hidden);
  const width = Math.max(11, ...shown.map((command) => command.name.length));
  return shown.map((command) => `  ${command.name.padEnd(width)} ${command.summary}`).join('\n');
}

function flagLines(flags: readonly FlagSpec[], width: number): string {
  const shown = flags
    .filter((flag) => !flag.hidden && !flag.deprecated)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((flag) => ({ left: flagName(flag), right: flag.description + defaultText(flag) }));
  const column = Math.max(0, ...shown.map(({ left }) => left.length)) + 3;
  return shown.map(({ left, right }) => left.padEnd(column) + wrap(right, column, width)).join('\n');
}

function flagName(flag: FlagSpec): string {
  const type = flag.valueName ?? TYPE_NAMES[flag.kind];
  return `  ${flag.short ? `-${flag.short}, ` : '    '}--${flag.name}${type && flag.kind !== 'bool' ? ` ${type}` : ''}`;
}

/** Zero values are not said. */
function defaultText(flag: FlagSpec): string {
  const value = flag.default;
  if (value === undefined || value === false || value === '' || value === 0) return '';
  if (Array.isArray(value)) return value.length === 0 ? '' : ` (default [${value.join(',')}])`;
  return ` (default ${typeof value === 'string' && flag.kind === 'string' ? JSON.stringify(value) : value})`;
}

/** Text behind `indent` columns, its further lines indented the same. */
function wrap(text: string, indent: number, width: number): string {
  let column = indent;
  let lead = '';
  if (width - column < NARROWEST_TEXT) {
    column = FALLBACK_INDENT;
    lead = `\n${' '.repeat(column)}`;
  }
  const room = width - column - SLOP;
  if (room + SLOP < NARROWEST_TEXT) return text;
  const lines: string[] = [];
  for (let rest = text; rest !== ''; ) {
    const cut = cutAt(rest, room);
    lines.push(...rest.slice(0, cut).split('\n'));
    rest = rest.slice(cut + 1);
  }
  return lead + lines.join(`\n${' '.repeat(column)}`);
}

/** Where this line ends: at a newline, else at the last blank before the edge; the whole text when it fits. */
function cutAt(text: string, room: number): number {
  if (room + SLOP > text.length) return text.length;
  const start = text.slice(0, room);
  const blank = Math.max(start.lastIndexOf(' '), start.lastIndexOf('\t'), start.lastIndexOf('\n'));
  if (blank <= 0) return text.length;
  const newline = start.lastIndexOf('\n');
  return newline > 0 && newline < blank ? newline : blank;
}
