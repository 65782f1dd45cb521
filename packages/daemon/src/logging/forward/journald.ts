/** The journald driver: entries of the journal's native protocol, with docker's fields. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { extraAttributes, type LogInfo, logTag } from '../log-info.ts';
import { formatTime, type LogRecord } from '../log-record.ts';
import { connecting } from './connection.ts';
import { openDatagramSocket } from './datagrams.ts';
import { lineOf } from './line.ts';
import type { RemoteDriver } from './remote-log.ts';

type Options = Readonly<Record<string, string>>;

const PRIORITY_ERROR = '3';
const PRIORITY_INFO = '6';

export const journaldDriver: RemoteDriver = {
  options: ['tag'],
  check() {},
  async open(options, info, { journalSocket, datagrams }) {
    if (!existsSync(journalSocket)) throw new Error('journald is not enabled on this host');
    const entry = entryOf(options, info);
    const target = { kind: 'unixgram', path: journalSocket } as const;
    const connection = await connecting(target, async () => openDatagramSocket(journalSocket, datagrams));
    return {
      async send(records) {
        for (const record of records) await connection.writeAny(entry(record));
      },
      close: () => connection.close(),
    };
  },
};

/** @returns what makes the entry of a record. An epoch and a number tell entries of one time apart. */
function entryOf(options: Options, info: LogInfo): (record: LogRecord) => Buffer {
  const tag = logTag(options, info, '{{.ID}}');
  const extra = Object.entries(extraAttributes(options, info)).map(([name, value]) => [fieldName(name), value]);
  const common: Record<string, string> = {
    CONTAINER_ID: info.id.slice(0, 12),
    CONTAINER_ID_FULL: info.id,
    CONTAINER_NAME: info.name,
    CONTAINER_TAG: tag,
    IMAGE_NAME: info.imageName,
    SYSLOG_IDENTIFIER: tag,
    ...Object.fromEntries(extra.filter(([name]) => name !== '')),
    CONTAINER_LOG_EPOCH: randomBytes(32).toString('hex'),
  };
  const head = Buffer.concat(Object.entries(common).map(([name, value]) => fieldBytes(name, Buffer.from(value))));
  let ordinal = 0;
  return ({ stream, text, time, part }) => {
    ordinal++;
    const fields: Record<string, string> = {
      PRIORITY: stream === 2 ? PRIORITY_ERROR : PRIORITY_INFO,
      SYSLOG_TIMESTAMP: formatTime(time),
      CONTAINER_LOG_ORDINAL: String(ordinal),
      ...(part && partFields(part)),
    };
    const own = Object.entries(fields).map(([name, value]) => fieldBytes(name, Buffer.from(value)));
    return Buffer.concat([fieldBytes('MESSAGE', lineOf(text)), head, ...own]);
  };
}

function partFields({ id, ordinal, last }: NonNullable<LogRecord['part']>): Record<string, string> {
  return {
    ...(!last && { CONTAINER_PARTIAL_MESSAGE: 'true' }),
    CONTAINER_PARTIAL_ID: id,
    CONTAINER_PARTIAL_ORDINAL: String(ordinal),
    CONTAINER_PARTIAL_LAST: String(last),
  };
}

/** Capitals, digits and underscores, and none of these first. */
function fieldName(name: string): string {
  return name
    .replace(/[a-z]/g, (letter) => letter.toUpperCase())
    .replace(/[^A-Z0-9]/gu, '_')
    .replace(/^_+/, '');
}

/** `NAME=value`, or with its length (eight bytes, little endian) where a newline is in it. */
function fieldBytes(name: string, value: Buffer): Buffer {
  if (!value.includes(10)) return Buffer.concat([Buffer.from(`${name}=`), value, NEWLINE]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(value.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, value, NEWLINE]);
}

const NEWLINE = Buffer.from('\n');
