/** Entry of tsdockerd. */
import { composeServices } from './compose.ts';
import { runDaemon } from './program.ts';

await runDaemon(process.argv.slice(2), composeServices);
