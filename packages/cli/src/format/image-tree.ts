/**
 * The listing that `images` prints by itself: a row for each name, with what the image takes on disk, and with `--tree` its
 * variants for the platforms below it.
 */
import { platformString } from '@tsdocker/shared/platform.ts';
import type { ImageSummary } from '@tsdocker/shared/types/image.ts';
import { humanSize } from '@tsdocker/shared/units.ts';
import { shortId } from './text.ts';

/** A manifest of an image (`manifests=1`, API 1.47). */
interface Manifest {
  ID: string;
  Available: boolean;
  Kind: 'image' | 'attestation' | 'unknown';
  Size?: { Content?: number; Total?: number };
  ImageData?: { Platform?: { os: string; architecture: string; variant?: string }; Containers?: string[] | null };
}

interface Cells {
  name: string;
  id: string;
  usage: string;
  content: string;
  extra: string;
}

interface Entry {
  /** Empty: untagged. */
  names: string[];
  cells: Cells;
  children: Cells[];
}

const HEADER: Cells = { name: 'IMAGE', id: 'ID', usage: 'DISK USAGE', content: 'CONTENT SIZE', extra: 'EXTRA' };
const GAP = '   ';
const UNTAGGED = '<untagged>';
const IN_USE = 'U';

/** @param width of the terminal; undefined: no legend and nothing is dropped */
export function imageTree(images: readonly ImageSummary[], options: { expand: boolean; width?: number }): string {
  const entries = images.map((image) => entryOf(image, options.expand)).sort(compareEntries);
  const lines: Cells[] = [];
  const spaced = options.expand && entries.some((entry) => entry.children.length > 0);
  entries.forEach((entry, i) => {
    if (spaced && i > 0) lines.push({ name: '', id: '', usage: '', content: '', extra: '' });
    lines.push(...rowsOf(entry, options.expand), ...entry.children);
  });
  const table = align([HEADER, ...lines], options.width);
  return options.width === undefined ? table : `${legend(options.width)}\n${table}`;
}

function legend(width: number): string {
  const text = ` Info -> ${IN_USE} In Use`;
  return text.padStart(width);
}

function entryOf(image: ImageSummary, expand: boolean): Entry {
  const manifests = ((image as { Manifests?: Manifest[] | null }).Manifests ?? []).filter(Boolean);
  const variants = manifests.filter((manifest) => manifest.Kind === 'image');
  const content = manifests.reduce((sum, { Size }) => sum + (Size?.Content ?? 0), 0);
  const total = manifests.reduce((sum, { Size }) => sum + (Size?.Total ?? 0), 0);
  const inUse = image.Containers > 0 || variants.some(({ ImageData }) => (ImageData?.Containers?.length ?? 0) > 0);
  const cells = {
    name: '',
    id: shortId(image.Id),
    usage: humanSize(total || image.Size, 3),
    content: humanSize(content, 3),
    extra: inUse ? IN_USE : '',
  };
  const names = (image.RepoTags ?? []).filter((name) => name !== '<none>:<none>').sort();
  const children = expand ? variants.map((variant, i) => childOf(variant, i === variants.length - 1)) : [];
  return { names, cells, children };
}

function childOf({ ID, Size, ImageData }: Manifest, last: boolean): Cells {
  const platform = ImageData?.Platform;
  return {
    name: `${last ? '└─' : '├─'} ${platform ? platformString(platform) : 'unknown'}`,
    id: shortId(ID),
    usage: humanSize(Size?.Total ?? 0, 3),
    content: humanSize(Size?.Content ?? 0, 3),
    extra: (ImageData?.Containers?.length ?? 0) > 0 ? IN_USE : '',
  };
}

/** Collapsed: a row for each name. Expanded: the names above each other, the sizes at the last. */
function rowsOf({ names, cells }: Entry, expand: boolean): Cells[] {
  if (names.length === 0) return [{ ...cells, name: UNTAGGED }];
  if (!expand) return names.map((name) => ({ ...cells, name }));
  return names.map((name, i) =>
    i === names.length - 1 ? { ...cells, name } : { name, id: '', usage: '', content: '', extra: '' },
  );
}

function compareEntries(a: Entry, b: Entry): number {
  const [left, right] = [a.names[0], b.names[0]];
  if (left === undefined || right === undefined) return (left === undefined ? 1 : 0) - (right === undefined ? 1 : 0);
  return left < right ? -1 : left > right ? 1 : 0;
}

const COLUMNS: readonly { key: Exclude<keyof Cells, 'name'>; width: number; right: boolean }[] = [
  { key: 'id', width: 12, right: false },
  { key: 'usage', width: 10, right: true },
  { key: 'content', width: 12, right: true },
  { key: 'extra', width: 5, right: false },
];
const NARROWEST_NAME = 12;

function align(lines: readonly Cells[], width: number | undefined): string {
  const nameWidth = Math.max(...lines.map((line) => line.name.length));
  const columns = [...COLUMNS];
  const room = (): number => (width ?? Infinity) - columns.reduce((sum, column) => sum + GAP.length + column.width, 0);
  while (columns.length > 0 && room() < NARROWEST_NAME) columns.pop();
  const text = lines.map((line) => {
    const cells = columns.map(({ key, width: size, right }) =>
      right ? line[key].padStart(size) : line[key].padEnd(size),
    );
    return [line.name.padEnd(nameWidth), ...cells].join(GAP).trimEnd();
  });
  return `${text.join('\n')}\n`;
}
