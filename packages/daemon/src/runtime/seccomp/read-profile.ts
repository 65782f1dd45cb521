/** The daemon's default profile, `--seccomp-profile`: read and checked once, when the daemon starts. */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { SeccompCompiler } from './seccomp.ts';

/**
 * @param choice `builtin`, `unconfined` or the path of a file
 * @returns what SeccompCompiler takes: one of the two words, or the text of the profile
 * @throws Error with one clear line for a file that cannot be read or holds no profile
 */
export function readDefaultProfile(choice: string): string {
  if (choice === 'builtin' || choice === 'unconfined') return choice;
  try {
    const text = readFileSync(choice, 'utf8');
    new SeccompCompiler({ arch: process.arch, kernel: release() }).compile(text, []);
    return text;
  } catch (err) {
    throw new Error(`opening seccomp profile (${choice}) failed: ${(err as Error).message}`, { cause: err });
  }
}
