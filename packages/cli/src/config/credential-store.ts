/** Writes credentials: into config.json, or to the credential helper it names. */
import { join } from 'node:path';
import type { AuthConfig } from '@tsdocker/shared/types/auth.ts';
import type { Cli } from '../cli.ts';
import { StatusError } from '../status-error.ts';
import { editConfig } from './config-edit.ts';
import { runHelper } from './credentials.ts';

/** @throws StatusError when the helper fails */
export async function storeCredentials(cli: Cli, server: string, auth: AuthConfig): Promise<void> {
  const config = cli.config();
  const helper = config.credHelpers?.[server] ?? config.credsStore;
  if (helper) {
    const secret = auth.identitytoken || auth.password || '';
    const entry = { ServerURL: server, Username: auth.identitytoken ? '<token>' : auth.username, Secret: secret };
    return callHelper(cli, helper, 'store', JSON.stringify(entry));
  }
  const pair = `${auth.username ?? ''}:${auth.password ?? ''}`;
  const entry: AuthConfig = {
    auth: Buffer.from(pair).toString('base64'),
    ...(auth.identitytoken ? { identitytoken: auth.identitytoken } : {}),
  };
  await editConfig(config.directory, (content) => ({ ...content, auths: { ...content.auths, [server]: entry } }));
  cli.stderr.write(
    `\nWARNING! Your credentials are stored unencrypted in '${join(config.directory, 'config.json')}'.\n`,
  );
}

/** Nothing stored is no failure. */
export async function eraseCredentials(cli: Cli, server: string): Promise<void> {
  const config = cli.config();
  const helper = config.credHelpers?.[server] ?? config.credsStore;
  if (helper) return callHelper(cli, helper, 'erase', server);
  await editConfig(config.directory, (content) => {
    const { [server]: _gone, ...auths } = content.auths ?? {};
    return { ...content, auths };
  });
}

async function callHelper(cli: Cli, helper: string, verb: 'store' | 'erase', input: string): Promise<void> {
  const { code, output } = await runHelper(helper, verb, input, cli.env);
  if (code !== 0 && !output.includes('credentials not found')) {
    throw new StatusError(
      1,
      `error ${verb === 'store' ? 'storing' : 'erasing'} credentials - err: exit status ${code}, out: \`${output.trim()}\``,
    );
  }
}
