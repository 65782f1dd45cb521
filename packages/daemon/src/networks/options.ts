/** What the network service is built from. */
import type { EventSink } from '../events/events.ts';
import type { NamespaceBinding, NetlinkBinding } from '../runtime/native/addon-types.ts';
import type { Pool } from './ipam/pools.ts';
import type { NetworkLog } from './log.ts';

export interface NetworkServiceOptions {
  native: NetlinkBinding & NamespaceBinding;
  /** Absolute, symlinks resolved: it is also what tells this daemon from others on the host. Records go to `network/`. */
  dataRoot: string;
  log: NetworkLog;
  /** Gets `network connect` and `network disconnect`. */
  events?: EventSink;
  /** `--bridge`: name of the default bridge; `none` = no network `bridge`. Default tsdocker0, or the next free one. */
  bridge?: string;
  /** `--bip`: address and prefix of the default bridge. Default: the first pool that is free on the host. */
  bip?: string;
  /** `--fixed-cidr`: part of the default bridge's subnet that addresses come from. */
  fixedCidr?: string;
  /** `--mtu`, bytes. Default 1500. */
  mtu?: number;
  /** `--icc`. Default true. */
  icc?: boolean;
  /** `--ip-masq`. Default true. */
  ipMasq?: boolean;
  /** `--ip`: host address published ports are bound to. Default all. */
  ip?: string;
  /** `--default-address-pool`. */
  defaultAddressPools?: readonly Pool[];
  /** How many namespaces are kept ready. Default 3. */
  poolSize?: number;
}
