/** Changes config.json. What is not known of it is kept; the file is replaced whole, readable by its owner only. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigFileContent } from './config-file.ts';
import { replaceFile } from './replace-file.ts';

/** @throws Error when the file is there and is no JSON, or the folder can not be written */
export async function editConfig(
  directory: string,
  change: (content: ConfigFileContent) => ConfigFileContent,
): Promise<void> {
  const path = join(directory, 'config.json');
  const text = await readFile(path, 'utf8').catch((err: NodeJS.ErrnoException) => {
    if (err.code === 'ENOENT') return '{}';
    throw err;
  });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await replaceFile(path, `${JSON.stringify(change(JSON.parse(text) as ConfigFileContent), null, '\t')}\n`, 0o600);
}
