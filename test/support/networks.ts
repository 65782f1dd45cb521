/** A network service on its own data root, processes inside its namespaces, and an outside world behind the host. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dumpFlows, type Flow, parseFlow } from '../../packages/daemon/src/networks/netlink/conntrack.ts';
import { dumpLinks, parseLink } from '../../packages/daemon/src/networks/netlink/route.ts';
import { NetlinkSocket } from '../../packages/daemon/src/networks/netlink/socket.ts';
import type { NetworkServiceOptions } from '../../packages/daemon/src/networks/options.ts';
import { openNetworkService } from '../../packages/daemon/src/networks/service.ts';
import type { AttachRequest } from '../../packages/daemon/src/networks/service.types.ts';
import { native } from '../../packages/daemon/src/runtime/native/bindings.ts';

export type Service = Awaited<ReturnType<typeof openNetworkService>>;

export const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });

export const newDataRoot = (): Promise<string> => mkdtemp(join(tmpdir(), 'tsd-net-'));

/** Opens a service; what it logs is collected. */
export async function openService(
  dataRoot: string,
  options: Partial<NetworkServiceOptions> = {},
): Promise<{ service: Service; messages: string[] }> {
  const messages: string[] = [];
  const log = (_level: string, message: string): void => void messages.push(message);
  return { service: await openNetworkService({ native, dataRoot, log, ...options }), messages };
}

/** A service that is taken down, with its data root, after `use`. */
export async function withService(
  use: (service: Service, dataRoot: string, messages: string[]) => Promise<void>,
  options: Partial<NetworkServiceOptions> = {},
): Promise<void> {
  const dataRoot = await newDataRoot();
  const { service, messages } = await openService(dataRoot, options);
  try {
    await use(service, dataRoot, messages);
  } finally {
    await service.teardown();
    await service.close();
    await rm(dataRoot, { recursive: true });
  }
}

export function request(name: string, more: Partial<AttachRequest> = {}): AttachRequest {
  const containerId = Buffer.from(name).toString('hex').padEnd(64, '0');
  const nothing = { portBindings: {}, exposedPorts: [], publishAll: false };
  return { containerId, containerName: name, network: 'bridge', ...nothing, ...more };
}

export async function eventually<T>(read: () => Promise<T> | T, done: (value: T) => boolean, ms = 5000): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const value = await read();
    if (done(value)) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms; last: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function nodeIn(netnsFd: number | undefined, script: string, args: readonly string[]): ChildProcess {
  const command = [process.execPath, '-e', script, ...args];
  return netnsFd === undefined
    ? spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] })
    : spawn('nsenter', ['--net=/proc/self/fd/3', ...command], { stdio: ['ignore', 'pipe', 'inherit', netnsFd] });
}

const HTTP_SERVER = `require('http').createServer((q, r) => { r.setHeader('connection', 'close'); r.end(process.argv[2] + ' ' + q.socket.remoteAddress) })
  .listen({ port: +process.argv[1], host: '0.0.0.0' }, () => console.log('ready'))`;
const HTTP_GET = `const r = require('http').get({ host: process.argv[1], port: process.argv[2], timeout: 1500, agent: false }, (a) => a.on('data', (d) => process.stdout.write(d)));
  r.on('error', (e) => process.stdout.write(e.code)); r.on('timeout', () => { process.stdout.write('ETIMEDOUT'); process.exit() })`;
const UDP_SERVER = `const s = require('dgram').createSocket('udp4'); s.on('message', (m, r) => s.send(process.argv[2], r.port, r.address));
  s.bind(+process.argv[1], '0.0.0.0', () => console.log('ready'))`;
const UDP_ASK = `const s = require('dgram').createSocket('udp4'); s.bind(+process.argv[3], () => s.send('x', +process.argv[2], process.argv[1]));
  s.on('message', (m) => { process.stdout.write(m); process.exit() }); setTimeout(() => { process.stdout.write('ETIMEDOUT'); process.exit() }, 800)`;

async function output(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout!.on('data', (data: Buffer) => {
    text += data.toString();
  });
  await new Promise((resolve) => child.on('close', resolve));
  return text.replaceAll('::ffff:', '');
}

/** A running server; `stop` waits until it is gone. */
export interface Server {
  pid: number;
  stop(): Promise<void>;
}

