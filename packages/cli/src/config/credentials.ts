/** Credentials for a registry: from config.json or a credential helper (`docker-credential-NAME`, JSON over its pipes). */
import { spawn } from 'node:child_process';
import type { AuthConfig } from '@tsdocker/shared/types/auth.ts';
import type { ConfigFile } from './config-file.ts';

/** Docker Hub's key in config.json and in the helpers. */
export const INDEX_SERVER = 'https://index.docker.io/v1/';
/** What helpers answer for a registry they do not know; not an error. */
const NOT_FOUND = 'credentials not found in native keychain';
/** User name that says: the secret is an identity token. */
const TOKEN_USER = '<token>';

type Environment = Readonly<Record<string, string | undefined>>;

/** The registry of a reference's domain: Hub has its old key. */
export function serverOfDomain(domain: string): string {
  return domain === '' || domain === 'docker.io' || domain === 'index.docker.io' ? INDEX_SERVER : domain;
}

/** An empty object when there are none. @throws when a helper fails */
export async function credentialsFor(config: ConfigFile, server: string, env: Environment): Promise<AuthConfig> {
  const helper = config.credHelpers?.[hostOf(server)] ?? config.credHelpers?.[server] ?? config.credsStore;
  if (helper) return fromHelper(helper, server, env);
  const auths = config.auths ?? {};
  const entry = auths[server] ?? Object.entries(auths).find(([key]) => hostOf(key) === hostOf(server))?.[1];
  return entry ? decodeEntry(entry, server) : {};
}

/** X-Registry-Auth: base64url of the JSON, padded as Go's encoder does. */
export function encodeAuth(auth: AuthConfig): string {
  return Buffer.from(JSON.stringify(auth)).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** `https://host/v1/` and `host` name the same registry. */
function hostOf(server: string): string {
  return server.replace(/^https?:\/\//, '').split('/')[0] ?? server;
}

function decodeEntry(entry: AuthConfig, server: string): AuthConfig {
  const { auth, ...rest } = entry;
  if (!auth) return { ...rest, serveraddress: server };
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) throw new Error('invalid auth configuration file');
  const password = text.slice(colon + 1).replace(/\0+$/, '');
  return { ...rest, username: text.slice(0, colon), password, serveraddress: server };
}

async function fromHelper(helper: string, server: string, env: Environment): Promise<AuthConfig> {
  const answer = await runHelper(helper, 'get', server, env);
  if (answer.code !== 0) {
    const said = answer.output.trim();
    if (said.startsWith(NOT_FOUND)) return {};
    throw new Error(`error getting credentials - err: exit status ${answer.code}, out: \`${said}\``);
  }
  const { Username, Secret } = JSON.parse(answer.output) as { Username: string; Secret: string };
  return Username === TOKEN_USER
    ? { identitytoken: Secret, serveraddress: server }
    : { username: Username, password: Secret, serveraddress: server };
}

/** One verb of the helper protocol (store, get, erase, list): input on stdin, answer or error text on stdout. */
export function runHelper(
  helper: string,
  verb: 'store' | 'get' | 'erase' | 'list',
  input: string,
  env: Environment,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const program = `docker-credential-${helper}`;
    const child = spawn(program, [verb], { env: { ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (err: NodeJS.ErrnoException) => {
      const reason = err.code === 'ENOENT' ? 'executable file not found in $PATH' : err.message;
      reject(new Error(`error getting credentials - err: exec: "${program}": ${reason}, out: \`\``));
    });
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }));
    child.stdin.on('error', () => {}); // a helper that ends without reading says why on stdout
    child.stdin.end(input);
  });
}
