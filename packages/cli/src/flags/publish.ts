import { cut, parseUint } from './go-number.ts';
import { isAddress } from './ip.ts';

/** One port of the container and where the host offers it. */
export interface PublishedPort {
  /** `80/tcp` */
  port: string;
  /** '' = every address. */
  hostIp: string;
  /** '' = the daemon chooses; `8000-8010` = it chooses from the range. */
  hostPort: string;
}

const PROTOCOLS = ['tcp', 'udp', 'sctp'];

/**
 * -p: `[[ip:]hostPort:]containerPort[/protocol]`, ports may be ranges of one length; or `target=..,published=..,protocol=..`.
 * @throws Docker's words for bad addresses, ports, ranges and protocols
 */
export function parsePublish(text: string): PublishedPort[] {
  const spec = text.includes('=') ? shortForm(text) : text;
  const { ip, host, container: rest } = splitSpec(spec);
  const hostIp = checkIp(ip);
  const { port: container, protocol } = splitProtocol(rest);
  if (container === '') throw new Error(`no port specified: ${spec}<empty>`);
  const inside = rangeOr(container, `invalid containerPort: ${container}`);
  const outside = host === '' ? undefined : rangeOr(host, `invalid hostPort: ${host}`);
  const count = inside.end - inside.start + 1;
  if (outside && outside.end - outside.start + 1 !== count && count > 1) {
    throw new Error(`invalid ranges specified for container and host Ports: ${container} and ${host}`);
  }
  if (!PROTOCOLS.includes(protocol.toLowerCase())) throw new Error(`invalid proto: ${protocol}`);
  return Array.from({ length: count }, (_, i) => ({
    port: `${inside.start + i}/${protocol.toLowerCase()}`,
    hostIp,
    hostPort: hostPortAt(outside, i, count),
  }));
}

function hostPortAt(range: PortRange | undefined, index: number, count: number): string {
  if (!range) return '';
  if (count === 1 && range.end !== range.start) return `${range.start}-${range.end}`;
  return String(range.start + index);
}

/** The long form in the words of the short one; fields it does not know (mode) have no meaning for a container. */
function shortForm(text: string): string {
  const params = new Map([['protocol', 'tcp']]);
  for (const param of text.split(',')) {
    const { before, after, found } = cut(param, '=');
    if (!found || before === '') {
      throw new Error(`invalid publish opts format (should be name=value but got '${param}')`);
    }
    params.set(before, after);
  }
  return `${params.get('published') ?? ''}:${params.get('target') ?? ''}/${params.get('protocol')}`;
}

function splitSpec(spec: string): { ip: string; host: string; container: string } {
  const parts = spec.split(':');
  const container = parts.pop()!;
  const host = parts.pop() ?? '';
  return { ip: parts.join(':'), host, container };
}

function checkIp(ip: string): string {
  if (ip.startsWith('[') && !ip.endsWith(']')) {
    throw new Error(`invalid IP address ${ip}: address ${ip}:: missing ']' in address`);
  }
  const bare = ip.startsWith('[') ? ip.slice(1, -1) : ip;
  if (bare !== '' && !isAddress(bare)) throw new Error(`invalid IP address: ${bare}`);
  return bare;
}

/** `80/udp`; the protocol is tcp where none is named. */
export function splitProtocol(text: string): { port: string; protocol: string } {
  const [port = '', protocol] = text.split('/');
  return port === '' ? { port: '', protocol: '' } : { port, protocol: protocol || 'tcp' };
}

interface PortRange {
  start: number;
  end: number;
}

function rangeOr(text: string, message: string): PortRange {
  try {
    return parsePortRange(text);
  } catch {
    throw new Error(message);
  }
}

/** `80` or `80-90`. */
export function parsePortRange(text: string): PortRange {
  if (text === '') throw new Error('empty string specified for ports');
  const [first = '', last = first] = text.split('-');
  const start = parseUint(first, 10, 16);
  const end = parseUint(last, 10, 16);
  if (end < start) throw new Error(`invalid range specified for port: ${text}`);
  return { start, end };
}

/** --expose: `port[-port][/protocol]` as `port/protocol` names. */
export function parseExpose(text: string): string[] {
  if (text.includes(':')) throw new Error(`invalid port format for --expose: ${text}`);
  const { port, protocol } = splitProtocol(text);
  let range: PortRange;
  try {
    range = parsePortRange(port);
  } catch (err) {
    throw new Error(`invalid range format for --expose: ${text}, error: ${(err as Error).message}`);
  }
  return Array.from({ length: range.end - range.start + 1 }, (_, i) => `${range.start + i}/${protocol}`);
}
