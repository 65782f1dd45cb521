/** What `images` shows: a row for each name of an image. */
import { familiarName, parseReference } from '@tsdocker/shared/reference.ts';
import type { ImageSummary } from '@tsdocker/shared/types/image.ts';
import { humanSize } from '@tsdocker/shared/units.ts';
import type { Columns, Row } from './format.ts';
import { shortId } from './text.ts';
import { ago, localTime } from './times.ts';

const NONE = '<none>';

export function imageColumns(options: { digests: boolean }): Columns {
  const digest = options.digests ? '{{.Digest}}\t' : '';
  return {
    typeName: '*formatter.imageContext',
    headers: {
      ID: 'IMAGE ID',
      Repository: 'REPOSITORY',
      Tag: 'TAG',
      Digest: 'DIGEST',
      CreatedSince: 'CREATED',
      CreatedAt: 'CREATED AT',
      Size: 'SIZE',
      Containers: 'CONTAINERS',
      VirtualSize: 'SIZE',
      SharedSize: 'SHARED SIZE',
      UniqueSize: 'UNIQUE SIZE',
    },
    defaultTable: `{{.Repository}}\t{{.Tag}}\t${digest}{{.ID}}\t{{.CreatedSince}}\t{{.Size}}`,
    quiet: '{{.ID}}',
    raw: `repository: {{.Repository}}\ntag: {{.Tag}}\n${options.digests ? 'digest: {{.Digest}}\n' : ''}image_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n`,
  };
}

interface Name {
  repository: string;
  tag: string;
  digest: string;
}

/** Quiet listings print an image once for each of its names too, as docker does. */
export function imageRows(image: ImageSummary, options: { truncate: boolean; digests: boolean }): Row[] {
  return namesOf(image, options.digests).map((name) => imageRow(image, name, options.truncate));
}

function imageRow(image: ImageSummary, name: Name, truncate: boolean): Row {
  const created = image.Created * 1000;
  return {
    ID: truncate ? shortId(image.Id) : image.Id,
    Repository: name.repository,
    Tag: name.tag,
    Digest: name.digest,
    CreatedSince: () => (image.Created <= 0 ? 'N/A' : ago(created)),
    CreatedAt: () => localTime(created),
    Size: humanSize(image.Size, 3),
    Containers: countText(image.Containers),
    SharedSize: sizeText(image.SharedSize),
    UniqueSize: image.SharedSize === -1 ? 'N/A' : sizeText(image.Size - image.SharedSize),
  };
}

function sizeText(bytes: number): string {
  return bytes === -1 ? 'N/A' : humanSize(bytes);
}
function countText(count: number): string {
  return count === -1 ? 'N/A' : String(count);
}

function namesOf(image: ImageSummary, digests: boolean): Name[] {
  const tags = (image.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>');
  const pinned = (image.RepoDigests ?? []).filter((digest) => digest !== '<none>@<none>');
  const names: Name[] = [];
  const digestsOf = new Map<string, string[]>();
  for (const text of pinned) {
    const reference = parseReference(text);
    const repository = familiarName(reference);
    digestsOf.set(repository, [...(digestsOf.get(repository) ?? []), reference.digest ?? '']);
  }
  for (const text of tags) {
    const reference = parseReference(text);
    const repository = familiarName(reference);
    const known = digests ? (digestsOf.get(repository) ?? []) : [];
    for (const digest of known.length > 0 ? known : [NONE]) {
      names.push({ repository, tag: reference.tag ?? NONE, digest });
    }
  }
  const tagged = new Set(names.map((name) => name.repository));
  for (const [repository, known] of digestsOf) {
    if (tagged.has(repository)) continue;
    for (const digest of digests ? known : known.slice(0, 1)) names.push({ repository, tag: NONE, digest });
  }
  return names.length > 0 ? names : [{ repository: NONE, tag: NONE, digest: NONE }];
}
