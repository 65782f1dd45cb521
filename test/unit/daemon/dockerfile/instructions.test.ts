import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInstruction } from '../../../../packages/daemon/src/dockerfile/instructions/index.ts';
import { parseDockerfile } from '../../../../packages/daemon/src/dockerfile/parse.ts';

function one(text: string): Record<string, unknown> {
  const { statements, directives } = parseDockerfile(text);
  const { location, original, ...body } = parseInstruction(statements[0]!, directives.escape);
  assert.equal(original, text.trimEnd());
  assert.equal(location.startLine, 1);
  return body;
}

const PLAIN = { link: false, parents: false, exclude: [] };
const RUN = { kind: 'RUN', heredocs: [], mounts: [], network: 'default', security: 'sandbox' };

const rows: [string, Record<string, unknown>][] = [
  ['FROM a:b', { kind: 'FROM', image: 'a:b' }],
  ['FROM --platform=linux/arm64 a AS Web', { kind: 'FROM', image: 'a', name: 'web', platform: 'linux/arm64' }],
  ['FROM a as b.c-d_1', { kind: 'FROM', image: 'a', name: 'b.c-d_1' }],
  ['ARG a', { kind: 'ARG', args: [{ name: 'a' }] }],
  [
    'ARG a=b c d="e f"',
    { kind: 'ARG', args: [{ name: 'a', value: 'b' }, { name: 'c' }, { name: 'd', value: '"e f"' }] },
  ],
  [
    'ENV a=b c="d e"',
    {
      kind: 'ENV',
      legacy: false,
      pairs: [
        { name: 'a', value: 'b' },
        { name: 'c', value: '"d e"' },
      ],
    },
  ],
  ['ENV ONE TWO= THREE=x', { kind: 'ENV', legacy: true, pairs: [{ name: 'ONE', value: 'TWO= THREE=x' }] }],
  ['LABEL "a b"=c', { kind: 'LABEL', legacy: false, pairs: [{ name: '"a b"', value: 'c' }] }],
  ['RUN a && b', { ...RUN, command: { shell: 'a && b' } }],
  ['RUN ["a", "b"]', { ...RUN, command: { exec: ['a', 'b'] } }],
  [
    'RUN --network=none --security=insecure a',
    { ...RUN, command: { shell: 'a' }, network: 'none', security: 'insecure' },
  ],
  ['CMD a b', { kind: 'CMD', command: { shell: 'a b' } }],
  ['ENTRYPOINT []', { kind: 'ENTRYPOINT', command: { exec: [] } }],
  ['SHELL ["a","b"]', { kind: 'SHELL', shell: ['a', 'b'] }],
  ['WORKDIR /a b', { kind: 'WORKDIR', word: '/a b' }],
  ['USER a:b', { kind: 'USER', word: 'a:b' }],
  ['EXPOSE 80 8000-8010/udp', { kind: 'EXPOSE', words: ['80', '8000-8010/udp'] }],
  ['VOLUME ["/a b"]', { kind: 'VOLUME', words: ['/a b'] }],
  ['VOLUME /a /b', { kind: 'VOLUME', words: ['/a', '/b'] }],
  ['MAINTAINER a <b@c>', { kind: 'MAINTAINER', word: 'a <b@c>' }],
  ['COPY a b /c/', { kind: 'COPY', sources: ['a', 'b'], dest: '/c/', files: [], flags: PLAIN }],
  ['COPY ["a b", "c"]', { kind: 'COPY', sources: ['a b'], dest: 'c', files: [], flags: PLAIN }],
  [
    'COPY --from=0 --chown=1:2 --chmod=u=rwX --link --parents --exclude=*.a --exclude=b x y',
    {
      kind: 'COPY',
      sources: ['x'],
      dest: 'y',
      files: [],
      flags: { from: '0', chown: '1:2', chmod: 'u=rwX', link: true, parents: true, exclude: ['*.a', 'b'] },
    },
  ],
  [
    'ADD --checksum=sha256:a --keep-git-dir=true --unpack=false http://h/x y',
    {
      kind: 'ADD',
      sources: ['http://h/x'],
      dest: 'y',
      files: [],
      flags: { ...PLAIN, checksum: 'sha256:a', keepGitDir: true, unpack: false },
    },
  ],
  ['HEALTHCHECK NONE', { kind: 'HEALTHCHECK' }],
  [
    'HEALTHCHECK --interval=5s --timeout=1m30s --start-period=1s --start-interval=1ms --retries=2 CMD a b',
    {
      kind: 'HEALTHCHECK',
      command: { shell: 'a b' },
      intervalNanos: 5e9,
      timeoutNanos: 90e9,
      startPeriodNanos: 1e9,
      startIntervalNanos: 1e6,
      retries: 2,
    },
  ],
  ['HEALTHCHECK --interval=0s CMD ["a"]', { kind: 'HEALTHCHECK', command: { exec: ['a'] } }],
  ['ONBUILD COPY a b', { kind: 'ONBUILD', trigger: 'COPY a b' }],
  ['ONBUILD RUN <<E\na\nE', { kind: 'ONBUILD', trigger: 'RUN <<E\na\nE' }],
  [
    'RUN --mount=target=/a --mount=type=cache,dst=/b,sharing=locked,mode=0700,uid=1,gid=2,id=c a',
    {
      ...RUN,
      command: { shell: 'a' },
      mounts: [
        { type: 'bind', target: '/a', readonly: true, sharing: 'shared', required: false },
        {
          type: 'cache',
          target: '/b',
          readonly: false,
          sharing: 'locked',
          required: false,
          mode: 0o700,
          uid: 1,
          gid: 2,
          id: 'c',
        },
      ],
    },
  ],
  [
    'RUN --mount=type=secret,id=s,env=TOKEN,required --mount=type=tmpfs,target=/t,size=64m --mount=from=x,src=/y,target=/z,rw a',
    {
      ...RUN,
      command: { shell: 'a' },
      mounts: [
        { type: 'secret', id: 's', env: 'TOKEN', required: true, readonly: false, sharing: 'shared' },
        { type: 'tmpfs', target: '/t', sizeBytes: 64 << 20, required: false, readonly: false, sharing: 'shared' },
        { type: 'bind', from: 'x', source: '/y', target: '/z', required: false, readonly: false, sharing: 'shared' },
      ],
    },
  ],
];
for (const [text, expected] of rows) test(text, () => assert.deepEqual(one(text), expected));

