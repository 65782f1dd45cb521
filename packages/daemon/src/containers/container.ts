/**
 * One container in memory: its record, the state machine, the lock that guards transitions, who waits for it, and the live
 * process while there is one. Verbs change it only inside `lock.run`; readers need no lock, for every change is synchronous.
 */
import { EventEmitter } from 'node:events';
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import type { Rootfs, RunningContainer } from '../runtime/runtime.ts';
import { system } from './errors.ts';
import type { Exec } from './exec-session.ts';
import type { HealthMonitor } from './health.ts';
import { Mutex } from './mutex.ts';
import type { ContainerRecord, StateRecord, Status } from './record.types.ts';

const NEXT: Readonly<Record<Status, readonly Status[]>> = {
  created: ['running', 'created', 'exited', 'removing'],
  running: ['paused', 'restarting', 'exited'],
  paused: ['running', 'restarting', 'exited'],
  restarting: ['running', 'exited', 'restarting'],
  exited: ['running', 'exited', 'removing'],
  removing: ['dead'],
  dead: ['removing'],
};

/** A shim that takes longer to remove its mounts and cgroups is stuck; going on beside it would mix two runs up. */
const CLEANUP_LIMIT_MS = 10_000;

interface Signals {
  /** A shim exists, the program does not run yet: the moment to attach. */
  created: [RunningContainer];
  /** The process ended; the state is already the new one. */
  exit: [];
  /** A start failed; what waited for it to attach may go. */
  failed: [];
  /** Running, restarting -> exited, for good or until the next start. */
  stopped: [];
  removed: [];
}

export class Container {
  readonly record: ContainerRecord;
  hostConfig: HostConfig;
  readonly lock = new Mutex();
  readonly signals = new EventEmitter<Signals>();
  /** The live process; undefined when none runs. */
  run: RunningContainer | undefined;
  /** From create to the first start, so that it is not asked for twice. */
  unusedRootfs: Rootfs | undefined;
  /** The last process' shim: the next start and the removal wait until its mounts and cgroups are gone. */
  previousGone: Promise<void> = Promise.resolve();
  /** Armed while restarting. */
  restartTimer: NodeJS.Timeout | undefined;
  /** Delay of the next restart in milliseconds. */
  restartDelay = 0;
  removed = false;
  removalError: string | undefined;
  health: HealthMonitor | undefined;
  readonly execs = new Map<string, Exec>();

  constructor(record: ContainerRecord, hostConfig: HostConfig) {
    this.record = record;
    this.hostConfig = hostConfig;
    this.signals.setMaxListeners(0);
  }

  get id(): string {
    return this.record.id;
  }
  get name(): string {
    return this.record.name;
  }
  get status(): Status {
    return this.record.state.status;
  }
  /** As Docker counts it: paused and restarting containers are running too. */
  get isRunning(): boolean {
    return this.status === 'running' || this.status === 'paused' || this.status === 'restarting';
  }
  /** A process exists and is not frozen. */
  get isLive(): boolean {
    return this.status === 'running';
  }

  /** @throws System on a transition the state machine does not have: a bug, kept from becoming a broken record */
  become(status: Status, change: Partial<Omit<StateRecord, 'status'>> = {}): void {
    const state = this.record.state;
    if (!NEXT[state.status].includes(status)) {
      throw system(`container ${this.id} cannot become ${status} from ${state.status}`);
    }
    const stopped = this.isRunning && status === 'exited';
    Object.assign(state, change, { status });
    if (stopped) this.signals.emit('stopped');
  }

  cancelRestart(): void {
    clearTimeout(this.restartTimer);
    this.restartTimer = undefined;
  }

  /** Resolves when the container is not running any more (restarting counts as running). */
  async untilStopped(timeoutMillis?: number): Promise<boolean> {
    if (!this.isRunning) return true;
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const done = (stopped: boolean) => {
        clearTimeout(timer);
        this.signals.off('stopped', onStopped);
        resolve(stopped);
      };
      const onStopped = () => done(true);
      this.signals.once('stopped', onStopped);
      if (timeoutMillis !== undefined) timer = setTimeout(done, timeoutMillis, false);
    });
  }

  /** Resolves when nothing of the last run is left in the kernel. @throws System when that takes too long */
  async untilCleanedUp(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      const late = () => reject(system(`container ${this.id}: the previous run is still being cleaned up`));
      timer = setTimeout(late, CLEANUP_LIMIT_MS);
    });
    try {
      await Promise.race([this.previousGone, limit]);
    } finally {
      clearTimeout(timer);
    }
  }
}
