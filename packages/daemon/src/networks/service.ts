/**
 * Networks: owns the records in `<data-root>/network/`, the bridges, one nftables table, the namespaces and endpoints of
 * running containers, their addresses and published ports. Only the records are on disk; the rest is rebuilt by
 * `restore`. Addresses and ports are taken synchronously, before anything waits, so parallel attaches never meet; the
 * kernel work then runs in parallel. Changes of networks are one at a time (registry.ts).
 */
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { Network, NetworkInspect } from '@tsdocker/shared/types/network.ts';
import type { HostSockets } from './drivers/bridge-device.ts';
import { announce, connectToBridge, randomMac } from './drivers/bridge-endpoint.ts';
import { DRIVERS, driverOf } from './drivers/index.ts';
import { checkEndpointSettings } from './endpoint-request.ts';
import { type Endpoint, endpointSettings, newEndpointId, portMap, portsOfMap } from './endpoints.ts';
import * as errors from './errors.ts';
import type { Firewall } from './firewall/firewall.ts';
import { NftablesFirewall } from './firewall/nftables/firewall.ts';
import { networkFilter, networkPruneFilter, toNetwork, toNetworkInspect } from './inspect.ts';
import { type Instance, instanceOf, tableName } from './instance.ts';
import { formatAddress, parseAddress } from './ipam/ipv4.ts';
import { NETLINK_NETFILTER, NETLINK_ROUTE, NetlinkError, NetlinkSocket } from './netlink/socket.ts';
import { type ActiveNetwork, flag, hostBindingOf, mtuOf, OPTION } from './network.ts';
import type { NetworkServiceOptions } from './options.ts';
import { planPorts } from './port-requests.ts';
import { PortTable } from './ports.ts';
import { gatewayText, NetworkRegistry } from './registry.ts';
import { Graveyard } from './sandboxes/graveyard.ts';
import { discard, NetnsPool, type PreparedNetns } from './sandboxes/pool.ts';
import type {
  AttachRequest,
  NetworkAdministration,
  NetworkCreateOptions,
  NetworkService,
  Sandbox,
} from './service.types.ts';
import type { NetworkRecord } from './store.ts';

const POOL_SIZE = 3;
/** Another engine may set its policies at any time; looking costs little, but not on every attach. */
const FOREIGN_CHECK_INTERVAL_MS = 30_000;
const IP_FORWARD = '/proc/sys/net/ipv4/ip_forward';

const BRIDGE_FILTER = '/proc/sys/net/bridge/bridge-nf-call-iptables';

type Restored = Parameters<NetworkService['restore']>[0];

/** Opens the service: predefined networks exist and bridges are up. Call `restore` before the first `attach`. */
export async function openNetworkService(
  options: NetworkServiceOptions,
): Promise<NetworkService & NetworkAdministration> {
  const open = (family: number): NetlinkSocket => new NetlinkSocket(options.native, options.native.netlinkOpen(family));
  const sockets = { route: open(NETLINK_ROUTE), netfilter: open(NETLINK_NETFILTER) };
  const service = new BridgedNetworks(options, sockets, instanceOf(options.dataRoot));
  try {
    await service.open();
    return service;
  } catch (err) {
    await service.close();
    throw err;
  }
}

class BridgedNetworks implements NetworkService, NetworkAdministration {
  readonly ipv6 = existsSync('/proc/sys/net/ipv6');
  readonly drivers = DRIVERS.map((driver) => driver.name);
  readonly #options: NetworkServiceOptions;
  readonly #sockets: HostSockets;
  readonly #registry: NetworkRegistry;
  readonly #firewall: Firewall;
  readonly #ports: PortTable;
  readonly #pool: NetnsPool;
  readonly #graveyard: Graveyard;
  /** By container id. */
  readonly #endpoints = new Map<string, Endpoint>();
  #attaching = 0;
  #loaded: Promise<void> | undefined;
  #foreignCheckedAt = 0;

