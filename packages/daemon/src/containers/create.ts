/** ContainerCreate: check, then make root file system, volumes and record at once; all of it or nothing stays. */
import { arch, hostname } from 'node:os';
import type { ContainerConfig, ContainerCreateResponse, HostConfig } from '@tsdocker/shared/types/container.ts';
import type { EndpointSettings } from '@tsdocker/shared/types/network.ts';
import type { ResolvedImage } from '../images/service.types.ts';
import { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { asDockerError, invalid } from './errors.ts';
import { publish } from './events.ts';
import { mergedLogConfig, withDefaults } from './host-config.ts';
import { checkLimits } from './limits.ts';
import { checkLinks } from './links.ts';
import { argvOf, mergeImage } from './merge-image.ts';
import { makeMounts, planMounts } from './mounts.ts';
import { checkName, generateName, newContainerId } from './names.ts';
import { parseNetworkMode } from './network-mode.ts';
import type { ContainerRecord } from './record.types.ts';
import type { CreateOptions } from './service.types.ts';
import { formatNanos, NEVER, nowNanos } from './time.ts';
import { checkConfig, checkHostConfig, checkUserNamespace } from './validate.ts';

export type CreateDeps = Pick<
  Domain,
  | 'config'
  | 'runtime'
  | 'images'
  | 'volumes'
  | 'copyUp'
  | 'events'
  | 'index'
  | 'store'
  | 'log'
  | 'systemPaths'
  | 'logWriterConfig'
>;

/** @throws NotFound, InvalidParameter, Conflict, System, in Docker's words; nothing stays behind */
export async function createContainer(deps: CreateDeps, opts: CreateOptions): Promise<ContainerCreateResponse> {
  const { HostConfig: givenHost, NetworkingConfig: networking, ...given } = opts.request;
  if (Object.keys(given).length === 0) throw invalid('config cannot be empty in order to create a container');
  const wanted = opts.name ? checkName(opts.name) : undefined;
  const host: HostConfig = { ...givenHost };
  checkConfig(given);
  checkHostConfig(host, given, deps.config.runtimes);
  if (deps.runtime.hasUserNamespace(host)) checkUserNamespace(host);
  deps.logWriterConfig(mergedLogConfig(host.LogConfig, deps.config.logConfig));
  const warnings = checkLimits(host, deps.runtime.capabilities, { update: false });
  checkJoins(deps, host);
  checkLinks(deps, host.Links ?? []);

  const id = newContainerId();
  const name = wanted ?? generateName((n) => deps.index.isTaken(n));
  deps.index.reserve(name, id);
  try {
    const image = await resolveImage(deps, given.Image ?? '', opts.platform, warnings);
    const config = completeConfig(mergeImage(given, image.config), host, id);
    checkConfig(config);
    const hostConfig = withDefaults(host, {
      config: deps.config,
      systemPaths: deps.systemPaths,
      cgroupVersion: deps.runtime.capabilities.cgroupVersion,
      oomKillDisable: deps.runtime.capabilities.oomKillDisable,
    });
    const endpoints = endpointsOf(hostConfig, networking?.EndpointsConfig ?? {});
    const record = newRecord(id, name, config, image.id, endpoints);
    const container = await make(deps, new Container(record, hostConfig), opts.ownBinds ?? false);
    deps.index.add(container);
    publish(deps.events, container, 'create');
    return { Id: id, Warnings: warnings };
  } catch (err) {
    deps.index.release(name, id);
    throw err;
  }
}

/** Joined namespaces must belong to containers that exist. The network's is looked at when the container starts. */
function checkJoins(deps: Pick<Domain, 'index'>, h: HostConfig): void {
  for (const mode of [h.PidMode, h.IpcMode]) {
    const ref = mode?.startsWith('container:') ? mode.slice('container:'.length) : undefined;
    if (ref !== undefined && !deps.index.find(ref)) throw invalid(`No such container: ${ref}`);
  }
}

async function resolveImage(
  deps: Pick<Domain, 'images'>,
  ref: string,
  platform: string | undefined,
  warnings: string[],
): Promise<ResolvedImage> {
  if (ref === '') throw invalid('no image specified');
  const image = await deps.images.resolve(ref, { platform });
  const actual = `${image.os}/${image.architecture}`;
  const host = `linux/${arch() === 'x64' ? 'amd64' : arch()}`;
  if (platform && !samePlatform(platform, actual, host)) {
    throw invalid(
      `image with reference ${ref} was found but its platform (${actual}) does not match the specified platform (${platform})`,
    );
  }
  if (!platform && actual !== host) {
    warnings.push(
      `The requested image's platform (${actual}) does not match the detected host platform (${host}) and no specific platform was requested`,
    );
  }
  return image;
}

/** A part that is not given is the host's: `linux`, `arm64`, `linux/amd64/v2`. */
function samePlatform(asked: string, actual: string, host: string): boolean {
  const [os, architecture] = asked.toLowerCase().split('/');
  const [hostOs, hostArchitecture] = host.split('/');
  const alias: Record<string, string> = { x86_64: 'amd64', aarch64: 'arm64' };
  const wanted = architecture ? `${os}/${alias[architecture] ?? architecture}` : `${os}/${hostArchitecture}`;
  const short = architecture ? wanted : `${hostOs}/${alias[os!] ?? os}`;
  return actual === wanted || actual === short;
}

/** Fields that inspect shows even when nobody set them, and the hostname. */
function completeConfig(config: ContainerConfig, host: HostConfig, id: string): ContainerConfig {
  const mode = parseNetworkMode(host.NetworkMode);
  return {
    ...config,
    Hostname: config.Hostname || (mode.kind === 'container' ? '' : mode.kind === 'host' ? hostname() : id.slice(0, 12)),
    Domainname: config.Domainname ?? '',
    AttachStdin: config.AttachStdin ?? false,
    AttachStdout: config.AttachStdout ?? false,
    AttachStderr: config.AttachStderr ?? false,
    Tty: config.Tty ?? false,
    OpenStdin: config.OpenStdin ?? false,
    StdinOnce: config.StdinOnce ?? false,
    Image: config.Image ?? '',
  };
}

/** NetworkSettings.Networks before the first start: what was asked of each endpoint. */
function endpointsOf(h: HostConfig, asked: Record<string, EndpointSettings>): Record<string, EndpointSettings> {
  const mode = parseNetworkMode(h.NetworkMode);
  if (mode.kind === 'container') return {};
  const name = mode.kind === 'network' ? mode.name : mode.kind;
  // `default` and the network's own name mean the same endpoint.
  const settings = asked[name] ?? asked[h.NetworkMode ?? ''] ?? asked['default'] ?? Object.values(asked)[0];
  if (Object.keys(asked).length > 1) {
    throw invalid(`Container cannot be connected to network endpoints: ${Object.keys(asked).join(', ')}`);
  }
  return { [name]: { ...settings } };
}

function newRecord(
  id: string,
  name: string,
  config: ContainerConfig,
  imageId: string,
  networks: Record<string, EndpointSettings>,
): ContainerRecord {
  const [path = '', ...args] = argvOf(config);
  return {
    version: 1,
    id,
    name,
    created: formatNanos(nowNanos()),
    imageId,
    path,
    args,
    config,
    mounts: [],
    network: { sandboxId: '', networks, ports: {} },
    state: { status: 'created', pid: 0, exitCode: 0, error: '', oomKilled: false, startedAt: NEVER, finishedAt: NEVER },
    restartCount: 0,
    manuallyStopped: false,
  };
}

/** The parts on disk. The directory `.new-<id>` is there first, so that a daemon killed anywhere in here finds what to undo. */
async function make(deps: CreateDeps, c: Container, ownBinds: boolean): Promise<Container> {
  const { id } = c;
  const plan = await planMounts(deps, c.hostConfig, c.record.config);
  const undo: (() => Promise<void>)[] = [];
  await deps.store.begin(id);
  undo.push(() => deps.store.abandon(id));
  const rootfs = deps.images.prepareRootfs(id, c.record.imageId, { volatile: c.hostConfig.AutoRemove ?? false });
  undo.push(() => rootfs.then(() => deps.images.removeRootfs(id)).catch(() => {}));
  const mounts = makeMounts(deps, id, plan, rootfs, undo);
  const [root, made] = await Promise.allSettled([rootfs, mounts]);
  try {
    if (root.status === 'rejected') throw root.reason;
    if (made.status === 'rejected') throw made.reason;
    c.unusedRootfs = root.value;
    c.record.mounts = ownBinds ? made.value.map((m) => ({ ...m, mapped: true })) : made.value;
    await deps.store.commit({ record: c.record, hostConfig: c.hostConfig });
    return c;
  } catch (err) {
    for (const step of undo.reverse()) {
      await step().catch((cause) =>
        deps.log.warn('undo of create', { container: id, error: asDockerError(cause).message }),
      );
    }
    throw err;
  }
}
