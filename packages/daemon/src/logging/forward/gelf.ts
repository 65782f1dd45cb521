/** The gelf driver: Graylog's messages, in datagrams (compressed, in chunks) or over TCP. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { deflateSync, gzipSync } from 'node:zlib';
import { extraAttributes, type LogInfo, logTag } from '../log-info.ts';
import type { LogRecord } from '../log-record.ts';
import { openConnection, splitAddress } from './connection.ts';
import { lineOf } from './line.ts';
import type { RemoteDriver } from './remote-log.ts';

type Options = Readonly<Record<string, string>>;

const LEVEL_ERROR = 3;
const LEVEL_INFO = 6;
/** Of a datagram, its header included; what fits into an Ethernet frame. */
const CHUNK_BYTES = 1420;
const CHUNK_MAGIC = Buffer.from([0x1e, 0x0f]);
const CHUNK_HEADER_BYTES = 12;
const MAX_CHUNKS = 128;
/** What this engine does instead needs no numbers: it keeps what it cannot send. */
const KEPT_INSTEAD = ['gelf-tcp-max-reconnect', 'gelf-tcp-reconnect-delay'];

export const gelfDriver: RemoteDriver = {
  options: ['gelf-address', 'gelf-compression-level', 'gelf-compression-type', ...KEPT_INSTEAD],
  check(options) {
    const { kind } = addressOf(options);
    for (const name of KEPT_INSTEAD) {
      if (options[name] === undefined) continue;
      if (kind !== 'tcp') throw new Error(`"${name}" is only valid for TCP`);
      throw new Error(
        `log opt '${name}' is not supported by this engine: messages are kept until the receiver is back`,
      );
    }
    for (const [name, right] of [
      ['gelf-compression-level', /^(-1|\d)$/],
      ['gelf-compression-type', /^(gzip|zlib|none)$/],
    ] as const) {
      const value = options[name];
      if (value === undefined) continue;
      if (kind !== 'udp') throw new Error('compression is only supported on UDP');
      if (!right.test(value)) throw new Error(`unknown value "${value}" for log opt "${name}" for gelf log driver`);
    }
  },
  async open(options, info, { datagrams }) {
    const message = messageOf(options, info);
    const target = addressOf(options);
    const connection = await openConnection(target, datagrams);
    const compress = compressionOf(options);
    return {
      async send(records) {
        const messages = records.filter(({ text }) => lineOf(text).length > 0).map(message);
        if (target.kind === 'tcp') return connection.write(Buffer.from(messages.map((text) => `${text}\0`).join('')));
        for (const text of messages) {
          for (const datagram of chunksOf(compress(Buffer.from(text)))) await connection.write(datagram);
        }
      },
      close: () => connection.close(),
    };
  },
};

function addressOf(options: Options): { kind: 'udp' | 'tcp'; host: string; port: number } {
  const text = options['gelf-address'] ?? '';
  if (text === '') throw new Error('gelf-address is a required parameter');
  const [, kind, rest = ''] = /^([a-z]+):\/\/(.*)$/.exec(text) ?? [];
  if (kind !== 'udp' && kind !== 'tcp') {
    throw new Error(`gelf-address should be in form proto://address, got ${text}`);
  }
  const { host = '', port } = splitAddress(rest) ?? {};
  if (host === '' || port === undefined) throw new Error('gelf: please provide gelf-address as proto://host:port');
  return { kind, host, port };
}

/** @returns what makes the JSON of a record */
function messageOf(options: Options, info: LogInfo): (record: LogRecord) => string {
  const extra = Object.entries(extraAttributes(options, info)).map(([name, value]) => [`_${name}`, value]);
  const fields = {
    _container_id: info.id,
    _container_name: info.name,
    _image_id: info.imageId,
    _image_name: info.imageName,
    _command: [info.path, ...info.args].join(' '),
    _tag: logTag(options, info, '{{.ID}}'),
    _created: info.created,
    ...Object.fromEntries(extra),
  };
  const host = hostname();
  return ({ stream, time, text }) =>
    JSON.stringify({
      version: '1.1',
      host,
      short_message: lineOf(text).toString(),
      timestamp: Number(time / 1_000_000n) / 1000,
      level: stream === 2 ? LEVEL_ERROR : LEVEL_INFO,
      ...fields,
    });
}

/** Default: gzip at level 1. */
function compressionOf(options: Options): (message: Buffer) => Buffer {
  const level = Number(options['gelf-compression-level'] ?? 1);
  const type = options['gelf-compression-type'] ?? 'gzip';
  if (type === 'none') return (message) => message;
  return (message) => (type === 'zlib' ? deflateSync(message, { level }) : gzipSync(message, { level }));
}

/** A message that is too long for 128 chunks is left out, as no receiver takes it. */
function chunksOf(message: Buffer): Buffer[] {
  if (message.length <= CHUNK_BYTES) return [message];
  const room = CHUNK_BYTES - CHUNK_HEADER_BYTES;
  const count = Math.ceil(message.length / room);
  if (count > MAX_CHUNKS) return [];
  const id = randomBytes(8);
  return Array.from({ length: count }, (_, i) =>
    Buffer.concat([CHUNK_MAGIC, id, Buffer.from([i, count]), message.subarray(i * room, (i + 1) * room)]),
  );
}
