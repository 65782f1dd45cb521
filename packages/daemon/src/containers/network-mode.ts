/** HostConfig.NetworkMode: what it says, and which other options it rules out. */
import type { ContainerConfig, HostConfig } from '@tsdocker/shared/types/container.ts';
import { invalid } from './errors.ts';

export type NetworkMode =
  | { kind: 'host' }
  | { kind: 'none' }
  | { kind: 'container'; ref: string }
  | { kind: 'network'; name: string };

/** '' and `default` are the default bridge. */
export function parseNetworkMode(mode: string | undefined): NetworkMode {
  if (mode === 'host' || mode === 'none') return { kind: mode };
  if (mode?.startsWith('container:')) return { kind: 'container', ref: mode.slice('container:'.length) };
  return { kind: 'network', name: !mode || mode === 'default' ? 'bridge' : mode };
}

/** @throws InvalidParameter `conflicting options: ...` */
export function checkNetworkMode(h: HostConfig, config: ContainerConfig): void {
  const mode = parseNetworkMode(h.NetworkMode);
  if (h.UTSMode === 'host' && config.Hostname) throw conflicting('hostname and the UTS mode');
  if (mode.kind === 'host' && h.Links?.length) {
    throw conflicting("host type networking can't be used with links. This would result in undefined behavior");
  }
  if (mode.kind !== 'container') return;
  if (mode.ref === '') throw invalid('Invalid network mode: invalid container format container:<name|id>');
  if (config.Hostname) throw conflicting('hostname and the network mode');
  if (h.Links?.length) {
    throw conflicting("container type network can't be used with links. This would result in undefined behavior");
  }
  if (h.Dns?.length) throw conflicting('dns and the network mode');
  if (h.ExtraHosts?.length) throw conflicting('custom host-to-IP mapping and the network mode');
  if (Object.keys(h.PortBindings ?? {}).length > 0 || h.PublishAllPorts) {
    throw conflicting('port publishing and the container type network mode');
  }
  if (Object.keys(config.ExposedPorts ?? {}).length > 0) {
    throw conflicting('port exposing and the container type network mode');
  }
}

function conflicting(what: string): Error {
  return invalid(`conflicting options: ${what}`);
}
