/** Checks unpacked layers and containers' root file systems below `<data-root>/overlay2`. Reads only. */
import { lstat, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, hexOf } from '@tsdocker/shared/digest.ts';
import { native } from '../runtime/native/bindings.ts';
import { namesIn } from '../store/names-in.ts';
import { parseRootfsRecord, shortName } from './overlay-layout.ts';

export interface SnapshotsReport {
  /** Of all layers. */
  bytes: number;
  damage: string[];
  leftovers: string[];
  /** Layers that containers stand on. */
  rootfsChainIds: Set<Digest>;
}

/** @param layers by chain id: what the image store says of them */
export async function checkSnapshots(
  dataRoot: string,
  layers: ReadonlyMap<Digest, { sizeBytes: number }>,
): Promise<SnapshotsReport> {
  const root = join(dataRoot, 'overlay2');
  const report: SnapshotsReport = { bytes: 0, damage: [], leftovers: [], rootfsChainIds: new Set() };
  for (const [chainId, layer] of layers) await checkLayer(root, chainId, layer.sizeBytes, report);
  for (const name of await namesIn(root)) await checkEntry(root, name, layers, report);
  for (const name of await namesIn(join(root, 'trash'))) report.leftovers.push(`removed tree ${name}`);
  return report;
}

async function checkLayer(root: string, chainId: Digest, sizeBytes: number, report: SnapshotsReport): Promise<void> {
  const diff = join(root, hexOf(chainId), 'diff');
  const isThere = await lstat(diff)
    .then((st) => st.isDirectory())
    .catch(() => false);
  if (!isThere) return void report.damage.push(`layer ${chainId} is not unpacked`);
  const bytes = await native.treeBytes(diff);
  report.bytes += bytes;
  if (bytes !== sizeBytes) report.damage.push(`layer ${chainId} has ${bytes} bytes unpacked, not ${sizeBytes}`);
  const link = join(root, 'l', shortName(hexOf(chainId)));
  if ((await readlink(link).catch(() => '')) !== join('..', hexOf(chainId), 'diff'))
    report.damage.push(`layer ${chainId}: its link ${link} is missing or leads elsewhere`);
}

/** A directory that is no layer of the store: a container's, an init layer, or what was left. */
async function checkEntry(
  root: string,
  name: string,
  layers: ReadonlyMap<Digest, unknown>,
  report: SnapshotsReport,
): Promise<void> {
  if (name === 'l' || name === 'trash' || layers.has(`sha256:${name}`)) return;
  const init = /^([a-f0-9]{64}|scratch)-init$/.exec(name)?.[1];
  if (init !== undefined) {
    if (init !== 'scratch' && !layers.has(`sha256:${init}`)) report.leftovers.push(`init layer ${name}`);
    return;
  }
  const record = await readFile(join(root, name, 'rootfs.json'), 'utf8')
    .then(parseRootfsRecord)
    .catch(() => undefined);
  if (!record) return void report.leftovers.push(`directory ${name}`);
  for (const chainId of record.chainIds) {
    report.rootfsChainIds.add(chainId);
    if (!layers.has(chainId)) report.damage.push(`container ${name}: there is no layer ${chainId}`);
  }
  for (const lower of record.lowers)
    await stat(join(root, 'l', lower)).catch(() =>
      report.damage.push(`container ${name}: link ${lower} leads nowhere`),
    );
  for (const part of ['upper', 'work'])
    await stat(join(root, name, part)).catch(() => report.damage.push(`container ${name} has no ${part} directory`));
}
