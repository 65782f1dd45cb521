import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Authenticator, credentialsOf } from '../../../packages/registry/src/auth.ts';
import { parseChallenges } from '../../../packages/registry/src/challenge.ts';
import { downloadBlob } from '../../../packages/registry/src/download.ts';
import { endpointsOf, isInsecure } from '../../../packages/registry/src/endpoints.ts';
import { connectionError, errorOf } from '../../../packages/registry/src/errors.ts';
import { parseManifest } from '../../../packages/registry/src/manifests.ts';

test('challenges are read with quotes, several to a header, and end at nonsense', () => {
  assert.deepEqual(parseChallenges(['Bearer realm="https://a/t",service="s,x",scope="repository:a:pull,push"']), [
    { scheme: 'bearer', parameters: { realm: 'https://a/t', service: 's,x', scope: 'repository:a:pull,push' } },
  ]);
  assert.deepEqual(
    parseChallenges(['Basic realm=x, BEARER Realm="a\\"b"', 'Negotiate']).map((c) => [c.scheme, c.parameters['realm']]),
    [
      ['basic', 'x'],
      ['bearer', 'a"b'],
      ['negotiate', undefined],
    ],
  );
  assert.deepEqual(parseChallenges(['']), []);
  assert.deepEqual(parseChallenges(['Bearer realm="never ends']), [{ scheme: 'bearer', parameters: {} }]);
});

test('error answers read as Docker prints them', () => {
  const base = { statusText: 'Not Found', challenges: [], retryAfter: undefined };
  const body = (errors: unknown) => JSON.stringify({ errors });
  const unknown = errorOf({
    ...base,
    status: 404,
    body: body([{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }]),
  });
  assert.equal(unknown.message, 'manifest unknown: manifest unknown');
  const denied = errorOf({
    ...base,
    status: 401,
    challenges: ['Bearer realm="x",error="insufficient_scope"'],
    body: '',
  });
  assert.equal(denied.message, 'denied: requested access to the resource is denied');
  assert.equal(errorOf({ ...base, status: 401, body: '<html>' }).message, 'unauthorized: authentication required');
  assert.equal(
    errorOf({ ...base, status: 401, body: '{"details":"incorrect username or password"}' }).message,
    'unauthorized: incorrect username or password',
  );
  assert.equal(
    errorOf({ ...base, status: 502, statusText: 'Bad Gateway', body: '' }).message,
    'received unexpected HTTP status: 502 Bad Gateway',
  );
  assert.equal(errorOf({ ...base, status: 429, retryAfter: '999999', body: '' }).retryAfterSeconds, 60);
});

test('network failures read as Go prints them', () => {
  const url = new URL('https://host.example/v2/');
  const of = (fields: object) => connectionError('GET', url, Object.assign(new Error('x'), fields)).message;
  assert.equal(
    of({ code: 'ENOTFOUND' }),
    'Get "https://host.example/v2/": dial tcp: lookup host.example: no such host',
  );
  assert.equal(
    of({ code: 'ECONNREFUSED', address: '::1', port: 5000 }),
    'Get "https://host.example/v2/": dial tcp [::1]:5000: connect: connection refused',
  );
  assert.match(of({ code: 'SELF_SIGNED_CERT_IN_CHAIN' }), /x509: certificate signed by unknown authority$/);
});

test('mirrors come before the hub; loopback and listed registries fall back to http', async () => {
  const urls = async (domain: string, mirrors: string[], insecure: string[]) =>
    (await endpointsOf(domain, { mirrors, insecure })).map((e) => `${e.url.origin} ${e.verify}`);
  assert.deepEqual(await urls('docker.io', ['https://m.example'], []), [
    'https://m.example true',
    'https://registry-1.docker.io true',
  ]);
  assert.deepEqual(await urls('127.0.0.1:5000', ['https://m.example'], []), [
    'https://127.0.0.1:5000 false',
    'http://127.0.0.1:5000 false',
  ]);
  assert.deepEqual(await urls('10.1.2.3', [], []), ['https://10.1.2.3 true']);
  assert.equal(await isInsecure('10.1.2.3:5000', ['10.0.0.0/8']), true);
  assert.equal(await isInsecure('[::1]:5000', []), true);
  assert.equal(await isInsecure('reg.example:5000', ['reg.example:5000']), true);
  assert.equal(await isInsecure('11.1.2.3', ['10.0.0.0/8', 'not/a/cidr']), false);
});

