/** `--opt` of the local driver. */
import { DockerError } from '@tsdocker/shared/errors.ts';

const KNOWN = new Set(['type', 'o', 'device', 'size']);

/**
 * Mounted volumes (type, device, o) and quotas are not available: they are refused, never silently ignored.
 * @throws InvalidParameter an unknown option; NotImplemented one this driver can not honour
 */
export function checkLocalOptions(volume: string, options: Record<string, string>): void {
  for (const name of Object.keys(options)) {
    if (!KNOWN.has(name))
      throw new DockerError('InvalidParameter', `create ${volume}: invalid option: ${JSON.stringify(name)}`);
  }
  if (options['size']) {
    throw new DockerError('InvalidParameter', 'quota size requested but no quota support');
  }
  if (options['type'] || options['device'] || options['o']) {
    throw new DockerError('NotImplemented', 'the local volume driver does not mount devices yet');
  }
}
