/** The Engine API with one kept-alive connection, as a program that talks to the socket would use it. */
import { Agent, request } from 'node:http';

export class EngineApi {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Sends JSON, reads everything. @throws when the status is 400 or more */
  call<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const req = request(
        {
          socketPath: this.#socketPath,
          agent: this.#agent,
          method,
          path: `/v1.41${path}`,
          headers:
            text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
        },
        (res) => {
          const chunks: Buffer[] = [];
          res.on('data', (chunk: Buffer) => chunks.push(chunk));
          res.on('end', () => {
            const answer = Buffer.concat(chunks).toString();
            if ((res.statusCode ?? 500) >= 400) reject(new Error(`${method} ${path}: ${res.statusCode} ${answer}`));
            else if (res.headers['content-type'] === 'application/json' && answer !== '')
              resolve(JSON.parse(answer) as T);
            else resolve(answer as T);
          });
          res.on('error', reject);
        },
      );
      req.on('error', reject);
      req.end(text);
    });
  }

  /** create + start + wait + rm of a container that ends at once. */
  async lifecycle(image: string, networkMode: string): Promise<void> {
    const { Id } = await this.call<{ Id: string }>('POST', '/containers/create', {
      Image: image,
      Cmd: ['true'],
      HostConfig: { NetworkMode: networkMode },
    });
    await this.call('POST', `/containers/${Id}/start`);
    await this.call('POST', `/containers/${Id}/wait`);
    await this.call('DELETE', `/containers/${Id}`);
  }

  async exec(container: string): Promise<void> {
    const { Id } = await this.call<{ Id: string }>('POST', `/containers/${container}/exec`, {
      Cmd: ['true'],
      AttachStdout: true,
    });
    await this.call('POST', `/exec/${Id}/start`, { Detach: false, Tty: false });
  }

  close(): void {
    this.#agent.destroy();
  }
}
