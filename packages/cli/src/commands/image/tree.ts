import type { ImageSummary } from '@tsdocker/shared/types/image.ts';
import type { EngineClient } from '../../client/client.ts';
import { imageHistory, imageInspect, imageList } from '../../client/image.ts';
import type { CommandSpec } from '../../command.ts';
import { type LayeredImage, layersOf, layerTree } from '../../format/layer-tree.ts';
import { NO_TRUNC } from '../format-flag.ts';

/** Requests at once. */
const AT_ONCE = 16;

export const command: CommandSpec = {
  name: 'tree',
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  summary: 'Show images as a tree of their layers',
  description: 'Show images as a tree of their layers: what several images have stands once, what they add below it',
  flags: [{ name: 'all', short: 'a', kind: 'bool', description: 'Show untagged images too' }, NO_TRUNC],
  args: { min: 0, max: 1 },
  async run(cli, [reference], flags) {
    const client = cli.client();
    const all = flags.bool('all');
    const listed = await imageList(client, { all, ...(reference && { filters: { reference: [reference] } }) });
    const shown = all ? listed : listed.filter((image) => namesOf(image).length > 0);
    const images: LayeredImage[] = [];
    for (let at = 0; at < shown.length; at += AT_ONCE)
      images.push(...(await Promise.all(shown.slice(at, at + AT_ONCE).map((image) => layeredImage(client, image)))));
    cli.stdout.write(layerTree(images, { truncate: !flags.bool('no-trunc') }));
  },
};

async function layeredImage(client: EngineClient, image: ImageSummary): Promise<LayeredImage> {
  const [{ RootFS }, history] = await Promise.all([imageInspect(client, image.Id), imageHistory(client, image.Id)]);
  return { id: image.Id, names: namesOf(image), layers: layersOf(RootFS?.Layers ?? [], history) };
}

const namesOf = (image: ImageSummary): string[] =>
  (image.RepoTags ?? []).filter((name) => name !== '<none>:<none>').sort();
