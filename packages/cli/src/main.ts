/** The real process as a Cli; the only file of this package, with streams/terminal.ts, that touches `process`. */
import { createProcessCli } from './process-cli.ts';
import { runProgram } from './program.ts';

const cli = createProcessCli(process);
await runProgram(cli);
cli.end();
