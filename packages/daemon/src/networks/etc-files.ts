/** The container's /etc/hosts and /etc/resolv.conf from what this host has: reads the host's files, then the pure makers. */
import { readFile } from 'node:fs/promises';
import type { EtcFiles } from '../containers/deps.types.ts';
import { hostNetworkHostsFile, hostsFile } from './hosts-file.ts';
import { bridgeResolvConf, hostNetworkResolvConf, hostResolvConfPath, RESOLV_CONF } from './resolv-conf.ts';

/** A host without the file is a host with an empty one. */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw err;
  }
}

export const etcFiles: EtcFiles = {
  async hosts({ mode, hostGateway, ...input }) {
    const gateways = hostGateway === undefined ? [] : [hostGateway];
    if (mode === 'host') return hostNetworkHostsFile(await textOf('/etc/hosts'), input.extraHosts, gateways);
    return hostsFile({ ...input, hostGateway: gateways });
  },

  async resolvConf({ mode, dns, dnsSearch, dnsOptions, ipv6 }) {
    const own = await textOf(RESOLV_CONF);
    const hostPath = hostResolvConfPath(own);
    const host = hostPath === RESOLV_CONF ? own : await textOf(hostPath);
    const overrides = { dns, search: dnsSearch, options: dnsOptions };
    const make = mode === 'host' ? hostNetworkResolvConf : bridgeResolvConf;
    return make({ host, hostPath, overrides, ipv6 });
  },
};
