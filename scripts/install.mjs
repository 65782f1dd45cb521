// `npm run install-system`: links the executables into /usr/local/bin and adds the systemd unit where systemd runs.
// `npm run install-system -- --remove` takes both away again.
import { existsSync, lstatSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setup } from './setup.mjs';
import { root, run } from './steps.mjs';

const remove = process.argv.includes('--remove');
const unit = '/etc/systemd/system/tsdockerd.service';
const say = (text) => process.stdout.write(`${text}\n`);

if (process.getuid() !== 0) {
  process.stderr.write('install: needs root: run `sudo npm run install-system`\n');
  process.exit(1);
}
if (!remove) await setup();
for (const name of ['tsdocker', 'tsdockerd']) {
  const link = join('/usr/local/bin', name);
  const existing = lstatSync(link, { throwIfNoEntry: false });
  if (existing && !existing.isSymbolicLink()) {
    process.stderr.write(`install: ${link} exists and is not a link of ours: move it away first\n`);
    process.exit(1);
  }
  rmSync(link, { force: true });
  if (!remove) symlinkSync(join(root, 'bin', name), link);
  say(`${remove ? 'removed' : 'linked'} ${link}`);
}
if (existsSync('/run/systemd/system')) {
  if (remove) await run('systemctl', ['disable', '--now', 'tsdockerd']).catch((error) => say(error.message));
  if (remove) rmSync(unit, { force: true });
  else writeFileSync(unit, readFileSync(join(root, 'packaging/tsdockerd.service'), 'utf8'));
  await run('systemctl', ['daemon-reload']);
  say(remove ? `removed ${unit}` : `wrote ${unit}: start it with \`systemctl enable --now tsdockerd\``);
} else if (!remove) {
  say(
    'no systemd here: start the daemon with `tsdockerd`, or give packaging/tsdockerd.service to your service manager',
  );
}
