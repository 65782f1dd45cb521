/** Resolves `--user` against the account files of a root file system. */
import type { ContainerConfig, HostConfig } from '@tsdocker/shared/types/container.ts';
import type { LayeredRoot } from './spec/layered-root.ts';
import { parseGroup, parsePasswd, type ResolvedUser, resolveUser } from './spec/user.ts';

/** Far above any real account file; keeps a hostile one out of memory. */
const MAX_ACCOUNT_FILE_BYTES = 16 << 20;

/** @throws InvalidParameter `unable to find user x: no matching entries in passwd file` */
export function userInRoot(
  root: LayeredRoot,
  config: Pick<ContainerConfig, 'User'>,
  hostConfig: Pick<HostConfig, 'GroupAdd'>,
): ResolvedUser {
  const read = (path: string) => root.readFile(path, MAX_ACCOUNT_FILE_BYTES)?.toString('utf8') ?? '';
  const passwd = parsePasswd(read('/etc/passwd'));
  const groups = parseGroup(read('/etc/group'));
  return resolveUser(config.User ?? '', hostConfig.GroupAdd ?? [], passwd, groups);
}
