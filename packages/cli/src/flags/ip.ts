import { isIP, isIPv6 } from 'node:net';

/** True for an address without zone. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%');
}

/** --ip and --ip6: any address, as docker takes it. */
export function parseIp(text: string): string {
  if (text.trim() === '') return '';
  if (!isAddress(text.trim())) throw new Error(`failed to parse IP: ${JSON.stringify(text)}`);
  return text.trim();
}

/** --dns: an address, printed in its shortest form. */
export function parseDnsServer(text: string): string {
  const trimmed = text.trim();
  if (!isAddress(trimmed)) throw new Error(`IP address is not correctly formatted: ${text}`);
  return canonicalAddress(trimmed);
}

function canonicalAddress(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

/** --mac-address: 6, 8 or 20 octets with colons, dashes or dots. */
export function checkMacAddress(text: string): string {
  const octets = [6, 8, 20].some((n) => {
    const pairs = (sep: string) => new RegExp(`^[0-9a-f]{2}(${sep}[0-9a-f]{2}){${n - 1}}$`, 'i').test(text);
    const quads = n % 2 === 0 && new RegExp(`^[0-9a-f]{4}(\\.[0-9a-f]{4}){${n / 2 - 1}}$`, 'i').test(text);
    return pairs(':') || pairs('-') || quads;
  });
  if (!octets) throw new Error(`${text} is not a valid mac address`);
  return text;
}
