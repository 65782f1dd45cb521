import type { Platform } from '@tsdocker/shared/platform.ts';
import type { CommandSpec, Flags } from '../../command.ts';
import { orderedPlatform } from '../../manifest/image-manifest.ts';
import { isKnownPlatform } from '../../manifest/manifest-list.ts';
import { ManifestStore } from '../../manifest/store.ts';
import { StatusError } from '../../status-error.ts';
import { manifestReference } from './manifest-reference.ts';

export const command: CommandSpec = {
  name: 'annotate',
  usage: '[OPTIONS] MANIFEST_LIST MANIFEST',
  summary: 'Say more of an image in a local manifest list',
  flags: [
    { name: 'arch', kind: 'string', description: 'Architecture' },
    { name: 'os', kind: 'string', description: 'Operating system' },
    { name: 'os-features', kind: 'list', valueName: 'strings', description: 'Features of the operating system' },
    { name: 'os-version', kind: 'string', description: 'Version of the operating system' },
    { name: 'variant', kind: 'string', description: 'Variant of the architecture' },
  ],
  args: { min: 2, max: 2 },
  async run(cli, [target = '', image = ''], flags) {
    const list = manifestReference(target, `annotate: error parsing name for manifest list ${target}`);
    const ref = manifestReference(image, `annotate: error parsing name for manifest ${image}`);
    const store = new ManifestStore(cli.config().directory);
    const manifest = await store.get(list, ref);
    if (!manifest) throw new StatusError(1, `manifest for image ${image} does not exist in ${target}`);
    const platform = annotated(manifest.Descriptor.platform ?? { os: '', architecture: '' }, flags);
    if (!isKnownPlatform(platform.os, platform.architecture)) {
      const said = `${flags.string('os')}/${flags.string('arch')}`;
      throw new StatusError(1, `manifest entry for image has unsupported os/arch combination: ${said}`);
    }
    await store.save(list, ref, { ...manifest, Descriptor: { ...manifest.Descriptor, platform } });
  },
};

/** What is not said stays; features are added. */
function annotated(platform: Platform, flags: Flags): Platform {
  const said = flags.list('os-features').flatMap((text) => text.split(','));
  const features = [...new Set([...(platform['os.features'] ?? []), ...said])];
  return orderedPlatform({
    os: flags.string('os') || platform.os,
    architecture: flags.string('arch') || platform.architecture,
    variant: flags.string('variant') || (platform.variant ?? ''),
    'os.version': flags.string('os-version') || (platform['os.version'] ?? ''),
    'os.features': features,
  });
}
