import { referenceString } from '@tsdocker/shared/reference.ts';
import type { CommandSpec } from '../../command.ts';
import { manifestList } from '../../manifest/manifest-list.ts';
import { ManifestRegistry } from '../../manifest/registry.ts';
import { ManifestStore, noSuchManifest } from '../../manifest/store.ts';
import { INSECURE_FLAG, manifestReference } from './manifest-reference.ts';

export const command: CommandSpec = {
  name: 'push',
  usage: '[OPTIONS] MANIFEST_LIST',
  summary: 'Push a manifest list',
  description: 'Push a manifest list, and the images of it that are in other repositories of its registry',
  flags: [INSECURE_FLAG, { name: 'purge', short: 'p', kind: 'bool', description: 'Remove the local list afterwards' }],
  args: { min: 1, max: 1 },
  async run(cli, [target = ''], flags) {
    const ref = manifestReference(target);
    const store = new ManifestStore(cli.config().directory);
    const images = await store.list(ref);
    if (images.length === 0) throw noSuchManifest(ref);
    const list = manifestList(ref, images);
    const registry = new ManifestRegistry(cli, { insecure: flags.bool('insecure') });
    try {
      const digest = await registry.push(ref, images, list, (pushed) =>
        cli.stdout.write(`Pushed ref ${referenceString(pushed)} with digest: ${pushed.digest}\n`),
      );
      if (flags.bool('purge')) await store.remove(ref);
      cli.stdout.write(`${digest}\n`);
    } finally {
      await registry.close();
    }
  },
};
