/**
 * dockerd's options as data: flag, key in daemon.json, kind, and what becomes of it. An option that this daemon cannot
 * honour is known all the same, and refused with the reason instead of being ignored.
 */
import type { LogLevel } from '../log.ts';
import { LOG_LEVELS } from '../log.ts';
import { LIMIT_OPTIONS } from './limit-options.ts';
import { LOG_OPTIONS } from './log-options.ts';
import { SECURITY_OPTIONS } from './security-options.ts';

export type OptionValue = string | boolean | number | string[];

export interface OptionSpec {
  /** Flag without dashes. */
  flag: string;
  short?: string;
  /** Key in daemon.json; undefined: flag only. */
  key?: string;
  kind: 'string' | 'bool' | 'int' | 'list';
  /** Help's word for the value. */
  valueName?: string;
  description: string;
  default?: OptionValue;
  /** The flag's form of what the file holds, where they differ; undefined: it is not that. */
  fromFile?: (value: unknown) => OptionValue | undefined;
  /** Known, but always an error. */
  refused?: boolean;
  /** @throws Error with the reason the value cannot be taken */
  check?: (value: OptionValue) => void;
}

const string = (flag: string, key: string, description: string, rest: Partial<OptionSpec> = {}): OptionSpec => ({
  flag,
  key,
  kind: 'string',
  description,
  ...rest,
});
const bool = (flag: string, key: string, description: string, rest: Partial<OptionSpec> = {}): OptionSpec => ({
  flag,
  key,
  kind: 'bool',
  description,
  ...rest,
});
const list = (flag: string, key: string, description: string, rest: Partial<OptionSpec> = {}): OptionSpec => ({
  flag,
  key,
  kind: 'list',
  valueName: 'list',
  description,
  ...rest,
});

const HONOURED: OptionSpec[] = [
  {
    flag: 'config-file',
    kind: 'string',
    description: 'Daemon configuration file',
    default: '/etc/tsdocker/daemon.json',
  },
  string('data-root', 'data-root', 'Root directory of persistent state', { default: '/var/lib/tsdocker' }),
  string('exec-root', 'exec-root', 'Root directory of run-time state', { default: '/var/run/tsdocker' }),
  string('pidfile', 'pidfile', 'File for the process id', { short: 'p', default: '/var/run/tsdocker.pid' }),
  list('host', 'hosts', 'Socket to listen on; may be given several times', { short: 'H' }),
  string('group', 'group', 'Group that owns the unix socket', { short: 'G', default: 'docker' }),
  string('log-level', 'log-level', 'Least level that is logged: debug, info, warn, error, fatal', {
    short: 'l',
    default: 'info',
    check: checkLogLevel,
  }),
  bool('debug', 'debug', 'Log at level debug', { short: 'D' }),
  list('registry-mirror', 'registry-mirrors', 'Registry to ask before Docker Hub', { check: checkMirrors }),
  list('insecure-registry', 'insecure-registries', 'Registry that may speak plain HTTP or have an unknown certificate'),
  list('label', 'labels', 'key=value, shown by info', { check: checkLabels }),
  {
    flag: 'max-concurrent-downloads',
    key: 'max-concurrent-downloads',
    kind: 'int',
    description: 'Layers pulled at once, for each pull',
    default: 3,
    check: atLeastOne('max-concurrent-downloads'),
  },
  bool('tls', 'tls', 'Serve TLS on tcp listeners; implied by --tlsverify'),
  bool('tlsverify', 'tlsverify', 'Serve TLS and check the certificates of clients'),
  string('tlscacert', 'tlscacert', 'CA of the certificates of clients', { default: '/etc/tsdocker/ca.pem' }),
  string('tlscert', 'tlscert', "The daemon's certificate", { default: '/etc/tsdocker/cert.pem' }),
  string('tlskey', 'tlskey', "The key of the daemon's certificate", { default: '/etc/tsdocker/key.pem' }),
];

/** Taken when the value asks for what this daemon does anyway. */
const FIXED: OptionSpec[] = [
  bool('live-restore', 'live-restore', 'Containers outlive the daemon (always on)', {
    default: true,
    check: mustBe(true, 'containers always outlive the daemon'),
  }),
  string('storage-driver', 'storage-driver', 'Storage driver: overlay2', {
    short: 's',
    check: oneOf(['', 'overlay2'], 'the only storage driver is overlay2'),
  }),
  list('exec-opt', 'exec-opts', 'Runtime option: native.cgroupdriver=cgroupfs', {
    check: (value) => {
      for (const option of value as string[]) {
        if (option !== 'native.cgroupdriver=cgroupfs')
          throw new Error(`invalid exec option ${option}: cgroups are written directly`);
      }
    },
  }),
  bool('iptables', 'iptables', 'Firewall rules are made (always, in nftables)', {
    default: true,
    check: mustBe(true, 'published ports need firewall rules; use --network host or none instead'),
  }),
  bool('ip-forward', 'ip-forward', 'IP forwarding is switched on (always)', {
    default: true,
    check: mustBe(true, 'the bridge network needs forwarding'),
  }),
  bool('icc', 'icc', 'Containers of a network reach each other (always)', {
    default: true,
    check: mustBe(true, 'traffic between containers cannot be shut off yet'),
  }),
  bool('experimental', 'experimental', 'There are no experimental features', {
    check: mustBe(false, 'there are no experimental features'),
  }),
  bool('selinux-enabled', 'selinux-enabled', 'SELinux labels', { check: mustBe(false, 'SELinux is not supported') }),
];

