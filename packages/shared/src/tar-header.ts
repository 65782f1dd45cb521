/**
 * Headers of a tar archive, POSIX.1-2001 (pax): what fits goes into the 512-byte ustar block, what does not into an
 * extended header before it. The bytes depend on nothing but the entry, so the same tree gives the same archive.
 * @see pax(1), "ustar Interchange Format"
 */

export type TarType = 'file' | 'directory' | 'symlink' | 'link' | 'character' | 'block' | 'fifo';

export interface TarEntry {
  /** Without a leading `/`; of directories with or without a final one. */
  name: string;
  type: TarType;
  /** Permission bits, up to 07777. */
  mode: number;
  uid: number;
  gid: number;
  /** Bytes of content; 0 for all but files. */
  size: number;
  /** Nanoseconds since 1970. */
  mtimeNanos: bigint;
  /** Target of links. */
  linkname?: string;
  deviceMajor?: number;
  deviceMinor?: number;
  /** Names without the `SCHILY.xattr.` before them. */
  xattrs?: Readonly<Record<string, Buffer>>;
}

const BLOCK = 512;
const TYPE_FLAGS: Readonly<Record<TarType, string>> = {
  file: '0',
  link: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};
const NANOS = 1_000_000_000n;
/** Eleven octal digits. */
const MAX_OCTAL_11 = 0o77_777_777_777;
const MAX_OCTAL_7 = 0o7_777_777;

/** Two empty blocks end an archive. */
export const TAR_END: Buffer = Buffer.alloc(2 * BLOCK);

/** Zeros after `size` bytes of content, up to the next block. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** Everything in front of an entry's content. */
export function tarHeader(entry: TarEntry): Buffer {
  const name = entry.type === 'directory' && !entry.name.endsWith('/') ? `${entry.name}/` : entry.name;
  const records: [string, Buffer][] = [];
  const note = (key: string, value: string) => records.push([key, Buffer.from(value)]);
  const split = splitName(name);
  if (!split) note('path', name);
  if (entry.linkname !== undefined && !fits(entry.linkname, 100)) note('linkpath', entry.linkname);
  if (entry.size > MAX_OCTAL_11) note('size', String(entry.size));
  if (entry.uid > MAX_OCTAL_7) note('uid', String(entry.uid));
  if (entry.gid > MAX_OCTAL_7) note('gid', String(entry.gid));
  if (entry.mtimeNanos % NANOS !== 0n || entry.mtimeNanos < 0n) note('mtime', seconds(entry.mtimeNanos));
  for (const key of Object.keys(entry.xattrs ?? {}).sort())
    records.push([`SCHILY.xattr.${key}`, entry.xattrs?.[key] as Buffer]);
  const block = ustar(entry, split ?? { prefix: '', name: cut(name) });
  return records.length === 0 ? block : Buffer.concat([...extended(name, records), block]);
}

/** A whole file that is in memory. */
export function tarFile(entry: Omit<TarEntry, 'type' | 'size'>, content: Buffer): Buffer {
  const header = tarHeader({ ...entry, type: 'file', size: content.length });
  return Buffer.concat([header, content, tarPadding(content.length)]);
}

function fits(text: string, bytes: number): boolean {
  return /^[\x20-\x7e]*$/.test(text) && text.length <= bytes;
}

/** ustar's way for names up to 255 bytes: cut at a slash; undefined when that does not do. */
function splitName(name: string): { prefix: string; name: string } | undefined {
  if (fits(name, 100)) return { prefix: '', name };
  if (!fits(name, 255)) return undefined;
  const at = name.slice(0, 156).lastIndexOf('/', 155);
  const rest = name.slice(at + 1);
  return at > 0 && rest !== '' && rest.length <= 100 ? { prefix: name.slice(0, at), name: rest } : undefined;
}

/** What old readers see of a name that is in the extended header. */
function cut(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, '').slice(0, 100);
}

function seconds(nanos: bigint): string {
  const whole = nanos / NANOS;
  const rest = nanos % NANOS;
  if (rest === 0n) return String(whole);
  const digits = String(rest < 0n ? -rest : rest)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${nanos < 0n && whole === 0n ? '-' : ''}${whole}.${digits}`;
}

function extended(name: string, records: readonly [string, Buffer][]): Buffer[] {
  const body = Buffer.concat(records.map(([key, value]) => paxRecord(key, value)));
  const header = ustar(
    { type: 'file', mode: 0o644, uid: 0, gid: 0, size: body.length, mtimeNanos: 0n },
    { prefix: '', name: cut(`PaxHeaders.0/${name.replace(/\/$/, '').split('/').at(-1) ?? ''}`) },
    'x',
  );
  return [header, body, tarPadding(body.length)];
}

/** `length key=value\n`, where the length counts itself. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function ustar(
  entry: Omit<TarEntry, 'name'>,
  name: { prefix: string; name: string },
  flag: string = TYPE_FLAGS[entry.type],
): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number) =>
    block.write(value.toString(8).padStart(width - 1, '0'), at, width - 1, 'latin1');
  const bounded = (value: number, most: number) => (value > most ? 0 : value);
  const mtime = entry.mtimeNanos / NANOS;
  block.write(name.name, 0, 'latin1');
  octal(entry.mode & 0o7777, 100, 8);
  octal(bounded(entry.uid, MAX_OCTAL_7), 108, 8);
  octal(bounded(entry.gid, MAX_OCTAL_7), 116, 8);
  octal(bounded(entry.size, MAX_OCTAL_11), 124, 12);
  octal(mtime < 0n ? 0 : Number(mtime), 136, 12);
  block.write('        ', 148, 'latin1');
  block.write(flag, 156, 'latin1');
  if (entry.linkname !== undefined)
    block.write(fits(entry.linkname, 100) ? entry.linkname : cut(entry.linkname), 157, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  octal(entry.deviceMajor ?? 0, 329, 8);
  octal(entry.deviceMinor ?? 0, 337, 8);
  block.write(name.prefix, 345, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
