/** What `ps` shows of a container. */
import { familiarString, parseReference } from '@tsdocker/shared/reference.ts';
import type { ContainerSummary } from '@tsdocker/shared/types/container.ts';
import { humanSize } from '@tsdocker/shared/units.ts';
import type { Columns, Row } from './format.ts';
import { portsText } from './ports.ts';
import { ellipsis, labelMethod, labelsText, shortId } from './text.ts';
import { ago, localTime } from './times.ts';

const COMMAND_WIDTH = 20;
const MOUNT_WIDTH = 15;
const TABLE = '{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}';
const RAW = [
  'container_id: {{.ID}}',
  'image: {{.Image}}',
  'command: {{.Command}}',
  'created_at: {{.CreatedAt}}',
  'state: {{- pad .State 1 0}}',
  'status: {{- pad .Status 1 0}}',
  'names: {{.Names}}',
  'labels: {{- pad .Labels 1 0}}',
  'ports: {{- pad .Ports 1 0}}',
  '',
].join('\n');

export function containerColumns(options: { size: boolean }): Columns {
  return {
    typeName: '*formatter.ContainerContext',
    headers: {
      ID: 'CONTAINER ID',
      Names: 'NAMES',
      Image: 'IMAGE',
      Command: 'COMMAND',
      CreatedAt: 'CREATED AT',
      RunningFor: 'CREATED',
      Ports: 'PORTS',
      State: 'STATE',
      Status: 'STATUS',
      HealthStatus: 'HEALTH STATUS',
      Size: 'SIZE',
      Labels: 'LABELS',
      Mounts: 'MOUNTS',
      LocalVolumes: 'LOCAL VOLUMES',
      Networks: 'NETWORKS',
      Platform: 'PLATFORM',
    },
    defaultTable: options.size ? `${TABLE}\t{{.Size}}` : TABLE,
    quiet: '{{.ID}}',
    raw: options.size ? `${RAW}size: {{.Size}}\n` : RAW,
  };
}

export function containerRow(c: ContainerSummary, options: { truncate: boolean }): Row {
  const { truncate } = options;
  const created = (c.Created ?? 0) * 1000;
  return {
    ID: truncate ? shortId(c.Id ?? '') : (c.Id ?? ''),
    Names: namesText(c.Names ?? [], truncate),
    Image: imageText(c.Image ?? '', c.ImageID ?? '', truncate),
    Command: JSON.stringify(truncate ? ellipsis(c.Command ?? '', COMMAND_WIDTH) : (c.Command ?? '')),
    CreatedAt: () => localTime(created),
    RunningFor: () => ago(created),
    Ports: () => portsText(c.Ports),
    State: c.State ?? '',
    Status: c.Status ?? '',
    HealthStatus: (c as { Health?: { Status?: string } }).Health?.Status ?? '',
    Size: () => sizeText(c.SizeRw ?? 0, c.SizeRootFs ?? 0),
    Labels: () => labelsText(c.Labels),
    Label: labelMethod(c.Labels),
    Mounts: () => (c.Mounts ?? []).map((mount) => mountText(mount, truncate)).join(','),
    LocalVolumes: () => String((c.Mounts ?? []).filter((mount) => mount.Driver === 'local').length),
    Networks: () =>
      Object.keys(c.NetworkSettings?.Networks ?? {})
        .sort()
        .join(','),
    Platform: (c as { ImageManifestDescriptor?: { platform?: unknown } }).ImageManifestDescriptor?.platform ?? null,
  };
}

/** Names of links (`/other/alias`) are only shown untruncated. */
function namesText(names: readonly string[], truncate: boolean): string {
  const plain = names.map((name) => name.replace(/^\//, ''));
  return (truncate ? plain.filter((name) => !name.includes('/')) : plain).join(',');
}

/** A digest is cut off behind a tag; an image that lost its name is shown by its id. */
function imageText(image: string, imageId: string, truncate: boolean): string {
  if (image === '') return '<no image>';
  if (!truncate) return image;
  if (shortId(imageId) !== '' && shortId(imageId) === shortId(image)) return shortId(imageId);
  if (!image.includes('@')) return image;
  try {
    const { domain, path, tag } = parseReference(image);
    return tag === undefined ? image : familiarString({ domain, path, tag });
  } catch {
    return image; // not a reference: shown as the daemon has it
  }
}

function sizeText(written: number, virtual: number): string {
  return virtual > 0 ? `${humanSize(written, 3)} (virtual ${humanSize(virtual, 3)})` : humanSize(written, 3);
}

function mountText(mount: { Name?: string; Source?: string }, truncate: boolean): string {
  const name = mount.Name || mount.Source || '';
  return truncate ? ellipsis(name, MOUNT_WIDTH) : name;
}
