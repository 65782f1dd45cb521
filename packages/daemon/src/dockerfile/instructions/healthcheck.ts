import { parseDuration } from '@tsdocker/shared/durations.ts';
import { invalid } from '../errors.ts';
import { jsonList, type Statement } from '../parse.ts';
import { readFlags } from './flags.ts';
import type { HealthcheckInstruction } from './types.ts';

/** The kernel's clocks are finer, Docker's smallest interval is not. */
const MIN_NANOS = 1_000_000;

/** `HEALTHCHECK [options] CMD command` or `HEALTHCHECK NONE`. @throws InvalidParameter */
export function parseHealthcheck(statement: Statement): HealthcheckInstruction {
  const flags = readFlags(statement.flags, {
    interval: 'text',
    timeout: 'text',
    'start-period': 'text',
    'start-interval': 'text',
    retries: 'text',
  });
  if (statement.args === '') throw invalid('HEALTHCHECK requires at least one argument');
  const type = /^\S+/.exec(statement.args)?.[0] as string;
  const rest = statement.args.slice(type.length).trim();
  if (type.toUpperCase() === 'NONE') {
    if (rest !== '') throw invalid('HEALTHCHECK NONE takes no arguments');
    return { kind: 'HEALTHCHECK' };
  }
  if (type.toUpperCase() !== 'CMD') throw invalid(`Unknown type ${JSON.stringify(type)} in HEALTHCHECK (try CMD)`);
  if (rest === '') throw invalid('Missing command after HEALTHCHECK CMD');
  const list = jsonList(rest);
  const nanos = (name: string) => {
    const text = flags.text(name);
    return text === undefined ? undefined : durationNanos(name, text);
  };
  const [intervalNanos, timeoutNanos] = [nanos('interval'), nanos('timeout')];
  const [startPeriodNanos, startIntervalNanos] = [nanos('start-period'), nanos('start-interval')];
  const retries = flags.text('retries');
  if (retries !== undefined && !/^\d{1,9}$/.test(retries))
    throw invalid(`--retries must be a whole number and at least 0, not ${JSON.stringify(retries)}`);
  return {
    kind: 'HEALTHCHECK',
    command: list ? { exec: list } : { shell: rest },
    ...(intervalNanos && { intervalNanos }),
    ...(timeoutNanos && { timeoutNanos }),
    ...(startPeriodNanos && { startPeriodNanos }),
    ...(startIntervalNanos && { startIntervalNanos }),
    ...(retries && { retries: Number(retries) }),
  };
}

function durationNanos(name: string, text: string): number {
  const nanos = Number(parseDuration(text));
  if (nanos < 0) throw invalid(`Interval ${JSON.stringify(name)} must be positive`);
  if (nanos > 0 && nanos < MIN_NANOS) throw invalid(`Interval ${JSON.stringify(name)} cannot be less than 1ms`);
  return nanos;
}
