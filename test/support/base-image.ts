/** A real base system for tests: Debian's minbase, made once with debootstrap and kept in the checkout's cache. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './engines.ts';

/** Path of the tar archive of a minbase root. @throws when this host cannot make one */
export async function debianArchive(): Promise<string> {
  const kept = join(projectRoot, '.cache/starter/debian.tar');
  if (existsSync(kept)) return kept;
  const module = join(projectRoot, 'scripts/starter-image.mjs');
  const { starterArchive } = (await import(module)) as { starterArchive(): Promise<{ archive: string }> };
  return (await starterArchive()).archive;
}
