/** Published and exposed ports. */
import type { ContainerConfig, HostConfig, PortBinding } from '@tsdocker/shared/types/container.ts';
import type { FlagSpec, Flags } from '../command.ts';
import { parseExpose, parsePublish } from '../flags/publish.ts';
import { withoutEmpty } from './areas.ts';

export const portFlags: FlagSpec[] = [
  { name: 'publish', short: 'p', kind: 'list', description: "Publish a container's port(s) to the host" },
  { name: 'publish-all', short: 'P', kind: 'bool', description: 'Publish all exposed ports to random ports' },
  { name: 'expose', kind: 'list', description: 'Expose a port or a range of ports' },
];

/** @throws Docker's words for a bad port */
export function toPorts(flags: Flags): { config: ContainerConfig; host: Partial<HostConfig> } {
  const bindings: Record<string, PortBinding[]> = {};
  const exposed: Record<string, unknown> = {};
  for (const { port, hostIp, hostPort } of flags.list('publish').flatMap(parsePublish)) {
    bindings[port] = [...(bindings[port] ?? []), { HostIp: hostIp, HostPort: hostPort }];
    exposed[port] = {};
  }
  for (const port of flags.list('expose').flatMap(parseExpose)) exposed[port] = {};
  return {
    config: withoutEmpty({ ExposedPorts: exposed }),
    host: withoutEmpty({ PortBindings: bindings, PublishAllPorts: flags.bool('publish-all') }),
  };
}
