import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from '../../support/fake-cli.ts';

const EVENT =
  '{"Type":"container","Action":"start","Actor":{"ID":"abc","Attributes":{"name":"web","image":"alpine:3"}},"scope":"local","time":1700000000,"timeNano":1700000000123456789}\n';
const answers = { 'GET /events': { body: EVENT } };

test('events prints all nine digits of the time and sorted attributes', async () => {
  const { stdout, client } = await runCli('events --since 1700000000 --until 1700000001 -f type=container', {
    answers,
  });
  assert.match(stdout, /^20\d\d-11-1\dT\d\d:\d\d:20\.123456789\S+ container start abc \(image=alpine:3, name=web\)\n$/);
  assert.deepEqual(client.lines, ['GET /events?since=1700000000&until=1700000001&filters={"type":{"container":true}}']);
});

test('events formats by template with the names of Go, and as JSON with sorted attributes', async () => {
  const template = await runCli(
    ['events', '--format', '{{.Action}} {{.Actor.Attributes.name}} {{.TimeNano}} {{.Scope}}'],
    { answers },
  );
  assert.equal(template.stdout, 'start web 1700000000123456789 local\n');
  const json = await runCli('events --format json', { answers });
  assert.equal(json.stdout, EVENT.replace('{"name":"web","image":"alpine:3"}', '{"image":"alpine:3","name":"web"}'));
});
