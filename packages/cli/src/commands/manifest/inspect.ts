import type { Reference } from '@tsdocker/shared/reference.ts';
import { escapeHtml } from '@tsdocker/shared/template/values.ts';
import type { Cli } from '../../cli.ts';
import type { CommandSpec } from '../../command.ts';
import { indentJson } from '../../format/indent-json.ts';
import { type ImageManifest, rawBytes } from '../../manifest/image-manifest.ts';
import { manifestList } from '../../manifest/manifest-list.ts';
import { ManifestRegistry } from '../../manifest/registry.ts';
import { ManifestStore, noSuchManifest } from '../../manifest/store.ts';
import { StatusError } from '../../status-error.ts';
import { INSECURE_FLAG, manifestReference } from './manifest-reference.ts';

export const command: CommandSpec = {
  name: 'inspect',
  usage: '[OPTIONS] [MANIFEST_LIST] MANIFEST',
  summary: 'Show a manifest or a manifest list',
  description: "Show a manifest or a manifest list: the local one of that name, else the registry's",
  flags: [
    INSECURE_FLAG,
    { name: 'verbose', short: 'v', kind: 'bool', description: 'Show references, platforms and layers, too' },
  ],
  args: { min: 1, max: 2 },
  async run(cli, args, flags) {
    const verbose = flags.bool('verbose');
    const store = new ManifestStore(cli.config().directory);
    const [first, second] = args.map((text) => manifestReference(text)) as [Reference, Reference?];
    if (second) {
      const manifest = await store.get(first, second);
      if (!manifest) throw noSuchManifest(second);
      return printImage(cli, manifest, verbose);
    }
    const local = await store.list(first);
    if (local.length > 0) return printList(cli, first, local, verbose);
    const registry = new ManifestRegistry(cli, { insecure: flags.bool('insecure') });
    try {
      const found = await registry.find(first);
      if (found.kind === 'image') printImage(cli, found.manifest, verbose);
      else printList(cli, first, await found.images(), verbose);
    } finally {
      await registry.close();
    }
  },
};

function printImage(cli: Cli, manifest: ImageManifest, verbose: boolean): void {
  const text = verbose
    ? escapeHtml(JSON.stringify(manifest, null, '\t'))
    : indentJson(rawBytes(manifest).toString('utf8'), 0, '\t');
  cli.stdout.write(`${text}\n`);
}

function printList(cli: Cli, ref: Reference, images: readonly ImageManifest[], verbose: boolean): void {
  cli.stdout.write(`${verbose ? escapeHtml(JSON.stringify(images, null, '\t')) : assembled(ref, images)}\n`);
}

function assembled(ref: Reference, images: readonly ImageManifest[]): string {
  try {
    return manifestList(ref, images).json;
  } catch (err) {
    throw new StatusError(1, `failed to assemble ManifestDescriptor: ${(err as Error).message}`);
  }
}
