// `npm start`: set-up, a private daemon if none answers, and the main job: a shell in a container.
// `npm start -- run -it ubuntu /bin/bash` (any tsdocker command line) does that instead.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setup } from './setup.mjs';
import { starterArchive } from './starter-image.mjs';
import { root, run, SetupError } from './steps.mjs';

const state = join(root, '.state');
const privateSocket = join(state, 'tsdockerd.sock');
const logFile = join(state, 'tsdockerd.log');
const cli = join(root, 'bin/tsdocker');
const say = (text) => process.stderr.write(`${text}\n`);

/** Whether an Engine API answers on a socket. */
function answers(socketPath) {
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping', timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('error', () => resolve(false));
    ping.on('timeout', () => ping.destroy());
    ping.end();
  });
}

/** @returns {Promise<{ host: string, pid?: number }>} pid: of a daemon started here */
async function findOrStartDaemon() {
  if (process.env.DOCKER_HOST) return { host: process.env.DOCKER_HOST };
  for (const socket of ['/var/run/tsdocker.sock', privateSocket])
    if (await answers(socket)) return { host: `unix://${socket}` };
  if (process.getuid() !== 0) throw new SetupError('containers need root: run `sudo npm start`');
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const log = openSync(logFile, 'a');
  const configuration = join(state, 'daemon.json');
  const daemon = spawn(
    join(root, 'bin/tsdockerd'),
    [
      ...['-H', `unix://${privateSocket}`, '--data-root', join(state, 'data'), '--exec-root', join(state, 'run')],
      ...['--pidfile', join(state, 'tsdockerd.pid')],
      ...(existsSync(configuration) ? ['--config-file', configuration] : []),
    ],
    { detached: true, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  let ended;
  daemon.on('exit', (code, signal) => {
    ended = signal ?? `exit ${code}`;
  });
  const deadline = Date.now() + 15_000;
  while (!(await answers(privateSocket))) {
    if (ended !== undefined || Date.now() > deadline) {
      const lastLines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-5).join('\n');
      throw new SetupError(
        `the daemon did not start (${ended ?? 'no answer in 15 s'}); the end of ${logFile}:\n${lastLines}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  daemon.unref();
  return { host: `unix://${privateSocket}`, pid: daemon.pid };
}

/** Runs the CLI on our terminal. @returns {Promise<number>} its exit code */
function tsdocker(host, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(cli, args, { stdio: 'inherit', env: { ...process.env, DOCKER_HOST: host } });
    // Ctrl-C is for the command; we stay to clean up after it.
    const ignore = () => {};
    process.on('SIGINT', ignore);
    process.on('SIGQUIT', ignore);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', ignore);
      process.off('SIGQUIT', ignore);
      resolve(signal ? 128 + (signal === 'SIGINT' ? 2 : 15) : code);
    });
  });
}

/** Pulls with the progress on our terminal. @returns undefined, or why it failed in one line */
function pullRefused(host, image) {
  return new Promise((resolve, reject) => {
    const child = spawn(cli, ['pull', image], {
      stdio: ['ignore', 'inherit', 'pipe'],
      env: { ...process.env, DOCKER_HOST: host },
    });
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      const [line] = errors.trim().split('\n').reverse();
      resolve(code === 0 ? undefined : line.replace(/^Error response from daemon: /, ''));
    });
  });
}

const quietly = (host, args) => run(cli, args, { env: { DOCKER_HOST: host } });

/** Makes `ubuntu` available: from the registry, else a base system made here under that name. */
async function ensureUbuntu(host) {
  if (
    await quietly(host, ['image', 'inspect', 'ubuntu']).then(
      () => true,
      () => false,
    )
  )
    return;
  const refusal = await pullRefused(host, 'ubuntu:latest');
  if (refusal === undefined) return;
  say(`no registry can be reached (${refusal}): making a base system here instead`);
  const { archive, description } = await starterArchive();
  await quietly(host, ['import', '--change', 'CMD ["/bin/bash"]', archive, 'tsdocker-starter:latest']);
  await quietly(host, ['tag', 'tsdocker-starter:latest', 'ubuntu:latest']);
  say(`\`ubuntu\` is here ${description}`);
}

/** The main job without a terminal: some commands, each shown before it runs. */
async function scriptedSession(host) {
  const name = `first-${process.pid}`;
  const session = [
    ['run', '--name', name, 'ubuntu', '/bin/bash', '-c', 'echo "hello from $(hostname), pid $$"; echo kept > /note'],
    ['start', '-a', name],
    [
      'run',
      '--rm',
      '-m',
      '100m',
      'ubuntu',
      '/bin/bash',
      '-c',
      'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; exit 0',
    ],
    ['ps', '-a'],
    ['images'],
    ['rm', name],
  ];
  for (const args of session) {
    process.stdout.write(`$ tsdocker ${args.map((arg) => (/^[\w./:=-]+$/.test(arg) ? arg : `'${arg}'`)).join(' ')}\n`);
    const code = await tsdocker(host, args);
    if (code !== 0) return code;
  }
  return 0;
}

/** Stops the daemon that this run started, unless a container still runs in it. */
async function stopDaemon(daemon) {
  const running = await quietly(daemon.host, ['ps', '-q']).catch(() => '');
  if (running.trim() !== '') {
    say(`containers still run: the daemon stays (DOCKER_HOST=${daemon.host}; end it with \`kill ${daemon.pid}\`)`);
    return;
  }
  process.kill(daemon.pid, 'SIGTERM');
}

async function main() {
  const first = !existsSync(join(root, 'dist/tsdocker.cjs'));
  if (first) say('first run: setting up');
  await setup();
  const daemon = await findOrStartDaemon();
  try {
    const args = process.argv.slice(2);
    const wantsUbuntu =
      args.length === 0 || (['run', 'create'].includes(args[0]) && args.some((arg) => /^ubuntu(:latest)?$/.test(arg)));
    if (wantsUbuntu) await ensureUbuntu(daemon.host);
    if (args.length > 0) return await tsdocker(daemon.host, args);
    if (!process.stdin.isTTY) return await scriptedSession(daemon.host);
    say('$ tsdocker run -it --rm ubuntu /bin/bash');
    const code = await tsdocker(daemon.host, ['run', '-it', '--rm', 'ubuntu', '/bin/bash']);
    say(
      'To keep it: `npm run install-system` links tsdocker and tsdockerd into /usr/local/bin and adds a systemd unit.',
    );
    return code;
  } finally {
    if (daemon.pid !== undefined) await stopDaemon(daemon);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  say(`start: ${error instanceof SetupError ? error.message : error.stack}`);
  process.exitCode = 1;
}
