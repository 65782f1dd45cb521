/** Options that say how the output of containers is logged that do not say it themselves. */
import type { LogDefaults } from './config.ts';
import type { OptionSpec, OptionValue } from './schema.ts';

export const LOG_OPTIONS: OptionSpec[] = [
  {
    flag: 'log-driver',
    key: 'log-driver',
    kind: 'string',
    description: 'Log driver of containers that name none',
    default: 'json-file',
  },
  {
    flag: 'log-opt',
    key: 'log-opts',
    kind: 'list',
    valueName: 'name=value',
    description: 'Option of the default log driver',
    fromFile: optionTexts,
  },
];

/** The file has an object of texts: `{"max-size":"10m"}`. */
function optionTexts(value: unknown): string[] | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  return entries.every(([, text]) => typeof text === 'string')
    ? entries.map(([name, text]) => `${name}=${text}`)
    : undefined;
}

/** @param values checked, by flag */
export function logDefaults(values: ReadonlyMap<string, OptionValue>): LogDefaults {
  const entries = ((values.get('log-opt') as string[] | undefined) ?? []).map((text) => {
    const [name = '', ...rest] = text.split('=');
    return [name, rest.join('=')];
  });
  return { driver: (values.get('log-driver') as string) || 'json-file', options: Object.fromEntries(entries) };
}
