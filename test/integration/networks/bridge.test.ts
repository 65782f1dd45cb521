/** Containers on the default bridge: who reaches whom, through which address. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import {
  askUdp,
  eventually,
  get,
  leftovers,
  outsideWorld,
  request,
  serveHttp,
  serveUdp,
  withService,
  withStolenLoopback,
} from '../../support/networks.ts';
import { inOwnNetns } from '../../support/own-netns.ts';

if (inOwnNetns(import.meta.url)) {
  let world: Awaited<ReturnType<typeof outsideWorld>>;
  before(async () => {
    world = await outsideWorld();
  });
  after(() => world.remove());

  test('a published port answers on the loopback, the host address, from outside, and from containers', () =>
    withService(async (service) => {
      const web = await service.attach(request('web', { portBindings: { '80/tcp': [{ HostPort: '8080' }] } }));
      const other = await service.attach(request('other'));
      const server = await serveHttp(web.netnsFd, 80, 'web');
      const gateway = web.endpoint.Gateway!;
      try {
        assert.equal(await get(undefined, '127.0.0.1', 8080), `web ${gateway}`);
        assert.equal(await get(undefined, '198.51.100.1', 8080), 'web 198.51.100.1');
        assert.equal(await get(world.netnsFd, '198.51.100.1', 8080), 'web 198.51.100.2');
        assert.equal(await get(other.netnsFd, gateway, 8080), `web ${gateway}`);
        assert.equal(await get(other.netnsFd, '198.51.100.1', 8080), `web ${gateway}`);
        assert.equal(await get(web.netnsFd, gateway, 8080), `web ${gateway}`, 'itself, through its published port');
        assert.equal(await get(other.netnsFd, web.addresses[0]!, 80), `web ${other.addresses[0]}`, 'directly');
      } finally {
        await server.stop();
        await service.detach(request('web').containerId);
        await service.detach(request('other').containerId);
      }
      assert.equal(await get(undefined, '127.0.0.1', 8080), 'ECONNREFUSED');
    }));

  test('an unpublished port is closed to the outside, also for one who has a route', () =>
    withService(async (service) => {
      const web = await service.attach(request('web'));
      const server = await serveHttp(web.netnsFd, 80, 'web');
      const route = (verb: string): Buffer =>
        execFileSync(
          'nsenter',
          ['--net=/proc/self/fd/3', 'ip', 'route', verb, '172.16.0.0/12', 'via', '198.51.100.1'],
          {
            stdio: ['ignore', 'pipe', 'inherit', world.netnsFd],
          },
        );
      route('add');
      try {
        assert.equal(await get(undefined, web.addresses[0]!, 80), `web ${web.endpoint.Gateway}`, 'the host may');
        assert.equal(await get(world.netnsFd, web.addresses[0]!, 80), 'ETIMEDOUT');
      } finally {
        route('del');
        await server.stop();
        await service.detach(request('web').containerId);
      }
    }));

  test('a port published on 127.0.0.1 is not reachable from outside', () =>
    withService(async (service) => {
      const bindings = { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] };
      const web = await service.attach(request('web', { portBindings: bindings }));
      const server = await serveHttp(web.netnsFd, 80, 'web');
      try {
        assert.deepEqual(web.ports, { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] });
        assert.match(await get(undefined, '127.0.0.1', 8080), /^web /);
        assert.equal(await get(undefined, '198.51.100.1', 8080), 'ECONNREFUSED');
        assert.equal(await get(world.netnsFd, '198.51.100.1', 8080), 'ECONNREFUSED');
        await withStolenLoopback(world.netnsFd, '198.51.100.1', async () => {
          assert.notEqual((await get(world.netnsFd, '127.0.0.1', 8080)).slice(0, 3), 'web');
        });
      } finally {
        await server.stop();
        await service.detach(request('web').containerId);
      }
    }));

  test("containers reach the outside under the host's address, at once", () =>
    withService(async (service) => {
      const server = await serveHttp(world.netnsFd, 80, 'world');
      const box = await service.attach(request('box'));
      try {
        assert.equal(await get(box.netnsFd, '198.51.100.2', 80), 'world 198.51.100.1');
      } finally {
        await server.stop();
        await service.detach(request('box').containerId);
      }
    }));

  test('a container cannot reach what listens on the loopback of the host', () =>
    withService(async (service) => {
      const server = await serveHttp(undefined, 7070, 'host');
      const box = await service.attach(request('box'));
      try {
        assert.match(await get(undefined, '127.0.0.1', 7070), /^host/);
        await withStolenLoopback(box.netnsFd, box.endpoint.Gateway!, async () => {
          assert.notEqual((await get(box.netnsFd, '127.0.0.1', 7070)).slice(0, 4), 'host');
        });
      } finally {
        await server.stop();
        await service.detach(request('box').containerId);
      }
    }));

  test('a UDP client is served by the new container when its old one has gone', () =>
    withService(async (service) => {
      const publish = { portBindings: { '53/udp': [{ HostPort: '5353' }] } };
      for (const name of ['first', 'second']) {
        const box = await service.attach(request(name, publish));
        const server = await serveUdp(box.netnsFd, 53, name);
        // The same source port each time: the flow of the first container must be gone.
        assert.equal(await askUdp(undefined, '198.51.100.1', 5353, 40404), name);
        assert.equal(await askUdp(world.netnsFd, '198.51.100.1', 5353, 40404), name);
        await server.stop();
        await service.detach(request(name).containerId);
      }
    }));

  test('without icc containers do not reach each other, but published ports stay open', () =>
    withService(
      async (service) => {
        const web = await service.attach(request('web', { portBindings: { '80/tcp': [{ HostPort: '8080' }] } }));
        const other = await service.attach(request('other'));
        const server = await serveHttp(web.netnsFd, 80, 'web');
        try {
          assert.match(await get(other.netnsFd, web.addresses[0]!, 80), /EHOSTUNREACH|ETIMEDOUT/);
          assert.equal(await get(other.netnsFd, web.endpoint.Gateway!, 8080), `web ${web.endpoint.Gateway}`);
        } finally {
          await server.stop();
          await service.detach(request('web').containerId);
          await service.detach(request('other').containerId);
        }
      },
      { icc: false },
    ));

  test('a failed attach leaves nothing: address, port and namespace are free again', () =>
    withService(async (service) => {
      const taken = await service.attach(request('a', { portBindings: { '80/tcp': [{ HostPort: '8080' }] } }));
      await service.started(request('a').containerId, process.pid);
      const before = await leftovers();
      const twice = { portBindings: { '80/tcp': [{ HostPort: '8081' }], '81/tcp': [{ HostPort: '8080' }] } };
      await assert.rejects(service.attach(request('b', twice)), {
        code: 'System',
        message:
          /^failed to set up container networking: driver failed programming external connectivity on endpoint b \([0-9a-f]{64}\): Bind for 0\.0\.0\.0:8080 failed: port is already allocated$/,
      });
      const inspect = await service.inspect('bridge');
      assert.deepEqual(Object.keys(inspect.Containers ?? {}), [request('a').containerId]);
      assert.equal(inspect.Status?.IPAM?.Subnets?.['172.17.0.0/16']?.IPsInUse, 4);
      assert.equal((await leftovers()).descriptors, before.descriptors);
      assert.equal(await get(undefined, '127.0.0.1', 8081), 'ECONNREFUSED');
      assert.deepEqual(taken.addresses, ['172.17.0.2']);
      await service.detach(request('a').containerId);
    }));

  test('the port of another program on the host is refused', () =>
    withService(async (service) => {
      const server = await serveHttp(undefined, 8080, 'host');
      try {
        await assert.rejects(service.attach(request('b', { portBindings: { '80/tcp': [{ HostPort: '8080' }] } })), {
          message: /: failed to bind host port 0\.0\.0\.0:8080\/tcp: address already in use$/,
        });
      } finally {
        await server.stop();
      }
    }));

  test('a hundred attach and detach cycles leave no link, descriptor, flow or map element', { timeout: 60_000 }, () =>
    withService(async (service) => {
      await service.attach(request('warm', { portBindings: { '80/tcp': [{}] } }));
      await service.detach(request('warm').containerId);
      const clean = await eventually(leftovers, ({ links }) => links.every((name) => !name.startsWith('veth')));
      for (let i = 0; i < 100; i++) {
        const name = `cycle-${i}`;
        await service.attach(request(name, { portBindings: { '80/tcp': [{ HostPort: '8080' }], '53/udp': [{}] } }));
        await service.started(request(name).containerId, process.pid);
        await service.detach(request(name).containerId);
      }
      const end = await eventually(
        leftovers,
        ({ links, descriptors }) => links.length === clean.links.length && descriptors <= clean.descriptors,
        10_000,
      );
      assert.deepEqual(end.links, clean.links);
      assert.deepEqual(
        end.flows.filter((flow) => flow.original.destinationPort === 8080),
        [],
      );
      if (existsSync('/usr/sbin/nft'))
        assert.ok(!execFileSync('/usr/sbin/nft', ['list', 'ruleset'], { encoding: 'utf8' }).includes('elements'));
      assert.equal((await service.inspect('bridge')).Status?.IPAM?.Subnets?.['172.17.0.0/16']?.IPsInUse, 3);
    }),
  );

  test('twenty containers start at the same time, each with its own address and a working network', () =>
    withService(async (service) => {
      const names = Array.from({ length: 20 }, (_, i) => `p${i}`);
      const publish = { exposedPorts: ['80/tcp'], publishAll: true };
      const boxes = await Promise.all(names.map((name) => service.attach(request(name, publish))));
      assert.equal(new Set(boxes.map((box) => box.addresses[0])).size, 20);
      assert.equal(new Set(boxes.map((box) => box.ports['80/tcp']?.[0]?.HostPort)).size, 20);
      for (const at of [0, 7, 19]) {
        const server = await serveHttp(boxes[at]!.netnsFd, 80, names[at]!);
        assert.match(
          await get(undefined, '127.0.0.1', boxes[at]!.ports['80/tcp']![0]!.HostPort!),
          new RegExp(`^${names[at]} `),
        );
        await server.stop();
      }
      await Promise.all(names.map((name) => service.detach(request(name).containerId)));
    }));
}
