/** What the API and the container domain ask of networks. Implemented by networks/service.ts. */
import type { PortMap } from '@tsdocker/shared/types/container.ts';
import type { EndpointSettings, IPAM, Network, NetworkInspect } from '@tsdocker/shared/types/network.ts';

export interface AttachRequest {
  containerId: string;
  /** Without the slash. */
  containerName: string;
  /** Network name or id (`bridge`, `default` = bridge). Never host, none or container:X: those have no endpoint. */
  network: string;
  /** What the user asked of this endpoint: aliases, fixed addresses, MAC. */
  settings?: EndpointSettings;
  /** HostConfig.PortBindings: `80/tcp` -> [{HostIp, HostPort}]; HostPort may be empty (ephemeral) or a range `8000-8010`. */
  portBindings: PortMap;
  /** Ports of Config.ExposedPorts; with publishAll each gets an ephemeral host port. */
  exposedPorts: string[];
  publishAll: boolean;
  dns?: string[];
  /** User namespace that the network namespace belongs to; not closed. Unset: the daemon's. */
  usernsFd?: number;
}

/** A sandbox that is ready: interfaces up, addressed and routed, ports published. */
export interface Sandbox {
  /** Descriptor of the network namespace; valid until `detach`. */
  netnsFd: number;
  /** NetworkSettings.Networks[name], filled in. */
  networkName: string;
  endpoint: EndpointSettings;
  /** NetworkSettings.Ports: every exposed or published port; null when not published. */
  ports: PortMap;
  /** Listening sockets that hold the published host ports; to be given to the shim. The service closes its copies after `started`. */
  heldSockets: number[];
  /** Address lines for /etc/hosts. */
  addresses: string[];
}

export interface NetworkService {
  list(filters: Record<string, string[]>): Promise<NetworkInspect[]>;
  inspect(ref: string): Promise<NetworkInspect>;
  /** Resolves a name or id prefix. @throws NotFound `network x not found` */
  resolve(ref: string): Promise<Network>;
  /** @throws Forbidden/System with Docker's words: `Bind for 0.0.0.0:80 failed: port is already allocated`; nothing is left behind */
  attach(req: AttachRequest): Promise<Sandbox>;
  /** The container runs: the daemon's copies of the held sockets may go. `pid` is where the namespace can be found after a restart. */
  started(containerId: string, pid: number): Promise<void>;
  /** Unpublishes, frees the address and drops the namespace. Idempotent. */
  detach(containerId: string): Promise<void>;
  /** After a daemon restart: the running containers with their endpoints. Rebuilds leases and firewall in one transaction. */
  restore(
    running: {
      containerId: string;
      containerName: string;
      pid: number;
      network: string;
      endpoint: EndpointSettings;
      ports: PortMap;
    }[],
  ): Promise<void>;
  /** True when ipv6 is usable in the sandboxes (for /etc/hosts). */
  readonly ipv6: boolean;
  /** Gateway of the default bridge, for host-gateway. */
  readonly hostGateway: string | undefined;
  /** Names of the drivers, for info. */
  readonly drivers: string[];
  close(): Promise<void>;
}

/** Body of NetworkCreate, as far as bridge networks go. */
export interface NetworkCreateOptions {
  name: string;
  /** Default bridge. */
  driver?: string;
  internal?: boolean;
  attachable?: boolean;
  enableIPv6?: boolean;
  ipam?: IPAM;
  options?: Record<string, string>;
  labels?: Record<string, string>;
}

/** What the daemon and the network routes ask besides. The same object implements both. */
export interface NetworkAdministration {
  /** @throws Conflict name taken; Forbidden predefined name or overlapping subnet; InvalidParameter; returns the id */
  create(opts: NetworkCreateOptions): Promise<string>;
  /** @throws NotFound; Forbidden predefined or with active endpoints */
  remove(ref: string): Promise<void>;
  /** Removes user networks without endpoints. @returns their names @throws InvalidParameter bad filter */
  prune(filters: Record<string, string[]>): Promise<string[]>;
  /** At daemon shutdown, before `close`: takes bridges and firewall down when no container is connected; else does nothing. */
  teardown(): Promise<void>;
}
