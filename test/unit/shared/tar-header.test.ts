import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { extract } from 'tar-stream';
import { TAR_END, type TarEntry, tarHeader, tarPadding } from '../../../packages/shared/src/tar-header.ts';

const file = (name: string, more: Partial<TarEntry> = {}): TarEntry => ({
  name,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeNanos: 0n,
  ...more,
});

function archive(entries: (TarEntry & { content?: string })[]): Buffer {
  const parts = entries.flatMap((e) => [tarHeader(e), Buffer.from(e.content ?? ''), tarPadding(e.size)]);
  return Buffer.concat([...parts, TAR_END]);
}

async function read(bytes: Buffer) {
  const reader = extract();
  reader.end(bytes);
  const out = [];
  for await (const entry of reader) {
    out.push(entry.header);
    entry.resume();
  }
  return out;
}

const long = `${'d'.repeat(90)}/${'e'.repeat(90)}`;
const entries = [
  file('plain', { size: 5, mode: 0o4755, uid: 1000, gid: 100, mtimeNanos: 1_700_000_000_000_000_000n }),
  file('dir', { type: 'directory', mode: 0o1777 }),
  file('link', { type: 'symlink', linkname: '../target', mode: 0o777 }),
  file('hard', { type: 'link', linkname: 'plain' }),
  file(long),
  file(`${'n'.repeat(300)}/ünïcode`),
  file('far', { type: 'symlink', linkname: 't'.repeat(200) }),
  file('null', { type: 'character', deviceMajor: 1, deviceMinor: 3 }),
  file('pipe', { type: 'fifo' }),
  file('big-id', { uid: 3_000_000_000, gid: 3_000_000_001 }),
  file('fine', { mtimeNanos: 1_700_000_000_123_456_000n }),
];

test('what is written is what another reader reads', async () => {
  const headers = await read(archive(entries.map((e) => (e.size ? { ...e, content: 'hello' } : e))));
  assert.deepEqual(
    headers.map((h) => h.name.replace(/\/$/, '')),
    entries.map((e) => e.name),
  );
  const by = (name: string) => headers.find((h) => h.name === name);
  const paxOf = (name: string): Record<string, string> => (by(name)?.pax ?? {}) as Record<string, string>;
  assert.partialDeepStrictEqual(by('plain'), { mode: 0o4755, uid: 1000, gid: 100, size: 5, type: 'file' });
  assert.equal(by('plain')?.mtime?.getTime(), 1_700_000_000_000);
  assert.partialDeepStrictEqual(by('dir/'), { type: 'directory', mode: 0o1777 });
  assert.partialDeepStrictEqual(by('hard'), { type: 'link', linkname: 'plain' });
  assert.partialDeepStrictEqual(by('far'), { type: 'symlink', linkname: 't'.repeat(200) });
  assert.partialDeepStrictEqual(by('null'), { type: 'character-device', devmajor: 1, devminor: 3 });
  assert.equal(paxOf('fine')['mtime'], '1700000000.123456');
  assert.equal(paxOf('big-id')['uid'], '3000000000');
});

test('GNU tar lists it without a complaint', () => {
  const listing = execFileSync('tar', ['-tvf', '-'], { input: archive(entries.map((e) => ({ ...e, size: 0 }))) });
  assert.equal(listing.toString().trim().split('\n').length, entries.length);
});

test('extended attributes are kept byte by byte', async () => {
  const value = Buffer.from([1, 0, 0, 2, 0, 32, 0, 0]);
  const header = tarHeader(file('ping', { xattrs: { 'security.capability': value } }));
  assert.ok(header.includes(Buffer.concat([Buffer.from('SCHILY.xattr.security.capability='), value])));
});

test('the same entry has the same bytes', () => {
  for (const e of entries) assert.deepEqual(tarHeader(e), tarHeader({ ...e }));
});
