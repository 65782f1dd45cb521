/** The files of one log: the current one, and `.1` (newest) to `.n` that rotation left. */
import { type FileHandle, open } from 'node:fs/promises';

export interface LogFile {
  handle: FileHandle;
  inode: bigint;
  sizeBytes: number;
  /** Unix time in nanoseconds of the last write. */
  modifiedAt: bigint;
}

/** @returns undefined when there is none */
export async function openLogFile(path: string): Promise<LogFile | undefined> {
  const handle = await open(path, 'r').catch((err: NodeJS.ErrnoException) => {
    if (err.code === 'ENOENT') return undefined;
    throw err;
  });
  if (!handle) return undefined;
  try {
    const stats = await handle.stat({ bigint: true });
    return { handle, inode: stats.ino, sizeBytes: Number(stats.size), modifiedAt: stats.mtimeNs };
  } catch (err) {
    await handle.close();
    throw err;
  }
}

/**
 * Opens the current file and the rotated ones, newest first. The current one is opened first: a rotation in between
 * shows the same inode twice, never a gap.
 * @param until stops before the file with this inode, whose end the caller has read
 */
export async function openLogFiles(path: string, opts: { until?: bigint } = {}): Promise<LogFile[]> {
  const files: LogFile[] = [];
  for (let n = 0; ; n++) {
    const file = await openLogFile(n === 0 ? path : `${path}.${n}`);
    if (!file && n > 0) return files;
    if (!file) continue;
    const known = files.some((f) => f.inode === file.inode);
    if (known || file.inode === opts.until) {
      await file.handle.close();
      if (file.inode === opts.until) return files;
    } else files.push(file);
  }
}

const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 10;

/**
 * Offset of the first of the last `lines` complete lines of a file, read backwards in blocks.
 * @returns the offset, and how many lines it found (fewer when the file has fewer)
 */
export async function tailOffset(file: LogFile, lines: number): Promise<{ offset: number; found: number }> {
  const block = Buffer.alloc(BLOCK_BYTES);
  let found = -1; // the newline that ends the last line is not one before a line
  let end = file.sizeBytes;
  if (lines === 0) return { offset: end, found: 0 };
  while (end > 0) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const { bytesRead } = await file.handle.read(block, 0, end - start, start);
    for (let i = bytesRead - 1; i >= 0; i--) {
      if (block[i] !== NEWLINE) continue;
      if (++found === lines) return { offset: start + i + 1, found };
    }
    end = start;
  }
  return { offset: 0, found: found + 1 };
}
