import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  familiarMatch,
  familiarName,
  familiarString,
  parseAnyReference,
  parseReference,
  referenceString,
  withDefaultTag,
  withTag,
} from '../../../packages/shared/src/reference.ts';

const HEX = 'a'.repeat(64);

test('a reference is completed as Docker completes it and printed back in the short form', () => {
  const rows: [string, string, string][] = [
    ['ubuntu', 'docker.io/library/ubuntu:latest', 'ubuntu:latest'],
    ['ubuntu:24.04', 'docker.io/library/ubuntu:24.04', 'ubuntu:24.04'],
    ['library/ubuntu', 'docker.io/library/ubuntu:latest', 'ubuntu:latest'],
    ['docker.io/ubuntu', 'docker.io/library/ubuntu:latest', 'ubuntu:latest'],
    ['index.docker.io/ubuntu', 'docker.io/library/ubuntu:latest', 'ubuntu:latest'],
    ['index.docker.io/user/app:1', 'docker.io/user/app:1', 'user/app:1'],
    ['user/app', 'docker.io/user/app:latest', 'user/app:latest'],
    ['library/a/b', 'docker.io/library/a/b:latest', 'library/a/b:latest'],
    ['localhost/app', 'localhost/app:latest', 'localhost/app:latest'],
    ['localhost:5000/app:x', 'localhost:5000/app:x', 'localhost:5000/app:x'],
    ['host.example/a/b/c', 'host.example/a/b/c:latest', 'host.example/a/b/c:latest'],
    ['HOST/app', 'HOST/app:latest', 'HOST/app:latest'],
    ['[::1]:5000/app', '[::1]:5000/app:latest', '[::1]:5000/app:latest'],
    [`app@sha256:${HEX}`, `docker.io/library/app@sha256:${HEX}`, `app@sha256:${HEX}`],
    [`app:1@sha256:${HEX}`, `docker.io/library/app:1@sha256:${HEX}`, `app:1@sha256:${HEX}`],
    ['a__b/c-d--e.f_g', 'docker.io/a__b/c-d--e.f_g:latest', 'a__b/c-d--e.f_g:latest'],
  ];
  for (const [text, complete, familiar] of rows) {
    const ref = withDefaultTag(parseReference(text));
    assert.equal(referenceString(ref), complete, text);
    assert.equal(familiarString(ref), familiar, text);
    assert.deepEqual(parseReference(referenceString(ref)), ref, text);
  }
});

test('a bad reference is refused in the words of Docker', () => {
  const rows: [string, string][] = [
    ['', 'invalid reference format'],
    ['Foo', 'invalid reference format: repository name (library/Foo) must be lowercase'],
    ['user/Foo:x', 'invalid reference format: repository name (user/Foo) must be lowercase'],
    ['foo:', 'invalid reference format'],
    ['foo:bad tag', 'invalid reference format'],
    [`foo:${'t'.repeat(129)}`, 'invalid reference format'],
    ['foo@sha256:abc', 'invalid reference format'],
    [`foo@md5:${HEX}`, 'unsupported digest algorithm'],
    [`foo@sha256:${'a'.repeat(63)}`, 'invalid checksum digest length'],
    [`foo@sha256:${'A'.repeat(64)}`, 'invalid checksum digest format'],
    ['-foo', 'invalid reference format'],
    ['foo_', 'invalid reference format'],
    ['a___b', 'invalid reference format'],
    ['a..b', 'invalid reference format'],
    ['../etc/passwd', 'invalid reference format'],
    ['a//b', 'invalid reference format'],
    ['/a', 'invalid reference format'],
    ['http://host/a', 'invalid reference format'],
    ['a\nb', 'invalid reference format'],
    ['a\0', 'invalid reference format'],
    ['é', 'invalid reference format'],
    [HEX, `invalid repository name (${HEX}), cannot specify 64-byte hexadecimal strings`],
    ['a'.repeat(256), 'repository name must not be more than 255 characters'],
    ['a'.repeat(1 << 20), 'invalid reference format'],
    [`${'a-'.repeat(2000)}!`, 'invalid reference format'],
  ];
  for (const [text, message] of rows) {
    assert.throws(() => parseReference(text), { code: 'InvalidParameter', message }, text.slice(0, 80));
  }
});

test('ids and digests are told from names', () => {
  assert.deepEqual(parseAnyReference(HEX), { kind: 'digest', digest: `sha256:${HEX}` });
  assert.deepEqual(parseAnyReference(`sha256:${HEX}`), { kind: 'digest', digest: `sha256:${HEX}` });
  assert.equal(parseAnyReference('deadbeef').kind, 'named');
});

test('a tag replaces tag and digest, and has to follow the grammar', () => {
  const ref = parseReference(`x:1@sha256:${HEX}`);
  assert.equal(familiarString(withTag(ref, '2')), 'x:2');
  assert.equal(familiarName(ref), 'x');
  for (const tag of ['', '.x', '-x', 'a/b', 'a:b', 'a b', 'x'.repeat(129)]) {
    assert.throws(() => withTag(ref, tag), { message: 'invalid tag format' }, tag);
  }
});

test('reference patterns match the familiar name with and without tag, and stop at slashes', () => {
  const rows: [string, string, boolean][] = [
    ['ubuntu', 'ubuntu:24.04', true],
    ['ubuntu:*', 'ubuntu:24.04', true],
    ['ubu*', 'ubuntu:24.04', true],
    ['*', 'user/app:1', false],
    ['*/*', 'user/app:1', true],
    ['ub?ntu', 'ubuntu:24.04', true],
    ['[a-u]buntu', 'ubuntu:24.04', true],
    ['[^u]buntu', 'ubuntu:24.04', false],
    ['debian', 'ubuntu:24.04', false],
    [`${'*'.repeat(50)}x`, `${'a'.repeat(200)}:1`, false],
  ];
  for (const [pattern, text, expected] of rows)
    assert.equal(familiarMatch(pattern, parseReference(text)), expected, pattern);
  for (const bad of ['[', '[]', 'a\\', '[z-a]']) {
    assert.throws(() => familiarMatch(bad, parseReference('a')), { message: 'syntax error in pattern' }, bad);
  }
});
