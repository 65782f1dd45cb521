/**
 * Prepared network namespaces. Making one costs about a millisecond, so a few are kept ready and made again while no
 * attach is under way. Each has its lo up; what is left to do for a container is the veth.
 */
import { closeSync } from 'node:fs';
import type { NamespaceBinding, NetlinkBinding } from '../../runtime/native/addon-types.ts';
import type { NetworkLog } from '../log.ts';
import { dumpLinks, parseLink, setUpByIndex } from '../netlink/route.ts';
import { NetlinkSocket } from '../netlink/socket.ts';

export interface PreparedNetns {
  netnsFd: number;
  /** rtnetlink inside. The taker closes it. */
  socket: NetlinkSocket;
  /** Free for the first interface: some kernels put tunnel devices into every new namespace. */
  freeIndex: number;
}

export type SandboxBinding = NetlinkBinding & Pick<NamespaceBinding, 'createNetns'>;

export class NetnsPool {
  readonly #binding: SandboxBinding;
  readonly #size: number;
  readonly #log: NetworkLog;
  readonly #ready: PreparedNetns[] = [];
  #filling: Promise<void> | undefined;
  #closed = false;

  constructor(binding: SandboxBinding, opts: { size: number; log: NetworkLog }) {
    this.#binding = binding;
    this.#size = opts.size;
    this.#log = opts.log;
  }

  /** @param usernsFd user namespace it shall belong to: none of those is kept ready */
  async take(usernsFd?: number): Promise<PreparedNetns> {
    if (usernsFd !== undefined) return await prepare(this.#binding, usernsFd);
    return this.#ready.pop() ?? (await prepare(this.#binding));
  }

  /** Fills up in the background. A failure is logged: `take` will meet it again and report it to its caller. */
  refill(): void {
    if (this.#closed) return;
    this.#filling ??= this.#fill()
      .catch((err: unknown) => this.#log('warn', `prepare network namespaces: ${String(err)}`))
      .finally(() => {
        this.#filling = undefined;
      });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#filling;
    for (const netns of this.#ready.splice(0)) await discard(netns);
  }

  async #fill(): Promise<void> {
    while (!this.#closed && this.#ready.length < this.#size) this.#ready.push(await prepare(this.#binding));
  }
}

async function prepare(binding: SandboxBinding, usernsFd?: number): Promise<PreparedNetns> {
  const { netnsFd, rtnetlinkFd } = await binding.createNetns(usernsFd);
  const socket = new NetlinkSocket(binding, rtnetlinkFd);
  try {
    const links = (await socket.dump(dumpLinks())).map(parseLink);
    const lo = links.find((link) => link.name === 'lo');
    if (lo) await socket.transact([setUpByIndex(lo.index)]);
    return { netnsFd, socket, freeIndex: Math.max(1, ...links.map((link) => link.index)) + 1 };
  } catch (err) {
    await socket.close();
    closeSync(netnsFd);
    throw err;
  }
}

/** Gives up a namespace that no container got. */
export async function discard(netns: PreparedNetns): Promise<void> {
  await netns.socket.close();
  closeSync(netns.netnsFd);
}
