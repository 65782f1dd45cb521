/**
 * Starts the container given as JSON in argv[2], prints its pid and is killed: a daemon that dies at once, or with
 * argv[3] `before-go` when the shim exists but the program does not run yet.
 */
import { join } from 'node:path';
import { native, nativeDirectory } from '../../../packages/daemon/src/runtime/native/bindings.ts';
import { createShimLauncher } from '../../../packages/daemon/src/runtime/shim/launcher.ts';
import type { ShimStart } from '../../../packages/daemon/src/runtime/shim/shim.types.ts';

const die = () => process.kill(process.pid, 'SIGKILL');
const launcher = await createShimLauncher({ native, executable: join(nativeDirectory(), 'tsd-shim') });
const start = JSON.parse(process.argv[2] ?? '') as ShimStart;
const shim = await launcher.start(start, process.argv[3] === 'before-go' ? { onCreated: die } : {});
process.stdout.write(JSON.stringify({ pid: shim.pid }));
// Nothing is tidied up.
setImmediate(die);