/** dockerd's options that nothing here could carry out. */
const REFUSED: OptionSpec[] = [
  refused(
    string('bridge', 'bridge', 'Bridge to attach containers to', { short: 'b' }),
    'the default bridge is made by the daemon',
  ),
  refused(
    string('bip', 'bip', 'Address of the default bridge'),
    'the address of the default bridge is chosen by the daemon',
  ),
  refused(string('ip', 'ip', 'Default address of published ports'), 'name the address in the -p flag'),
  refused({ flag: 'mtu', key: 'mtu', kind: 'int', description: 'MTU of containers' }, 'the MTU cannot be chosen yet'),
  refused(list('cdi-spec-dir', 'cdi-spec-dirs', 'Directories of CDI specs'), 'CDI devices are not there yet'),
  refused(list('dns', 'dns', 'DNS servers'), 'set --dns on the container'),
  refused(list('dns-opt', 'dns-opts', 'DNS options'), 'set --dns-option on the container'),
  refused(list('dns-search', 'dns-search', 'DNS search domains'), 'set --dns-search on the container'),
  refused(
    {
      flag: 'shutdown-timeout',
      key: 'shutdown-timeout',
      kind: 'int',
      description: 'Seconds containers get at shutdown',
    },
    'containers keep running when the daemon stops',
  ),
  refused(list('storage-opt', 'storage-opts', 'Storage options'), 'overlay2 takes no options here'),
  refused(string('containerd', 'containerd', 'containerd socket'), 'there is no containerd underneath'),
  refused(list('add-runtime', 'runtimes', 'Another OCI runtime'), 'containers are made by the daemon itself'),
  refused(
    string('default-runtime', 'default-runtime', 'Default OCI runtime'),
    'containers are made by the daemon itself',
  ),
];

/** Every option, in the order of help. */
export const OPTIONS: readonly OptionSpec[] = [
  ...HONOURED,
  ...LIMIT_OPTIONS,
  ...LOG_OPTIONS,
  ...SECURITY_OPTIONS,
  ...FIXED,
  ...REFUSED,
];

/** Those help prints. */
export const HELP_OPTIONS: readonly OptionSpec[] = [
  ...HONOURED,
  ...LIMIT_OPTIONS,
  ...LOG_OPTIONS,
  ...SECURITY_OPTIONS,
  ...FIXED,
];

function refused(spec: OptionSpec, reason: string): OptionSpec {
  return {
    ...spec,
    refused: true,
    check: () => {
      throw new Error(`--${spec.flag} is not supported: ${reason}`);
    },
  };
}

function mustBe(wanted: boolean, reason: string): OptionSpec['check'] {
  return (value) => {
    if (value !== wanted) throw new Error(`${value} is not supported: ${reason}`);
  };
}

function oneOf(values: string[], reason: string): OptionSpec['check'] {
  return (value) => {
    if (!values.includes(String(value))) throw new Error(`${JSON.stringify(value)} is not supported: ${reason}`);
  };
}

function atLeastOne(name: string): OptionSpec['check'] {
  return (value) => {
    if (Number(value) < 1) throw new Error(`invalid ${name}: ${value}: must be at least 1`);
  };
}

function checkLogLevel(value: OptionValue): void {
  if (!LOG_LEVELS.includes(value as LogLevel)) throw new Error(`invalid logging level: ${value}`);
}

function checkMirrors(value: OptionValue): void {
  for (const mirror of value as string[]) {
    const url = URL.canParse(mirror) ? new URL(mirror) : undefined;
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
      throw new Error(`invalid mirror: "${mirror}" is not a valid URI: use http:// or https://`);
    }
    if (url.search || url.hash) throw new Error(`invalid mirror: unsupported query or fragment in "${mirror}"`);
    if (url.username) throw new Error('invalid mirror: username/password not allowed in URI');
  }
}

function checkLabels(value: OptionValue): void {
  for (const label of value as string[]) {
    if (!/^[^=]+=/.test(label)) throw new Error(`bad attribute format: ${label}`);
  }
}
