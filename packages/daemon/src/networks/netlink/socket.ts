/** A netlink socket: one transaction at a time, in order, on a pool thread; the kernel's errors become NetlinkError. */
import { closeSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import type { NetlinkBinding } from '../../runtime/native/addon-types.ts';
import {
  decodeReplies,
  encodeRequest,
  errorOf,
  isData,
  isInterrupted,
  type NetlinkMessage,
  type NetlinkReply,
} from './message.ts';

export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;

const DUMP_ATTEMPTS = 5;

/** The kernel refused a message. `code` is ENODEV, EEXIST ...; `step` says which. */
export class NetlinkError extends Error {
  override readonly name = 'NetlinkError';
  readonly errno: number;
  readonly code: string;
  readonly step: string;
  constructor(step: string, errno: number, kernelText?: string) {
    const code = getSystemErrorName(-errno);
    super(`${step}: ${code}${kernelText ? ` (${kernelText})` : ''}`);
    this.errno = errno;
    this.code = code;
    this.step = step;
  }
}

export class NetlinkSocket {
  readonly #binding: NetlinkBinding;
  readonly #fd: number;
  #seq = 1;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(binding: NetlinkBinding, fd: number) {
    this.#binding = binding;
    this.#fd = fd;
  }

  /**
   * Sends the messages in one system call. Resolves with the data messages of the replies.
   * @throws NetlinkError of the first message that failed; rtnetlink has then done the others, nftables none
   */
  transact(messages: readonly NetlinkMessage[]): Promise<NetlinkReply[]> {
    const run = this.#last.then(() => this.#run(messages));
    this.#last = run.catch(() => undefined);
    return run;
  }

  /** Asks for a dump and repeats it when the kernel says that it changed meanwhile. */
  async dump(message: NetlinkMessage): Promise<NetlinkReply[]> {
    for (let attempt = 1; ; attempt++) {
      let interrupted = false;
      const run = this.#last.then(() => this.#run([message], () => (interrupted = true)));
      this.#last = run.catch(() => undefined);
      const replies = await run;
      if (!interrupted || attempt === DUMP_ATTEMPTS) return replies;
    }
  }

  /** Closes the descriptor once the transaction under way has ended. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#last;
    closeSync(this.#fd);
  }

  async #run(messages: readonly NetlinkMessage[], onInterrupted?: () => void): Promise<NetlinkReply[]> {
    const firstSeq = this.#seq;
    this.#seq = (this.#seq + messages.length) % 0x7fffffff || 1;
    const bytes = await this.#binding.netlinkTransact(this.#fd, encodeRequest(messages, firstSeq));
    const replies = decodeReplies(bytes).filter((reply) => isOurs(reply, firstSeq, messages.length));
    if (onInterrupted && replies.some(isInterrupted)) onInterrupted();
    const failure = firstFailure(replies, messages, firstSeq);
    if (failure) throw failure;
    return replies.filter(isData);
  }
}

function isOurs(reply: NetlinkReply, firstSeq: number, count: number): boolean {
  return reply.seq >= firstSeq && reply.seq < firstSeq + count;
}

function firstFailure(
  replies: readonly NetlinkReply[],
  messages: readonly NetlinkMessage[],
  firstSeq: number,
): NetlinkError | undefined {
  for (const reply of replies) {
    const error = errorOf(reply);
    const message = messages[reply.seq - firstSeq];
    if (!error || error.errno === 0 || !message) continue;
    if (message.tolerate?.includes(error.errno)) continue;
    return new NetlinkError(message.step, error.errno, error.text);
  }
  return undefined;
}
