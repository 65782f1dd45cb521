/** The key sequence that leaves a container running and ends the client: `ctrl-p,ctrl-q` unless told otherwise. */

const DEFAULT_KEYS = Buffer.from([0x10, 0x11]);
/** Control keys beyond the letters, by their value. */
const CONTROL: Readonly<Record<string, number>> = { '@': 0, '[': 27, '\\': 28, ']': 29, '^': 30, _: 31 };

/**
 * The bytes of `ctrl-p,ctrl-q` or `a,b`; '' is the default.
 * @throws `Unknown character: '...'` for a part that is neither one character nor `ctrl-<value>`
 */
export function parseDetachKeys(text: string): Buffer {
  if (text === '') return DEFAULT_KEYS;
  return Buffer.from(text.split(',').map(keyOf));
}

function keyOf(part: string): number {
  if (/^[\x00-\x7f]$/.test(part)) return part.charCodeAt(0);
  const control = /^ctrl-(.)$/.exec(part)?.[1];
  if (control !== undefined && /[a-z]/.test(control)) return control.charCodeAt(0) - 'a'.charCodeAt(0) + 1;
  if (control !== undefined && Object.hasOwn(CONTROL, control)) return CONTROL[control]!;
  throw new Error(`Unknown character: '${part}'`);
}

/** Watches typed bytes for the sequence; a beginning of it is held back until it is clear what follows. */
export class DetachDetector {
  readonly #keys: Buffer;
  #matched = 0;

  constructor(keys: Buffer) {
    this.#keys = keys;
  }

  /** The bytes to send on; `detached` when the sequence is complete (what follows it is dropped). */
  push(chunk: Buffer): { pass: Buffer; detached: boolean } {
    if (this.#matched === 0 && !chunk.includes(this.#keys[0]!)) return { pass: chunk, detached: false };
    const pass: Buffer[] = [];
    for (let i = 0; i < chunk.length; i++) {
      if (chunk[i] === this.#keys[this.#matched]) {
        this.#matched += 1;
        if (this.#matched === this.#keys.length) return { pass: Buffer.concat(pass), detached: true };
        continue;
      }
      const held = this.#keys.subarray(0, this.#matched);
      // The byte that broke the sequence may begin it anew.
      const restarts = this.#matched > 0 && chunk[i] === this.#keys[0];
      this.#matched = restarts ? 1 : 0;
      pass.push(held, restarts ? Buffer.alloc(0) : chunk.subarray(i, i + 1));
    }
    return { pass: Buffer.concat(pass), detached: false };
  }

  /** What is held back, when no more comes. */
  flush(): Buffer {
    const held = this.#keys.subarray(0, this.#matched);
    this.#matched = 0;
    return held;
  }
}
