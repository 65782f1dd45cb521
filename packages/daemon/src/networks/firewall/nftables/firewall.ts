/** The firewall on nftables: one table a daemon, named by its instance; one netlink transaction a change. */

import type { NetworkLog } from '../../log.ts';
import { deleteFlow, dumpFlows, type Flow, parseFlow } from '../../netlink/conntrack.ts';
import { addTable, deleteTable, transaction } from '../../netlink/nftables.ts';
import { NetlinkError, type NetlinkSocket } from '../../netlink/socket.ts';
import type { FilteredNetwork, Firewall, PublishedPort } from '../firewall.ts';
import { concernsAddress, concernsPort } from './flows.ts';
import { closeForeignForward, openForeignForward } from './foreign-forward.ts';
import { fullRuleset, publishMessages, tableOf, unpublishMessages } from './ruleset.ts';

const portKey = (port: PublishedPort): string => `${port.hostAddress}/${port.protocol}/${port.hostPort}`;

export class NftablesFirewall implements Firewall {
  readonly #socket: NetlinkSocket;
  readonly #table: string;
  readonly #log: NetworkLog;
  /** What the table holds, so that it can be made again when somebody flushed it. */
  #networks: readonly FilteredNetwork[] = [];
  readonly #ports = new Map<string, PublishedPort>();
  #warnedAbout = '';

  constructor(opts: { socket: NetlinkSocket; table: string; log: NetworkLog }) {
    this.#socket = opts.socket;
    this.#table = opts.table;
    this.#log = opts.log;
  }

  async load(networks: readonly FilteredNetwork[], ports: readonly PublishedPort[]): Promise<void> {
    this.#networks = networks;
    this.#ports.clear();
    for (const port of ports) this.#ports.set(portKey(port), port);
    await this.#reload();
  }

  async setNetworks(networks: readonly FilteredNetwork[]): Promise<void> {
    this.#networks = networks;
    await this.#reload();
  }

  async publish(ports: readonly PublishedPort[]): Promise<void> {
    if (ports.length === 0) return;
    for (const port of ports) this.#ports.set(portKey(port), port);
    try {
      await this.#change(publishMessages(tableOf(this.#table), ports), ['ENOENT', 'EEXIST']);
      await this.#forgetUdp(ports);
    } catch (err) {
      for (const port of ports) this.#ports.delete(portKey(port));
      throw err;
    }
  }

  async unpublish(ports: readonly PublishedPort[]): Promise<void> {
    const known = ports.filter((port) => this.#ports.delete(portKey(port)));
    if (known.length === 0) return;
    await this.#change(unpublishMessages(tableOf(this.#table), known), ['ENOENT']);
    await this.#forgetUdp(known);
  }

  async forgetAddresses(addresses: ReadonlySet<number>): Promise<void> {
    if (addresses.size > 0) await this.#forget((flow) => concernsAddress(flow, addresses));
  }

  async checkForeignRules(): Promise<void> {
    const bridges = this.#networks.map((network) => network.bridge);
    if (bridges.length === 0) return;
    const found = await openForeignForward(this.#socket, {
      ownTable: this.#table,
      comment: this.#table,
      bridges,
    });
    const by = found.kind === 'blocked' ? found.by : '';
    if (by && by !== this.#warnedAbout)
      this.#log('warn', `the chain ${by} drops forwarded packets: containers have no connection to the outside`);
    this.#warnedAbout = by;
  }

  async remove(): Promise<void> {
    const table = tableOf(this.#table);
    this.#networks = [];
    this.#ports.clear();
    await this.#socket.transact(transaction([addTable(table), deleteTable(table)]));
    await closeForeignForward(this.#socket, this.#table);
  }

  async #reload(): Promise<void> {
    const messages = fullRuleset(tableOf(this.#table), this.#networks, [...this.#ports.values()]);
    await this.#socket.transact(transaction(messages));
    await this.checkForeignRules();
  }

  /** Applies a change; when the table is not what we think (flushed by hand), makes it anew with the change in it. */
  async #change(messages: Parameters<typeof transaction>[0], outOfStep: readonly string[]): Promise<void> {
    try {
      await this.#socket.transact(transaction(messages));
    } catch (err) {
      if (!(err instanceof NetlinkError) || !outOfStep.includes(err.code)) throw err;
      this.#log('warn', `firewall table ${this.#table} was changed from outside; loading it again`, { code: err.code });
      await this.#reload();
    }
  }

  async #forgetUdp(ports: readonly PublishedPort[]): Promise<void> {
    const udp = ports.filter((port) => port.protocol === 'udp');
    if (udp.length > 0) await this.#forget((flow) => udp.some((port) => concernsPort(flow, port)));
  }

  async #forget(match: (flow: Flow) => boolean): Promise<void> {
    const flows = (await this.#socket.dump(dumpFlows())).map(parseFlow);
    const ended = flows.filter((flow) => flow !== undefined && match(flow)) as Flow[];
    // In slices: each deletion is acknowledged, and the acks must fit into the socket's buffer.
    for (let start = 0; start < ended.length; start += 200)
      await this.#socket.transact(ended.slice(start, start + 200).map(deleteFlow));
  }
}
