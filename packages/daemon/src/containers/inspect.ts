/** ContainerInspect. */
import { join } from 'node:path';
import type { ContainerInspect } from '@tsdocker/shared/types/container.ts';
import type { EndpointSettings } from '@tsdocker/shared/types/network.ts';
import type { Rootfs } from '../runtime/runtime.ts';
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { mountPoints } from './mounts.ts';
import { NEVER } from './time.ts';

type InspectDeps = Pick<Domain, 'images' | 'store' | 'config'>;

export async function inspectContainer(
  deps: InspectDeps,
  c: Container,
  opts: { size: boolean },
): Promise<ContainerInspect> {
  const { record } = c;
  const usage = opts.size ? await deps.images.rootfsUsage(c.id) : undefined;
  const rootfs = c.unusedRootfs ?? (await deps.images.rootfsOf(c.id));
  const file = (name: string) => (record.state.startedAt === NEVER ? '' : join(deps.store.directory(c.id), name));
  const running = [...c.execs.values()].filter((e) => e.state !== 'exited').map((e) => e.id);
  return {
    Id: c.id,
    Created: record.created,
    Path: record.path,
    Args: record.args,
    State: stateOf(c),
    Image: record.imageId,
    ResolvConfPath: file('resolv.conf'),
    HostnamePath: file('hostname'),
    HostsPath: file('hosts'),
    LogPath: hasLog(c) ? deps.store.logPath(c.id) : '',
    Name: `/${c.name}`,
    RestartCount: record.restartCount,
    Driver: deps.images.driver.name,
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: running.length > 0 ? running : null,
    HostConfig: c.hostConfig as ContainerInspect['HostConfig'],
    GraphDriver: { Name: deps.images.driver.name, Data: overlayData(rootfs, c) },
    ...(usage && { SizeRw: usage.rwBytes, SizeRootFs: usage.totalBytes }),
    Mounts: mountPoints(c),
    Config: configOf(c),
    NetworkSettings: networkSettings(c),
  };
}

function stateOf(c: Container): ContainerInspect['State'] {
  const { state } = c.record;
  return {
    Status: c.status,
    Running: c.isRunning,
    Paused: c.status === 'paused',
    Restarting: c.status === 'restarting',
    OOMKilled: state.oomKilled,
    Dead: c.status === 'dead',
    Pid: state.pid,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: state.startedAt,
    FinishedAt: state.finishedAt,
    ...(state.health && { Health: state.health }),
  };
}

function overlayData({ lowers, upper, work }: Rootfs, c: Container): Record<string, string> {
  return {
    ID: c.id,
    LowerDir: lowers.join(':'),
    MergedDir: join(upper, '..', 'merged'),
    UpperDir: upper,
    WorkDir: work,
  };
}

/** There is none before the first start. */
function hasLog(c: Container): boolean {
  return c.hostConfig.LogConfig?.Type === 'json-file' && c.record.state.startedAt !== NEVER;
}

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** null where Go prints a list or map that nobody gave. */
function configOf(c: Container): ContainerInspect['Config'] {
  const { config } = c.record;
  // In the order of the engine's own structure, which is the order people see; what may be unset there is left out.
  const ordered: Record<string, unknown> = {
    Hostname: '',
    Domainname: '',
    User: '',
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    ExposedPorts: undefined,
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: null,
    Cmd: null,
    Healthcheck: undefined,
    ArgsEscaped: undefined,
    Image: '',
    Volumes: null,
    WorkingDir: '',
    Entrypoint: null,
    NetworkDisabled: undefined,
    OnBuild: null,
    Labels: {},
    StopSignal: undefined,
    StopTimeout: undefined,
    Shell: undefined,
  };
  const { Test, Interval, Timeout, StartPeriod, StartInterval, Retries } = config.Healthcheck ?? {};
  const Healthcheck = config.Healthcheck && { Test, Interval, Timeout, StartPeriod, StartInterval, Retries };
  const given = Object.entries({ ...config, Healthcheck }).filter(
    ([key, value]) => value !== undefined && value !== null && !(key === 'Env' && isEmpty(value)),
  );
  return Object.assign(ordered, Object.fromEntries(given)) as unknown as ContainerInspect['Config'];
}

function networkSettings(c: Container): ContainerInspect['NetworkSettings'] {
  const { sandboxId, networks, ports } = c.record.network;
  const entries = Object.entries(networks).map(([name, endpoint]) => [name, withBlanks(endpoint)]);
  return {
    SandboxID: sandboxId,
    SandboxKey: sandboxId && `/proc/${c.record.state.pid}/ns/net`,
    Ports: ports,
    Networks: Object.fromEntries(entries),
  };
}

function withBlanks(e: EndpointSettings): EndpointSettings {
  const blank = {
    IPAMConfig: null,
    Links: null,
    Aliases: null,
    DriverOpts: null,
    GwPriority: 0,
    NetworkID: '',
    EndpointID: '',
    Gateway: '',
    IPAddress: '',
    MacAddress: '',
    IPPrefixLen: 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: null,
  };
  const known = Object.entries(e).filter(([, value]) => value !== undefined);
  return { ...blank, ...Object.fromEntries(known) } as unknown as EndpointSettings;
}
