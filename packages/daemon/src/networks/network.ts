/** A network with what it has in the kernel; and the records of new ones. */
import { randomBytes } from 'node:crypto';
import type { BridgeDevice } from './drivers/default-bridge.ts';
import type { FilteredNetwork } from './firewall/firewall.ts';
import { formatAddress, formatCidr, parseAddress, parseCidr } from './ipam/ipv4.ts';
import { AddressLeases } from './ipam/leases.ts';
import type { DriverName, NetworkIpam, NetworkRecord } from './store.ts';

export const OPTION = {
  name: 'com.docker.network.bridge.name',
  icc: 'com.docker.network.bridge.enable_icc',
  masquerade: 'com.docker.network.bridge.enable_ip_masquerade',
  hostBinding: 'com.docker.network.bridge.host_binding_ipv4',
  defaultBridge: 'com.docker.network.bridge.default_bridge',
  mtu: 'com.docker.network.driver.mtu',
} as const;

/** Bytes. */
export const DEFAULT_MTU = 1500;

/** A bridge network that is up. */
export interface ActiveNetwork {
  device: BridgeDevice;
  leases: AddressLeases;
}

export function newRecord(opts: {
  name: string;
  driver: DriverName;
  predefined: boolean;
  options?: Record<string, string>;
  labels?: Record<string, string>;
  internal?: boolean;
  attachable?: boolean;
  ipam?: NetworkIpam;
}): NetworkRecord {
  return {
    id: randomBytes(32).toString('hex'),
    name: opts.name,
    created: new Date().toISOString(),
    driver: opts.driver,
    internal: opts.internal ?? false,
    attachable: opts.attachable ?? false,
    predefined: opts.predefined,
    options: opts.options ?? {},
    labels: opts.labels ?? {},
    ...(opts.ipam ? { ipam: opts.ipam } : {}),
  };
}

/** An option of the record as a truth value; `fallback` when it is not set. */
export function flag(record: NetworkRecord, option: string, fallback: boolean): boolean {
  const value = record.options[option];
  return value === undefined ? fallback : value === 'true' || value === '1';
}

/** The `mtu` option, in bytes. */
export function mtuOf(record: NetworkRecord): number {
  const value = Number(record.options[OPTION.mtu]);
  return Number.isInteger(value) && value > 0 ? value : DEFAULT_MTU;
}

/** Address that published ports are bound to when a binding names none; 0 = all. */
export function hostBindingOf(record: NetworkRecord): number {
  return parseAddress(record.options[OPTION.hostBinding] ?? '') ?? 0;
}

export function bridgeNameOf(record: NetworkRecord): string {
  return record.options[OPTION.name] ?? `br-${record.id.slice(0, 12)}`;
}

export function leasesOf(device: BridgeDevice, ipam: NetworkIpam | undefined): AddressLeases {
  const auxiliary = Object.values(ipam?.auxiliaryAddresses ?? {}).map(parseAddress);
  const range = ipam?.ipRange ? parseCidr(ipam.ipRange) : undefined;
  return new AddressLeases(device.subnet, {
    ...(range ? { range: { address: range.address, prefix: range.prefix } } : {}),
    reserved: [device.gateway, ...auxiliary.filter((address) => address !== undefined)],
  });
}

/** The record's IPAM for the subnet a device got. */
export function ipamOf(device: BridgeDevice, ipam?: Partial<NetworkIpam>): NetworkIpam {
  return {
    options: undefined,
    configured: false,
    ...ipam,
    subnet: formatCidr(device.subnet),
    gateway: formatAddress(device.gateway),
  };
}

export function filteredNetwork(record: NetworkRecord, active: ActiveNetwork): FilteredNetwork {
  return {
    bridge: active.device.name,
    subnet: active.device.subnet,
    masquerade: flag(record, OPTION.masquerade, true),
    icc: flag(record, OPTION.icc, true),
    internal: record.internal,
  };
}
