/** Rules over certificates: which of them a certificate fits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issue, rootAuthority, testKey } from '../crypto/pki.fixture.ts';
import { holds, ruleFits, timeOf } from './certificate-rules.ts';
import type { CertificateCondition } from './policy.ts';

const root = rootAuthority('O=Example, CN=Root', 'P-256');
const { certificate } = issue({
  subject: 'O=Example, OU=VPN, CN=branch-7',
  key: testKey('P-256', 'branch-7'),
  issuer: root,
  serial: 0x1f2,
  dns: ['branch-7.example.com'],
  email: ['noc@example.com'],
});

const rows: readonly (readonly [
  boolean,
  CertificateCondition['field'],
  CertificateCondition['relation'],
  string,
  string?,
])[] = [
  [true, 'subject', 'contains', 'ou=vpn'],
  [true, 'subject', 'contains', 'OU = VPN , O = Example'],
  [true, 'subject', 'equals', 'cn=branch-7,ou=vpn,o=example'],
  [true, 'subject', 'equals', 'o=example,ou=vpn,cn=branch-7'],
  [false, 'subject', 'equals', 'cn=branch-7'],
  [true, 'subject', 'differs', 'cn=branch-7'],
  [false, 'subject', 'contains', 'ou=lab'],
  [true, 'subject', 'lacks', 'ou=lab'],
  [false, 'subject', 'lacks', 'ou=vpn'],
  [true, 'subject', 'equals', 'vpn', 'ou'],
  [false, 'subject', 'equals', 'branch-7', 'ou'],
  [true, 'subject', 'differs', 'anything', 'l'],
  [true, 'issuer', 'equals', 'cn=Root,o=Example'],
  [false, 'issuer', 'contains', 'cn=branch'],
  [true, 'alternative-name', 'equals', 'branch-7.example.com'],
  [true, 'alternative-name', 'contains', '@example.com'],
  [false, 'alternative-name', 'contains', '192.0.2.1'],
  [true, 'any-name', 'contains', 'noc@'],
  [false, 'unstructured-name', 'contains', 'branch'],
  [true, 'serial', 'equals', '1f2'],
  [false, 'serial', 'differs', '1F2'],
  [true, 'valid-until', 'from', '1 Jan 2000'],
  [false, 'valid-until', 'before', 'Jan 1 2000 12:00:00'],
  [true, 'valid-from', 'before', 'Dec 31 2999'],
  [false, 'valid-from', 'before', 'someday'],
  [false, 'subject', 'before', 'cn=zzz'],
];

for (const [wanted, field, relation, value, attribute] of rows) {
  test(`${field}${attribute === undefined ? '' : ` ${attribute}`} ${relation} ${value}: ${wanted}`, () => {
    const condition = { field, relation, value, ...(attribute === undefined ? {} : { attribute }) };
    assert.equal(holds(condition, certificate), wanted);
  });
}

const vpn: CertificateCondition = { field: 'subject', relation: 'contains', value: 'ou=vpn' };
const lab: CertificateCondition = { field: 'subject', relation: 'contains', value: 'ou=lab' };

test('conditions of a rule hold together, rules are alternatives, and a rule without any lets nobody in', () => {
  assert.equal(ruleFits([[vpn, lab]], certificate), false);
  assert.equal(ruleFits([[lab], [vpn]], certificate), true);
  assert.equal(ruleFits([[]], certificate), false);
  assert.equal(ruleFits([], certificate), false);
  assert.equal(ruleFits([[vpn]], undefined), false);
});

test('a comma or an equals sign in a name makes no further attribute of it', () => {
  const sly = issue({ subject: 'CN=x,ou=vpn', key: testKey('P-256', 'sly'), issuer: root });
  assert.equal(holds(vpn, sly.certificate), false);
});

test('times are read in either order, and refused when they are none', () => {
  assert.equal(timeOf('15 Mar 2026 12:30:00'), Date.UTC(2026, 2, 15, 12, 30));
  assert.equal(timeOf('mar 15 2026'), Date.UTC(2026, 2, 15));
  for (const text of ['', '2026-03-15', '15 Foo 2026', '32 Mar 2026', '15 Mar 2026 25:00'])
    assert.equal(timeOf(text), undefined, text);
});
