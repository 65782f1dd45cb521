/** The composition root: takes the domains, joins them with the API, opens the listeners. */
import { mkdir, readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { dirname } from 'node:path';
import { openAnswerLog } from './api/answer-log.ts';
import { trackConnections } from './api/connections.ts';
import { isLoopback, type ListenAddress, listen, parseListenAddress } from './api/listen.ts';
import { apiRoutes } from './api/routes/index.ts';
import { createApiServer } from './api/server.ts';
import type { BuildService } from './builder/service.types.ts';
import type { DaemonConfig, TlsConfig } from './config/config.ts';
import { DEFAULT_SOCKET } from './config/load.ts';
import type { ContainerService } from './containers/service.types.ts';
import { EventBus } from './events/bus.ts';
import type { EventSink } from './events/events.ts';
import { refuseForeignDataRoot } from './foreign-data-root.ts';
import type { ImageService } from './images/service.types.ts';
import { lockDataRoot, writePidfile } from './instance-lock.ts';
import type { Logger, RootLogger } from './log.ts';
import type { NetworkAdministration, NetworkService } from './networks/service.types.ts';
import type { RuntimeCapabilities } from './runtime/runtime.ts';
import { engineId } from './system/engine-id.ts';
import { readHostFacts } from './system/host.ts';
import { createSystemService } from './system/service.ts';
import type { VolumeService } from './volumes/service.types.ts';

/** What the domains are made from. */
export interface ServiceContext {
  /** The configuration in force; a reload replaces it. The roots never change. */
  config(): DaemonConfig;
  events: EventSink;
  log: Logger;
}

export interface Services {
  containers: ContainerService;
  images: ImageService;
  networks: NetworkService & NetworkAdministration;
  volumes: VolumeService;
  builder: BuildService;
  capabilities: RuntimeCapabilities;
}

export type BuildServices = (context: ServiceContext) => Promise<Services>;

export interface Daemon {
  /** Takes over what can change while running. */
  reload(config: DaemonConfig): void;
  /** Ends requests and listeners; containers keep running. Idempotent. */
  stop(): Promise<void>;
  /** As logged: socket paths and host:port. */
  readonly addresses: readonly string[];
}

/** Undone in reverse order when the start fails or the daemon stops. */
type Undo = () => Promise<void>;

/** @throws Error with one clear sentence; whatever had been done is undone */
export async function startDaemon(initial: DaemonConfig, log: RootLogger, build: BuildServices): Promise<Daemon> {
  const undo: Undo[] = [];
  let config = initial;
  try {
    const listeners = addressesOf(initial);
    await makeRoots(initial);
    await refuseForeignDataRoot(initial.dataRoot);
    undo.push(await lockDataRoot(initial.dataRoot), await writePidfile(initial.pidfile));
    const events = new EventBus();
    const services = await build({ config: () => config, events, log });
    undo.push(() => closeServices(services));
    const id = await engineId(initial.dataRoot);
    const host = await readHostFacts();
    const system = createSystemService({
      ...services,
      config: () => config,
      host,
      engineId: id,
      startedAt: new Date(),
      events,
    });
    // Clients must not see a daemon that does not know its containers yet.
    await services.containers.restore();
    await services.builder.restore();
    const recordAnswer = openAnswerLog(process.env);
    const routes = apiRoutes({ ...services, system, events });
    const addresses = await openListeners(
      listeners,
      initial,
      (tls) => createApiServer({ routes, log, recordAnswer, ...tls }),
      log,
      undo,
    );
    log.info('Daemon has completed initialization');
    return {
      addresses,
      reload: (next) => {
        config = reloaded(config, next);
        log.setLevel(config.logLevel);
        events.publish({ type: 'daemon', action: 'reload', id, attributes: reloadAttributes(config, host.hostname) });
      },
      stop: () => unwind(undo, log),
    };
  } catch (err) {
    await unwind(undo, log);
    throw err;
  }
}

async function unwind(undo: Undo[], log: Logger): Promise<void> {
  for (let step = undo.pop(); step; step = undo.pop()) {
    await step().catch((err) => log.error('shutdown step failed', { error: err }));
  }
}

async function makeRoots(config: DaemonConfig): Promise<void> {
  await mkdir(config.dataRoot, { recursive: true, mode: 0o710 });
  await mkdir(config.execRoot, { recursive: true, mode: 0o711 });
  await mkdir(dirname(config.pidfile), { recursive: true });
}

/** Containers first: they use the others. */
async function closeServices(services: Services): Promise<void> {
  await services.containers.close();
  await services.networks.teardown();
  await services.networks.close();
  await services.images.close();
}

function addressesOf(config: DaemonConfig): ListenAddress[] {
  return config.hosts.map((host) =>
    parseListenAddress(host, { socket: DEFAULT_SOCKET, tls: config.tls !== undefined }),
  );
}

async function openListeners(
  listeners: ListenAddress[],
  config: DaemonConfig,
  create: (tls: { tls?: TlsFiles }) => Server,
  log: Logger,
  undo: Undo[],
): Promise<string[]> {
  const addresses: string[] = [];
  const tls = config.tls && (await readTlsFiles(config.tls));
  for (const address of listeners) {
    const secured = address.kind === 'tcp' ? tls : undefined;
    if (address.kind === 'tcp' && !secured && !isLoopback(address.host)) {
      log.warn('the API is open to the network without TLS: whoever reaches it is root on this machine', {
        host: address.host,
      });
    }
    const server = create(secured ? { tls: secured } : {});
    const close = trackConnections(server);
    const where = await listen(server, address, { name: config.group, required: config.groupRequired });
    undo.push(close);
    log.info(`API listen on ${where}`);
    addresses.push(where);
  }
  return addresses;
}

interface TlsFiles {
  cert: Buffer;
  key: Buffer;
  ca?: Buffer;
  requestCert: boolean;
  rejectUnauthorized: boolean;
  minVersion: 'TLSv1.2';
}

async function readTlsFiles(tls: TlsConfig): Promise<TlsFiles> {
  const verify = tls.caPath !== undefined;
  return {
    cert: await readFile(tls.certPath),
    key: await readFile(tls.keyPath),
    ...(tls.caPath !== undefined && { ca: await readFile(tls.caPath) }),
    requestCert: verify,
    rejectUnauthorized: verify,
    minVersion: 'TLSv1.2',
  };
}

/** The rest needs a restart: roots, listeners, TLS. */
function reloaded(current: DaemonConfig, next: DaemonConfig): DaemonConfig {
  const { debug, logLevel, labels, registryMirrors, insecureRegistries, maxConcurrentDownloads } = next;
  return { ...current, debug, logLevel, labels, registryMirrors, insecureRegistries, maxConcurrentDownloads };
}

function reloadAttributes(config: DaemonConfig, name: string): Record<string, string> {
  return {
    name,
    debug: String(config.debug),
    labels: JSON.stringify(config.labels),
    'max-concurrent-downloads': String(config.maxConcurrentDownloads),
    'registry-mirrors': JSON.stringify(config.registryMirrors),
    'insecure-registries': JSON.stringify(config.insecureRegistries),
  };
}
