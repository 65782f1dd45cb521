import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from '../../support/fake-cli.ts';

const missing = (message: string) => ({ status: 404, body: { message } });
const answers = {
  'GET /containers/one/json': { body: '{"Id":"1","Big":9223372036854775807,"State":{"Pid":0},"Labels":{},"Empty":[]}' },
  'GET /images/img/json': { body: '{"Id":"sha256:2"}' },
};

test('inspect prints the JSON as it came, indented, and the found ones although others are missing', async () => {
  const { stdout, stderr, exitCode } = await runCli('inspect one nosuch img', { answers });
  assert.equal(
    stdout,
    `[
    {
        "Id": "1",
        "Big": 9223372036854775807,
        "State": {
            "Pid": 0
        },
        "Labels": {},
        "Empty": []
    },
    {
        "Id": "sha256:2"
    }
]
`,
  );
  assert.deepEqual([stderr, exitCode], ['Error: No such object: nosuch\n', 1]);
});

const rows: { line: string[]; stdout: string; stderr?: string; code?: number }[] = [
  { line: ['inspect', 'nosuch'], stdout: '[]\n', stderr: 'Error: No such object: nosuch\n', code: 1 },
  { line: ['inspect', '-f', '{{.Big}} {{.ID}}', 'one'], stdout: '9223372036854775807 1\n' },
  {
    line: ['inspect', '-f', 'json', 'one', 'img'],
    stdout: '[{"Id":"1","Big":9223372036854775807,"State":{"Pid":0},"Labels":{},"Empty":[]},{"Id":"sha256:2"}]\n',
  },
  {
    line: ['inspect', '-f', '{{.Nope}}', 'one'],
    stdout: '\n',
    stderr: 'template parsing error: template: :1:2: executing "" at <.Nope>: map has no entry for key "Nope"\n',
    code: 1,
  },
  {
    line: ['inspect', '-f', '{{', 'one'],
    stdout: '',
    stderr: 'template parsing error: template: :1: unclosed action\n',
    code: 64,
  },
  { line: ['inspect', '--type', 'image', '-f', '{{.Id}}', 'img'], stdout: 'sha256:2\n' },
  {
    line: ['inspect', '--type', 'bad', 'x'],
    stdout: '',
    stderr:
      'unknown type: "bad": must be one of "config", "container", "image", "network", "node", "plugin", "secret", "service", "task", "volume"\n',
    code: 1,
  },
];
for (const { line, stdout, stderr = '', code = 0 } of rows) {
  test(line.join(' '), async () => {
    const result = await runCli(line, { answers });
    assert.deepEqual([result.stdout, result.stderr, result.exitCode], [stdout, stderr, code]);
  });
}

test('an error that is not "not found" ends the search', async () => {
  const broken = {
    ...answers,
    'GET /images/x/json': { status: 500, body: { message: 'disk gone' } },
    'GET /containers/x/json': missing('No such container: x'),
  };
  const { stderr } = await runCli('inspect x', { answers: broken });
  assert.equal(stderr, 'Error response from daemon: disk gone\n');
});
