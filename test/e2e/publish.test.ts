/** Published ports answer where they should, also while and after the daemon is away. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
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

const TCP_SERVER =
  'my $s = IO::Socket::INET->new(LocalPort => 80, Listen => 9, ReuseAddr => 1) or die; while (my $c = $s->accept) { print $c "served\\n"; close $c }';
const UDP_SERVER =
  'my $s = IO::Socket::INET->new(LocalPort => 53, Proto => "udp") or die; while ($s->recv(my $m, 99)) { $s->send("echo $m") }';

function readTcp(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ host, port, timeout: 2000 });
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('timeout', () => socket.destroy(new Error(`${host}:${port}: no answer`)));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

function askUdp(host: string, port: number, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const timer = setTimeout(() => {
      socket.close();
      reject(new Error(`${host}:${port}: no answer`));
    }, 1000);
    socket.on('message', (message) => {
      clearTimeout(timer);
      socket.close();
      resolve(message.toString());
    });
    socket.send(question, port, host);
  });
}

async function hostPort(container: string, port: string): Promise<number> {
  return Number((await engine.ok(['port', container, port])).split(':').at(-1));
}

test('tcp and udp ports answer on the loopback and from another container', { skip }, async () => {
  const server = [
    'run',
    '-d',
    '--name',
    'tcp',
    '-p',
    '80',
    'base:test',
    'perl',
    '-MIO::Socket::INET',
    '-e',
    TCP_SERVER,
  ];
  await engine.ok(server);
  await engine.ok([
    'run',
    '-d',
    '--name',
    'udp',
    '-p',
    '53/udp',
    'base:test',
    'perl',
    '-MIO::Socket::INET',
    '-e',
    UDP_SERVER,
  ]);
  const tcp = await hostPort('tcp', '80/tcp');
  const udp = await hostPort('udp', '53/udp');
  await eventually(async () => (await readTcp('127.0.0.1', tcp)) === 'served\n');
  await eventually(async () => (await askUdp('127.0.0.1', udp, 'who')) === 'echo who');

  const address = await engine.ok(['inspect', '-f', '{{.NetworkSettings.Networks.bridge.IPAddress}}', 'tcp']);
  const inside = await engine.ok(['run', '--rm', 'base:test', 'bash', '-c', `cat < /dev/tcp/${address}/80`]);
  assert.equal(inside, 'served');

  await engine.kill9();
  assert.equal(await readTcp('127.0.0.1', tcp), 'served\n');
  await engine.start();
  assert.equal(await readTcp('127.0.0.1', tcp), 'served\n');
  assert.equal(await askUdp('127.0.0.1', udp, 'again'), 'echo again');
  await engine.ok(['rm', '-f', 'tcp', 'udp']);
  await assert.rejects(readTcp('127.0.0.1', tcp), { code: 'ECONNREFUSED' });
});

test('a range, a host address and --publish-all say in ps where they are', { skip }, async () => {
  const publish = ['-p', '127.0.0.1:48080-48082:80-82', '-P', '--expose', '99'];
  await engine.ok(['run', '-d', '--name', 'many', ...publish, 'base:test', 'sleep', '1000']);
  const ports = await engine.ok(['port', 'many']);
  for (const offset of [0, 1, 2])
    assert.match(ports, new RegExp(`^8${offset}/tcp -> 127\\.0\\.0\\.1:4808${offset}$`, 'm'));
  assert.match(ports, /^99\/tcp -> 0\.0\.0\.0:\d+$/m);
  assert.match(await engine.ok(['ps', '--format', '{{.Ports}}']), /127\.0\.0\.1:48080->80\/tcp/);
  await engine.ok(['rm', '-f', 'many']);
});
