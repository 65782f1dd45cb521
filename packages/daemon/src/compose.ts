/** Makes the real domains and joins them. */
import type { ServiceContext, Services } from './daemon.ts';

export async function composeServices(_context: ServiceContext): Promise<Services> {
  throw new Error('this build has no container, image, network and volume services');
}
