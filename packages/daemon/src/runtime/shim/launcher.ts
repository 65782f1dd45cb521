/**
 * Starts shims and finds them again. A shim's runtime directory holds `sock` (its socket), `state` (who it is, for when it
 * dies) and `exit` (how the container ended).
 */
import { closeSync } from 'node:fs';
import { mkdir, readFile, rm, unlink } from 'node:fs/promises';
import type { FdBinding, ProcessBinding } from '../native/addon-types.ts';
import { type CgroupLayout, parseCgroupLayout } from './cgroup-mounts.ts';
import { ShimControl } from './control.ts';
import { FRAME, type Frame } from './frames.ts';
import { NativeShimHandle } from './handle.ts';
import { cleanUpLost, readExit } from './lost.ts';
import { encodeStart } from './plan-encoder.ts';
import type { ShimHandle, ShimLauncher, ShimStart } from './shim.types.ts';
import { connectShim } from './socket.ts';

type Native = ProcessBinding & FdBinding;

/** Numbers of the first descriptors in the shim: plan, listening socket, base mount namespace; more follow. */
const FIRST_FREE_FD = 6;

export interface ShimLauncherOptions {
  native: Native;
  /** Path of the tsd-shim executable. */
  executable: string;
  /** Use mount(2) for root file systems although the kernel has the better way: to test that path. */
  classicOverlay?: boolean;
}

/** Prepares what all shims share: the executable's copy and the base mount namespace. @throws Error with errno, code */
export async function createShimLauncher(opts: ShimLauncherOptions): Promise<NativeShimLauncher> {
  const { native } = opts;
  const executable = native.openExecutable(opts.executable);
  try {
    const baseNamespace = await makeBaseNamespace(native, executable);
    const cgroupLayout = parseCgroupLayout(await readFile('/proc/self/mountinfo', 'utf8'));
    return new NativeShimLauncher(opts, executable, baseNamespace, cgroupLayout);
  } catch (err) {
    closeSync(executable);
    throw err;
  }
}

async function makeBaseNamespace(native: Native, executable: number): Promise<number> {
  const [ours, theirs] = native.socketPair();
  try {
    const helper = native.spawnHelper({ executable, args: ['base'], fds: [theirs] });
    closeSync(theirs);
    const { data, fds } = await native.receiveFds(ours);
    await helper.exited;
    const [namespace] = fds;
    if (namespace === undefined) {
      const errno = data.length === 4 ? data.readInt32LE(0) : 0;
      throw Object.assign(new Error(`cannot make the base mount namespace: errno ${errno}`), { errno });
    }
    return namespace;
  } finally {
    closeSync(ours);
  }
}

export class NativeShimLauncher implements ShimLauncher {
  #native: Native;
  #executable: number;
  #baseNamespace: number;
  #cgroupLayout: CgroupLayout;
  #classicOverlay: boolean;
  #live = new Set<NativeShimHandle>();

  constructor(opts: ShimLauncherOptions, executable: number, baseNamespace: number, cgroupLayout: CgroupLayout) {
    this.#native = opts.native;
    this.#classicOverlay = opts.classicOverlay ?? false;
    this.#executable = executable;
    this.#baseNamespace = baseNamespace;
    this.#cgroupLayout = cgroupLayout;
  }

  async start(start: ShimStart, opts: { onCreated?: (shim: ShimHandle) => void } = {}): Promise<ShimHandle> {
    const { runtimeDirectory } = start;
    const { network, userNamespace } = start;
    const named = [...(network.kind === 'fd' ? [network.fd] : []), ...(userNamespace ? [userNamespace.fd] : [])];
    const numberOf = (fd: number) => FIRST_FREE_FD + named.indexOf(fd);
    const plan = encodeStart(start, {
      cgroupLayout: this.#cgroupLayout,
      classicOverlay: this.#classicOverlay,
      ...(network.kind === 'fd' && { networkFd: numberOf(network.fd) }),
      ...(userNamespace && { usernsFd: numberOf(userNamespace.fd) }),
      heldFd: FIRST_FREE_FD + named.length,
    });
    await mkdir(runtimeDirectory, { recursive: true, mode: 0o700 });
    let shimExit: Promise<unknown> | undefined;
    try {
      shimExit = this.#spawn(start, plan.bytes, named);
      const control = await ShimControl.connect(runtimeDirectory);
      const handle = new NativeShimHandle({
        runtimeDirectory,
        control,
        steps: plan.steps,
        onLost: () => this.#cleanUp(runtimeDirectory, shimExit),
      });
      opts.onCreated?.(handle);
      await handle.attached();
      control.send(FRAME.go);
      await handle.started;
      return this.#keep(handle);
    } catch (err) {
      await this.#cleanUp(runtimeDirectory, shimExit);
      await rm(runtimeDirectory, { recursive: true, force: true });
      throw err;
    }
  }

