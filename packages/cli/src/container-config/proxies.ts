import type { ConfigFileContent, ProxyConfig } from '../config/config-file.ts';

const VARIABLES: Readonly<Record<keyof ProxyConfig, string>> = {
  httpProxy: 'HTTP_PROXY',
  httpsProxy: 'HTTPS_PROXY',
  noProxy: 'NO_PROXY',
  ftpProxy: 'FTP_PROXY',
  allProxy: 'ALL_PROXY',
};

/** The proxy variables that config.json gives to containers of this daemon, in both cases. @param host the daemon's address */
export function proxyVariables(config: Pick<ConfigFileContent, 'proxies'>, host: string): Record<string, string> {
  const proxies = config.proxies?.[host] ?? config.proxies?.['default'] ?? {};
  const pairs = Object.entries(VARIABLES).flatMap(([member, name]) => {
    const value = proxies[member as keyof ProxyConfig];
    return value ? [[name, value] as const, [name.toLowerCase(), value] as const] : [];
  });
  return Object.fromEntries(pairs);
}
