/** The check of answers itself finds what is wrong with them; otherwise it could be content with anything. */
import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { schemaOf, violations } from '../support/answer-schema.ts';
import { brokenAnswers } from '../support/check-answers.ts';

const folder = await mkdtemp(join(tmpdir(), 'tsd-answers-'));
after(() => rm(folder, { recursive: true, force: true }));

const found = (method: string, route: string, status: number, body: unknown): string[] => {
  const schema = schemaOf(method, route, status);
  assert.ok(schema, `${method} ${route} ${status} is defined`);
  return violations(schema, body).map(({ at, problem }) => `${at} ${problem}`);
};

const WRONG: [string, string, number, unknown, string[]][] = [
  ['POST', '/containers/create', 201, { Id: 'a', Warnings: [] }, []],
  [
    'POST',
    '/containers/create',
    201,
    { Id: 7, Warnings: 'none' },
    ['Id is number, not string', 'Warnings is string, not array'],
  ],
  ['POST', '/containers/create', 201, { Warnings: [] }, ['Id is missing']],
  ['POST', '/containers/create', 201, { Id: 'a', Warnings: [], More: 1 }, ['More is unknown']],
  ['POST', '/containers/{id}/wait', 200, { StatusCode: 1.5 }, ['StatusCode is number, not integer']],
  ['GET', '/containers/json', 200, { Id: 'a' }, [' is object, not array']],
  ['GET', '/containers/json', 200, [{ Labels: { a: 1 } }], ['[].Labels{} is number, not string']],
  [
    'GET',
    '/containers/{name}/json',
    200,
    { State: { Status: 'asleep' } },
    ['State.Status is "asleep", not one of created,running,paused,restarting,removing,exited,dead'],
  ],
  ['GET', '/containers/{name}/json', 404, { message: null }, ['message is null']],
];
for (const [method, route, status, body, expected] of WRONG) {
  test(`${method} ${route} ${status} ${JSON.stringify(body)}: ${expected.join(', ') || 'right'}`, () => {
    assert.deepEqual(
      found(method, route, status, body).filter((line) => !/ is missing$/.test(line) || expected.includes(line)),
      expected,
    );
  });
}

test('a log is counted by operation and place; older versions may miss members, but not change their types', async () => {
  const path = join(folder, 'answers');
  const line = (version: string, body: unknown) =>
    `${JSON.stringify({ method: 'POST', route: '/containers/create', version, status: 201, body })}\n`;
  await appendFile(path, line('1.55', { Warnings: [] }) + line('1.55', { Warnings: [] }));
  await appendFile(path, line('1.41', { Warnings: [] }) + line('1.41', { Id: 1, Warnings: [] }));
  await appendFile(path, '{"method":"POST","rou');
  assert.deepEqual(brokenAnswers(path), [
    'POST /containers/create 201: Id is missing (2 times)',
    'POST /containers/create 201: Id is number, not string (1 times)',
  ]);
});
