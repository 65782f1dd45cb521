/** `--platform os[/arch[/variant]]`: for the commands that send it as a JSON object. */
import { type Platform, parsePlatform } from '@tsdocker/shared/platform.ts';
import type { FlagSpec, Flags } from '../../command.ts';
import { StatusError } from '../../status-error.ts';

export const PLATFORM_FLAG: FlagSpec = {
  name: 'platform',
  kind: 'string',
  description: 'Which variant of the image (`linux/amd64`, `linux/arm64/v8`)',
};

export const PLATFORM_LIST_FLAG: FlagSpec = { ...PLATFORM_FLAG, kind: 'list', valueName: 'strings' };

/** @throws StatusError for what is no platform */
export function platformOption(flags: Flags): { platform?: Platform } {
  const text = flags.string('platform');
  return text === '' ? {} : { platform: parsed(text) };
}

/** The values of a repeatable flag, each a comma-separated list. */
export function platformsOption(flags: Flags): { platforms?: Platform[] } {
  const texts = flags.list('platform').flatMap((text) => text.split(','));
  return texts.length === 0 ? {} : { platforms: texts.map(parsed) };
}

function parsed(text: string): Platform {
  try {
    return parsePlatform(text);
  } catch (err) {
    throw new StatusError(1, (err as Error).message);
  }
}
