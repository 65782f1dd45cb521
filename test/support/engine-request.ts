/** One request to an engine's socket, as fast as it goes: for tests that make thousands. */
import { Agent, request } from 'node:http';

export interface Answer {
  /** 0: there was no answer. */
  status: number;
  /** JSON, or text. */
  body: unknown;
}

/** A connection each, as a client that is started for one command has. */
const agent = new Agent({ keepAlive: false });

export function engineRequest(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
  timeoutMs = 60_000,
): Promise<Answer> {
  return new Promise((resolve) => {
    const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const req = request({ socketPath, path, method, headers, agent, timeout: timeoutMs }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', (err) => resolve({ status: 0, body: err.message }));
      res.on('end', () => resolve({ status: res.statusCode ?? 0, body: parsed(Buffer.concat(chunks).toString()) }));
    });
    req.on('timeout', () => req.destroy(new Error(`timeout: ${method} ${path}`)));
    req.on('error', (err) => resolve({ status: 0, body: err.message }));
    req.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
