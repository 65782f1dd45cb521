/** A program as a stream: what is written is its input, what is read its output. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { DockerError } from '@tsdocker/shared/errors.ts';

const MAX_COMPLAINT = 500;

class ProgramStream extends Duplex {
  readonly #program: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #gone: Promise<void>;
  #complaint = '';

  constructor(program: string, args: string[]) {
    super();
    this.#program = program;
    // Nothing of the daemon's environment but where programs are: xz takes options from variables.
    this.#child = spawn(program, args, { env: { PATH: process.env['PATH'], LC_ALL: 'C' } });
    const { stdin, stdout, stderr } = this.#child;
    // EPIPE: why the program left is in its exit.
    for (const stream of [stdin, stdout, stderr]) stream.on('error', () => {});
    stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stdout.pause();
    });
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(0, MAX_COMPLAINT);
    });
    this.#child.on('error', (err) => this.destroy(this.#notStarted(err)));
    this.#gone = new Promise((resolve) => this.#child.on('close', () => resolve()));
    this.#child.on('close', (code, signal) => {
      if (code === 0) this.push(null);
      else this.destroy(this.#failed(signal ? `signal ${signal}` : `status ${code}`));
    });
  }

  #notStarted(err: NodeJS.ErrnoException): DockerError {
    const reason = err.code === 'ENOENT' ? `the program ${this.#program} is not installed` : err.message;
    return new DockerError('NotImplemented', `cannot read ${this.#program} archives: ${reason}`, { cause: err });
  }

  #failed(how: string): DockerError {
    const [said] = this.#complaint.trim().split('\n');
    return new DockerError('InvalidParameter', said || `${this.#program} ended with ${how}`);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (err?: Error | null) => void): void {
    // A broken pipe is told by the program's end.
    this.#child.stdin.write(chunk, () => done());
  }

  override _final(done: () => void): void {
    this.#child.stdin.end(() => done());
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _destroy(err: Error | null, done: (err: Error | null) => void): void {
    this.#child.kill('SIGKILL');
    if (this.#child.pid === undefined) done(err);
    else void this.#gone.then(() => done(err));
  }
}

/** Fails with NotImplemented when the program is not installed, with InvalidParameter and its words when it fails. */
export function programStream(program: string, args: string[]): Duplex {
  return new ProgramStream(program, args);
}
