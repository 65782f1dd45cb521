/** The syslog driver: addresses, facilities and formats as docker's. */
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type LogInfo, logTag } from '../log-info.ts';
import { formatTime, type LogRecord } from '../log-record.ts';
import { type Connection, openConnection, splitAddress, type Target } from './connection.ts';
import { lineOf } from './line.ts';
import type { LogHost, RemoteDriver } from './remote-log.ts';

type Options = Readonly<Record<string, string>>;

const FACILITIES =
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp - - - - local0 local1 local2 local3 local4 local5 local6 local7'.split(
    ' ',
  );
const DEFAULT_FACILITY = 'daemon';
const DEFAULT_PORT = 514;
const SEVERITY_ERROR = 3;
const SEVERITY_INFO = 6;
const FORMATS = ['', 'rfc3164', 'rfc5424', 'rfc5424micro'];
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

export const syslogDriver: RemoteDriver = {
  options:
    'syslog-address syslog-facility syslog-format syslog-tls-ca-cert syslog-tls-cert syslog-tls-key syslog-tls-skip-verify tag'.split(
      ' ',
    ),
  check(options) {
    addressOf(options);
    facilityOf(options);
    if (!FORMATS.includes(options['syslog-format'] ?? '')) throw new Error('Invalid syslog format');
  },
  async open(options, info, host) {
    const format = formatOf(options, info);
    const { target, connection } = await connect(options, host);
    return {
      async send(records) {
        const messages = records.filter(({ text }) => lineOf(text).length > 0).map(format);
        if (target.kind !== 'udp' && target.kind !== 'unixgram') await connection.write(Buffer.concat(messages));
        else for (const message of messages) await connection.write(message);
      },
      close: () => connection.close(),
    };
  },
};

interface Address {
  /** Empty: the system's own syslog. */
  protocol: '' | 'udp' | 'tcp' | 'tcp+tls' | 'unix' | 'unixgram';
  path: string;
  host: string;
  port: number;
}

function addressOf(options: Options): Address {
  const text = options['syslog-address'] ?? '';
  const [, protocol = '', rest = ''] = /^([a-z+]+):\/\/(.*)$/.exec(text) ?? [];
  if (text === '') return { protocol: '', path: '', host: '', port: 0 };
  if (protocol === 'unix' || protocol === 'unixgram') {
    if (!existsSync(rest)) throw new Error(`stat ${rest}: no such file or directory`);
    return { protocol, path: rest, host: '', port: 0 };
  }
  if (protocol !== 'udp' && protocol !== 'tcp' && protocol !== 'tcp+tls') {
    throw new Error(`syslog-address should be in form proto://address, got ${text}`);
  }
  const { host = '', port = DEFAULT_PORT } = splitAddress(rest) ?? {};
  if (host === '') throw new Error(`invalid syslog-address ${text}`);
  return { protocol, path: '', host, port };
}

async function connect(options: Options, host: LogHost): Promise<{ target: Target; connection: Connection }> {
  const address = addressOf(options);
  if (address.protocol !== '') {
    const target = targetOf(options, { ...address, protocol: address.protocol });
    return { target, connection: await openConnection(target, host.datagrams) };
  }
  for (const kind of ['unixgram', 'unix'] as const) {
    for (const path of host.syslogSockets) {
      const connection = await openConnection({ kind, path }, host.datagrams).catch(() => undefined);
      if (connection) return { target: { kind, path }, connection };
    }
  }
  throw new Error('Unix syslog delivery error');
}

type NamedAddress = Address & { protocol: Exclude<Address['protocol'], ''> };

function targetOf(options: Options, { protocol, path, host, port }: NamedAddress): Target {
  if (protocol === 'unix' || protocol === 'unixgram') return { kind: protocol, path };
  if (protocol !== 'tcp+tls') return { kind: protocol, host, port };
  const file = (name: string) => (options[name] ? readFileSync(options[name]) : undefined);
  const tls = {
    ca: file('syslog-tls-ca-cert'),
    cert: file('syslog-tls-cert'),
    key: file('syslog-tls-key'),
    // As in docker, where the option's presence is what counts.
    rejectUnauthorized: options['syslog-tls-skip-verify'] === undefined,
  };
  return { kind: 'tls', host, port, tls };
}

function facilityOf(options: Options): number {
  const text = options['syslog-facility'] || DEFAULT_FACILITY;
  const named = text === '-' ? -1 : FACILITIES.indexOf(text);
  const facility = named >= 0 ? named : /^\d+$/.test(text) ? Number(text) : -1;
  if (facility < 0 || facility > 23) throw new Error('invalid syslog facility');
  return facility;
}

/** @returns what makes one message of a record, its frame included */
function formatOf(options: Options, info: LogInfo): (record: LogRecord) => Buffer {
  const facility = facilityOf(options);
  const tag = logTag(options, info, '{{.ID}}');
  const format = options['syslog-format'] ?? '';
  const counted = addressOf(options).protocol === 'tcp+tls' && format.startsWith('rfc5424');
  return ({ stream, time, text }) => {
    const priority = facility * 8 + (stream === 2 ? SEVERITY_ERROR : SEVERITY_INFO);
    const message = Buffer.concat([Buffer.from(header(format, priority, time, tag)), lineOf(text), Buffer.from('\n')]);
    // RFC 5425: the length stands before the message.
    return counted ? Buffer.concat([Buffer.from(`${message.length} `), message]) : message;
  };
}

function header(format: string, priority: number, time: bigint, tag: string): string {
  if (format === '') return `<${priority}>${stamp(time)} ${tag}[${process.pid}]: `;
  if (format === 'rfc3164') return `<${priority}>${stamp(time)} ${hostname()} ${tag}[${process.pid}]: `;
  const [seconds = '', fraction = ''] = formatTime(time).slice(0, -1).split('.');
  const timestamp = format === 'rfc5424' ? `${seconds}Z` : `${seconds}.${fraction.slice(0, 6)}Z`;
  return `<${priority}>1 ${timestamp} ${hostname()} ${tag} ${process.pid} ${tag} - `;
}

/** `Jan  2 15:04:05`, local time. */
function stamp(time: bigint): string {
  const date = new Date(Number(time / 1_000_000n));
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => String(n).padStart(2, '0'));
  return `${MONTHS[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${clock.join(':')}`;
}