async function serve(netnsFd: number | undefined, script: string, port: number, word: string): Promise<Server> {
  const child = nodeIn(netnsFd, script, [String(port), word]);
  const gone = new Promise((resolve) => child.on('close', resolve));
  await new Promise((resolve, reject) => {
    child.stdout!.once('data', resolve);
    child.on('close', () => reject(new Error(`server ${word} did not start`)));
  });
  return {
    pid: child.pid!,
    stop: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** Answers `word remote-address` to HTTP. `netnsFd` undefined = the host. */
export const serveHttp = (netnsFd: number | undefined, port: number, word: string): Promise<Server> =>
  serve(netnsFd, HTTP_SERVER, port, word);
export const serveUdp = (netnsFd: number | undefined, port: number, word: string): Promise<Server> =>
  serve(netnsFd, UDP_SERVER, port, word);

/** The answer's body, or the error code. */
export const get = (netnsFd: number | undefined, host: string, port: number | string): Promise<string> =>
  output(nodeIn(netnsFd, HTTP_GET, [host, String(port)]));
export const askUdp = (netnsFd: number | undefined, host: string, port: number, from = 0): Promise<string> =>
  output(nodeIn(netnsFd, UDP_ASK, [host, String(port), String(from)]));

/** A second machine, 198.51.100.2, behind the host's interface wan, 198.51.100.1. It has no route to containers. */
export async function outsideWorld(): Promise<{ netnsFd: number; remove(): Promise<void> }> {
  const { netnsFd, rtnetlinkFd } = await native.createNetns();
  closeSync(rtnetlinkFd);
  const ipInside = (...args: string[]): void => void inside(netnsFd, 'ip', ...args);
  const holder = spawn('nsenter', ['--net=/proc/self/fd/3', 'sleep', '600'], {
    stdio: ['ignore', 'ignore', 'ignore', netnsFd],
  });
  ip('link', 'set', 'lo', 'up');
  await eventually(
    () => {
      try {
        return execFileSync('readlink', [`/proc/${holder.pid}/ns/net`], { encoding: 'utf8' });
      } catch {
        return ''; // not yet there
      }
    },
    (own) => own !== '' && own !== execFileSync('readlink', ['/proc/self/ns/net'], { encoding: 'utf8' }),
  );
  ip('link', 'add', 'wan', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(holder.pid));
  ip('addr', 'add', '198.51.100.1/24', 'dev', 'wan');
  ip('link', 'set', 'wan', 'up');
  ipInside('link', 'set', 'lo', 'up');
  ipInside('addr', 'add', '198.51.100.2/24', 'dev', 'eth0');
  ipInside('link', 'set', 'eth0', 'up');
  return {
    netnsFd,
    remove: async () => {
      const gone = new Promise((resolve) => holder.on('close', resolve));
      holder.kill('SIGKILL');
      await gone;
      ip('link', 'del', 'wan');
      closeSync(netnsFd);
    },
  };
}

/** Runs ip(8) and the like inside a namespace. */
export function inside(netnsFd: number, ...command: string[]): string {
  const stdio: ('ignore' | 'pipe' | number)[] = ['ignore', 'pipe', 'pipe', netnsFd];
  return execFileSync('nsenter', ['--net=/proc/self/fd/3', ...command], { stdio, encoding: 'utf8' });
}

/** Makes a machine send its packets to 127.0.0.1 to a gateway, as an attacker with root there would. */
export async function withStolenLoopback(netnsFd: number, via: string, use: () => Promise<void>): Promise<void> {
  inside(netnsFd, 'sysctl', '-qw', 'net.ipv4.conf.eth0.route_localnet=1');
  inside(netnsFd, 'ip', 'addr', 'del', '127.0.0.1/8', 'dev', 'lo');
  inside(netnsFd, 'ip', 'route', 'add', '127.0.0.1/32', 'via', via);
  await use();
  inside(netnsFd, 'ip', 'route', 'del', '127.0.0.1/32');
  inside(netnsFd, 'ip', 'addr', 'add', '127.0.0.1/8', 'dev', 'lo');
}

/** Everything a daemon could leave behind. */
export interface Leftovers {
  links: string[];
  flows: Flow[];
  descriptors: number;
}

export async function leftovers(): Promise<Leftovers> {
  const route = new NetlinkSocket(native, native.netlinkOpen(0));
  const netfilter = new NetlinkSocket(native, native.netlinkOpen(12));
  const links = (await route.dump(dumpLinks())).map(parseLink).map(({ name }) => name);
  const flows = (await netfilter.dump(dumpFlows())).map(parseFlow).filter((flow) => flow !== undefined);
  await route.close();
  await netfilter.close();
  return { links, flows, descriptors: (await readdir('/proc/self/fd')).length };
}