test('a token is fetched once for a scope and sent with the credentials it needs', async () => {
  const asked: string[] = [];
  const auth = new Authenticator(
    credentialsOf({ auth: Buffer.from('u:p:w').toString('base64') }),
    async (url, init) => {
      asked.push(`${init.method} ${url.search} ${init.headers['authorization']}`);
      return Buffer.from('{"token":"T","expires_in":300}');
    },
  );
  assert.equal(await auth.header('s'), undefined);
  auth.challenged(parseChallenges(['Bearer realm="https://t.example/token",service="r"']));
  assert.equal(await auth.header('s'), 'Bearer T');
  assert.equal(await auth.header('s'), 'Bearer T');
  assert.deepEqual(asked, [`GET ?account=u&scope=s&service=r Basic ${Buffer.from('u:p:w').toString('base64')}`]);
});

test('hostile token answers and realms are errors', async () => {
  for (const [realm, body] of [
    ['file:///etc/passwd', ''],
    ['https://t/x', 'no json'],
    ['https://t/x', '{}'],
    ['https://t/x', '{"token":"a\\r\\nX: y"}'],
    ['https://t/x', 'null'],
  ]) {
    const auth = new Authenticator({}, async () => Buffer.from(body as string));
    auth.challenged([{ scheme: 'bearer', parameters: { realm: realm as string } }]);
    await assert.rejects(auth.header('s'), Error, body);
  }
  const basic = new Authenticator({}, async () => Buffer.alloc(0));
  basic.challenged([{ scheme: 'basic', parameters: {} }]);
  await assert.rejects(basic.header('s'), { message: 'no basic auth credentials' });
});

test('a broken download goes on where it ended, also when ranges are not served', async () => {
  for (const ranges of [true, false]) {
    const data = Buffer.from('0123456789');
    const offsets: number[] = [];
    const client = {
      blob: async (_digest: string, offset: number) => {
        offsets.push(offset);
        const from = ranges ? offset : 0;
        const end = offsets.length < 3 ? offset + 3 : 10;
        async function* stream() {
          yield data.subarray(from, end);
          if (end < 10) throw new Error('broken');
        }
        return { stream: stream(), offset: from, cancel: () => {} };
      },
    };
    const got: Buffer[] = [];
    for await (const c of downloadBlob(client, { digest: 'd', size: 10, attempts: 2, delayMillis: 0 })) got.push(c);
    assert.equal(Buffer.concat(got).toString(), '0123456789');
    assert.deepEqual(offsets, [0, 3, 6]);
  }
});

test('a download that makes no progress ends after its attempts', async () => {
  let tries = 0;
  const client = {
    blob: async () => {
      tries++;
      throw new Error('reset');
    },
  };
  await assert.rejects(
    async () => {
      for await (const _ of downloadBlob(client, { digest: 'd', size: 10, attempts: 3, delayMillis: 0 }));
    },
    { message: 'reset' },
  );
  assert.equal(tries, 3);
});

test('manifests of any other shape are refused', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 1 };
  const parse =
    (json: unknown, type = 'application/vnd.oci.image.manifest.v1+json') =>
    () =>
      parseManifest(Buffer.from(JSON.stringify(json)), type);
  const rows: [() => unknown, RegExp][] = [
    [() => parseManifest(Buffer.from('{'), ''), /invalid manifest/],
    [parse([]), /not an object/],
    [parse({ schemaVersion: 1 }), /schema 1 support has been removed/],
    [parse({ schemaVersion: 2, config, layers: [], manifests: [] }), /ambiguous/],
    [parse({ schemaVersion: 2, config, layers: 'x' }), /no layers/],
    [parse({ schemaVersion: 2, config: { ...config, size: -1 }, layers: [] }), /bad descriptor/],
    [parse({ schemaVersion: 2, config: { ...config, digest: 'sha256:../../x' }, layers: [] }), /unsupported digest/],
    [
      parse({ schemaVersion: 2, config: { ...config, mediaType: 'application/x' }, layers: [] }),
      /unsupported media type application\/x/,
    ],
    [
      parse({ schemaVersion: 2, config, layers: [{ ...config, mediaType: 'application/vnd.in-toto+json' }] }),
      /in-toto/,
    ],
    [parse({ schemaVersion: 2, config, layers: Array(500).fill(config) }), /max depth exceeded/],
    [
      parse({
        schemaVersion: 2,
        config,
        layers: [],
        mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      }),
      /does not match/,
    ],
    [parse({ schemaVersion: 2 }, 'text/html'), /unsupported manifest media type/],
  ];
  for (const [run, message] of rows) assert.throws(run, { message });
});
