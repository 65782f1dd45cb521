import { invalid } from '../errors.ts';
import type { Statement } from '../parse.ts';
import { readFlags } from './flags.ts';
import { parseRunMount } from './run-mount.ts';
import type { CommandLine, RunInstruction } from './types.ts';

/** JSON form gives the list, anything else text for the shell. */
export function commandLine(statement: Pick<Statement, 'args' | 'json'>): CommandLine {
  return statement.json ? { exec: statement.json } : { shell: statement.args };
}

/** `RUN [--mount=...] [--network=...] [--security=...] command`. @throws InvalidParameter */
export function parseRun(statement: Statement): RunInstruction {
  const flags = readFlags(statement.flags, { mount: 'list', network: 'text', security: 'text' });
  const network = flags.text('network') ?? 'default';
  if (network !== 'default' && network !== 'none' && network !== 'host')
    throw invalid(`invalid network mode: ${JSON.stringify(network)}`);
  const security = flags.text('security') ?? 'sandbox';
  if (security !== 'sandbox' && security !== 'insecure')
    throw invalid(`security ${JSON.stringify(security)} is not valid`);
  if (statement.args === '' || statement.json?.length === 0) throw invalid('RUN requires at least one argument');
  return {
    kind: 'RUN',
    command: commandLine(statement),
    heredocs: statement.heredocs,
    mounts: flags.list('mount').map(parseRunMount),
    network,
    security,
  };
}
