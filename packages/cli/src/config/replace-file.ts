/** Puts a file in its place whole: a reader finds the old one or the new one. */
import { rename, rm, writeFile } from 'node:fs/promises';

/** @throws Error of the file system; the old file is still there then */
export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const partial = `${path}.${crypto.randomUUID()}`;
  try {
    await writeFile(partial, content, { mode });
    await rename(partial, path);
  } catch (err) {
    await rm(partial, { force: true });
    throw err;
  }
}
