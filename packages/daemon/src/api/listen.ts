/** Opens the daemon's listeners: unix sockets and tcp ports. */
import { chmod, chown, lstat, mkdir, readFile, unlink } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect, isIP } from 'node:net';
import { dirname } from 'node:path';

/** Where to listen, parsed from `-H`. */
export type ListenAddress = { kind: 'unix'; path: string } | { kind: 'tcp'; host: string; port: number };

const DEFAULT_TCP_PORT = 2375;
const DEFAULT_TLS_PORT = 2376;

/** @throws Error `unable to parse docker host ...` */
export function parseListenAddress(text: string, defaults: { socket: string; tls: boolean }): ListenAddress {
  if (text.startsWith('unix://')) return { kind: 'unix', path: text.slice('unix://'.length) || defaults.socket };
  const match = /^tcp:\/\/(\[[0-9a-fA-F:.%]+\]|[^:/]*)(?::(\d+))?\/?$/.exec(text);
  if (!match) {
    const reason = text.startsWith('fd://')
      ? 'socket activation is not supported'
      : 'use unix:///path or tcp://host:port';
    throw new Error(`unable to parse docker host "${text}": ${reason}`);
  }
  const host = (match[1] || 'localhost').replace(/^\[|\]$/g, '');
  const port = match[2] === undefined ? (defaults.tls ? DEFAULT_TLS_PORT : DEFAULT_TCP_PORT) : Number(match[2]);
  if (port > 65535) throw new Error(`unable to parse docker host "${text}": invalid port`);
  return { kind: 'tcp', host, port };
}

/** True when only this machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * @param group owner group of a unix socket; '' or a missing default group: that of the process
 * @returns the address as it is logged
 */
export async function listen(server: Server, address: ListenAddress, group: SocketGroup): Promise<string> {
  if (address.kind === 'tcp') {
    await opened(server, { host: address.host, port: address.port });
    const actual = server.address();
    const port = actual && typeof actual === 'object' ? actual.port : address.port;
    return `${isIP(address.host) === 6 ? `[${address.host}]` : address.host}:${port}`;
  }
  await prepareSocketPath(address.path);
  const gid = await groupId(group);
  // Nobody but the owner may connect before the mode and group are set. The socket is bound before listen() returns.
  const umask = process.umask(0o177);
  const listening = opened(server, { path: address.path });
  process.umask(umask);
  await listening;
  if (gid !== undefined) await chown(address.path, 0, gid);
  await chmod(address.path, 0o660);
  return address.path;
}

export interface SocketGroup {
  name: string;
  /** The user named it: then it must exist. */
  required: boolean;
}

function opened(server: Server, where: { path: string } | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Removes the socket of a daemon that is dead. @throws Error when one answers, or when something else is there */
async function prepareSocketPath(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const existing = await lstat(path).catch((err: NodeJS.ErrnoException) => {
    if (err.code === 'ENOENT') return undefined;
    throw err;
  });
  if (!existing) return;
  if (!existing.isSocket()) throw new Error(`can't create unix socket ${path}: the path exists and is no socket`);
  if (await answers(path)) throw new Error(`can't create unix socket ${path}: another daemon is listening on it`);
  await unlink(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (err: NodeJS.ErrnoException) => {
      if (err.code === 'ECONNREFUSED' || err.code === 'ENOENT') resolve(false);
      // Its backlog is full: it lives.
      else if (err.code === 'EAGAIN') resolve(true);
      else reject(err);
    });
  });
}

async function groupId(group: SocketGroup): Promise<number | undefined> {
  if (group.name === '') return undefined;
  const lines = (await readFile('/etc/group', 'utf8')).split('\n');
  for (const line of lines) {
    const [name, , gid] = line.split(':');
    if (name === group.name || gid === group.name) return Number(gid);
  }
  if (group.required) throw new Error(`group ${group.name} not found`);
  return undefined;
}
