/** What `--userns-remap` names: an account of the host and the ids that /etc/subuid and /etc/subgid give it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { IdMap, IdRange } from './id-map.ts';
import { parseGroup, parsePasswd } from './spec/user.ts';

/** Of `--userns-remap=default`, and of single containers where the daemon remaps none. */
const REMAP_ACCOUNT = 'dockremap';
const NEW_RANGE_FIRST = 100_000;
const NEW_RANGE_COUNT = 65_536;

/** Who the ids belong to. */
interface RemapAccount {
  user: string;
  uid: number;
  group: string;
}

/**
 * @param spec `user`, `uid`, `user:group`, `uid:gid` or `default`, which makes its account when it is not there
 * @returns undefined for root, which cannot be remapped to itself
 * @throws Error in dockerd's words
 */
export function readRemap(spec: string): IdMap | undefined {
  if (spec === 'default') makeRemapAccount();
  const account = readAccount(spec === 'default' ? `${REMAP_ACCOUNT}:${REMAP_ACCOUNT}` : spec);
  return account.uid === 0 ? undefined : readIdMap(account);
}

/** The map of the account that `default` means, without making it. @throws Error when it has no ids */
export function readOwnMap(): IdMap {
  return readIdMap({ user: REMAP_ACCOUNT, uid: -1, group: REMAP_ACCOUNT });
}

function readAccount(spec: string): RemapAccount {
  const parts = spec.split(':');
  if (parts.length > 2) throw new Error(`Invalid user/group specification in --userns-remap: ${JSON.stringify(spec)}`);
  const [userText = '', groupText] = parts;
  const users = parsePasswd(readFileSync('/etc/passwd', 'utf8'));
  const isUid = /^\d+$/.test(userText);
  const user = users.find(({ name, uid }) => (isUid ? uid === Number(userText) : name === userText));
  if (!user && isUid) throw new Error(`Uid ${userText} has no entry in /etc/passwd`);
  if (!user) throw new Error(`Error during uid lookup for ${JSON.stringify(userText)}: no entry in /etc/passwd`);
  // Alone, a user stands for the group of the same name.
  const wanted = groupText ?? user.name;
  const groups = parseGroup(readFileSync('/etc/group', 'utf8'));
  const isGid = /^\d+$/.test(wanted);
  const group = groups.find(({ name, gid }) => (isGid ? gid === Number(wanted) : name === wanted));
  if (!group && isGid) throw new Error(`Gid ${wanted} has no entry in /etc/group`);
  if (!group) throw new Error(`Error during groupname lookup for ${JSON.stringify(wanted)}: no entry in /etc/group`);
  return { user: user.name, uid: user.uid, group: group.name };
}

function readIdMap({ user, uid, group }: RemapAccount): IdMap {
  const uids = subordinateRanges(readOptional('/etc/subuid'), [user, String(uid)]);
  if (uids.length === 0)
    throw new Error(`Can't create ID mappings: no subuid ranges found for user ${JSON.stringify(user)} in /etc/subuid`);
  const gids = subordinateRanges(readOptional('/etc/subgid'), [group]);
  if (gids.length === 0)
    throw new Error(
      `Can't create ID mappings: no subgid ranges found for group ${JSON.stringify(group)} in /etc/subgid`,
    );
  return { uids, gids };
}

/**
 * Ids from 0 on, in the order of the file. @see subuid(5)
 * @param names the account's name or number, as a line may start
 * @throws Error a line of the account that is none
 */
export function subordinateRanges(text: string, names: readonly string[]): IdRange[] {
  const ranges: IdRange[] = [];
  let inside = 0;
  for (const line of text.split('\n')) {
    const [name = '', first, count] = line.trim().split(':');
    if (!names.includes(name)) continue;
    const range = { inside, outside: Number(first), count: Number(count) };
    if (!/^\d+$/.test(first ?? '') || !/^\d+$/.test(count ?? '') || range.outside + range.count > 2 ** 32)
      throw new Error(`Can't create ID mappings: ${JSON.stringify(line)} is not name:first:count`);
    ranges.push(range);
    inside += range.count;
  }
  return ranges;
}

function readOptional(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw err;
  }
}

/** The account files have locks and formats of their own, which the system's tools know. */
function makeRemapAccount(): void {
  const has = (path: string) =>
    readOptional(path)
      .split('\n')
      .some((line) => line.startsWith(`${REMAP_ACCOUNT}:`));
  if (!has('/etc/passwd'))
    runTool('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', REMAP_ACCOUNT]);
  if (!has('/etc/subuid')) runTool('usermod', ['--add-subuids', freeRange('/etc/subuid'), REMAP_ACCOUNT]);
  if (!has('/etc/subgid')) runTool('usermod', ['--add-subgids', freeRange('/etc/subgid'), REMAP_ACCOUNT]);
}

/** `first-last` behind all that is given away. */
function freeRange(path: string): string {
  const ends = readOptional(path)
    .split('\n')
    .map((line) => line.split(':'))
    .map(([, first, count]) => Number(first) + Number(count))
    .filter(Number.isFinite);
  const first = Math.max(NEW_RANGE_FIRST, ...ends);
  return `${first}-${first + NEW_RANGE_COUNT - 1}`;
}

function runTool(program: string, args: string[]): void {
  try {
    execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (err) {
    const { stderr, message } = err as Error & { stderr?: Buffer };
    const why = stderr?.toString().trim() || message;
    throw new Error(`cannot make the account of --userns-remap=default: ${program}: ${why}`, { cause: err });
  }
}
