/**
 * Runs a client's `create` over every row of create-argv.ts and keeps what it sent or said. As a program it writes the
 * fixture: `node test/support/record-create.ts [DOCKER]`, needed only when rows are added or another docker is the oracle.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CREATE_ARGV, ENV, FILES } from '../fixtures/cli/create-argv.ts';
import { RecordingDaemon } from './recording-daemon.ts';

/** What one row did. */
export interface Recorded {
  argv: string[];
  exitCode: number;
  stdout: string;
  stderr: string;
  query?: Record<string, string>;
  body?: unknown;
}

/** Lays FILES out in a new directory; the caller removes it. */
export function layOutFiles(): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'tsdocker-create-')));
  for (const [name, content] of Object.entries(FILES)) {
    if (content === '') mkdirSync(join(dir, name));
    else writeFileSync(join(dir, name), content);
  }
  return dir;
}

/** Members that are pointers in the server, so that zero and absent differ. */
const POINTERS = new Set(
  'MemorySwappiness OomKillDisable PidsLimit Init StopTimeout MaskedPaths ReadonlyPaths'.split(' '),
);
/** Members that are maps: every key counts, whatever its value. */
const MAPS = new Set(
  'EndpointsConfig Volumes ExposedPorts PortBindings Labels Config Sysctls Annotations Tmpfs StorageOpt Options DriverOpts'.split(
    ' ',
  ),
);

/**
 * Drops the members that a Go server reads as absent (null, "", 0, false, [] and {}), so that two requests are equal exactly
 * when a daemon reads the same from them.
 */
export function withoutZeros(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutZeros);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).flatMap(([key, v]) => {
    if (POINTERS.has(key)) return v === null ? [] : [[key, v]];
    const inner = MAPS.has(key) && v ? mapValues(v) : withoutZeros(v);
    return isZero(inner) ? [] : [[key, inner]];
  });
  return Object.fromEntries(kept);
}

function mapValues(map: object): unknown {
  return Object.fromEntries(Object.entries(map).map(([k, v]) => [k, withoutZeros(v)]));
}

function isZero(v: unknown): boolean {
  if (v === null || v === undefined || v === '' || v === 0 || v === false) return true;
  return typeof v === 'object' && Object.keys(v).length === 0;
}

/** Runs `create row...` in a directory with FILES, against the daemon at `socket`. */
export type Client = (args: string[], at: { cwd: string; env: Record<string, string>; socket: string }) => Promise<Ran>;

/** A client that is a program. */
export function programClient(file: string, env: Record<string, string>): Client {
  return (args, at) => runIn(at.cwd, file, args, { ...env, ...at.env, DOCKER_HOST: `unix://${at.socket}` });
}

/** What the client does with every row, one after the other. */
export async function recordCreate(client: Client, rows: readonly string[][] = CREATE_ARGV): Promise<Recorded[]> {
  const out: Recorded[] = [];
  for (const argv of rows) out.push(await recordRow(client, argv));
  return out;
}

async function recordRow(client: Client, argv: string[]): Promise<Recorded> {
  const cwd = layOutFiles();
  const daemon = new RecordingDaemon(join(cwd, 'recorder.sock'), '1.50');
  await daemon.listen();
  try {
    const run = await client(['create', ...argv], { cwd, env: { ...ENV }, socket: daemon.socket });
    const seen = daemon.last;
    const row: Recorded = { argv, ...run, ...(seen && { query: seen.query, body: withoutZeros(seen.body) }) };
    return JSON.parse(JSON.stringify(row).replaceAll(cwd, '$CWD'));
  } finally {
    await daemon.close();
    rmSync(cwd, { recursive: true });
  }
}

type Ran = Pick<Recorded, 'exitCode' | 'stdout' | 'stderr'>;

function runIn(cwd: string, file: string, args: string[], env: Record<string, string>): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(file, args, { cwd, env: { PATH: process.env['PATH'], ...env } }, (err, stdout, stderr) =>
      resolve({ exitCode: typeof err?.code === 'number' ? err.code : err ? -1 : 0, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

if (import.meta.main) {
  const env = { DOCKER_CONFIG: '/nonexistent', HOME: '/nonexistent' };
  const rows = await recordCreate(programClient(process.argv[2] ?? 'docker', env));
  const lines = rows.map((row) => JSON.stringify(row));
  writeFileSync(new URL('../fixtures/cli/create-docker-28.2.2.json', import.meta.url), `[\n${lines.join(',\n')}\n]\n`);
}
