/** Starts the container given as JSON in argv[2], prints its pid and is killed: a daemon that dies at once. */
import { join } from 'node:path';
import { native, nativeDirectory } from '../../../packages/daemon/src/runtime/native/bindings.ts';
import { createShimLauncher } from '../../../packages/daemon/src/runtime/shim/launcher.ts';
import type { ShimStart } from '../../../packages/daemon/src/runtime/shim/shim.types.ts';

const launcher = await createShimLauncher({ native, executable: join(nativeDirectory(), 'tsd-shim') });
const shim = await launcher.start(JSON.parse(process.argv[2] ?? '') as ShimStart);
process.stdout.write(JSON.stringify({ pid: shim.pid }));
// The caller reads the pipe to its end: die by kill -9, with nothing tidied up, once it is written.
setImmediate(() => process.kill(process.pid, 'SIGKILL'));
