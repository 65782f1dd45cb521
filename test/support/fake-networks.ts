import type { AttachRequest, NetworkService, Sandbox } from '../../packages/daemon/src/networks/service.types.ts';
import { DockerError } from '../../packages/shared/src/errors.ts';

const NAMES = ['bridge', 'host', 'none', 'custom'];

/** Networks that hand out addresses 172.17.0.2 and up; an attached container is in `attached`. */
export class FakeNetworks
  implements Pick<NetworkService, 'attach' | 'started' | 'detach' | 'restore' | 'resolve' | 'ipv6' | 'hostGateway'>
{
  readonly attached = new Map<string, AttachRequest>();
  readonly restored: Parameters<NetworkService['restore']>[0] = [];
  attachFailure: Error | undefined;
  readonly ipv6 = false;
  readonly hostGateway = '172.17.0.1';
  #next = 2;

  async resolve(ref: string): ReturnType<NetworkService['resolve']> {
    if (!NAMES.includes(ref)) throw new DockerError('NotFound', `network ${ref} not found`);
    const flags = { Internal: false, Attachable: false, Ingress: false, ConfigOnly: false };
    return { Name: ref, Id: `${NAMES.indexOf(ref) + 1}`.repeat(64), Driver: ref === 'none' ? 'null' : ref, ...flags };
  }
  async attach(req: AttachRequest): Promise<Sandbox> {
    if (this.attachFailure) throw this.attachFailure;
    const { Id: id = '' } = await this.resolve(req.network);
    if (this.attached.has(req.containerId)) throw new Error(`attached twice: ${req.containerId}`);
    this.attached.set(req.containerId, req);
    const address = `172.17.0.${this.#next++}`;
    const ports = Object.entries(req.portBindings).map(([port, bindings]) => [
      port,
      bindings?.map((b) => ({ HostIp: b.HostIp || '0.0.0.0', HostPort: b.HostPort || '32768' })) ?? null,
    ]);
    const exposed = req.exposedPorts.map((port) => [port, null]);
    return {
      netnsFd: -1,
      networkName: req.network,
      endpoint: {
        NetworkID: id,
        EndpointID: 'e'.repeat(64),
        IPAddress: address,
        IPPrefixLen: 16,
        MacAddress: '02:42:ac:11:00:02',
      },
      ports: Object.fromEntries([...exposed, ...ports]),
      heldSockets: [],
      addresses: [address],
    };
  }
  async started(): Promise<void> {}
  async detach(id: string): Promise<void> {
    this.attached.delete(id);
  }
  async restore(running: Parameters<NetworkService['restore']>[0]): Promise<void> {
    this.restored.push(...running);
    for (const r of running) {
      const request = { portBindings: r.ports, exposedPorts: [], publishAll: false, network: r.network };
      this.attached.set(r.containerId, { ...request, containerId: r.containerId, containerName: r.containerName });
    }
  }
}
