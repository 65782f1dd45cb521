/** Real daemons for tests: ours and docker's, each with its own root, socket and pid file, ended by pid. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brokenAnswers } from './check-answers.ts';
import { eventually } from './eventually.ts';
import { type Finished, type RunOptions, runProgram } from './program.ts';

export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const tsdocker = join(projectRoot, 'bin/tsdocker');
const tsdockerd = join(projectRoot, 'bin/tsdockerd');

export interface Engine {
  readonly name: 'tsdockerd' | 'dockerd';
  readonly directory: string;
  readonly socket: string;
  /** unix:///... */
  readonly host: string;
  readonly pid: number;
  /** A client's command line against this daemon; `client` default: tsdocker. */
  cli(args: string[], options?: RunOptions & { client?: string }): Promise<Finished>;
  /** The same, and the test fails unless it exits 0. @returns stdout without its last newline */
  ok(args: string[], options?: RunOptions & { client?: string }): Promise<string>;
  /** GET of an API path. */
  get<T = unknown>(path: string): Promise<T>;
  /** kill -9 of the daemon; containers stay. */
  kill9(): Promise<void>;
  /** Starts the daemon again on the same directories. */
  start(): Promise<void>;
  /** Removes all containers, ends the daemon, deletes the directory. */
  dispose(): Promise<void>;
  log(): string;
}

export interface EngineOptions {
  mirrors?: string[];
  insecure?: string[];
  args?: string[];
  /** What the daemon is started by: a program that ends in executing its own arguments. */
  wrapper?: string[];
  /** Default: a new directory in the system's temporary folder. */
  directory?: string;
}

function getJson<T>(socketPath: string, path: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const req = request({ socketPath, path, timeout: 30_000 }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        try {
          resolve((res.headers['content-type']?.includes('json') ? JSON.parse(text) : text) as T);
        } catch (error) {
          reject(error);
        }
      });
    });
    req.on('timeout', () => req.destroy(new Error(`${path}: no answer in 30 s`)));
    req.on('error', reject);
    req.end();
  });
}

/** End of a process that may not be our child. */
async function gone(pid: number): Promise<void> {
  await eventually(
    () => {
      try {
        return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z');
      } catch {
        return true;
      }
    },
    60_000,
    20,
  );
}

class DaemonProcess implements Engine {
  readonly name: 'tsdockerd' | 'dockerd';
  readonly directory: string;
  readonly socket: string;
  readonly host: string;
  #child: ChildProcess | undefined;
  readonly #command: string;
  readonly #args: string[];

  constructor(name: 'tsdockerd' | 'dockerd', command: string, options: EngineOptions, extra: string[]) {
    this.name = name;
    this.directory = options.directory ?? mkdtempSync(join(tmpdir(), `${name}-test-`));
    this.socket = join(this.directory, 'engine.sock');
    this.host = `unix://${this.socket}`;
    const [program = command, ...before] = [...(options.wrapper ?? []), command];
    this.#command = program;
    this.#args = [
      ...before,
      ...['-H', this.host, '--data-root', join(this.directory, 'data'), '--exec-root', join(this.directory, 'run')],
      ...['--pidfile', join(this.directory, 'engine.pid')],
      ...(options.mirrors ?? []).flatMap((mirror) => ['--registry-mirror', mirror]),
      ...(options.insecure ?? []).flatMap((registry) => ['--insecure-registry', registry]),
      ...extra,
      ...(options.args ?? []),
    ];
  }

  get #answerLog(): string {
    return join(this.directory, 'answers.log');
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.name} is not started`);
    return pid;
  }

  async start(): Promise<void> {
    const log = openSync(join(this.directory, 'engine.log'), 'a');
    const child = spawn(this.#command, this.#args, {
      stdio: ['ignore', log, log],
      detached: true,
      env: { ...process.env, TSDOCKERD_ANSWER_LOG: this.#answerLog },
    });
    closeSync(log);
    this.#child = child;
    let failed: string | undefined;
    child.on('error', (error) => {
      failed = error.message;
    });
    child.on('exit', (code, signal) => {
      failed ??= `exit ${code ?? signal}`;
    });
    const deadline = Date.now() + 60_000;
    for (;;) {
      const answer = await getJson<string>(this.socket, '/_ping').catch(() => '');
      if (answer === 'OK') return;
      if (failed !== undefined || Date.now() > deadline) {
        throw new Error(
          `${this.name} did not start: ${failed ?? 'no answer'}\n${this.log().split('\n').slice(-15).join('\n')}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  cli(args: string[], options: RunOptions & { client?: string } = {}): Promise<Finished> {
    const { client = tsdocker, ...rest } = options;
    return runProgram(client, args, { ...rest, env: { DOCKER_HOST: this.host, ...rest.env } });
  }

  async ok(args: string[], options: RunOptions & { client?: string } = {}): Promise<string> {
    const result = await this.cli(args, options);
    if (result.code !== 0) {
      throw new Error(`${args.join(' ')}: exit ${result.code}\n${result.stdout}${result.stderr}`);
    }
    return result.stdout.replace(/\n$/, '');
  }

  get<T = unknown>(path: string): Promise<T> {
    return getJson<T>(this.socket, path);
  }

  async kill9(): Promise<void> {
    const { pid } = this;
    process.kill(pid, 'SIGKILL');
    await gone(pid);
  }

  async #end(): Promise<void> {
    const { pid } = this;
    try {
      process.kill(pid, 'SIGTERM');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    await gone(pid);
  }

  log(): string {
    return readFileSync(join(this.directory, 'engine.log'), 'utf8');
  }

  async dispose(): Promise<void> {
    // A test that failed while its daemon was down must not leave its containers behind.
    if (this.#child?.exitCode !== null || this.#child.signalCode !== null) await this.start();
    const ids = await this.get<{ Id: string }[]>('/containers/json?all=1').catch(() => []);
    if (ids.length > 0) await this.cli(['rm', '-f', ...ids.map(({ Id }) => Id)], { timeoutMs: 120_000 });
    await this.#end();
    if (this.name === 'dockerd') await detachMountsBelow(this.directory);
    const broken = brokenAnswers(this.#answerLog);
    rmSync(this.directory, { recursive: true, force: true });
    if (broken.length > 0) throw new Error(`answers break the API's definition:\n${broken.join('\n')}`);
  }
}

/** dockerd leaves the mount of its default network namespace behind. */
async function detachMountsBelow(directory: string): Promise<void> {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4])
    .filter((point): point is string => point?.startsWith(`${directory}/`) ?? false);
  for (const point of points.reverse()) await runProgram('umount', ['-l', point]);
}

async function started(engine: Engine): Promise<Engine> {
  try {
    await engine.start();
    return engine;
  } catch (error) {
    rmSync(engine.directory, { recursive: true, force: true });
    throw error;
  }
}

/** Our daemon, from the checkout's bin/. */
export function startTsdockerd(options: EngineOptions = {}): Promise<Engine> {
  return started(new DaemonProcess('tsdockerd', tsdockerd, options, []));
}

/** Docker's daemon with a bridge of its own turned off: it leaves the host's firewall alone. */
export function startDockerd(options: EngineOptions = {}): Promise<Engine> {
  const network = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'];
  return started(
    new DaemonProcess(
      'dockerd',
      'dockerd',
      options,
      options.args?.some((arg) => arg.startsWith('--bridge')) ? [] : network,
    ),
  );
}