  constructor(options: NetworkServiceOptions, sockets: HostSockets, instance: Instance) {
    this.#options = options;
    this.#sockets = sockets;
    this.#registry = new NetworkRegistry(options, sockets, instance);
    const { log } = options;
    this.#firewall = new NftablesFirewall({ socket: sockets.netfilter, table: tableName(instance), log });
    this.#ports = new PortTable(options.native);
    this.#pool = new NetnsPool(options.native, { size: options.poolSize ?? POOL_SIZE, log });
    this.#graveyard = new Graveyard({
      busy: () => this.#attaching > 0,
      onEmptied: (addresses) => this.#inBackground(this.#forgetFlows(addresses)),
    });
  }

  get hostGateway(): string | undefined {
    const bridge = this.#registry.byName('bridge');
    return bridge && gatewayText(this.#registry.active(bridge.id));
  }

  async open(): Promise<void> {
    await this.#registry.open();
    await this.#enableForwarding();
    this.#pool.refill();
  }

  async list(filters: Record<string, string[]>): Promise<NetworkInspect[]> {
    const wanted = networkFilter(filters);
    return this.#registry
      .all()
      .filter((record) => wanted(record, { used: this.#endpointsOf(record).length > 0 }))
      .map((record) => this.#inspect(record));
  }

  async inspect(ref: string): Promise<NetworkInspect> {
    return this.#inspect(this.#registry.resolve(ref));
  }

  async resolve(ref: string): Promise<Network> {
    return toNetwork(this.#registry.resolve(ref));
  }

  async create(opts: NetworkCreateOptions): Promise<string> {
    await this.#load();
    const record = await this.#registry.create(opts, () => this.#firewall.setNetworks(this.#registry.filtered()));
    this.#publishEvent('create', record, {});
    return record.id;
  }

  async remove(ref: string): Promise<void> {
    await this.#load();
    const record = await this.#registry.remove(ref, (candidate) => {
      const used = this.#endpointsOf(candidate).map(({ containerName, id }) => ({ name: containerName, id }));
      if (used.length > 0) throw errors.activeEndpoints(candidate.name, used);
    });
    await this.#firewall.setNetworks(this.#registry.filtered());
    this.#publishEvent('destroy', record, {});
  }

  async prune(filters: Record<string, string[]>): Promise<string[]> {
    const wanted = networkPruneFilter(filters);
    const removed: string[] = [];
    for (const record of this.#registry.all()) {
      if (record.predefined || !wanted(record) || this.#endpointsOf(record).length > 0) continue;
      try {
        await this.remove(record.id);
        removed.push(record.name);
      } catch (err) {
        // Taken into use or removed meanwhile.
        this.#options.log('warn', 'network not pruned', { network: record.name, error: describe(err) });
      }
    }
    this.#options.events?.publish({ type: 'network', action: 'prune', id: '', attributes: { reclaimed: '0' } });
    return removed;
  }

  async attach(req: AttachRequest): Promise<Sandbox> {
    await this.#load();
    const record = this.#registry.resolve(req.network);
    const active = this.#registry.active(record.id);
    if (!driverOf(record.driver).endpoints || !active)
      throw errors.setUpFailed(`network ${record.name} cannot have endpoints`);
    if (this.#endpoints.has(req.containerId)) throw errors.alreadyConnected(req.containerName, record.name);
    const { endpoint, keys } = this.#reserve(req, record, active);
    this.#attaching++;
    try {
      const connect = async () => this.#connect(await this.#pool.take(req.usernsFd), endpoint, record, active);
      await connect().catch(async (err: unknown) => {
        if (!isNameTaken(err)) throw err;
        await this.#firewall.unpublish(endpoint.ports);
        await connect();
      });
    } catch (err) {
      await this.#release(endpoint);
      throw err instanceof DockerError ? err : errors.setUpFailed(describe(err), err);
    } finally {
      this.#attaching--;
      this.#afterAttach();
    }
    this.#publishEvent('connect', record, { container: req.containerId });
    return {
      netnsFd: endpoint.netnsFd,
      networkName: record.name,
      endpoint: endpointSettings(endpoint, record, req.settings),
      ports: portMap(keys, endpoint.ports),
      heldSockets: [...endpoint.heldSockets],
      addresses: [formatAddress(endpoint.address)],
    };
  }

  async started(containerId: string, _pid: number): Promise<void> {
    const endpoint = this.#endpoints.get(containerId);
    for (const socket of endpoint?.heldSockets.splice(0) ?? []) closeSync(socket);
  }

  async detach(containerId: string): Promise<void> {
    const endpoint = this.#endpoints.get(containerId);
    if (!endpoint) return;
    const record = this.#registry.resolve(endpoint.networkId);
    await this.#release(endpoint);
    this.#publishEvent('disconnect', record, { container: containerId });
  }

  async restore(running: Restored): Promise<void> {
    for (const container of running) this.#adopt(container);
    await this.#load();
  }

  async teardown(): Promise<void> {
    if (this.#endpoints.size > 0) return;
    this.#graveyard.empty();
    await this.#firewall.remove();
    await this.#registry.removeBridges();
    this.#loaded = undefined;
  }

  async close(): Promise<void> {
    await this.#pool.close();
    this.#graveyard.empty();
    for (const endpoint of this.#endpoints.values()) {
      for (const socket of endpoint.heldSockets.splice(0)) closeSync(socket);
      if (endpoint.netnsFd >= 0) closeSync(endpoint.netnsFd);
    }
    this.#endpoints.clear();
    await this.#sockets.route.close();
    await this.#sockets.netfilter.close();
  }

  #inspect(record: NetworkRecord): NetworkInspect {
    const usage = this.#registry.active(record.id)?.leases.usage();
    return toNetworkInspect(record, this.#endpointsOf(record), usage);
  }

  #endpointsOf(record: NetworkRecord): Endpoint[] {
    return [...this.#endpoints.values()].filter((endpoint) => endpoint.networkId === record.id);
  }

  /** Loads the firewall once. Not at opening: an empty table would cut off containers that are still to be restored. */
  #load(): Promise<void> {
    this.#loaded ??= this.#firewall
      .load(
        this.#registry.filtered(),
        [...this.#endpoints.values()].flatMap((endpoint) => endpoint.ports),
      )
      .catch((err: unknown) => {
        this.#loaded = undefined;
        throw new DockerError('System', `load firewall rules: ${describe(err)}`, { cause: err });
      });
    return this.#loaded;
  }

  /** Takes address and ports and enters the endpoint, without waiting. Nothing is taken when it throws. */
  #reserve(req: AttachRequest, record: NetworkRecord, active: ActiveNetwork): { endpoint: Endpoint; keys: string[] } {
    const asked = checkEndpointSettings(record, req.settings);
    const { requests, keys } = planPorts(req, hostBindingOf(record));
    const address = takeAddress(record, active, asked.address);
    const endpoint: Endpoint = {
      id: newEndpointId(),
      networkId: record.id,
      containerId: req.containerId,
      containerName: req.containerName,
      mac: asked.mac ?? randomMac(),
      address,
      prefix: active.device.subnet.prefix,
      ports: [],
      heldSockets: [],
      netnsFd: -1,
    };
    try {
      const reserved = this.#ports.reserve(record.internal ? [] : requests, address);
      endpoint.ports = reserved.ports;
      endpoint.heldSockets = reserved.sockets;
    } catch (err) {
      active.leases.release(address);
      const where = `driver failed programming external connectivity on endpoint ${req.containerName} (${endpoint.id})`;
      throw errors.setUpFailed(`${where}: ${describe(err)}`, err);
    }
    this.#endpoints.set(req.containerId, endpoint);
    return { endpoint, keys };
  }

  async #connect(
    netns: PreparedNetns,
    endpoint: Endpoint,
    record: NetworkRecord,
    active: ActiveNetwork,
  ): Promise<void> {
    const { device } = active;
    const connected = connectToBridge(this.#sockets.route, netns, {
      bridgeIndex: device.index,
      mtu: mtuOf(record),
      mac: endpoint.mac,
      address: endpoint.address,
      prefix: endpoint.prefix,
      gateway: record.internal ? undefined : device.gateway,
      isolated: !flag(record, OPTION.icc, true) && !firewallSeesBridged(),
    });
    // Both are waited for, so that nothing is still under way when a failure is cleaned up.
    const outcomes = await Promise.allSettled([connected, this.#firewall.publish(endpoint.ports)]);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) {
      await discard(netns);
      throw failed.reason;
    }
    endpoint.netnsFd = netns.netnsFd;
    // `close` waits for the announcement; nobody else has to.
    this.#inBackground(announce(netns, endpoint.mac));
    this.#inBackground(netns.socket.close());
  }

  /** Gives back all an endpoint has. */
  async #release(endpoint: Endpoint): Promise<void> {
    this.#endpoints.delete(endpoint.containerId);
    try {
      await this.#firewall.unpublish(endpoint.ports);
    } finally {
      for (const socket of endpoint.heldSockets.splice(0)) closeSync(socket);
      this.#ports.release(endpoint.ports);
      this.#registry.active(endpoint.networkId)?.leases.release(endpoint.address);
      if (endpoint.netnsFd >= 0) this.#graveyard.bury({ netnsFd: endpoint.netnsFd, address: endpoint.address });
    }
  }

  /** Enters the endpoint of a container that was started by an earlier daemon. */
  #adopt(container: Restored[number]): void {
    const { containerId, containerName, endpoint: settings } = container;
    const { network } = container;
    // No error for the caller: one container without its network must not keep the daemon from the others.
    const record = this.#registry.all().find(({ name, id }) => name === network || id === network);
    const active = record && this.#registry.active(record.id);
    const address = parseAddress(settings.IPAddress ?? '');
    const taken = address !== undefined && active?.leases.take(address);
    if (!record || !active || !taken) {
      const cause = !active ? 'the network is gone' : `address ${settings.IPAddress ?? 'unknown'} cannot be taken`;
      const details = { container: containerId, network, cause };
      this.#options.log('error', 'endpoint of a running container cannot be restored', details);
      return;
    }
    const ports = portsOfMap(container.ports, address);
    this.#ports.adopt(ports);
    this.#endpoints.set(containerId, {
      id: settings.EndpointID ?? newEndpointId(),
      networkId: record.id,
      containerId,
      containerName,
      mac: settings.MacAddress ?? '',
      address,
      prefix: active.device.subnet.prefix,
      ports,
      heldSockets: [],
      netnsFd: openNetns(container.pid),
    });
  }

  #afterAttach(): void {
    if (this.#attaching > 0) return;
    this.#pool.refill();
    const now = Date.now();
    if (now - this.#foreignCheckedAt < FOREIGN_CHECK_INTERVAL_MS) return;
    this.#foreignCheckedAt = now;
    this.#inBackground(this.#firewall.checkForeignRules());
  }

  async #forgetFlows(addresses: readonly number[]): Promise<void> {
    const inUse = new Set([...this.#endpoints.values()].map((endpoint) => endpoint.address));
    await this.#firewall.forgetAddresses(new Set(addresses.filter((address) => !inUse.has(address))));
  }

  #inBackground(work: Promise<void>): void {
    work.catch((err: unknown) => this.#options.log('warn', `network housekeeping: ${describe(err)}`));
  }

  async #enableForwarding(): Promise<void> {
    if (readFileSync(IP_FORWARD, 'utf8').trim() !== '0') return;
    await writeFile(IP_FORWARD, '1');
    this.#options.log('info', 'IPv4 forwarding is turned on');
  }

  #publishEvent(action: string, record: NetworkRecord, attributes: Record<string, string>): void {
    const all = { ...attributes, name: record.name, type: record.driver };
    this.#options.events?.publish({ type: 'network', action, id: record.id, attributes: all });
  }
}

