import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiDaemon } from '../../support/api-daemon.ts';
import { eventually } from '../../support/eventually.ts';

const created = {
  type: 'container',
  action: 'create',
  id: 'c1',
  attributes: { image: 'a', name: 'web', role: 'x' },
} as const;

test('events arrive as they happen, filtered, in the form of the client’s version', async (t) => {
  const api = await apiDaemon(t);
  const filters = encodeURIComponent('{"container":["web"],"event":["exec_create","create"]}');
  const client = await api.raw(`GET /v1.44/events?filters=${filters} HTTP/1.1\r\nHost: x`);
  await client.head();
  api.events.publish({ ...created, attributes: { ...created.attributes, name: 'other' }, id: 'c2' });
  api.events.publish({ ...created, action: 'start' });
  api.events.publish({ ...created, action: 'exec_create: ls' });
  const text = await client.until('}\n');
  const event = JSON.parse(text.slice(text.indexOf('{')));
  assert.deepEqual(
    [event.status, event.id, event.from, event.Type, event.scope],
    ['exec_create: ls', 'c1', 'a', 'container', 'local'],
  );
  assert.equal(event.time, Math.floor(event.timeNano / 1e9));
  client.socket.destroy();
});

test('past events are replayed and end the answer when until is past', async (t) => {
  const api = await apiDaemon(t);
  for (let n = 0; n < 300; n++) api.events.publish({ ...created, id: `c${n}` });
  const now = (Date.now() / 1000 + 0.001).toFixed(3);
  await eventually(() => Date.now() / 1000 > Number(now));
  const { text } = await api.ask('GET', `/v1.52/events?since=1&until=${now}`);
  const ids = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).Actor.ID);
  assert.deepEqual([ids.length, ids[0], ids.at(-1)], [256, 'c44', 'c299']);
  assert.equal(JSON.parse(text.split('\n')[0]!).status, undefined);
});

test('clients that leave are forgotten', async (t) => {
  const api = await apiDaemon(t);
  const client = await api.raw('GET /events HTTP/1.1\r\nHost: x');
  await client.head();
  const listeners = async () => (await api.ask('GET', '/info')).json().NEventsListener;
  assert.equal(await listeners(), 1);
  client.socket.destroy();
  await eventually(async () => (await listeners()) === 0);
});

test('a filter that nobody knows is refused', async (t) => {
  const api = await apiDaemon(t);
  const { status, json } = await api.ask('GET', '/events?filters={"bad":["x"]}');
  assert.deepEqual([status, json()], [400, { message: "invalid filter 'bad'" }]);
});
