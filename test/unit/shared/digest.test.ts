import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hexOf, isDigest, isSha256, parseDigest, shortId } from '../../../packages/shared/src/digest.ts';

const SHA = `sha256:${'0123456789abcdef'.repeat(4)}`;

test('a digest splits into algorithm and hex', () => {
  assert.deepEqual(parseDigest(SHA), { algorithm: 'sha256', hex: hexOf(SHA) });
  assert.ok(isDigest(`sha512:${'a'.repeat(128)}`));
  assert.equal(shortId(SHA), '0123456789ab');
  assert.equal(shortId('0123456789abcdef'), '0123456789ab');
});

test('a digest that cannot be verified is refused in the words of Docker', () => {
  const rows: [string, string][] = [
    ['', 'invalid checksum digest format'],
    ['sha256', 'invalid checksum digest format'],
    [`${SHA}/../x`, 'invalid checksum digest format'],
    [SHA.toUpperCase().replace('SHA', 'sha'), 'invalid checksum digest format'],
    [`md5:${'a'.repeat(32)}`, 'unsupported digest algorithm'],
    ['sha256:abc', 'invalid checksum digest length'],
  ];
  for (const [text, message] of rows)
    assert.throws(() => parseDigest(text), { code: 'InvalidParameter', message }, text);
});

test('only sha256 in lower case names a stored blob', () => {
  assert.ok(isSha256(SHA));
  for (const bad of [undefined, null, 7, {}, `${SHA}\n`, ` ${SHA}`, SHA.toUpperCase(), 'sha256:../../etc/passwd'])
    assert.equal(isSha256(bad), false);
});
