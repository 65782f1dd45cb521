import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyChanges } from '../../../../packages/daemon/src/images/changes.ts';

test('changes alter the configuration as the Dockerfile instructions of their name', () => {
  const rows: [string[], Record<string, unknown>][] = [
    [['CMD echo hi'], { Cmd: ['/bin/sh', '-c', 'echo hi'] }],
    [['cmd ["a", "b c"]'], { Cmd: ['a', 'b c'] }],
    [['CMD ["a", broken]'], { Cmd: ['/bin/sh', '-c', '["a", broken]'] }],
    [['CMD ["x"]', 'ENTRYPOINT ["/run"]'], { Entrypoint: ['/run'] }],
    [['ENV A=1 B="two words" C=3\\ 4'], { Env: ['A=1', 'B=two words', 'C=3 4'] }],
    [['ENV A the rest of it'], { Env: ['A=the rest of it'] }],
    [['ENV A=1', 'ENV B=2', 'ENV A=$B-${A}${C:-none}'], { Env: ['A=2-1none', 'B=2'] }],
    [["ENV A='$B'"], { Env: ['A=$B'] }],
    [
      ['EXPOSE 80 53/udp 8000-8002'],
      { ExposedPorts: { '80/tcp': {}, '53/udp': {}, '8000/tcp': {}, '8001/tcp': {}, '8002/tcp': {} } },
    ],
    [['LABEL a=b "c d"="e f"'], { Labels: { a: 'b', 'c d': 'e f' } }],
    [['USER app:app'], { User: 'app:app' }],
    [['VOLUME ["/a b", "/c"]', 'VOLUME /d'], { Volumes: { '/a b': {}, '/c': {}, '/d': {} } }],
    [['WORKDIR /a', 'WORKDIR b/../c'], { WorkingDir: '/a/c' }],
    [['STOPSIGNAL SIGQUIT'], { StopSignal: 'SIGQUIT' }],
    [['ONBUILD RUN x', 'ONBUILD COPY a b'], { OnBuild: ['RUN x', 'COPY a b'] }],
    [
      ['HEALTHCHECK --interval=1m30s --retries=3 CMD curl localhost'],
      { Healthcheck: { Interval: 90e9, Retries: 3, Test: ['CMD-SHELL', 'curl localhost'] } },
    ],
    [['HEALTHCHECK NONE'], { Healthcheck: { Test: ['NONE'] } }],
    [['', '# comment', 'USER x\nWORKDIR /y'], { User: 'x', WorkingDir: '/y' }],
  ];
  for (const [changes, expected] of rows) assert.deepEqual(applyChanges({}, changes), expected, changes.join(' | '));
});

test('what is no change is refused', () => {
  const rows: [string, RegExp][] = [
    ['RUN ls', /^run is not a valid change command$/],
    ['constructor x', /^constructor is not a valid change command$/],
    ['ENV', /at least one argument/],
    ['ENV A', /must have two arguments/],
    ['ENV =x', /names can not be blank/],
    ['ENV A=1 B', /can't find =/],
    ['ENV A="x', /matching quote/],
    ['EXPOSE 0', /invalid containerPort: 0/],
    ['EXPOSE 9-8', /invalid containerPort/],
    ['ONBUILD FROM x', /FROM isn't allowed as an ONBUILD trigger/],
    ['HEALTHCHECK --interval=x CMD y', /invalid value/],
    ['HEALTHCHECK FOO', /Unknown type "FOO"/],
    ['USER a b', /exactly one argument/],
    ['VOLUME', /at least one argument/],
  ];
  for (const [change, message] of rows)
    assert.throws(() => applyChanges({}, [change]), { code: 'InvalidParameter', message }, change);
});
