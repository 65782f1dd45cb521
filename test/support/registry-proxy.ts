/** An HTTP proxy in front of a registry that misbehaves on purpose. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export type Misbehave = (
  request: IncomingMessage,
  answer: { status: number; headers: Record<string, string>; body: Buffer },
  response: ServerResponse,
) => void;

/** @param misbehave may change the answer, or write the response itself */
export async function startProxy(
  target: string,
  misbehave: Misbehave,
): Promise<{ host: string; requests: string[]; close(): Promise<void> }> {
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.range ?? ''}`.trim());
    const headers: Record<string, string> = {};
    for (const name of ['accept', 'range', 'authorization'])
      if (request.headers[name]) headers[name] = String(request.headers[name]);
    const upstream = await fetch(`http://${target}${request.url}`, { headers });
    const answer = {
      status: upstream.status,
      headers: Object.fromEntries(
        [...upstream.headers].filter(([n]) => !['connection', 'content-length', 'date'].includes(n)),
      ),
      body: Buffer.from(await upstream.arrayBuffer()),
    };
    misbehave(request, answer, response);
    if (response.headersSent || response.destroyed) return;
    response.writeHead(answer.status, { ...answer.headers, 'content-length': String(answer.body.length) });
    response.end(answer.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as { port: number }).port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
