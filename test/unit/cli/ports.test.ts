import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portsText } from '../../../packages/cli/src/format/ports.ts';

const published = (ip: string, host: number, inside: number) => ({
  IP: ip,
  PublicPort: host,
  PrivatePort: inside,
  Type: 'tcp' as const,
});
const exposed = (port: number) => ({ PrivatePort: port, Type: 'tcp' as const });

test('ports: consecutive ones merge only where both sides are the same', () => {
  assert.equal(portsText([]), '');
  assert.equal(
    portsText([published('0.0.0.0', 8080, 80), published('::', 8080, 80), exposed(443)]),
    '443/tcp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp',
  );
  assert.equal(
    portsText([8000, 8001, 8002].map((port) => published('0.0.0.0', port, port))),
    '0.0.0.0:8000-8002->8000-8002/tcp',
  );
  assert.equal(portsText([exposed(80), exposed(81), exposed(90)]), '80-81/tcp, 90/tcp');
});
