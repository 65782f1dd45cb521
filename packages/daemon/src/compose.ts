/** Makes the real domains and joins them: the one place that knows every implementation. */
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { hostPlatform, platformString } from '@tsdocker/shared/platform.ts';
import { createBuildService } from './builder/service.ts';
import { createContainerService } from './containers/service.ts';
import type { ServiceContext, Services } from './daemon.ts';
import { createImageService } from './images/service.ts';
import type { ImageUsers } from './images/service.types.ts';
import { logWriterConfig } from './logging/drivers.ts';
import { createLogForwarding } from './logging/forward/forwarding.ts';
import { LOG_SOCKETS } from './logging/forward/host-sockets.ts';
import { LogCompressor } from './logging/log-compressor.ts';
import { readLogs } from './logging/read-logs.ts';
import { etcFiles } from './networks/etc-files.ts';
import { interfaceCounters } from './networks/interface-counters.ts';
import { openNetworkService } from './networks/service.ts';
import { native, nativeDirectory } from './runtime/native/bindings.ts';
import { NativeRuntime } from './runtime/native-runtime.ts';
import { readDefaultProfile } from './runtime/seccomp/read-profile.ts';
import { createShimLauncher } from './runtime/shim/launcher.ts';
import { LayeredRoot } from './runtime/spec/layered-root.ts';
import { readOwnMap, readRemap } from './runtime/subordinate-ids.ts';
import { userInRoot } from './runtime/users-in-root.ts';
import { copyUp } from './volumes/copy-up.ts';
import { LocalVolumeService } from './volumes/service.ts';

export async function composeServices({ config, events, log }: ServiceContext): Promise<Services> {
  const { execRoot, registryMirrors, insecureRegistries, maxConcurrentDownloads, limits, security, logs } = config();
  logWriterConfig({ Type: logs.driver, Config: logs.options });
  const remap = security.usernsRemap === '' ? undefined : readRemap(security.usernsRemap);
  if (security.usernsRemap !== '' && !remap)
    log.warn('User namespaces: root cannot be remapped with itself; user namespaces are OFF', {});
  const logHost = { datagrams: native, ...LOG_SOCKETS };
  const dataRoot = await realpath(config().dataRoot);
  const executables = nativeDirectory();

  // Images ask who uses them, containers ask for images: the question is passed on once there is someone to ask.
  let users: ImageUsers = { containersOf: () => [] };
  const [images, networks, volumes, launcher] = await Promise.all([
    createImageService({
      dataRoot,
      registryMirrors,
      insecureRegistries,
      maxConcurrentDownloads,
      users: { containersOf: (imageId) => users.containersOf(imageId) },
      events,
      log,
    }),
    openNetworkService({ native, dataRoot, log: (level, message, fields) => log[level](message, fields), events }),
    LocalVolumeService.open({
      dataRoot,
      onEvent: (action, id, attributes) => events.publish({ type: 'volume', action, id, attributes }),
    }),
    createShimLauncher({ native, executable: join(executables, 'tsd-shim') }),
  ]);
  const runtime = new NativeRuntime({
    execRoot,
    launcher,
    calls: native,
    userNamespaces: { ...(remap && { remap }), own: readOwnMap, calls: native },
    initPath: security.initPath ?? join(executables, 'tsd-init'),
    defaultInit: security.init,
    defaultNoNewPrivileges: security.noNewPrivileges,
    seccompProfile: readDefaultProfile(security.seccompProfile),
    defaultShmBytes: limits.shmBytes,
    defaultUlimits: limits.ulimits,
    cgroupDefaults: { parent: limits.cgroupParent, realtime: limits.realtime },
  });
  const containers = await createContainerService({
    config: {
      dataRoot,
      execRoot,
      runtimes: ['tsdocker'],
      defaultShmSize: limits.shmBytes,
      defaultIpcMode: security.ipcMode,
      ...(limits.cgroupnsMode && { defaultCgroupnsMode: limits.cgroupnsMode }),
      logConfig: { type: logs.driver, config: logs.options },
      dns: [],
      dnsSearch: [],
      dnsOptions: [],
    },
    runtime,
    images,
    networks,
    volumes,
    events,
    etc: etcFiles,
    readLogs,
    logWriterConfig,
    logForwarding: createLogForwarding(logHost, (message, fields) => log.warn(message, fields)),
    logCompression: new LogCompressor(native.tryLock, (message, fields) => log.warn(message, fields)),
    userOf: (layers, User) => userInRoot(new LayeredRoot(layers, native.isOpaqueDirectory), { User }, {}).user,
    copyUp: (layers, path, target) => copyUp(layers, path, target, native),
    log,
    systemPaths: (hostConfig) => runtime.systemPaths(hostConfig),
    interfaceCounters,
  });
  users = containers;
  const builder = await createBuildService({
    dataRoot,
    execRoot,
    platform: platformString(hostPlatform()),
    images,
    stages: images.stages,
    containers,
    ownerOf: (layers, text) => {
      // A number alone is the group's, too; a name alone brings the group of its account.
      const User = /^\d+$/.test(text) ? `${text}:${text}` : text;
      return userInRoot(new LayeredRoot(layers, native.isOpaqueDirectory), { User }, {}).user;
    },
    log,
  });
  return { containers, images, networks, volumes, builder, capabilities: runtime.capabilities };
}
