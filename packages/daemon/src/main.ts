/** Entry of tsdockerd. */
import { composeServices } from './compose.ts';
import { runDaemon } from './program.ts';

// No await at the top: the bundle is CommonJS, which has none. runDaemon ends the process when it cannot start.
void runDaemon(process.argv.slice(2), composeServices);
