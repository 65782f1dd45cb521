/** Published and exposed ports in one line, consecutive ones merged: `443/tcp, 0.0.0.0:8000-8002->8000-8002/tcp`. */
import type { PortSummary } from '@tsdocker/shared/types/container.ts';

interface Range {
  first: number;
  last: number;
}

/** The PORTS column. */
export function portsText(ports: readonly PortSummary[] | null | undefined): string {
  const sorted = [...(ports ?? [])].sort(comparePorts);
  const ranges = new Map<string, Range>();
  const ranged: string[] = [];
  const single: string[] = [];
  for (const port of sorted) {
    let key = port.Type as string;
    if (port.IP) {
      if (port.PublicPort !== port.PrivatePort) {
        single.push(`${hostPort(port.IP, port.PublicPort)}->${port.PrivatePort}/${port.Type}`);
        continue;
      }
      key = `${port.IP}/${port.Type}`;
    }
    const range = ranges.get(key);
    if (!range) ranges.set(key, { first: port.PrivatePort, last: port.PrivatePort });
    else if (port.PrivatePort === range.last + 1) range.last = port.PrivatePort;
    else {
      ranged.push(rangeText(key, range));
      ranges.set(key, { first: port.PrivatePort, last: port.PrivatePort });
    }
  }
  for (const key of [...ranges.keys()].sort()) ranged.push(rangeText(key, ranges.get(key)!));
  return [...ranged, ...single].join(', ');
}

function rangeText(key: string, { first, last }: Range): string {
  const numbers = first === last ? String(first) : `${first}-${last}`;
  const slash = key.lastIndexOf('/');
  return slash < 0
    ? `${numbers}/${key}`
    : `${hostPort(key.slice(0, slash), numbers)}->${numbers}/${key.slice(slash + 1)}`;
}

function hostPort(ip: string, port: number | string | undefined): string {
  return ip.includes(':') ? `[${ip}]:${port ?? 0}` : `${ip}:${port ?? 0}`;
}

function comparePorts(a: PortSummary, b: PortSummary): number {
  if (a.PrivatePort !== b.PrivatePort) return a.PrivatePort - b.PrivatePort;
  if ((a.IP ?? '') !== (b.IP ?? '')) return (a.IP ?? '') < (b.IP ?? '') ? -1 : 1;
  if ((a.PublicPort ?? 0) !== (b.PublicPort ?? 0)) return (a.PublicPort ?? 0) - (b.PublicPort ?? 0);
  return a.Type < b.Type ? -1 : a.Type > b.Type ? 1 : 0;
}
