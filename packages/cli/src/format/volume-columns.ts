/** What `volume ls` and `system df -v` show of a volume. */
import type { Volume } from '@tsdocker/shared/types/volume.ts';
import { humanSize } from '@tsdocker/shared/units.ts';
import type { Columns, Row } from './format.ts';
import { labelMethod, labelsText } from './text.ts';

export const VOLUME_COLUMNS: Columns = {
  typeName: '*formatter.volumeContext',
  headers: {
    Name: 'VOLUME NAME',
    Group: 'GROUP',
    Driver: 'DRIVER',
    Scope: 'SCOPE',
    Availability: 'AVAILABILITY',
    Mountpoint: 'MOUNTPOINT',
    Labels: 'LABELS',
    Links: 'LINKS',
    Size: 'SIZE',
    Status: 'STATUS',
  },
  defaultTable: '{{.Driver}}\t{{.Name}}',
  quiet: '{{.Name}}',
};

interface ClusterPart {
  Spec?: { Group?: string; Availability?: string };
}

export function volumeRow(volume: Volume): Row {
  const usage = volume.UsageData as { RefCount?: number; Size?: number } | undefined | null;
  const cluster = volume.ClusterVolume as ClusterPart | undefined;
  return {
    Name: volume.Name,
    Driver: volume.Driver,
    Scope: volume.Scope,
    Mountpoint: volume.Mountpoint,
    Labels: () => labelsText(volume.Labels),
    Label: labelMethod(volume.Labels),
    Links: usage ? String(usage.RefCount) : 'N/A',
    Size: usage && usage.Size !== -1 ? humanSize(usage.Size ?? 0) : 'N/A',
    Group: cluster?.Spec?.Group ?? 'N/A',
    Availability: cluster?.Spec?.Availability ?? 'N/A',
    Status: cluster ? 'in use' : 'N/A',
  };
}
