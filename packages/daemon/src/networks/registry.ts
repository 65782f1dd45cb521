/**
 * The networks there are: records on disk, bridges in the kernel. Creating and removing are one at a time; reading needs
 * no lock, as the maps change only when the kernel and the disk have.
 */
import { DockerError } from '@tsdocker/shared/errors.ts';
import { parseCreateOptions } from './create-options.ts';
import { configureBridge, type HostSockets, makeBridge, ownership } from './drivers/bridge-device.ts';
import { type BridgeDevice, setUpDefaultBridge } from './drivers/default-bridge.ts';
import { readHost, subnetsInUse } from './drivers/host-view.ts';
import * as errors from './errors.ts';
import type { FilteredNetwork } from './firewall/firewall.ts';
import type { Instance } from './instance.ts';
import { type Cidr, formatAddress, overlaps, parseAddress, parseCidr } from './ipam/ipv4.ts';
import { chooseSubnet } from './ipam/pools.ts';
import { deleteLink } from './netlink/route.ts';
import {
  type ActiveNetwork,
  bridgeNameOf,
  DEFAULT_MTU,
  filteredNetwork,
  ipamOf,
  leasesOf,
  mtuOf,
  newRecord,
  OPTION,
} from './network.ts';
import type { NetworkServiceOptions } from './options.ts';
import type { NetworkCreateOptions } from './service.types.ts';
import { type NetworkRecord, NetworkStore } from './store.ts';

