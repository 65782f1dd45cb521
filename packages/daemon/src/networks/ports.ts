/**
 * The published ports of all containers. A port is reserved twice: in the table here, which knows the containers, and by
 * a bound socket, which keeps the host's other programs away (the kernel translates packets before they reach it). The
 * shim holds the socket while the container runs, so that the port stays taken without a daemon.
 */
import { closeSync, readFileSync } from 'node:fs';
import { getSystemErrorMessage } from 'node:util';
import type { NamespaceBinding } from '../runtime/native/addon-types.ts';
import { portInUseByContainer, portNotBindable } from './errors.ts';
import type { Protocol, PublishedPort } from './firewall/firewall.ts';
import { formatAddress } from './ipam/ipv4.ts';
import type { PortRequest } from './port-requests.ts';

/** What the host's programs hold of a range is tried over at most so often, as Docker does. */
const BIND_ATTEMPTS = 10;
const FALLBACK_RANGE: readonly [number, number] = [49153, 65535];

/** A published port with the key it is shown under. */
export interface ReservedPort extends PublishedPort {
  key: string;
}

/** A port cannot be had; the message is the end of Docker's. */
export class PortError extends Error {
  override readonly name = 'PortError';
}

export class PortTable {
  readonly #binding: Pick<NamespaceBinding, 'bindPort'>;
  readonly #rangeFile: string;
  /** protocol/port -> host addresses in use (0 = all). */
  readonly #taken = new Map<string, number[]>();
  readonly #lastEphemeral = new Map<Protocol, number>();

  constructor(binding: Pick<NamespaceBinding, 'bindPort'>, rangeFile = '/proc/sys/net/ipv4/ip_local_port_range') {
    this.#binding = binding;
    this.#rangeFile = rangeFile;
  }

  /**
   * Reserves all ports or none.
   * @returns the ports, and the sockets that hold them: the caller closes them
   * @throws PortError
   */
  reserve(requests: readonly PortRequest[], containerAddress: number): { ports: ReservedPort[]; sockets: number[] } {
    const ports: ReservedPort[] = [];
    const sockets: number[] = [];
    try {
      for (const request of requests) {
        const { hostPort, socket } = this.#reserveOne(request);
        sockets.push(socket);
        const { key, protocol, hostAddress, containerPort } = request;
        ports.push({ key, protocol, hostAddress, hostPort, containerAddress, containerPort });
      }
      return { ports, sockets };
    } catch (err) {
      for (const socket of sockets) closeSync(socket);
      this.release(ports);
      throw err;
    }
  }

  /** Notes ports of a container that runs already; its shim has the sockets. */
  adopt(ports: readonly PublishedPort[]): void {
    for (const port of ports) this.#note(port.protocol, port.hostPort, port.hostAddress);
  }

  release(ports: readonly PublishedPort[]): void {
    for (const port of ports) {
      const key = `${port.protocol}/${port.hostPort}`;
      const left = [...(this.#taken.get(key) ?? [])];
      const at = left.indexOf(port.hostAddress);
      if (at >= 0) left.splice(at, 1);
      if (left.length > 0) this.#taken.set(key, left);
      else this.#taken.delete(key);
    }
  }

  #reserveOne(request: PortRequest): { hostPort: number; socket: number } {
    const { protocol, hostAddress } = request;
    const single = request.firstHostPort !== 0 && request.firstHostPort === request.lastHostPort;
    let failure: PortError | undefined;
    let attempts = 0;
    for (const hostPort of this.#candidates(request)) {
      if (this.#isTaken(protocol, hostPort, hostAddress)) {
        if (single) throw new PortError(portInUseByContainer(formatAddress(hostAddress), hostPort));
        continue;
      }
      const bound = this.#bind(protocol, hostAddress, hostPort);
      if (typeof bound === 'number') {
        this.#note(protocol, hostPort, hostAddress);
        if (request.firstHostPort === 0) this.#lastEphemeral.set(protocol, hostPort);
        return { hostPort, socket: bound };
      }
      failure = bound;
      if (++attempts === BIND_ATTEMPTS) break;
    }
    throw failure ?? new PortError('all ports are allocated');
  }

  *#candidates(request: PortRequest): Generator<number> {
    if (request.firstHostPort !== 0) {
      for (let port = request.firstHostPort; port <= request.lastHostPort; port++) yield port;
      return;
    }
    const [first, last] = this.#ephemeralRange();
    const size = last - first + 1;
    const previous = this.#lastEphemeral.get(request.protocol) ?? last;
    const start = previous >= first && previous <= last ? previous - first + 1 : 0;
    for (let i = 0; i < size; i++) yield first + ((start + i) % size);
  }

  /** Read each time: an administrator may change it, and it is one small read. */
  #ephemeralRange(): readonly [number, number] {
    try {
      const [first = 0, last = 0] = readFileSync(this.#rangeFile, 'utf8').trim().split(/\s+/).map(Number);
      return first > 0 && last >= first && last <= 65535 ? [first, last] : FALLBACK_RANGE;
    } catch {
      return FALLBACK_RANGE; // no such file in a restricted /proc: Docker's range for that case
    }
  }

  /** The socket, or why there is none. */
  #bind(protocol: Protocol, hostAddress: number, port: number): number | PortError {
    const address = formatAddress(hostAddress);
    try {
      return this.#binding.bindPort({ protocol, address, port });
    } catch (err) {
      const errno = (err as { errno?: unknown }).errno;
      if (typeof errno !== 'number') throw err;
      return new PortError(portNotBindable(address, port, protocol, getSystemErrorMessage(-errno)));
    }
  }

  #isTaken(protocol: Protocol, port: number, address: number): boolean {
    const held = this.#taken.get(`${protocol}/${port}`);
    return (held ?? []).some((other) => other === 0 || address === 0 || other === address);
  }

  #note(protocol: Protocol, port: number, address: number): void {
    const key = `${protocol}/${port}`;
    this.#taken.set(key, [...(this.#taken.get(key) ?? []), address]);
  }
}