const errors: [string, RegExp][] = [
  ['FROM', /FROM requires either one or three arguments/],
  ['FROM a b', /FROM requires either one or three arguments/],
  ['FROM a AS 1b', /invalid name for build stage: "1b"/],
  ['FROM --x=y a', /unknown flag: --x/],
  ['ENV', /ENV requires at least one argument/],
  ['ENV a', /ENV must have two arguments/],
  ['ENV a=b c', /Syntax error - can't find = in "c"/],
  ['ENV =a', /ENV names can not be blank/],
  ['ARG', /ARG requires at least one argument/],
  ['ARG =a', /ARG names can not be blank/],
  ['COPY a', /COPY requires at least two arguments, but only 1 was provided/],
  ['COPY --from=a --from=b c d', /duplicate flag specified: --from/],
  ['COPY --chown a b', /missing a value on flag: --chown/],
  ['COPY --link=x a b', /expecting boolean value for flag --link, not: x/],
  ['COPY --from=$x a b', /'from' doesn't support variable expansion/],
  ['ADD --from=x a b', /unknown flag: --from/],
  ['ADD --checksum=x a b c', /checksum can only be specified for a single source/],
  ['RUN', /RUN requires at least one argument/],
  ['RUN --network=x a', /invalid network mode: "x"/],
  ['RUN --mount=type=x,target=/a a', /unsupported mount type "x"/],
  ['RUN --mount=type=cache a', /target is required for mount type 'cache'/],
  ['RUN --mount=type=tmpfs,target=/a,sharing=locked a', /unexpected key 'sharing' for mount type 'tmpfs'/],
  ['RUN --mount=type=cache,target=/a,what=b a', /unexpected key 'what'/],
  ['RUN --mount=type=cache,target=/a,mode=9 a', /invalid value "9" for mode/],
  ['SHELL a', /SHELL requires the arguments to be in JSON form/],
  ['VOLUME ["", "a"]', /VOLUME specified can not be an empty string/],
  ['HEALTHCHECK', /HEALTHCHECK requires at least one argument/],
  ['HEALTHCHECK NONE a', /HEALTHCHECK NONE takes no arguments/],
  ['HEALTHCHECK CMD', /Missing command after HEALTHCHECK CMD/],
  ['HEALTHCHECK FOO a', /Unknown type "FOO" in HEALTHCHECK \(try CMD\)/],
  ['HEALTHCHECK --retries=-1 CMD a', /--retries must be/],
  ['HEALTHCHECK --interval=1us CMD a', /cannot be less than 1ms/],
  ['ONBUILD', /ONBUILD requires at least one argument/],
  ['ONBUILD ONBUILD RUN a', /Chaining ONBUILD/],
  ['ONBUILD FROM a', /FROM isn't allowed as an ONBUILD trigger/],
  ['WORKDIR', /WORKDIR requires exactly one argument/],
];
for (const [text, message] of errors)
  test(`${text} is refused`, () => {
    assert.throws(() => one(text), {
      code: 'InvalidParameter',
      message: new RegExp(`^dockerfile parse error on line 1: .*${message.source}`),
    });
  });
