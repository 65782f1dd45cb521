import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  hostPlatform,
  type Platform,
  parsePlatform,
  platformString,
  selectPlatform,
} from '../../../packages/shared/src/platform.ts';

const HOST: Platform = { os: 'linux', architecture: 'amd64' };

test('platform words are normalised', () => {
  const rows: [string, string][] = [
    ['linux/amd64', 'linux/amd64'],
    ['linux/x86_64', 'linux/amd64'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['linux/armhf', 'linux/arm/v7'],
    ['LINUX/AMD64/v3', 'linux/amd64/v3'],
    ['linux', 'linux/amd64'],
    ['arm64', 'linux/arm64'],
    ['i386', 'linux/386'],
    ['windows/amd64', 'windows/amd64'],
  ];
  for (const [text, expected] of rows) assert.equal(platformString(parsePlatform(text, HOST)), expected, text);
  assert.equal(platformString(hostPlatform('x64')), 'linux/amd64');
  assert.equal(platformString(hostPlatform('arm64')), 'linux/arm64');
});

test('nonsense is no platform', () => {
  for (const bad of ['', '/', 'linux/', 'foo', 'a/b/c/d', 'linux/am d64', '.. /x']) {
    assert.throws(() => parsePlatform(bad, HOST), { code: 'InvalidParameter' }, bad);
  }
});

test('the best offer wins, the first of equals, and none when nothing runs', () => {
  const offers = ['linux/arm/v6', 'linux/arm/v7', 'linux/amd64', 'linux/arm64', 'unknown/unknown'].map((t) => {
    const [os, architecture, variant] = t.split('/') as [string, string, string?];
    return { os, architecture, ...(variant && { variant }) };
  });
  const pick = (wanted: string) => {
    const found = selectPlatform(offers, (o) => o, parsePlatform(wanted, HOST));
    return found && platformString(found);
  };
  assert.equal(pick('linux/amd64'), 'linux/amd64');
  assert.equal(pick('linux/amd64/v3'), 'linux/amd64');
  assert.equal(pick('linux/arm'), 'linux/arm/v7');
  assert.equal(pick('linux/arm/v6'), 'linux/arm/v6');
  assert.equal(pick('linux/arm64'), 'linux/arm64');
  assert.equal(pick('linux/s390x'), undefined);
});
