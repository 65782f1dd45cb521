/** strerror's words for the codes a file may give. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
  EEXIST: 'file exists',
  ELOOP: 'too many levels of symbolic links',
  ENAMETOOLONG: 'file name too long',
  EMFILE: 'too many open files',
  EROFS: 'read-only file system',
  ENOSPC: 'no space left on device',
};

/** A failed file operation as Go prints it: `open a.env: no such file or directory`, with the path as the user wrote it. */
export function goFileError(verb: string, path: string, err: unknown): string {
  const { code = '', message } = err as NodeJS.ErrnoException;
  return `${verb} ${path}: ${WORDS[code] ?? message}`;
}
