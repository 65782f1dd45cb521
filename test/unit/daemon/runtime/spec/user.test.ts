import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGroup, parsePasswd, resolveUser } from '../../../../../packages/daemon/src/runtime/spec/user.ts';

const passwd = parsePasswd(
  'root:x:0:0:root:/root:/bin/bash\n# a comment\nbroken:x:zz:1::/b:/bin/sh\n\nwww:x:33:34:w:/var/www:/bin/sh\n1000:x:5:6::/odd:/bin/sh\n',
);
const groups = parseGroup('root:x:0:\nadm:x:4:www,syslog\nwww:x:34:\nstaff:x:50:www\nvideo:x:44:\n');

test('user and group specifications resolve as Docker resolves them', () => {
  const rows: [string, string[], number, number, number[], string][] = [
    ['', [], 0, 0, [0], '/root'],
    ['www', [], 33, 34, [34, 4, 50], '/var/www'],
    ['33', [], 33, 34, [34, 4, 50], '/var/www'],
    ['33:adm', [], 33, 4, [4], '/var/www'],
    ['www:77', [], 33, 77, [77], '/var/www'],
    ['4242', [], 4242, 0, [0], '/'],
    ['4242:video', ['staff', '99'], 4242, 44, [44, 50, 99], '/'],
    ['1000', [], 5, 6, [6], '/odd'],
    [':video', [], 0, 44, [44], '/root'],
  ];
  for (const [spec, add, uid, gid, additionalGids, home] of rows) {
    assert.deepEqual(resolveUser(spec, add, passwd, groups), { user: { uid, gid, additionalGids }, home }, spec);
  }
});

test('unknown names and numbers out of range are refused in Docker words', () => {
  const rows: [string, string[], string][] = [
    ['nobody', [], 'unable to find user nobody: no matching entries in passwd file'],
    ['www:nogroup', [], 'unable to find group nogroup: no matching entries in group file'],
    ['www', ['nogroup'], 'unable to find group nogroup: no matching entries in group file'],
    ['2147483648', [], 'uids and gids must be in range 0-2147483647'],
    ['-1', [], 'uids and gids must be in range 0-2147483647'],
  ];
  for (const [spec, add, message] of rows) {
    assert.throws(() => resolveUser(spec, add, passwd, groups), { message, code: 'InvalidParameter' });
  }
});