/** Of a new pair, on the host or inside: another name in another namespace is not. Seen on a busy host with many daemons. */
function isNameTaken(err: unknown): boolean {
  return err instanceof NetlinkError && err.code === 'EEXIST' && err.step.startsWith('create veth');
}

/** @throws DockerError in Docker's words */
function takeAddress(record: NetworkRecord, active: ActiveNetwork, wanted: number | undefined): number {
  if (wanted === undefined) {
    const address = active.leases.allocate();
    if (address !== undefined) return address;
    const pools = `no available IPv4 addresses on this network's address pools: ${record.name} (${record.id})`;
    throw errors.setUpFailed(pools);
  }
  if (active.leases.take(wanted)) return wanted;
  if (active.leases.has(wanted)) throw errors.setUpFailed('Address already in use');
  const text = formatAddress(wanted);
  throw errors.invalidRequest(
    `invalid config for network ${record.name}: invalid endpoint settings:\nno configured subnet contains IP address ${text}`,
  );
}

/** The namespace of a process; -1 when it has just ended: its exit is noticed elsewhere and `detach` follows. */
function openNetns(pid: number): number {
  try {
    return openSync(`/proc/${pid}/ns/net`, 'r');
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT' || (err as NodeJS.ErrnoException).code === 'ESRCH') return -1;
    throw err;
  }
}

/**
 * True when bridged packets pass the firewall, whose rules then keep containers apart. Isolated ports would be wrong:
 * packets to a published port of a neighbour are translated while they are bridged, and an isolated port drops them.
 */
function firewallSeesBridged(): boolean {
  try {
    return readFileSync(BRIDGE_FILTER, 'utf8').trim() === '1';
  } catch {
    return false; // br_netfilter is not loaded
  }
}

function describe(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}