export class NetworkRegistry {
  readonly #options: NetworkServiceOptions;
  readonly #sockets: HostSockets;
  readonly #instance: Instance;
  readonly #store: NetworkStore;
  readonly #records = new Map<string, NetworkRecord>();
  readonly #active = new Map<string, ActiveNetwork>();
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: NetworkServiceOptions, sockets: HostSockets, instance: Instance) {
    this.#options = options;
    this.#sockets = sockets;
    this.#instance = instance;
    this.#store = new NetworkStore(`${options.dataRoot}/network`, options.log);
  }

  /** Loads the records, makes the predefined networks if they are missing, brings every bridge up. */
  async open(): Promise<void> {
    for (const record of await this.#store.load()) this.#records.set(record.id, record);
    for (const [name, driver] of [
      ['host', 'host'],
      ['none', 'null'],
    ] as const)
      if (!this.byName(name)) await this.#keep(newRecord({ name, driver, predefined: true }));
    await this.#openDefaultBridge();
    for (const record of this.#records.values()) {
      if (record.driver !== 'bridge' || this.#active.has(record.id)) continue;
      // One network that cannot come up must not keep the daemon from the others.
      await this.#openUserBridge(record).catch((err: unknown) =>
        this.#options.log('error', `network ${record.name} is not usable: ${String(err)}`, { network: record.id }),
      );
    }
  }

  all(): NetworkRecord[] {
    return [...this.#records.values()];
  }

  byName(name: string): NetworkRecord | undefined {
    return this.all().find((record) => record.name === name);
  }

  /** By name, id or unique id prefix; `default` is the network bridge. @throws NotFound, InvalidParameter ambiguous */
  resolve(ref: string): NetworkRecord {
    const exact = this.byName(ref === 'default' ? 'bridge' : ref) ?? this.#records.get(ref);
    if (exact) return exact;
    const matches = ref === '' ? [] : this.all().filter((record) => record.id.startsWith(ref));
    if (matches.length > 1) throw errors.networkAmbiguous(ref, matches.length);
    if (!matches[0]) throw errors.networkNotFound(ref);
    return matches[0];
  }

  active(id: string): ActiveNetwork | undefined {
    return this.#active.get(id);
  }

  filtered(): FilteredNetwork[] {
    return [...this.#active].map(([id, active]) => filteredNetwork(this.#records.get(id)!, active));
  }

  /** Makes a bridge network. `activate` is called when the bridge is there, before the record is written. */
  create(request: NetworkCreateOptions, activate: () => Promise<void>): Promise<NetworkRecord> {
    return this.#serially(async () => {
      const parsed = parseCreateOptions(request);
      if (this.byName(request.name)?.predefined) throw errors.predefinedNotCreatable(request.name);
      if (this.byName(request.name)) throw errors.networkExists(request.name);
      const draft = newRecord({ ...parsed, predefined: false });
      const device = await this.#makeUserBridge(draft, parsed.subnet, parsed.gateway);
      const record = { ...draft, ipam: ipamOf(device, parsed.ipamExtras) };
      this.#records.set(record.id, record);
      this.#active.set(record.id, { device, leases: leasesOf(device, record.ipam) });
      try {
        await activate();
        await this.#store.save(record);
      } catch (err) {
        await this.#forget(record.id, device);
        throw err;
      }
      return record;
    });
  }

  /** @param check throws when the network is in use; called with no other change under way */
  remove(ref: string, check: (record: NetworkRecord) => void): Promise<NetworkRecord> {
    return this.#serially(async () => {
      const record = this.resolve(ref);
      if (record.predefined) throw errors.predefinedNotRemovable(record.name);
      check(record);
      const active = this.#active.get(record.id);
      await this.#store.remove(record.id);
      await this.#forget(record.id, active?.device);
      return record;
    });
  }

  /** Deletes the bridges; records stay. */
  async removeBridges(): Promise<void> {
    for (const [id, { device }] of [...this.#active]) {
      this.#active.delete(id);
      if (device.managed) await this.#sockets.route.transact([deleteLink(device.name)]);
    }
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#changing.then(work);
    this.#changing = run.catch(() => undefined);
    return run;
  }

  async #keep(record: NetworkRecord): Promise<void> {
    await this.#store.save(record);
    this.#records.set(record.id, record);
  }

  async #forget(id: string, device: BridgeDevice | undefined): Promise<void> {
    this.#records.delete(id);
    this.#active.delete(id);
    if (device?.managed) await this.#sockets.route.transact([deleteLink(device.name)]);
  }

  async #openDefaultBridge(): Promise<void> {
    const known = this.byName('bridge');
    if (this.#options.bridge === 'none') {
      if (known) {
        await this.#store.remove(known.id);
        this.#records.delete(known.id);
      }
      return;
    }
    const record = known ?? newRecord({ name: 'bridge', driver: 'bridge', predefined: true });
    const { bip, defaultAddressPools: pools, fixedCidr: ipRange } = this.#options;
    const device = await setUpDefaultBridge(this.#sockets, {
      instance: this.#instance,
      networkId: record.id,
      name: this.#options.bridge,
      previous: previousOf(record),
      bip,
      pools,
      mtu: this.#options.mtu ?? DEFAULT_MTU,
    });
    const ipam = ipamOf(device, { ...(ipRange ? { ipRange } : {}) });
    const current = { ...record, ipam, options: this.#defaultOptions(device) };
    await this.#keep(current);
    this.#active.set(current.id, { device, leases: leasesOf(device, ipam) });
  }

  #defaultOptions(device: BridgeDevice): Record<string, string> {
    const { icc = true, ipMasq = true, ip = '0.0.0.0', mtu = DEFAULT_MTU } = this.#options;
    return {
      [OPTION.defaultBridge]: 'true',
      [OPTION.icc]: String(icc),
      [OPTION.masquerade]: String(ipMasq),
      [OPTION.hostBinding]: ip,
      [OPTION.name]: device.name,
      [OPTION.mtu]: String(mtu),
    };
  }

  async #openUserBridge(record: NetworkRecord): Promise<void> {
    const subnet = parseCidr(record.ipam?.subnet ?? '');
    const gateway = parseAddress(record.ipam?.gateway ?? '');
    if (!subnet || gateway === undefined) throw new Error('the record has no subnet');
    const device = await this.#makeUserBridge(record, subnet, gateway);
    this.#active.set(record.id, { device, leases: leasesOf(device, record.ipam) });
  }

  async #makeUserBridge(
    record: NetworkRecord,
    wanted: Cidr | undefined,
    wantedGateway: number | undefined,
  ): Promise<BridgeDevice> {
    const { route } = this.#sockets;
    const name = bridgeNameOf(record);
    const owner = { instance: this.#instance, networkId: record.id };
    const host = await readHost(route);
    const state = ownership(host, name, owner);
    const ownIndex = host.links.find((link) => link.name === name)?.index;
    if (state === 'foreign') throw new DockerError('Forbidden', `bridge name ${name} is already in use`);
    const { subnet, gateway } = this.#subnetFor(wanted, wantedGateway, subnetsInUse(host, ownIndex), record.id);
    const mtu = mtuOf(record);
    if (state === 'free' && !(await makeBridge(route, { ...owner, name, mtu })))
      throw new DockerError('Forbidden', `bridge name ${name} is already in use`);
    try {
      const index = await configureBridge(route, host, { name, gateway, subnet, mtu });
      return { name, index, subnet, gateway, managed: true };
    } catch (err) {
      await route.transact([deleteLink(name)]);
      throw err;
    }
  }

  /** A subnet the user names may not be another network's; one of ours may not be anybody's. */
  #subnetFor(
    wanted: Cidr | undefined,
    wantedGateway: number | undefined,
    onHost: readonly Cidr[],
    networkId: string,
  ): { subnet: Cidr; gateway: number } {
    const others = this.all()
      .filter((record) => record.id !== networkId)
      .map((record) => parseCidr(record.ipam?.subnet ?? ''))
      .filter((cidr) => cidr !== undefined);
    if (wanted) {
      if (others.some((other) => overlaps(other, wanted))) throw errors.poolOverlaps();
      const subnet = { address: wanted.address, prefix: wanted.prefix };
      return { subnet, gateway: wantedGateway ?? subnet.address + 1 };
    }
    const subnet = chooseSubnet([...onHost, ...others], this.#options.defaultAddressPools);
    if (!subnet) throw errors.poolsExhausted();
    return { subnet, gateway: subnet.address + 1 };
  }
}

function previousOf(record: NetworkRecord): { name: string; subnet: Cidr; gateway: number } | undefined {
  const subnet = parseCidr(record.ipam?.subnet ?? '');
  const gateway = parseAddress(record.ipam?.gateway ?? '');
  const name = record.options[OPTION.name];
  if (!subnet || gateway === undefined || !name) return undefined;
  return { name, gateway, subnet: { address: subnet.address, prefix: subnet.prefix } };
}

/** For messages: where a network's addresses come from. */
export const gatewayText = (active: ActiveNetwork | undefined): string | undefined =>
  active && formatAddress(active.device.gateway);
