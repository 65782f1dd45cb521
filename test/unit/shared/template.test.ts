// Expected texts were printed by docker 28.2.2 (inspect and ps) for the same templates, or follow Go's text/template.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { executeTemplate } from '../../../packages/shared/src/template/execute.ts';
import { FUNCTION_NAMES, TEMPLATE_FUNCTIONS } from '../../../packages/shared/src/template/functions.ts';
import { parseTemplate } from '../../../packages/shared/src/template/parse.ts';
import { Struct } from '../../../packages/shared/src/template/values.ts';

const CONTAINER = {
  Id: 'abc',
  Name: '/two',
  Args: ['-c', 'exit 3'],
  State: { Status: 'exited', Running: false, ExitCode: 3 },
  Config: { Image: 'deb:1', Env: ['A=1', 'B=2'], Cmd: null, Volumes: null, Labels: { b: '2', a: '1' } },
  Mounts: [],
  HostConfig: { Init: null, LogConfig: { Type: 'json-file', Config: {} } },
  NetworkSettings: {
    Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }] },
    Networks: { net2: { IPAddress: '10.0.0.2' }, net1: { IPAddress: '10.0.0.1' } },
  },
};

function run(source: string, data: unknown = CONTAINER, raw = false): string {
  return executeTemplate(parseTemplate(source, FUNCTION_NAMES), data, { functions: TEMPLATE_FUNCTIONS, raw });
}

const rows: [template: string, output: string][] = [
  ['{{.Name}}', '/two'],
  ['{{.State.ExitCode}} {{.Args}}', '3 [-c exit 3]'],
  ['{{.ID}} {{.Id}}', 'abc abc'],
  ['{{.Config.Cmd}} {{.Config.Volumes}} {{.HostConfig.Init}} {{.State.Health}}', '[] map[] <nil> <nil>'],
  ['{{.Config.Labels}} {{.Config.Labels.a}} {{.Config.Labels.x}}', 'map[a:1 b:2] 1 <no value>'],
  ['{{index .Config.Labels "b"}}|{{index .Config.Labels "x"}}|', '2||'],
  ['{{.HostConfig.LogConfig}}', '{json-file map[]}'],
  ['{{json .Config.Labels}} {{json .Mounts}} {{json .Config.Cmd}} {{json .Name}}', '{"a":"1","b":"2"} [] null "/two"'],
  ['{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', '8080'],
  ['{{range $k,$v := .NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}};{{end}}', 'net1=10.0.0.1;net2=10.0.0.2;'],
  ['{{range .Mounts}}x{{else}}none{{end}}', 'none'],
  ['{{range $i, $e := .Args}}{{if $i}},{{end}}{{$e}}{{end}}', '-c,exit 3'],
  ['{{range .Args}}{{if eq . "-c"}}{{continue}}{{end}}{{.}}{{break}}{{end}}', 'exit 3'],
  ['{{if .State.Running}}up{{else if eq .State.ExitCode 3}}three{{else}}down{{end}}', 'three'],
  ['{{with .Config}}{{.Image}}{{end}}{{with .Mounts}}x{{else}}empty{{end}}', 'deb:1empty'],
  ['{{with $x := .State}}{{$x.Status}} {{$.Name}}{{end}}', 'exited /two'],
  ['{{$n := 1}}{{range .Args}}{{$n = .}}{{end}}{{$n}}', 'exit 3'],
  ['a  {{- .Name -}}  b', 'a/twob'],
  ['{{/* note */}}x {{- /* note */ -}} y', 'xy'],
  ['{{.Name | printf "%q"}} {{printf "%-6s|%6s|" .Name .Name}}', '"/two" /two  |  /two|'],
  [
    '{{printf "%05d %x %X %o %c %t %v %.2f" 42 255 "az" 8 65 true .Args 1.005}}',
    '00042 ff 617A 10 A true [-c exit 3] 1.00',
  ],
  [
    '{{printf "%d" .Name}} {{printf "%s %s" "a"}} {{printf "%s" "a" 2}}',
    '%!d(string=/two) a %!s(MISSING) a%!(EXTRA int=2)',
  ],
  ['{{len .Name}} {{len .Args}} {{len .Config.Volumes}}', '4 2 0'],
  ['{{slice .Name 1 3}} {{join .Args "+"}} {{split "a,b" ","}}', 'tw -c+exit 3 [a b]'],
  [
    '{{lower "AbC"}} {{upper "abc"}} {{title "foo bar"}} {{pad "x" 1 2}}| {{pad "" 1 2}}| {{truncate "abcdef" 3}}',
    'abc ABC Foo Bar  x  | | abc',
  ],
  ['{{and 1 ""}}|{{or "" "b"}}|{{not 0}}', '|b|true'],
  ['{{eq 1 2 1}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt "b" "a"}} {{ge 1 2}}', 'true true true true true false'],
  ['{{print 1 2 "x" 3}} {{println "a" 1}}', '1 2x3 a 1\n'],
  ['{{html "<a&b>"}} {{js "it\'s"}} {{urlquery "a b&c"}}', "&lt;a&amp;b&gt; it\\'s a+b%26c"],
  ['{{"q\\"\\u0041"}} {{`raw\\n`}} {{\'A\'}} {{0x10}} {{true}}', 'q"A raw\\n 65 16 true'],
  ['{{define "x"}}[{{.}}]{{end}}{{template "x" .Name}}{{block "y" .Id}}<{{.}}>{{end}}', '[/two]<abc>'],
  ['{{((.State).Status) | len}}', '6'],
  ['{{if and .Name (or .Mounts (eq .Id "abc"))}}y{{end}}', 'y'],
];
for (const [template, output] of rows) {
  test(`template ${template}`, () => assert.equal(run(template), output));
}

