/** Who a process runs as: `--user` and `--group-add` read against the image's /etc/passwd and /etc/group. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { OciUser } from '@tsdocker/shared/types/oci-spec.ts';

export interface PasswdEntry {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

export interface GroupEntry {
  name: string;
  gid: number;
  members: string[];
}

export interface ResolvedUser {
  user: OciUser;
  /** Of the passwd entry, else `/`. */
  home: string;
}

const MAX_ID = 2147483647;

/** @param text a passwd(5) file; lines without a numeric uid and gid are left out */
export function parsePasswd(text: string): PasswdEntry[] {
  return lines(text).flatMap((line) => {
    const [name = '', , uid, gid, , home = ''] = line.split(':');
    const [u, g] = [toId(uid), toId(gid)];
    return u === undefined || g === undefined ? [] : [{ name, uid: u, gid: g, home }];
  });
}

/** @param text a group(5) file */
export function parseGroup(text: string): GroupEntry[] {
  return lines(text).flatMap((line) => {
    const [name = '', , gid, members = ''] = line.split(':');
    const g = toId(gid);
    return g === undefined ? [] : [{ name, gid: g, members: members.split(',').filter(Boolean) }];
  });
}

/**
 * @param spec `name|uid[:group|gid]`, '' = root. A number also matches a name; the first matching line counts. Without a
 *   group: the entry's gid and every group that lists the user; a uid of no entry has gid 0.
 * @throws InvalidParameter `unable to find user x: no matching entries in passwd file`, the same of groups, and the range error
 */
export function resolveUser(
  spec: string,
  groupAdd: readonly string[],
  passwd: readonly PasswdEntry[],
  groups: readonly GroupEntry[],
): ResolvedUser {
  const colon = spec.indexOf(':');
  const userPart = colon < 0 ? spec : spec.slice(0, colon);
  const groupPart = colon < 0 ? '' : spec.slice(colon + 1);
  const wantedUid = toInteger(userPart);
  const entry = passwd.find((p) => (userPart === '' ? p.uid === 0 : p.name === userPart || p.uid === wantedUid));
  if (!entry && userPart !== '' && wantedUid === undefined) {
    throw new DockerError('InvalidParameter', `unable to find user ${userPart}: no matching entries in passwd file`);
  }
  const uid = entry?.uid ?? checkRange(wantedUid ?? 0);
  let gid = entry?.gid ?? 0;
  let supplementary: number[] = [];
  if (groupPart !== '') gid = findGroup(groupPart, groups);
  else if (entry?.name) supplementary = groups.filter((g) => g.members.includes(entry.name)).map((g) => g.gid);
  const added = groupAdd.map((group) => findGroup(group, groups));
  const additionalGids = [...new Set([gid, ...supplementary, ...added])];
  return { user: { uid, gid, additionalGids }, home: entry?.home || '/' };
}

function findGroup(wanted: string, groups: readonly GroupEntry[]): number {
  const number = toInteger(wanted);
  const entry = groups.find((g) => g.name === wanted || g.gid === number);
  if (entry) return entry.gid;
  if (number === undefined) {
    throw new DockerError('InvalidParameter', `unable to find group ${wanted}: no matching entries in group file`);
  }
  return checkRange(number);
}

function checkRange(id: number): number {
  if (id < 0 || id > MAX_ID) {
    throw new DockerError('InvalidParameter', `uids and gids must be in range 0-${MAX_ID}`);
  }
  return id;
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

function toInteger(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

function toId(text: string | undefined): number | undefined {
  const id = toInteger(text);
  return id !== undefined && id >= 0 && id <= 0xffff_ffff ? id : undefined;
}
