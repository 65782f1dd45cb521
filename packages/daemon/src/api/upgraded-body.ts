/**
 * The body of a request that asked for an upgrade. Node stops parsing at the header, so the body is still in the socket,
 * in front of what the client sends after it.
 */
import type { Duplex } from 'node:stream';
import { DockerError } from '@tsdocker/shared/errors.ts';

/** Yields the body and leaves the rest in `socket`. */
export async function* upgradedBody(
  headers: { 'content-length'?: string | undefined; 'transfer-encoding'?: string | undefined },
  socket: Duplex,
): AsyncGenerator<Buffer> {
  if (headers['transfer-encoding']?.toLowerCase().includes('chunked')) yield* chunkedBody(socket);
  else if (headers['content-length']) yield* sizedBody(socket, Number(headers['content-length']));
}

async function* sizedBody(socket: Duplex, size: number): AsyncGenerator<Buffer> {
  let remaining = size;
  while (remaining > 0) {
    const chunk = await readSome(socket);
    const data = chunk.subarray(0, remaining);
    remaining -= data.length;
    if (data.length < chunk.length) socket.unshift(chunk.subarray(data.length));
    yield data;
  }
}

const MAX_CHUNK_LINE = 1024;
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/**
 * Takes chunks until the last one, or until they make a complete JSON value: clients that keep the request open for stdin
 * (dockerode) never send the last chunk.
 */
async function* chunkedBody(socket: Duplex): AsyncGenerator<Buffer> {
  let text = '';
  for (;;) {
    const size = Number.parseInt(await readLine(socket), 16);
    if (!Number.isInteger(size) || size < 0) throw new DockerError('InvalidParameter', 'malformed chunked encoding');
    if (size === 0) {
      while ((await readLine(socket)) !== '');
      return;
    }
    for await (const data of sizedBody(socket, size)) {
      text += data.toString('latin1');
      yield data;
    }
    await readLine(socket);
    if (isCompleteJson(text)) {
      dropLastChunk(socket);
      return;
    }
  }
}

/** Clients that do end the body have sent the last chunk right behind the others. */
function dropLastChunk(socket: Duplex): void {
  const next = socket.read() as Buffer | null;
  if (!next) return;
  const isLast = next.subarray(0, LAST_CHUNK.length).equals(LAST_CHUNK);
  const rest = isLast ? next.subarray(LAST_CHUNK.length) : next;
  if (rest.length > 0) socket.unshift(rest);
}

function isCompleteJson(text: string): boolean {
  if (!text.trimEnd().endsWith('}')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    // More chunks belong to it; text that stays broken is reported by whoever parses the whole.
    return false;
  }
}

/** Without its CRLF. */
async function readLine(socket: Duplex): Promise<string> {
  let line = Buffer.alloc(0);
  for (;;) {
    line = Buffer.concat([line, await readSome(socket)]);
    const end = line.indexOf('\n');
    if (end >= 0) {
      if (end + 1 < line.length) socket.unshift(line.subarray(end + 1));
      return line.subarray(0, end).toString('latin1').trimEnd();
    }
    if (line.length > MAX_CHUNK_LINE) throw new DockerError('InvalidParameter', 'malformed chunked encoding');
  }
}

/** What is there, at least one byte. @throws InvalidParameter when the client ends instead */
function readSome(socket: Duplex): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const attempt = (): void => {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null && !socket.readableEnded && !socket.destroyed) return;
      socket.off('readable', attempt).off('end', attempt).off('close', attempt);
      if (chunk) resolve(chunk);
      else reject(new DockerError('InvalidParameter', 'unexpected EOF'));
    };
    socket.on('readable', attempt).on('end', attempt).on('close', attempt);
    attempt();
  });
}