  async reattach(
    runtimeDirectory: string,
  ): Promise<
    | { kind: 'running'; shim: ShimHandle; paused: boolean }
    | { kind: 'exited'; status: Awaited<ShimHandle['exited']> }
    | { kind: 'lost'; cgroupDirectories: string[] }
  > {
    const control = await ShimControl.connect(runtimeDirectory).catch(ignoreMissing);
    const welcome = await control?.welcome;
    if (control && welcome?.state === 'running') {
      const onLost = () => this.#cleanUp(runtimeDirectory);
      const shim = new NativeShimHandle({ runtimeDirectory, control, steps: [], onLost });
      shim.adopt(welcome);
      return { kind: 'running', shim: this.#keep(shim), paused: welcome.frozen };
    }
    // Made by a daemon that was killed before it said go: without anybody to say it, it gives up.
    if (control && welcome?.state === 'starting') await givenUp(runtimeDirectory, control);
    // On its way out.
    else if (control && welcome) await ended(control);
    control?.destroy();
    const status = await readExit(runtimeDirectory);
    if (status) {
      await cleanUpLost(runtimeDirectory, this.#native);
      return { kind: 'exited', status };
    }
    return { kind: 'lost', cgroupDirectories: await cleanUpLost(runtimeDirectory, this.#native) };
  }

  async forget(runtimeDirectory: string): Promise<void> {
    await rm(runtimeDirectory, { recursive: true, force: true });
  }

  /** Lets go of all shims and closes what they share. Running containers are not touched. */
  close(): void {
    for (const handle of this.#live) handle.release();
    closeSync(this.#executable);
    closeSync(this.#baseNamespace);
  }

  #keep(handle: NativeShimHandle): NativeShimHandle {
    this.#live.add(handle);
    void handle.gone.then(() => this.#live.delete(handle));
    return handle;
  }

  /** @returns when the shim process has ended and is reaped */
  #spawn(start: ShimStart, plan: Buffer, named: readonly number[]): Promise<unknown> {
    const own: number[] = [];
    try {
      own.push(this.#native.memoryFile(plan));
      own.push(this.#native.listenUnix(start.runtimeDirectory, 'sock'));
      const fds = [...own, this.#baseNamespace, ...named, ...start.heldSockets];
      return this.#native.spawnHelper({ executable: this.#executable, args: ['run'], fds, ref: false }).exited;
    } finally {
      for (const fd of own) closeSync(fd);
    }
  }

  async #cleanUp(runtimeDirectory: string, shimExit?: Promise<unknown>): Promise<void> {
    // Waiting for it must keep node running; a shim that runs by itself need not.
    const alive = setInterval(() => {}, 1 << 30);
    await shimExit;
    clearInterval(alive);
    await cleanUpLost(runtimeDirectory, this.#native);
    await unlink(`${runtimeDirectory}/sock`).catch(ignoreMissing);
  }
}

/** A shim gives up at once; only one that is not scheduled for long takes more than a moment. */
const GIVE_UP_LIMIT_MS = 5000;
const GIVE_UP_STEP_MS = 5;

/** Hangs up on a shim that waits for its go, and waits until it listens no more. */
async function givenUp(runtimeDirectory: string, control: ShimControl): Promise<void> {
  control.destroy();
  const limit = Date.now() + GIVE_UP_LIMIT_MS;
  // There is no event for it: the process is nobody's child, and its socket's file stays.
  while (Date.now() < limit) {
    const socket = await connectShim(runtimeDirectory).catch(ignoreMissing);
    if (!socket) return;
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, GIVE_UP_STEP_MS));
  }
}

/** Until a shim that is about to end has ended. */
function ended(control: ShimControl): Promise<void> {
  return new Promise((resolve) => {
    const frame = ({ type }: Frame) => {
      // It waits for us to hang up.
      if (type === FRAME.gone || type === FRAME.failed) control.destroy();
    };
    control.listen({ frame, closed: resolve });
  });
}

function ignoreMissing(err: NodeJS.ErrnoException): undefined {
  if (err.code === 'ENOENT' || err.code === 'ECONNREFUSED') return undefined;
  throw err;
}
