import { referenceString } from '@tsdocker/shared/reference.ts';
import type { CommandSpec } from '../../command.ts';
import { ManifestRegistry } from '../../manifest/registry.ts';
import { ManifestStore } from '../../manifest/store.ts';
import { StatusError } from '../../status-error.ts';
import { INSECURE_FLAG, manifestReference } from './manifest-reference.ts';

export const command: CommandSpec = {
  name: 'create',
  usage: 'MANIFEST_LIST MANIFEST [MANIFEST...]',
  summary: 'Make a local manifest list, to be annotated and pushed',
  flags: [{ name: 'amend', short: 'a', kind: 'bool', description: 'Add to the list if there is one' }, INSECURE_FLAG],
  args: { min: 2, max: Number.POSITIVE_INFINITY },
  async run(cli, [target = '', ...images], flags) {
    const list = manifestReference(target, `error parsing name for manifest list ${target}`);
    const store = new ManifestStore(cli.config().directory);
    if (!flags.bool('amend') && (await store.list(list)).length > 0)
      throw new StatusError(1, 'refusing to amend an existing manifest list with no --amend flag');
    const registry = new ManifestRegistry(cli, { insecure: flags.bool('insecure') });
    try {
      for (const image of images) {
        const ref = manifestReference(image);
        // One that is in the list stays as it was annotated.
        await store.save(list, ref, (await store.get(list, ref)) ?? (await registry.image(ref)));
      }
    } finally {
      await registry.close();
    }
    cli.stdout.write(`Created manifest list ${referenceString(list)}\n`);
  },
};
