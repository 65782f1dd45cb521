/** From the flags of `build` to its request. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseReference, referenceString, withDefaultTag } from '@tsdocker/shared/reference.ts';
import type { BuildCall } from '@tsdocker/shared/types/build.ts';
import type { Cli } from '../cli.ts';
import type { Query } from '../client/client.ts';
import type { Flags } from '../command.ts';
import { credentialsFor, INDEX_SERVER } from '../config/credentials.ts';
import { proxyVariables } from '../container-config/proxies.ts';
import { parseCsvRecord } from '../flags/csv.ts';
import { toMap } from '../flags/label.ts';
import { StatusError } from '../status-error.ts';

export interface BuildRequest {
  query: Query;
  headers: Record<string, string>;
}

/** What cannot be done yet, and what can in its place. */
const REFUSED: Readonly<Record<string, string>> = {
  'build-context': 'COPY --from takes images and stages',
  'cache-from': 'the cache of the daemon is used',
  'cache-to': 'the cache of the daemon is used',
  isolation: 'there is one technology',
  'no-cache-filter': 'use --no-cache',
  'security-opt': 'steps have the default profile',
  squash: 'use a stage, and COPY --from it',
  ssh: 'give the key as a secret',
};

const ENTITLEMENTS: readonly string[] = ['network.host', 'security.insecure'];

/** @throws StatusError for what is not there yet, Error for bad values */
export async function buildRequest(cli: Cli, flags: Flags, call: BuildCall): Promise<BuildRequest> {
  for (const [name, instead] of Object.entries(REFUSED))
    if (flags.changed(name)) throw new StatusError(1, `ERROR: --${name} is not there yet: ${instead}`);
  for (const output of flags.list('output'))
    if (!/^(type=)?(image|docker)$/.test(output))
      throw new StatusError(1, `ERROR: --output ${output} is not there yet: build an image, then export or save it`);
  for (const allowed of flags.list('allow'))
    if (!ENTITLEMENTS.includes(allowed)) throw new StatusError(1, `ERROR: invalid entitlement: ${allowed}`);
  if (flags.bool('push') && flags.list('tag').length === 0)
    throw new StatusError(1, 'ERROR: failed to build: failed to solve: tag is needed when pushing to registry');
  const tags = flags.list('tag').map((tag) => referenceString(withDefaultTag(parseReference(tag))));
  return {
    query: {
      t: tags,
      buildargs: JSON.stringify(buildArgs(cli, flags)),
      labels: JSON.stringify(toMap(flags.list('label'))),
      target: flags.string('target'),
      call: call === 'build' ? undefined : call,
      nocache: flags.bool('no-cache'),
      pull: flags.bool('pull'),
      platform: flags.string('platform'),
      networkmode: flags.string('network'),
      allow: flags.list('allow'),
      extrahosts: flags.list('add-host').join(','),
      memory: flags.custom<number>('memory') || undefined,
      memswap: flags.custom<number>('memory-swap') || undefined,
      shmsize: flags.custom<number>('shm-size') || undefined,
      cpushares: flags.number('cpu-shares') || undefined,
      cpuperiod: flags.number('cpu-period') || undefined,
      cpuquota: flags.number('cpu-quota') || undefined,
      cpusetcpus: flags.string('cpuset-cpus'),
      cpusetmems: flags.string('cpuset-mems'),
      cgroupparent: flags.string('cgroup-parent'),
      ulimits: flags.list('ulimit').length > 0 ? JSON.stringify(flags.list('ulimit')) : undefined,
      rm: true,
      progress: 'events',
    },
    headers: { ...(await registryHeader(cli)), ...secretHeader(cli, flags.list('secret')) },
  };
}

/** A bare name takes the value it has here, and is left out where it has none. */
function buildArgs(cli: Cli, flags: Flags): Record<string, string> {
  const given = flags.list('build-arg').flatMap((entry): [string, string][] => {
    const equals = entry.indexOf('=');
    if (equals >= 0) return [[entry.slice(0, equals), entry.slice(equals + 1)]];
    const value = cli.env[entry];
    return value === undefined ? [] : [[entry, value]];
  });
  return { ...proxyVariables(cli.config(), cli.client().host), ...Object.fromEntries(given) };
}

/** All that config.json knows: which registries a build asks is for its Dockerfile to say. */
async function registryHeader(cli: Cli): Promise<Record<string, string>> {
  const config = cli.config();
  const servers = new Set([...Object.keys(config.auths ?? {}), ...Object.keys(config.credHelpers ?? {})]);
  if (config.credsStore) servers.add(INDEX_SERVER);
  const auths: Record<string, unknown> = {};
  for (const server of servers) auths[server] = await credentialsFor(config, server, cli.env);
  if (servers.size === 0) return {};
  return { 'X-Registry-Config': Buffer.from(JSON.stringify(auths)).toString('base64url') };
}

/** More than fits into a header is no secret. */
const MAX_SECRETS_BYTES = 8 << 10;

function secretHeader(cli: Cli, texts: readonly string[]): Record<string, string> {
  const secrets: Record<string, string> = {};
  for (const text of texts) {
    const fields = new Map(
      parseCsvRecord(text).map((field): [string, string] => {
        const equals = field.indexOf('=');
        return equals < 0 ? [field, ''] : [field.slice(0, equals).toLowerCase(), field.slice(equals + 1)];
      }),
    );
    const id = fields.get('id') ?? '';
    if (id === '') throw new StatusError(1, `ERROR: invalid secret ${JSON.stringify(text)}: it has no id`);
    secrets[id] = secretValue(cli, id, fields).toString('base64');
  }
  const header = Buffer.from(JSON.stringify(secrets)).toString('base64url');
  if (header.length > MAX_SECRETS_BYTES) throw new StatusError(1, 'ERROR: the secrets are too long: 8 kB in all');
  return texts.length > 0 ? { 'X-Build-Secrets': header } : {};
}

function secretValue(cli: Cli, id: string, fields: ReadonlyMap<string, string>): Buffer {
  const file = fields.get('src') ?? fields.get('source');
  const name = fields.get('env') ?? (fields.get('type') === 'env' ? (file ?? id) : undefined);
  const isVariable = name !== undefined || (file === undefined && cli.env[id] !== undefined);
  if (isVariable) return Buffer.from(cli.env[name ?? id] ?? '');
  try {
    return readFileSync(resolve(cli.cwd, file ?? id));
  } catch (err) {
    throw new StatusError(1, `ERROR: failed to stat ${file ?? id}: ${(err as Error).message}`);
  }
}
