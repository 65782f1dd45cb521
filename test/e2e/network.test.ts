/** Networks of users, by their effect: who reaches whom, and what Docker refuses. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { debianArchive } from '../support/base-image.ts';
import { type Engine, startTsdockerd } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { missing } from '../support/program.ts';

const skip = missing({ root: true });
let engine: Engine;

before(async () => {
  if (skip) return;
  engine = await startTsdockerd();
  await engine.ok(['import', '--change', 'CMD ["/bin/bash"]', await debianArchive(), 'base:test']);
});

after(() => engine?.dispose());

const SERVER =
  'my $s = IO::Socket::INET->new(LocalPort => 80, Listen => 9, ReuseAddr => 1) or die; while (my $c = $s->accept) { print $c "served\\n"; close $c }';

/** A server on port 80 of the network. @returns its address */
async function serve(name: string, network: string): Promise<string> {
  const program = ['perl', '-MIO::Socket::INET', '-e', SERVER];
  await engine.ok(['run', '-d', '--name', name, '--network', network, 'base:test', ...program]);
  return engine.ok(['inspect', '-f', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', name]);
}

/** What a new container of the network reads from there; its exit code when it reads nothing. */
async function readFrom(network: string, address: string, options: string[] = []): Promise<string> {
  const read = `timeout 2 cat < /dev/tcp/${address}/80`;
  const command = ['run', '--rm', '--network', network, ...options, 'base:test', 'timeout', '2', 'bash', '-c', read];
  const { code, stdout } = await engine.cli(command);
  return code === 0 ? stdout : `exit ${code}`;
}

test('containers of one network reach each other, those of another do not', { skip }, async () => {
  await engine.ok(['network', 'create', 'one']);
  await engine.ok(['network', 'create', 'two']);
  const address = await serve('web', 'one');
  await eventually(async () => (await readFrom('one', address)) === 'served\n');
  assert.match(await readFrom('two', address), /^exit /);
  assert.match(await readFrom('bridge', address), /^exit /);

  const inUse = await engine.cli(['network', 'rm', 'one']);
  assert.equal(inUse.code, 1);
  assert.match(inUse.stderr, /network one has active endpoints \(name:"web" id:"[0-9a-f]{12}"\)/);
  const containers = '{{range .Containers}}{{.Name}} {{.IPv4Address}}{{end}}';
  assert.match(await engine.ok(['network', 'inspect', '-f', containers, 'one']), new RegExp(`^web ${address}/16$`));

  await engine.kill9();
  await engine.start();
  assert.equal(await readFrom('one', address), 'served\n');
  assert.match(await readFrom('two', address), /^exit /);

  await engine.ok(['rm', '-f', 'web']);
  assert.equal(await engine.ok(['network', 'rm', 'one', 'two']), 'one\ntwo');
});

test('an internal network has no way out, also not to other networks of its host', { skip }, async () => {
  await engine.ok(['network', 'create', '--internal', 'inner']);
  const inside = await serve('inside', 'inner');
  const outside = await serve('outside', 'bridge');
  await eventually(async () => (await readFrom('inner', inside)) === 'served\n');
  await eventually(async () => (await readFrom('bridge', outside)) === 'served\n');
  assert.match(await readFrom('inner', outside), /^exit /);
  const routes = ['run', '--rm', '--network', 'inner', 'base:test', 'cat', '/proc/net/route'];
  const destinations = (await engine.ok(routes)).split('\n').slice(1);
  assert.deepEqual(
    destinations.filter((line) => line.split('\t')[1] === '00000000'),
    [],
  );
  await engine.ok(['rm', '-f', 'inside', 'outside']);
  await engine.ok(['network', 'rm', 'inner']);
});

test('subnet, range, reserved and fixed addresses are kept to', { skip }, async () => {
  const ipam = ['--subnet', '10.213.7.9/24', '--ip-range', '10.213.7.64/30', '--aux-address', 'router=10.213.7.64'];
  await engine.ok(['network', 'create', ...ipam, '--gateway', '10.213.7.65', '--label', 'tier=db', 'fixed']);
  const shown = '{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{end}} {{.Labels.tier}}';
  assert.equal(await engine.ok(['network', 'inspect', '-f', shown, 'fixed']), '10.213.7.0/24 10.213.7.65 db');
  const given = await serve('given', 'fixed');
  assert.ok(['10.213.7.66', '10.213.7.67'].includes(given), given);
  await eventually(async () => (await readFrom('fixed', given, ['--ip', '10.213.7.200'])) === 'served\n');

  const clash = await engine.cli(['network', 'create', '--subnet', '10.213.0.0/16', 'wide']);
  assert.equal(clash.code, 1);
  assert.match(clash.stderr, /Pool overlaps with other one on this address space/);
  await engine.ok(['rm', '-f', 'given']);
  await engine.ok(['network', 'rm', 'fixed']);
});

test('names that are taken or predefined are refused, and prune takes what nobody uses', { skip }, async () => {
  await engine.ok(['network', 'create', 'idle']);
  await engine.ok(['network', 'create', '--label', 'keep', 'kept']);
  const refusals: [string[], string][] = [
    [['create', 'idle'], 'network with name idle already exists'],
    [['create', 'bridge'], 'operation is not permitted on predefined bridge network'],
    [['rm', 'host'], 'host is a pre-defined network and cannot be removed'],
    [['rm', 'absent'], 'network absent not found'],
  ];
  for (const [args, words] of refusals) {
    const { code, stderr } = await engine.cli(['network', ...args]);
    assert.equal(code, 1, args.join(' '));
    assert.ok(stderr.includes(words), stderr);
  }
  const pruned = await engine.ok(['network', 'prune', '-f', '--filter', 'label!=keep']);
  assert.equal(pruned.trimEnd(), 'Deleted Networks:\nidle');
  assert.equal(await engine.ok(['network', 'ls', '--filter', 'type=custom', '--format', '{{.Name}}']), 'kept');
  await engine.ok(['network', 'rm', 'kept']);
});
