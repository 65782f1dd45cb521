/** Networks over the life of daemons: restarts, crashes, neighbours, other engines, networks of users. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import {
  get,
  ip,
  newDataRoot,
  openService,
  outsideWorld,
  request,
  serveHttp,
  withService,
} from '../../support/networks.ts';
import { inOwnNetns } from '../../support/own-netns.ts';

const NFT = '/usr/sbin/nft';
const nft = (...args: string[]): string => execFileSync(NFT, args, { encoding: 'utf8' });

if (inOwnNetns(import.meta.url)) {
  let world: Awaited<ReturnType<typeof outsideWorld>>;
  before(async () => {
    world = await outsideWorld();
  });
  after(() => world.remove());

  test('a restarted daemon takes over what runs, and can detach it', async () => {
    const dataRoot = await newDataRoot();
    const first = (await openService(dataRoot)).service;
    const publish = { portBindings: { '80/tcp': [{ HostPort: '8080' }] } };
    const box = await first.attach(request('web', publish));
    const server = await serveHttp(box.netnsFd, 80, 'web');
    const ids = (await first.list({})).map(({ Id }) => Id).sort();
    // No teardown: as if it was killed. Rules and the namespace of the process stay.
    await first.close();
    assert.match(await get(undefined, '127.0.0.1', 8080), /^web /, 'while no daemon runs');

    const { service, messages } = await openService(dataRoot);
    try {
      assert.match(await get(undefined, '127.0.0.1', 8080), /^web /, 'before restore');
      const { containerId, containerName } = request('web');
      const { endpoint, ports } = box;
      await service.restore([
        { containerId, containerName, pid: server.pid, network: 'bridge', endpoint, ports },
        { ...request('dead'), pid: 2 ** 22, network: 'bridge', endpoint: { IPAddress: '172.17.0.9' }, ports: {} },
      ]);
      assert.deepEqual(messages, []);
      assert.deepEqual((await service.list({})).map(({ Id }) => Id).sort(), ids);
      assert.match(await get(world.netnsFd, '198.51.100.1', 8080), /^web /, 'after restore');
      const next = await service.attach(request('next'));
      assert.notEqual(next.addresses[0], box.addresses[0]);
      await assert.rejects(service.attach(request('thief', publish)), /port is already allocated$/);
      await service.teardown();
      assert.match(await get(undefined, '127.0.0.1', 8080), /^web /, 'teardown does nothing while something runs');
      for (const name of ['web', 'next', 'dead']) await service.detach(request(name).containerId);
      assert.equal(await get(undefined, '127.0.0.1', 8080), 'ECONNREFUSED');
    } finally {
      await server.stop();
      await service.teardown();
      await service.close();
      await rm(dataRoot, { recursive: true });
    }
    assert.ok(!ip('link').includes('tsdocker'));
  });

  test('daemons side by side get bridges and subnets of their own, and each its ports', () =>
    withService(async (one) =>
      withService(async (two) => {
        const subnets = await Promise.all(
          [one, two].map(async (s) => (await s.inspect('bridge')).IPAM?.Config?.[0]?.Subnet),
        );
        assert.deepEqual(subnets, ['172.17.0.0/16', '172.18.0.0/16']);
        assert.equal((await two.inspect('bridge')).Options?.['com.docker.network.bridge.name'], 'tsdocker1');
        const publish = { portBindings: { '80/tcp': [{ HostPort: '8080' }] } };
        const box = await one.attach(request('a', publish));
        const other = await two.attach(request('a'));
        await assert.rejects(two.attach(request('b', publish)), /failed to bind host port 0.0.0.0:8080\/tcp/);
        const server = await serveHttp(box.netnsFd, 80, 'one');
        try {
          assert.match(await get(undefined, '127.0.0.1', 8080), /^one /);
          assert.match(await get(other.netnsFd, '198.51.100.1', 8080), /^one /, 'through the published port');
          assert.equal(await get(other.netnsFd, box.addresses[0]!, 80), 'ETIMEDOUT', 'but not past it');
        } finally {
          await server.stop();
          await one.detach(request('a').containerId);
          await two.detach(request('a').containerId);
        }
      }),
    ));

  test('daemons that start at the same moment do not share a subnet', async () => {
    const roots = await Promise.all([newDataRoot(), newDataRoot(), newDataRoot()]);
    const daemons = await Promise.all(roots.map((root) => openService(root)));
    const subnets = await Promise.all(
      daemons.map(async ({ service }) => (await service.inspect('bridge')).IPAM?.Config?.[0]?.Subnet),
    );
    assert.equal(new Set(subnets).size, 3, String(subnets));
    for (const { service } of daemons) {
      await service.teardown();
      await service.close();
    }
    for (const root of roots) await rm(root, { recursive: true });
  });

  test('a bridge whose daemon is gone with its data root is removed by the next daemon', async () => {
    const lost = await newDataRoot();
    await (await openService(lost)).service.close();
    assert.match(ip('link'), /tsdocker0/);
    await rm(lost, { recursive: true });
    await withService(async (service) => {
      assert.equal((await service.inspect('bridge')).Options?.['com.docker.network.bridge.name'], 'tsdocker0');
      assert.doesNotMatch(ip('link'), /tsdocker1/);
    });
    assert.doesNotMatch(ip('link'), /tsdocker/);
  });

  test('a flushed firewall is made again by the next publish', { skip: !existsSync(NFT) && 'needs nft' }, () =>
    withService(async (service) => {
      const web = await service.attach(request('a', { portBindings: { '80/tcp': [{ HostPort: '8080' }] } }));
      nft('flush', 'ruleset');
      await service.attach(request('b', { portBindings: { '80/tcp': [{ HostPort: '8081' }] } }));
      const server = await serveHttp(web.netnsFd, 80, 'web');
      assert.match(await get(undefined, '127.0.0.1', 8080), /^web /);
      await server.stop();
      nft('flush', 'ruleset');
      for (const name of ['a', 'b']) await service.detach(request(name).containerId);
    }),
  );

  test('a FORWARD policy of another engine is opened through DOCKER-USER, and closed again', {
    skip: !existsSync(NFT) && 'needs nft',
  }, async () => {
    const server = await serveHttp(world.netnsFd, 80, 'world');
    nft('add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }');
    try {
      await withService(async (service, _root, messages) => {
        const box = await service.attach(request('a'));
        assert.equal(await get(box.netnsFd, '198.51.100.2', 80), 'ETIMEDOUT');
        assert.match(messages.join(), /the chain filter FORWARD drops forwarded packets/);
        await service.detach(request('a').containerId);
      });
      nft('add chain ip filter DOCKER-USER; add rule ip filter FORWARD jump DOCKER-USER');
      await withService(async (service) => {
        const box = await service.attach(request('a'));
        assert.equal(await get(box.netnsFd, '198.51.100.2', 80), 'world 198.51.100.1');
        await service.detach(request('a').containerId);
      });
      assert.doesNotMatch(nft('list ruleset'), /tsdocker/);
    } finally {
      nft('delete table ip filter');
      await server.stop();
    }
  });

  test('networks of users: own bridge, fixed addresses, isolation, restart, removal', async () => {
    await withService(async (service) => {
      const ipam = { Driver: 'default', Config: [{ Subnet: '10.99.0.0/24', IPRange: '10.99.0.128/25' }] };
      const id = await service.create({ name: 'mine', ipam });
      await assert.rejects(service.create({ name: 'mine' }), {
        code: 'Conflict',
        message: 'network with name mine already exists',
      });
      await assert.rejects(service.create({ name: 'x', ipam }), /Pool overlaps with other one on this address space/);
      const settings = { IPAMConfig: { IPv4Address: '10.99.0.9' }, Aliases: ['db'] };
      const fixed = await service.attach(request('fixed', { network: 'mine', settings }));
      assert.deepEqual([fixed.addresses[0], fixed.endpoint.Gateway], ['10.99.0.9', '10.99.0.1']);
      assert.deepEqual(fixed.endpoint.DNSNames, ['fixed', 'db', request('fixed').containerId.slice(0, 12)]);
      const auto = await service.attach(request('auto', { network: id.slice(0, 12) }));
      assert.equal(auto.addresses[0], '10.99.0.128');
      const other = await service.attach(request('other'));
      const server = await serveHttp(fixed.netnsFd, 80, 'fixed');
      assert.equal(await get(auto.netnsFd, '10.99.0.9', 80), 'fixed 10.99.0.128');
      assert.equal(await get(other.netnsFd, '10.99.0.9', 80), 'ETIMEDOUT', 'networks are apart');
      await server.stop();
      await assert.rejects(service.remove('mine'), /network mine has active endpoints \(name:"fixed" id:"/);
      for (const name of ['fixed', 'auto', 'other']) await service.detach(request(name).containerId);
      await service.remove('mine');
      await assert.rejects(service.inspect('mine'), { code: 'NotFound', message: 'network mine not found' });
      await assert.rejects(service.remove('bridge'), {
        message: 'bridge is a pre-defined network and cannot be removed',
      });
      assert.doesNotMatch(ip('link'), /br-/);
    });
  });

  test('a fixed address that changes its owner is reachable at once', () =>
    withService(async (service) => {
      await service.create({ name: 'mine', ipam: { Driver: 'default', Config: [{ Subnet: '10.99.0.0/24' }] } });
      const client = await service.attach(request('client', { network: 'mine' }));
      for (const name of ['old', 'new']) {
        const settings = { IPAMConfig: { IPv4Address: '10.99.0.9' } };
        const box = await service.attach(request(name, { network: 'mine', settings }));
        const server = await serveHttp(box.netnsFd, 80, name);
        assert.match(await get(client.netnsFd, '10.99.0.9', 80), new RegExp(`^${name} `));
        assert.match(await get(undefined, '10.99.0.9', 80), new RegExp(`^${name} `));
        await server.stop();
        await service.detach(request(name).containerId);
      }
      await service.detach(request('client').containerId);
      await service.remove('mine');
    }));
}
