/** Images as a tree of layers: what several images have stands once, what they add below it. */
import type { ImageHistoryItem } from '@tsdocker/shared/types/image.ts';
import { humanSize } from '@tsdocker/shared/units.ts';
import { alignTabs } from './tab-writer.ts';
import { ellipsis, shortId } from './text.ts';

export interface LayeredImage {
  id: string;
  /** Empty: untagged. */
  names: readonly string[];
  /** Base first. */
  layers: readonly Layer[];
}

export interface Layer {
  diffId: string;
  /** Undefined: the daemon's history does not tell. */
  sizeBytes: number | undefined;
  createdBy: string;
}

interface Node extends Layer {
  /** With all layers below. */
  totalBytes: number | undefined;
  /** Names of the images that end here. */
  images: string[];
  children: Map<string, Node>;
}

const CREATED_BY_WIDTH = 45;
const UNTAGGED = '<untagged>';

/** Instructions that change no file. */
const METADATA =
  /^(?:\/bin\/sh -c )?(?:#\(nop\)\s*)?(?:ENV|CMD|ENTRYPOINT|LABEL|EXPOSE|VOLUME|USER|ARG|STOPSIGNAL|SHELL|HEALTHCHECK|ONBUILD|MAINTAINER)\b/;

/**
 * Puts layers and history together. The API does not say which entries of the history made a layer: those with a size did,
 * those of metadata did not, and where the numbers do not come out right nothing is claimed.
 * @param diffIds base first. @param history newest first
 */
export function layersOf(diffIds: readonly string[], history: readonly ImageHistoryItem[]): Layer[] {
  const oldestFirst = [...history].reverse();
  const guesses = [
    oldestFirst.filter((item) => item.Size > 0 || !METADATA.test(item.CreatedBy)),
    oldestFirst.filter((item) => item.Size > 0),
  ];
  const right = guesses.find((items) => items.length === diffIds.length);
  return diffIds.map((diffId, i) => ({
    diffId,
    sizeBytes: right?.[i]?.Size,
    createdBy: right?.[i]?.CreatedBy ?? '',
  }));
}

/** @param options.truncate ids and instructions are shortened */
export function layerTree(images: readonly LayeredImage[], options: { truncate: boolean }): string {
  const rows = [['LAYER', 'SIZE', 'TOTAL', 'CREATED BY', 'IMAGES']];
  for (const node of sorted(treeOf(images).children)) addRows(rows, node, '', '', options.truncate);
  const empty = images.filter((image) => image.layers.length === 0).flatMap((image) => labels(image, options.truncate));
  if (empty.length > 0) rows.push(['<none>', '0B', '0B', '', empty.sort().join(', ')]);
  return `${alignTabs(rows.map((row) => row.join('\t')).join('\n')).replaceAll(/ +$/gm, '')}\n`;
}

function treeOf(images: readonly LayeredImage[]): Node {
  const root: Node = { diffId: '', sizeBytes: 0, totalBytes: 0, createdBy: '', images: [], children: new Map() };
  for (const image of images) {
    let node = root;
    for (const { diffId, sizeBytes, createdBy } of image.layers) {
      const known = node.totalBytes !== undefined && sizeBytes !== undefined;
      const totalBytes = known ? (node.totalBytes as number) + sizeBytes : undefined;
      const next = node.children.get(diffId) ?? {
        diffId,
        sizeBytes,
        totalBytes,
        createdBy,
        images: [],
        children: new Map(),
      };
      node.children.set(diffId, next);
      node = next;
    }
    if (node !== root) node.images.push(...labels(image, true));
  }
  return root;
}

const labels = (image: LayeredImage, truncate: boolean): string[] =>
  image.names.length > 0 ? [...image.names] : [`${UNTAGGED} ${truncate ? shortId(image.id) : image.id}`];

const sizeText = (bytes: number | undefined): string => (bytes === undefined ? '?' : humanSize(bytes, 3));

/** By the first name that stands below. */
function sorted(nodes: ReadonlyMap<string, Node>): Node[] {
  const firstName = (node: Node): string =>
    [...node.images, ...[...node.children.values()].map(firstName)].sort()[0] ?? node.diffId;
  return [...nodes.values()].sort((a, b) => (firstName(a) < firstName(b) ? -1 : 1));
}

/** @param branch in front of the node's own line. @param below in front of what is under it */
function addRows(rows: string[][], node: Node, branch: string, below: string, truncate: boolean): void {
  const createdBy = node.createdBy.replaceAll(/\s+/g, ' ');
  rows.push([
    branch + (truncate ? shortId(node.diffId) : node.diffId),
    sizeText(node.sizeBytes),
    sizeText(node.totalBytes),
    truncate ? ellipsis(createdBy, CREATED_BY_WIDTH) : createdBy,
    node.images.sort().join(', '),
  ]);
  const children = sorted(node.children);
  children.forEach((child, i) => {
    const isLast = i === children.length - 1;
    addRows(rows, child, `${below}${isLast ? '└─ ' : '├─ '}`, `${below}${isLast ? '   ' : '│  '}`, truncate);
  });
}
