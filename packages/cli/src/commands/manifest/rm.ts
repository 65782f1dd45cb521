import type { CommandSpec } from '../../command.ts';
import { ManifestStore, noSuchManifest } from '../../manifest/store.ts';
import { eachInTurn } from '../targets.ts';
import { manifestReference } from './manifest-reference.ts';

export const command: CommandSpec = {
  name: 'rm',
  usage: 'MANIFEST_LIST [MANIFEST_LIST...]',
  summary: 'Remove local manifest lists',
  flags: [],
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  async run(cli, targets) {
    const store = new ManifestStore(cli.config().directory);
    await eachInTurn(targets, async (target) => {
      const ref = manifestReference(target);
      if ((await store.list(ref)).length === 0) throw noSuchManifest(ref);
      await store.remove(ref);
    });
  },
};
