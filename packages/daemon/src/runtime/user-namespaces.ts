/**
 * User namespaces of containers. Every container gets one of its own, all with the same map, so that what one writes to a
 * volume is the other's, too. Layers are mounted with the map and stay as they are on disk: containers with and without a
 * user namespace share them.
 */
import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import { hostId, type IdMap, mapText } from './id-map.ts';
import type { NamespaceBinding } from './native/addon-types.ts';
import type { UserNamespace } from './runtime.ts';

export interface UserNamespacesOptions {
  /** Of all containers that do not ask for the host's; undefined: only those that ask for one have one. */
  remap?: IdMap;
  /** Of a container that asks for one without `remap`. @throws Error why there is none */
  own: () => IdMap;
  calls: Pick<NamespaceBinding, 'createUserns'>;
}

export class UserNamespaces {
  readonly #options: UserNamespacesOptions;

  constructor(options: UserNamespacesOptions) {
    this.#options = options;
  }

  /** @throws InvalidParameter a container asks for one and there are no ids for it */
  mapOf(hostConfig: Pick<HostConfig, 'UsernsMode'>): IdMap | undefined {
    const { remap, own } = this.#options;
    if (hostConfig.UsernsMode === 'host') return undefined;
    if (remap || hostConfig.UsernsMode !== 'private') return remap;
    try {
      return own();
    } catch (err) {
      throw new DockerError('InvalidParameter', `--userns=private: ${(err as Error).message}`, { cause: err });
    }
  }

  /**
   * For one start; the caller closes it.
   * @param peer host pid of a process whose network, IPC or PID namespace is joined: that has to be of the same user namespace
   * @throws Conflict the peer has another map
   */
  async open(hostConfig: Pick<HostConfig, 'UsernsMode'>, peer?: number): Promise<UserNamespace | undefined> {
    const map = this.mapOf(hostConfig);
    if (peer !== undefined) return joined(peer, map);
    if (!map) return undefined;
    const { createUserns } = this.#options.calls;
    return namespaceOf(await createUserns(mapText(map.uids), mapText(map.gids)), map);
  }
}

function namespaceOf(fd: number, map: IdMap): UserNamespace {
  return { fd, map, root: rootOf(map), close: () => closeSync(fd) };
}

function rootOf(map: IdMap): { uid: number; gid: number } {
  return { uid: hostId(map.uids, 0) ?? 0, gid: hostId(map.gids, 0) ?? 0 };
}

function joined(pid: number, map: IdMap | undefined): UserNamespace | undefined {
  const fd = openSync(`/proc/${pid}/ns/user`, 'r');
  const isHosts = fstatSync(fd).ino === statSync('/proc/self/ns/user').ino;
  if (!isHosts && map) return namespaceOf(fd, map);
  closeSync(fd);
  if (isHosts && !map) return undefined;
  throw new DockerError(
    'Conflict',
    'cannot join a namespace of a container with another user namespace: run both with the same --userns',
  );
}
