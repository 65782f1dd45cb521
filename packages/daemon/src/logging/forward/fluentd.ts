/** The fluentd driver: the forward protocol's messages, `[tag, time, record]` in MessagePack. */
import { parseBool } from '@tsdocker/shared/go-number.ts';
import { extraAttributes, type LogInfo, logTag } from '../log-info.ts';
import type { LogRecord } from '../log-record.ts';
import { openConnection, splitAddress, type Target } from './connection.ts';
import { lineOf } from './line.ts';
import type { RemoteDriver } from './remote-log.ts';

type Options = Readonly<Record<string, string>>;

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 24224;
/** What this engine does instead needs no numbers: the log file is the buffer, and it keeps what it cannot send. */
const KEPT_INSTEAD =
  'fluentd-async fluentd-async-connect fluentd-async-reconnect-interval fluentd-buffer-limit fluentd-retry-wait fluentd-max-retries fluentd-request-ack fluentd-write-timeout'.split(
    ' ',
  );

export const fluentdDriver: RemoteDriver = {
  options: ['fluentd-address', 'fluentd-sub-second-precision', ...KEPT_INSTEAD],
  check(options) {
    targetOf(options);
    isPrecise(options);
    const name = KEPT_INSTEAD.find((option) => options[option] !== undefined);
    if (name)
      throw new Error(
        `log opt '${name}' is not supported by this engine: messages are kept until the receiver is back`,
      );
  },
  async open(options, info, { datagrams }) {
    const message = messageOf(options, info);
    const connection = await openConnection(targetOf(options), datagrams);
    return {
      send: (records) => connection.write(Buffer.concat(records.map(message))),
      close: () => connection.close(),
    };
  },
};

function targetOf(options: Options): Target {
  const text = options['fluentd-address'] ?? '';
  const [, scheme = 'tcp', rest = text] = /^([a-z]+):\/\/(.*)$/.exec(text) ?? [];
  if (scheme === 'unix') {
    if (rest === '') throw new Error('path is empty');
    return { kind: 'unix', path: rest };
  }
  if (scheme !== 'tcp') throw new Error(`unsupported scheme: '${scheme}'`);
  const address = splitAddress(rest);
  if (!address) throw new Error(`invalid fluentd-address ${text}`);
  return { kind: 'tcp', host: address.host || DEFAULT_HOST, port: address.port ?? DEFAULT_PORT };
}

const isPrecise = (options: Options): boolean => parseBool(options['fluentd-sub-second-precision'] ?? 'false');

/** @returns what makes the message of a record */
function messageOf(options: Options, info: LogInfo): (record: LogRecord) => Buffer {
  const tag = packText(Buffer.from(logTag(options, info, '{{.ID}}')));
  const precise = isPrecise(options);
  const common = {
    container_id: info.id,
    container_name: `/${info.name}`,
    ...extraAttributes(options, info),
  };
  return ({ stream, time, text, part }) => {
    const source = stream === 2 ? 'stderr' : 'stdout';
    const fields: [string, string | Buffer][] = [
      ...Object.entries({ ...common, source }),
      ...(part ? partFields(part) : []),
      ['log', lineOf(text)],
    ];
    const pairs = fields.flatMap(([name, value]) => [
      packText(Buffer.from(name)),
      packText(Buffer.from(value as string)),
    ]);
    return Buffer.concat([Buffer.from([0x93]), tag, packTime(time, precise), packMapHead(fields.length), ...pairs]);
  };
}

function partFields({ id, ordinal, last }: NonNullable<LogRecord['part']>): [string, string][] {
  return [
    ['partial_message', 'true'],
    ['partial_id', id],
    ['partial_ordinal', String(ordinal)],
    ['partial_last', String(last)],
  ];
}

/** `str`: the shortest head that holds the length. */
function packText(bytes: Buffer): Buffer {
  const { length } = bytes;
  if (length < 32) return Buffer.concat([Buffer.from([0xa0 | length]), bytes]);
  if (length < 1 << 8) return Buffer.concat([Buffer.from([0xd9, length]), bytes]);
  if (length < 1 << 16) return Buffer.concat([Buffer.from([0xda, length >> 8, length & 255]), bytes]);
  const head = Buffer.from([0xdb, 0, 0, 0, 0]);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, bytes]);
}

function packMapHead(entries: number): Buffer {
  return entries < 16 ? Buffer.from([0x80 | entries]) : Buffer.from([0xde, entries >> 8, entries & 255]);
}

/** Seconds, or fluentd's EventTime: extension type 0 with seconds and nanoseconds. */
function packTime(time: bigint, precise: boolean): Buffer {
  const seconds = Number(time / 1_000_000_000n);
  if (!precise) {
    const packed = Buffer.from([0xce, 0, 0, 0, 0]);
    packed.writeUInt32BE(seconds, 1);
    return packed;
  }
  const packed = Buffer.from([0xd7, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  packed.writeUInt32BE(seconds, 2);
  packed.writeUInt32BE(Number(time % 1_000_000_000n), 6);
  return packed;
}
