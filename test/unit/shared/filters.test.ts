import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  boolFilter,
  checkFilterKeys,
  encodeFilters,
  matchesLabels,
  parseFilters,
} from '../../../packages/shared/src/filters.ts';

test('both shapes of filters are read', () => {
  assert.deepEqual({ ...parseFilters('{"label":["a","b=c"]}') }, { label: ['a', 'b=c'] });
  assert.deepEqual({ ...parseFilters('{"label":{"a":true,"b":false}}') }, { label: ['a'] });
  for (const empty of [undefined, '', '{}', 'null']) assert.deepEqual({ ...parseFilters(empty) }, {});
});

test('what is not a filter is refused with 400', () => {
  for (const text of ['x', '[]', '1', '{"a":1}', '{"a":[1]}', '{"a":{"b":1}}', '{"a":null}']) {
    assert.throws(() => parseFilters(text), { code: 'InvalidParameter', message: 'invalid filter' }, text);
  }
});

test('hostile keys stay data', () => {
  const filters = parseFilters('{"__proto__":["x"]}');
  assert.throws(() => checkFilterKeys(filters, ['label']), { message: "invalid filter '__proto__'" });
});

test('filters are sent as docker sends them', () => {
  assert.equal(encodeFilters({}), '');
  assert.equal(encodeFilters({ name: ['x', 'y'], id: [] }), '{"name":{"x":true,"y":true}}');
});

test('a yes/no filter takes 1, true, 0 and false only', () => {
  assert.equal(boolFilter({ dangling: ['true'] }, 'dangling', false), true);
  assert.equal(boolFilter({ dangling: ['0'] }, 'dangling', true), false);
  assert.equal(boolFilter({}, 'dangling', true), true);
  assert.throws(() => boolFilter({ dangling: ['maybe'] }, 'dangling', true), {
    code: 'InvalidParameter',
    message: "invalid filter 'dangling=[maybe]'",
  });
});

test('all label filters must match, by key or by key and value', () => {
  const labels = { a: '1', b: '' };
  assert.equal(matchesLabels(['a', 'b='], labels), true);
  assert.equal(matchesLabels(['a=1', 'c'], labels), false);
  assert.equal(matchesLabels(['toString'], labels), false);
  assert.equal(matchesLabels(undefined, null), true);
});
