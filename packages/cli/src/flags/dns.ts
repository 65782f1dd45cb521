const LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = new RegExp(`^(:?${LABEL}(?::?\\.${LABEL})*)\\.?\\s*$`);
const MAX_DOMAIN = 255;

/** One --dns-search value: a domain, or `.` for none. A closing dot and white space go. */
export function parseDnsSearch(text: string): string {
  const trimmed = text.replace(/^ +| +$/g, '');
  if (trimmed === '.') return trimmed;
  const domain = /[a-zA-Z]/.test(trimmed) ? DOMAIN.exec(trimmed)?.[1] : undefined;
  if (!domain || domain.length >= MAX_DOMAIN) throw new Error(`${trimmed} is not a valid domain`);
  return domain;
}

/** True for an address that means the container itself, where no resolver listens. */
export function isLocalhostDns(address: string): boolean {
  return /^127(\.\d{1,3}){3}$|^::1$/.test(address);
}
