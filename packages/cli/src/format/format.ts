/** `--format` for listings: the default table, `table TEMPLATE`, `json`, `raw` and plain templates. */

import type { Template } from '@tsdocker/shared/template/ast.ts';
import { executeTemplate } from '@tsdocker/shared/template/execute.ts';
import {
  FUNCTION_NAMES,
  type FunctionTable,
  HEADER_FUNCTIONS,
  TEMPLATE_FUNCTIONS,
} from '@tsdocker/shared/template/functions.ts';
import { parseTemplate } from '@tsdocker/shared/template/parse.ts';
import { asMap, Struct } from '@tsdocker/shared/template/values.ts';
import type { OutputStream } from '../cli.ts';
import { StatusError } from '../status-error.ts';
import { alignTabs } from './tab-writer.ts';
import { labelHeader } from './text.ts';

/** What a kind of object shows. */
export interface Columns {
  /** `*formatter.ContainerContext` */
  typeName: string;
  /** Field to header; the order is of no meaning. */
  headers: Readonly<Record<string, string>>;
  /** Template of the table that is shown without --format. */
  defaultTable: string;
  /** Template for `--quiet`, and for tables with it. */
  quiet?: string;
  /** Template of the old `raw` format, where there is one. */
  raw?: string;
}

/** One row: field to value; functions without parameters are computed when asked, with parameters they are methods. */
export type Row = Readonly<Record<string, unknown>>;

export interface ListOptions {
  /** --format or the configuration's; '' means the default table. */
  format: string;
  quiet?: boolean;
}

const TABLE = 'table';
const JSON_FORMAT = 'json';

/** Writes all rows. @throws StatusError for a template that does not parse or run */
export function writeRows(out: OutputStream, columns: Columns, rows: readonly Row[], options: ListOptions): void {
  const text = formatRows(columns, rows, options);
  if (text !== '') out.write(text);
}

export function formatRows(columns: Columns, rows: readonly Row[], options: ListOptions): string {
  const { source, isTable } = chooseFormat(columns, options);
  const template = parseFormat(unescapeFormat(source));
  const lines = rows.map((row) => `${run(template, new Struct(columns.typeName, row), TEMPLATE_FUNCTIONS)}\n`);
  if (!isTable) return lines.join('');
  const headers = asMap({ ...columns.headers, ...(columns.headers['Labels'] && { Label: labelHeader }) });
  return alignTabs(`${run(template, headers, HEADER_FUNCTIONS)}\n${lines.join('')}`);
}

/** The template to use, and whether it is a table (has headers and columns). */
function chooseFormat(columns: Columns, { format, quiet }: ListOptions): { source: string; isTable: boolean } {
  if (format === '' || format === TABLE) {
    if (quiet && columns.quiet !== undefined) return { source: columns.quiet, isTable: false };
    return { source: columns.defaultTable, isTable: true };
  }
  if (format === JSON_FORMAT) return { source: '{{json .}}', isTable: false };
  if (format === 'raw' && columns.raw !== undefined) return { source: columns.raw, isTable: false };
  if (/^table[ \t]/.test(format)) return { source: format.slice(TABLE.length).trim(), isTable: true };
  return { source: format.trim(), isTable: false };
}

/** `\t` and `\n` written as two characters. */
function unescapeFormat(source: string): string {
  return source.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
}

/** @throws StatusError with `label` in front of Go's words */
export function parseFormat(source: string, label = 'failed to parse template: ', exitCode = 1, name = ''): Template {
  try {
    return parseTemplate(source, FUNCTION_NAMES, name);
  } catch (err) {
    throw new StatusError(exitCode, `${label}${(err as Error).message}`);
  }
}

function run(template: Template, data: unknown, functions: FunctionTable): string {
  try {
    return executeTemplate(template, data, { functions });
  } catch (err) {
    throw new StatusError(1, `failed to execute template: ${(err as Error).message}`);
  }
}
