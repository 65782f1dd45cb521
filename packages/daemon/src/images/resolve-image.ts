/** An image as containers need it: by what a user typed, and a platform. */
import { parsePlatform } from '@tsdocker/shared/platform.ts';
import type { Library } from './library.ts';
import type { ResolvedImage } from './service.types.ts';
import { findVariant } from './variants.ts';

/** @throws as findImage; NotFound when the image is of another platform */
export async function resolveImage(
  library: Library,
  text: string,
  platform: string | undefined,
): Promise<ResolvedImage> {
  const id = await findVariant(library, text, platform ? parsePlatform(platform) : undefined);
  const config = await library.config(id);
  const { os, architecture } = config.platform;
  return { id, config: config.config, os, architecture, diffIds: config.diffIds };
}
