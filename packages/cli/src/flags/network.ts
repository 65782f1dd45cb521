import { parseCsvRecord } from './csv.ts';
import { cut } from './go-number.ts';

/** One --network value. */
export interface NetworkAttachment {
  /** Name or id of the network, or a mode: bridge, host, none, default, container:x. */
  target: string;
  aliases: string[];
  links: string[];
  linkLocalIps: string[];
  ipv4: string;
  ipv6: string;
  macAddress: string;
  driverOptions: Record<string, string>;
  gatewayPriority: number;
}

/** An attachment without options. */
export function attachmentTo(target: string): NetworkAttachment {
  return {
    target,
    aliases: [],
    links: [],
    linkLocalIps: [],
    ipv4: '',
    ipv6: '',
    macAddress: '',
    driverOptions: {},
    gatewayPriority: 0,
  };
}

/** --network: a name, or `name=..` with `alias= ip= ip6= link-local-ip= mac-address= driver-opt= gw-priority=`. */
export function parseNetwork(text: string): NetworkAttachment {
  if (!/\w+=\w+/.test(text)) return attachmentTo(text);
  const attachment = attachmentTo('');
  for (const field of parseCsvRecord(text)) {
    // Docker lowers the value too, as names of networks are lower case in what it writes.
    const { before, after, found } = cut(field.toLowerCase(), '=');
    if (!found || before === '') throw new Error(`invalid field ${field}`);
    setField(attachment, before.trim(), after.trim());
  }
  if (attachment.target === '') throw new Error('network name/id is not specified');
  return attachment;
}

function setField(attachment: NetworkAttachment, key: string, value: string): void {
  switch (key) {
    case 'name':
      attachment.target = value;
      break;
    case 'alias':
      attachment.aliases.push(value);
      break;
    case 'ip':
      attachment.ipv4 = value;
      break;
    case 'ip6':
      attachment.ipv6 = value;
      break;
    case 'link-local-ip':
      attachment.linkLocalIps.push(value);
      break;
    case 'mac-address':
      attachment.macAddress = value;
      break;
    case 'driver-opt':
      setDriverOption(attachment, value);
      break;
    case 'gw-priority':
      if (!/^[+-]?\d{1,15}$/.test(value)) throw new Error(`invalid gw-priority (${value}): invalid syntax`);
      attachment.gatewayPriority = Number(value);
      break;
    default:
      throw new Error(`invalid field key ${key}`);
  }
}

function setDriverOption(attachment: NetworkAttachment, text: string): void {
  const { before, after, found } = cut(text, '=');
  if (!found || before === '') throw new Error('invalid key value pair format in driver options');
  attachment.driverOptions[before.trim()] = after.trim();
}

/** True for a network somebody made, false for the modes every daemon has. */
export function isUserDefined(target: string): boolean {
  return !['default', 'bridge', 'host', 'none'].includes(target) && !target.startsWith('container:');
}
