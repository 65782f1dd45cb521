import { cut } from './go-number.ts';
import { isAddress } from './ip.ts';

/** The daemon puts the host's address in its place. */
const HOST_GATEWAY = 'host-gateway';

/** `name=ip`, `name:ip` or `name=[ip]`, as the API wants it: `name:ip`. */
export function parseAddHost(text: string): string {
  const equals = cut(text, '=');
  const { before: name, after, found } = equals.found ? equals : cut(text, ':');
  if (!found || name === '' || name.includes(':')) throw new Error(`bad format for add-host: ${JSON.stringify(text)}`);
  const address = /^\[.+\]$/.test(after) ? after.slice(1, -1) : after;
  if (address !== HOST_GATEWAY && !isAddress(address.trim())) {
    throw new Error(`invalid IP address in add-host: ${JSON.stringify(address)}`);
  }
  return `${name}:${address}`;
}
