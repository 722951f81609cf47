/** The rule for groups of both dialects: 128-bit keys with 19 or 20, 256-bit keys with 21. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfiguration } from './dialects.ts';
import { weakGroups } from './weak-groups.ts';

const rows: readonly (readonly [size: '' | '192' | '256', groups: string, weak: string, expected?: string])[] = [
  ['', '19', ''],
  ['', '20 19', ''],
  ['', '21', ''],
  ['', '14', '14', 'group 19 or 20'],
  ['', '19 14 5', '14, 5', 'group 19 or 20'],
  ['192', '19', '19', 'group 20 or 21'],
  ['192', '20', ''],
  ['256', '21', ''],
  ['256', '20', '20', 'group 21'],
  ['256', '21 19 14', '19, 14', 'group 21'],
];

/** What is said of an IKE SA's groups: the line, the message, what would be right. */
function told(text: string, dialect: 'asa' | 'iosxe'): readonly unknown[] {
  return weakGroups(loadConfiguration(text, 'a.cfg', dialect).model).map(
    ({ severity, position, message, expected }) => [severity, position.line, message, expected],
  );
}

for (const [size, groups, weak, expected] of rows) {
  const bits = size === '' ? '128' : size;
  const wanted =
    weak === '' ? [] : [['note', 3, `group ${weak} is weaker than the ${bits}-bit keys that it is for`, expected]];
  const suffix = size === '' ? '' : `-${size}`;
  test(`AES with ${bits} bits and group ${groups}`, () => {
    const asa = `crypto ikev2 policy 10\n encryption aes${suffix}\n group ${groups}\n integrity sha256\n prf sha256\n`;
    assert.deepEqual(told(asa, 'asa'), wanted);
    const ios = `crypto ikev2 proposal P\n encryption aes-cbc-${bits}\n group ${groups}\n integrity sha256\n`;
    assert.deepEqual(told(ios, 'iosxe'), wanted);
  });
}

test('the groups of child SAs are held to it, too', () => {
  const asa = `crypto ipsec ikev2 ipsec-proposal P
 protocol esp encryption aes-gcm-256
crypto ipsec profile VTI
 set ikev2 ipsec-proposal P
 set pfs group14
`;
  assert.deepEqual(told(asa, 'asa'), [
    ['note', 5, 'group 14 is weaker than the 256-bit keys that it is for', 'group 21'],
  ]);
  const ios = `crypto ipsec transform-set T esp-gcm 256
crypto ipsec profile VTI
 set transform-set T
 set pfs group19
`;
  assert.deepEqual(told(ios, 'iosxe'), [
    ['note', 4, 'group 19 is weaker than the 256-bit keys that it is for', 'group 21'],
  ]);
});
