/** The real process as a Cli; the only file of this package, with streams/terminal.ts, that touches `process`. */
import { createProcessCli } from './process-cli.ts';
import { runProgram } from './program.ts';

const cli = createProcessCli(process);
// No await at the top: the bundle is CommonJS, which starts faster and has none. runProgram never rejects.
void runProgram(cli).then(() => cli.end());
