/** `tsdockerd --check-store`: whether the data root's images are whole. */
import { refuseForeignDataRoot } from './foreign-data-root.ts';
import { checkStore } from './images/check.ts';
import { lockDataRoot } from './instance-lock.ts';

/**
 * Prints what is found: damage first, then what interrupted work left.
 * @returns the exit code: 0 no damage @throws Error when a daemon runs on the data root, or when it is dockerd's
 */
export async function runStoreCheck(dataRoot: string, print: (line: string) => void): Promise<number> {
  await refuseForeignDataRoot(dataRoot);
  const unlock = await lockDataRoot(dataRoot);
  try {
    const { images, layers, blobs, bytes, damage, leftovers } = await checkStore(dataRoot);
    for (const line of damage) print(`damage: ${line}`);
    for (const line of leftovers) print(`left over, removed at the next start: ${line}`);
    const result = damage.length === 0 ? 'no damage' : `${damage.length} damaged`;
    print(`${dataRoot}: ${images} images, ${layers} layers, ${blobs} blobs, ${bytes} bytes: ${result}`);
    return damage.length === 0 ? 0 : 1;
  } finally {
    await unlock();
  }
}
