import { createInterface } from 'node:readline';
import type { AuthConfig } from '@tsdocker/shared/types/auth.ts';
import type { Cli } from '../../cli.ts';
import { registryLogin } from '../../client/system.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { storeCredentials } from '../../config/credential-store.ts';
import { credentialsFor, INDEX_SERVER, serverOfDomain } from '../../config/credentials.ts';
import { StatusError } from '../../status-error.ts';

export const command: CommandSpec = {
  name: 'login',
  usage: '[OPTIONS] [SERVER]',
  summary: 'Keep credentials for a registry',
  description: 'Keep credentials for a registry; without a name, for Docker Hub',
  flags: [
    { name: 'password', short: 'p', kind: 'string', description: 'Password or token' },
    { name: 'password-stdin', kind: 'bool', description: 'Read the password from stdin' },
    { name: 'username', short: 'u', kind: 'string', description: 'User name' },
  ],
  args: { min: 0, max: 1 },
  run: login,
};

async function login(cli: Cli, args: string[], flags: Flags): Promise<void> {
  checkFlags(flags);
  const server =
    args[0] === undefined ? INDEX_SERVER : serverOfDomain(args[0].replace(/^https?:\/\//, '').replace(/\/$/, ''));
  const auth = await askCredentials(cli, flags, server);
  const answer = await registryLogin(cli.client(), auth);
  const kept = answer.IdentityToken ? { ...auth, password: '', identitytoken: answer.IdentityToken } : auth;
  await storeCredentials(cli, server, kept);
  if (answer.Status) cli.stdout.write(`${answer.Status}\n`);
}

function checkFlags(flags: Flags): void {
  const stdin = flags.bool('password-stdin');
  if (stdin && flags.changed('password')) {
    throw new StatusError(1, 'conflicting options: cannot specify both --password and --password-stdin');
  }
  if (stdin && !flags.string('username'))
    throw new StatusError(1, 'the --password-stdin option requires --username to be set');
  if (flags.changed('username') && flags.string('username') === '') throw new StatusError(1, 'username is empty');
  if (flags.changed('password') && flags.string('password') === '') throw new StatusError(1, 'password is empty');
}

async function askCredentials(cli: Cli, flags: Flags, server: string): Promise<AuthConfig> {
  if (flags.changed('password')) {
    cli.stderr.write('WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n');
  }
  let username = flags.string('username');
  let password = flags.string('password');
  if (flags.bool('password-stdin')) password = await readPassword(cli);
  if (username === '' && password === '') {
    const known = await credentialsFor(cli.config(), server, cli.env);
    if (known.username || known.identitytoken) return { ...known, serveraddress: server };
  }
  if (username === '' || password === '') {
    if (!cli.stdin.isTerminal)
      throw new StatusError(1, 'Error: Cannot perform an interactive login from a non TTY device');
    if (username === '') username = (await ask(cli, 'Username: ', false)).trim();
    if (username === '') throw new StatusError(1, 'Error: Non-null Username Required');
    if (password === '') password = await ask(cli, 'Password: ', true);
    if (password === '') throw new StatusError(1, 'Error: Password Required');
  }
  return { username, password, serveraddress: server };
}

async function readPassword(cli: Cli): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of cli.stdin.stream) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

/** One line from the terminal. A hidden one is read in raw mode, so that nothing is echoed. */
function ask(cli: Cli, question: string, hidden: boolean): Promise<string> {
  cli.stdout.write(question);
  if (hidden) return askHidden(cli);
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: cli.stdin.stream });
    let answered = false;
    lines.once('line', (line) => {
      answered = true;
      lines.close();
      resolve(line);
    });
    lines.once('close', () => {
      if (!answered) reject(new StatusError(1, 'EOF'));
    });
  });
}

async function askHidden(cli: Cli): Promise<string> {
  const restore = cli.stdin.makeRaw();
  let text = '';
  try {
    for await (const chunk of cli.stdin.stream) {
      for (const char of String(chunk)) {
        if (char === '\r' || char === '\n') return text;
        if (char === '\x03') throw new StatusError(130);
        if (char === '\x04' && text === '') throw new StatusError(1, 'EOF');
        text = char === '\x7f' || char === '\b' ? text.slice(0, -1) : text + char;
      }
    }
    return text;
  } finally {
    restore();
    cli.stdout.write('\n');
  }
}
