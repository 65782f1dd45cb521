/** The engine's id: made once, kept in the data root. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../store/atomic-write.ts';

export async function engineId(dataRoot: string): Promise<string> {
  const path = join(dataRoot, 'engine-id');
  const kept = await readFile(path, 'utf8').catch((err: NodeJS.ErrnoException) => {
    if (err.code === 'ENOENT') return '';
    throw err;
  });
  if (kept.trim() !== '') return kept.trim();
  const id = randomUUID();
  await writeFileAtomic(path, id);
  return id;
}