test('a row is a struct: methods take arguments, JSON is sorted and escaped as docker escapes it', () => {
  const row = new Struct('*formatter.ContainerContext', { Names: 'a>b', ID: '1', Label: (key: unknown) => `<${key}>` });
  assert.equal(run('{{.Label "k"}} {{.Names}}', row), '<k> a>b');
  assert.equal(run('{{json .}}', row), '{"ID":"1","Names":"a\\u003eb"}');
});

const failures: [template: string, message: string, raw?: boolean][] = [
  ['{{', 'template: :1: unclosed action'],
  ['a\n{{.ID', 'template: :2: unclosed action'],
  ['{{foo}}', 'template: :1: function "foo" not defined'],
  ['{{end}}', 'template: :1: unexpected {{end}}'],
  ['{{if .Name}}', 'template: :1: unexpected EOF'],
  ['{{$y}}', 'template: :1: undefined variable "$y"'],
  ['{{"a" "b"}}', `template: :1:2: executing "" at <"a">: can't give argument to non-function "a"`],
  ['{{.Nope}}', 'template: :1:2: executing "" at <.Nope>: map has no entry for key "Nope"', true],
  ['{{.State.Nope}}', 'template: :1:8: executing "" at <.State.Nope>: map has no entry for key "Nope"', true],
  [
    '{{.State.ExitCode.X}}',
    `template: :1:8: executing "" at <.State.ExitCode.X>: can't evaluate field X in type interface {}`,
    true,
  ],
  ['{{.Name.X}}', `template: :1:7: executing "" at <.Name.X>: can't evaluate field X in type string`],
  ['{{index .Args 5}}', 'template: :1:2: executing "" at <index .Args 5>: error calling index: index out of range: 5'],
  ['{{eq .Id 1}}', 'template: :1:2: executing "" at <eq .Id 1>: error calling eq: incompatible types for comparison'],
];
for (const [template, message, raw = false] of failures) {
  test(`template ${JSON.stringify(template)} fails in Go's words`, () => {
    assert.throws(() => run(template, CONTAINER, raw), { message });
  });
}
