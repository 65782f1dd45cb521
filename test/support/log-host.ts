/** The machine as log drivers see it, with its system log and journal elsewhere. */

import type { LogHost } from '../../packages/daemon/src/logging/forward/remote-log.ts';
import { native } from '../../packages/daemon/src/runtime/native/bindings.ts';

export function logHost(sockets: Partial<Omit<LogHost, 'datagrams'>> = {}): LogHost {
  return { datagrams: native, journalSocket: '/nonexistent/journal', syslogSockets: [], ...sockets };
}
