import type { Readable, Writable } from 'node:stream';
import type { DetachDetector } from './detach-keys.ts';

export interface InputCopy {
  /** Resolves when the kernel has all input (and our half is closed), when the detach keys came, or when nobody takes more. */
  readonly done: Promise<'ended' | 'detached' | 'refused'>;
  /** Stops reading; what was not read stays in the source. */
  stop(): void;
}

/**
 * Sends the source to the container's stdin and closes that half at its end. The source is paused while the socket is full,
 * so no more than a chunk is ever held here.
 */
export function copyInput(source: Readable, socket: Writable, detector: DetachDetector | undefined): InputCopy {
  const { promise: done, resolve } = Promise.withResolvers<'ended' | 'detached' | 'refused'>();
  let stopped = false;
  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    source.off('data', onData).off('end', onEnd).off('error', onEnd);
    socket.off('drain', onDrain).off('close', onClose);
    source.pause();
  };
  const finish = (how: 'ended' | 'detached' | 'refused'): void => {
    stop();
    resolve(how);
  };
  const send = (chunk: Buffer): void => {
    if (stopped || chunk.length === 0) return;
    if (!socket.writable) finish('refused');
    else if (socket.write(chunk)) source.resume();
  };
  const onData = (data: Buffer | string): void => {
    const chunk = typeof data === 'string' ? Buffer.from(data) : data;
    const { pass, detached } = detector?.push(chunk) ?? { pass: chunk, detached: false };
    if (detached) {
      stop();
      socket.write(pass, () => resolve('detached'));
    } else if (pass.length > 0) {
      source.pause();
      // Not at once: a write to a peer that has gone destroys the socket with the output that waits in it unread. After
      // this turn of the loop all that had come is read.
      setImmediate(send, pass);
    }
  };
  const onDrain = (): void => {
    if (!stopped) source.resume();
  };
  const onEnd = (): void => {
    const held = detector?.flush();
    setImmediate(() => {
      if (stopped) return;
      // A full socket still holds bytes here, and whoever waits for the end of the input destroys it.
      if (socket.writable) socket.end(held, () => finish('ended'));
      else finish('ended');
    });
  };
  const onClose = (): void => finish('refused');
  source.on('data', onData).on('end', onEnd).on('error', onEnd);
  socket.on('drain', onDrain).on('close', onClose);
  if (source.readableEnded || source.destroyed) onEnd();
  else source.resume();
  return { done, stop };
}
