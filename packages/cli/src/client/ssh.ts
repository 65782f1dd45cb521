/** ssh:// endpoints, as docker does them: the system's ssh runs `docker system dial-stdio` on the other side. */
import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import type { Endpoint } from './endpoint.ts';

/** A new connection to the daemon behind an ssh endpoint. ssh's own messages go to our stderr. */
export function dialStdio(endpoint: Endpoint): Duplex {
  const child = spawn('ssh', sshArguments(endpoint), { stdio: ['pipe', 'pipe', 'inherit'] });
  const duplex = Duplex.from({ readable: child.stdout, writable: child.stdin });
  child.on('error', (err) => duplex.destroy(err));
  child.on('exit', (code) => {
    if (code)
      duplex.destroy(
        new Error(`command [ssh ${sshArguments(endpoint).join(' ')}] has exited with exit status ${code}`),
      );
  });
  duplex.on('close', () => child.kill());
  // http asks these of a socket.
  return Object.assign(duplex, {
    setTimeout: () => duplex,
    setNoDelay: () => duplex,
    setKeepAlive: () => duplex,
    ref: () => duplex,
    unref: () => duplex,
  });
}

/** `--` keeps a host name from being read as an option. */
export function sshArguments(endpoint: Endpoint): string[] {
  const login = endpoint.user === undefined ? [] : ['-l', endpoint.user];
  const port = endpoint.port === undefined ? [] : ['-p', String(endpoint.port)];
  const socket = endpoint.socketPath === undefined ? [] : ['--host', `unix://${endpoint.socketPath}`];
  return [...login, ...port, '--', endpoint.hostname ?? '', 'docker', ...socket, 'system', 'dial-stdio'];
}
