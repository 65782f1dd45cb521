import { closeSync, existsSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { goFileError } from '../../flags/file-error.ts';

/** The file of --cidfile: claimed before the container is made, gone again when none was. */
export interface CidFile {
  write(id: string): void;
  /** Removes the file unless the id was written. */
  close(): void;
}

/** @throws Docker's words when the file is there already or cannot be made; '' = no file */
export function claimCidFile(path: string, cwd: string): CidFile {
  if (path === '') return { write: () => {}, close: () => {} };
  const full = resolve(cwd, path);
  if (existsSync(full)) {
    throw new Error(`container ID file found, make sure the other container isn't running or delete ${path}`);
  }
  let fd: number;
  try {
    fd = openSync(full, 'wx', 0o666);
  } catch (err) {
    throw new Error(`failed to create the container ID file: ${goFileError('open', path, err)}`);
  }
  let written = false;
  return {
    write: (id) => {
      try {
        writeSync(fd, id);
      } catch (err) {
        throw new Error(`failed to write the container ID to the file: ${goFileError('write', path, err)}`);
      }
      written = true;
    },
    close: () => {
      closeSync(fd);
      if (!written) unlinkSync(full);
    },
  };
}
