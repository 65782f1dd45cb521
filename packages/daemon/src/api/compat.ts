/** What clients of older API versions see, and what they may ask. */
import { compareApiVersions } from '@tsdocker/shared/api-version.ts';
import type { ContainerInspect, HostConfig } from '@tsdocker/shared/types/container.ts';
import type { ImageInspect, ImageSummary } from '@tsdocker/shared/types/image.ts';
import type { BusEvent } from '../events/bus.ts';

const isBefore = (version: string, limit: string): boolean => compareApiVersions(version, limit) < 0;

/** Fields of the default bridge's endpoint that stood at the top of NetworkSettings until 1.52. */
const TOP_LEVEL_ENDPOINT_FIELDS: Readonly<Record<string, string | number>> = {
  EndpointID: '',
  Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  MacAddress: '',
};

export function containerInspectFor(version: string, container: ContainerInspect): unknown {
  if (!isBefore(version, '1.52')) return container;
  const settings = container.NetworkSettings;
  const endpoint: Record<string, unknown> = { ...settings?.Networks?.['bridge'] };
  const addresses = Object.entries(TOP_LEVEL_ENDPOINT_FIELDS).map(([name, absent]) => [name, endpoint[name] ?? absent]);
  return {
    ...container,
    NetworkSettings: {
      Bridge: '',
      HairpinMode: false,
      LinkLocalIPv6Address: '',
      LinkLocalIPv6PrefixLen: 0,
      SecondaryIPAddresses: null,
      SecondaryIPv6Addresses: null,
      ...settings,
      ...Object.fromEntries(addresses),
    },
  };
}

/** Until 1.40 an update could not change the pids limit, and clients may send a 0 they do not mean. */
export function containerUpdateFrom(version: string, asked: HostConfig): HostConfig {
  if (!isBefore(version, '1.40')) return asked;
  const { PidsLimit: _, ...rest } = asked;
  return rest;
}

/** Both came when images had several platforms. */
function withoutTarget<T extends { Descriptor?: unknown; Manifests?: unknown }>(version: string, image: T) {
  const { Descriptor, Manifests, ...rest } = image;
  const isKnown = (value: unknown, since: string) => value !== undefined && value !== null && !isBefore(version, since);
  return {
    ...rest,
    ...(isKnown(Descriptor, '1.48') && { Descriptor }),
    ...(isKnown(Manifests, '1.47') && { Manifests }),
  };
}

export function imageSummaryFor(version: string, image: ImageSummary): unknown {
  return {
    ...withoutTarget(version, image),
    ...(isBefore(version, '1.43') && {
      RepoTags: image.RepoTags?.length ? image.RepoTags : ['<none>:<none>'],
      RepoDigests: image.RepoDigests?.length ? image.RepoDigests : ['<none>@<none>'],
    }),
    ...(isBefore(version, '1.44') && { VirtualSize: image.Size }),
  };
}

export function imageInspectFor(version: string, image: ImageInspect): unknown {
  return {
    ...withoutTarget(version, image),
    ...(isBefore(version, '1.44') && { VirtualSize: image.Size }),
    ...(isBefore(version, '1.45') && { Container: '', ContainerConfig: {} }),
  };
}

/** Undefined: this version does not know the event. */
export function eventFor(version: string, event: BusEvent): unknown {
  if (event.Type === 'image' && event.Action === 'create' && isBefore(version, '1.46')) return undefined;
  if (!isBefore(version, '1.52')) return event;
  const isContainer = event.Type === 'container';
  if (!isContainer && event.Type !== 'image') return event;
  const from = event.Actor.Attributes?.['image'];
  return { status: event.Action, id: event.Actor.ID, ...(isContainer && from && { from }), ...event };
}
