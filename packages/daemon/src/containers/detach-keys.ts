/** The key sequence that leaves an attached terminal. */
import { invalid } from './errors.ts';

const CONTROL = /^ctrl-([a-z@[\\\]^_])$/;
/** ctrl-p, ctrl-q. */
const DEFAULT_KEYS = Buffer.from([16, 17]);

/** `ctrl-x,x` as bytes; unset is ctrl-p,ctrl-q. @param word what an exec's message calls them differs @throws InvalidParameter */
export function parseDetachKeys(text: string | undefined, word: 'detach' | 'escape' = 'detach'): Buffer {
  if (!text) return DEFAULT_KEYS;
  const codes = text.split(',').map((key) => {
    if (key.length === 1 && key.charCodeAt(0) < 128) return key.charCodeAt(0);
    const letter = CONTROL.exec(key)?.[1];
    if (letter === undefined) throw invalid(`Invalid ${word} keys (${text}) provided`);
    // Control codes are the upper-case character's code without its upper bits: ctrl-a is 1, ctrl-@ is 0.
    return letter.toUpperCase().charCodeAt(0) & 0x1f;
  });
  return Buffer.from(codes);
}

/** Looks for the sequence in what is typed, across chunks. A prefix of it is held back until it is clear whether more follows. */
export class DetachScanner {
  readonly #keys: Buffer;
  #held: number[] = [];

  constructor(keys: Buffer) {
    this.#keys = keys;
  }

  /** @returns what to hand on; `detached`: the sequence is complete, and what follows it in the chunk is dropped */
  push(chunk: Buffer): { forward: Buffer; detached: boolean } {
    const forward: number[] = [];
    for (const byte of chunk) {
      this.#held.push(byte);
      while (!this.#isPrefix()) forward.push(this.#held.shift()!);
      if (this.#held.length === this.#keys.length) return { forward: Buffer.from(forward), detached: true };
    }
    return { forward: Buffer.from(forward), detached: false };
  }

  /** At the end of the input: what was held back. */
  rest(): Buffer {
    return Buffer.from(this.#held.splice(0));
  }

  #isPrefix(): boolean {
    return this.#held.every((byte, i) => byte === this.#keys[i]);
  }
}
