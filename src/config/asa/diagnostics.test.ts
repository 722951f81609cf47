/** A catalogue of mistakes: each with its severity, code, exact line and column, and what is suggested. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDiagnostic } from '../diagnostics.ts';
import { loadAsa } from './load.ts';

type Row = Readonly<{
  name: string;
  text: string;
  /** `severity code line:column`. */
  says: string;
  suggestion?: string;
}>;

const rows: readonly Row[] = [
  { name: 'unknown command', text: 'frobnicate now', says: 'error unknown-command 1:1' },
  {
    name: 'mistyped command',
    text: 'hostnam HUB\nhosname HUB',
    says: 'error unknown-command 2:1',
    suggestion: 'hostname HUB',
  },
  {
    name: 'mistyped keyword',
    text: 'interface Tunnel1\n tunnel destintion 10.0.0.1',
    says: 'error invalid-word 2:9',
    suggestion: 'tunnel destination 10.0.0.1',
  },
  {
    name: 'missing value',
    text: 'interface Tunnel1\n tunnel destination',
    says: 'error incomplete-command 2:21',
    suggestion: 'tunnel destination <address>',
  },
  {
    name: 'missing name of a tunnel-group',
    text: 'tunnel-group type ipsec-l2l',
    says: 'error invalid-word 1:19',
    suggestion: 'tunnel-group <name> type ipsec-l2l',
  },
  {
    name: 'missing name of a group policy',
    text: 'group-policy internal',
    says: 'error incomplete-command 1:23',
    suggestion: 'group-policy <name> internal',
  },
  {
    name: 'one word too many',
    text: 'hostname HUB twice',
    says: 'error invalid-word 1:14',
    suggestion: 'hostname HUB',
  },
  { name: 'ambiguous abbreviation', text: 'rout outside 0 0 10.0.0.1', says: 'error ambiguous-command 1:1' },
  { name: 'priority out of range', text: 'crypto ikev2 policy 65536', says: 'error out-of-range 1:21' },
  { name: 'tunnel number out of range', text: 'interface Tunnel10414', says: 'error out-of-range 1:11' },
  {
    name: 'netmask with a hole',
    text: 'interface Gi0/0\n ip address 10.0.0.1 255.0.255.0\n shutdown',
    says: 'error invalid-word 2:22',
  },
  {
    name: 'address with a wildcard instead of a mask',
    text: 'interface Gi0/0\n ip address 10.0.0.1 0.0.0.255\n shutdown',
    says: 'error invalid-word 2:22',
  },
  {
    name: 'network number as an address',
    text: 'interface Gi0/0\n ip address 10.0.0.0 255.255.255.0\n shutdown',
    says: 'error bad-address 2:13',
  },
  {
    name: 'line of another section',
    text: 'ip address 10.0.0.1 255.255.255.0',
    says: 'error wrong-mode 1:1',
  },
  {
    name: 'neighbour outside of its address family',
    text: 'router bgp 1\n neighbor 10.0.0.1 remote-as 2',
    says: 'error wrong-mode 2:2',
  },
  {
    name: 'attributes before the type',
    text: 'tunnel-group 10.0.0.1 ipsec-attributes',
    says: 'error missing-type 1:14',
    suggestion: 'tunnel-group 10.0.0.1 type ipsec-l2l',
  },
  {
    name: 'neighbour without its AS',
    text: 'router bgp 1\n address-family ipv4\n  neighbor 10.0.0.1 activate',
    says: 'error missing-remote-as 3:12',
    suggestion: 'neighbor 10.0.0.1 remote-as 1',
  },
  {
    name: 'second BGP process',
    text: 'router bgp 1\nrouter bgp 2',
    says: 'error contradiction 2:12',
  },
  {
    name: 'same nameif twice',
    text: 'interface Gi0/0\n nameif a\n shutdown\ninterface Gi0/1\n nameif a\n shutdown',
    says: 'error duplicate-nameif 5:2',
  },
  {
    name: 'overlapping networks',
    text: 'interface Lo1\n nameif a\n ip address 10.0.0.1 255.255.0.0\ninterface Lo2\n nameif b\n ip address 10.0.9.1 255.255.255.0',
    says: 'error overlap 6:2',
  },
  {
    name: 'null integrity with CBC',
    text: 'crypto ikev2 policy 1\n encryption aes\n integrity null',
    says: 'error contradiction 3:2',
  },
  {
    name: 'null integrity with CBC in a proposal',
    text: 'crypto ipsec ikev2 ipsec-proposal P\n protocol esp encryption aes-256\n protocol esp integrity null',
    says: 'error contradiction 3:2',
  },
  {
    name: 'integrity with GCM',
    text: 'crypto ikev2 policy 1\n integrity sha256\n encryption aes-gcm',
    says: 'warning ignored 2:2',
  },
  {
    name: 'old algorithms',
    text: 'crypto ikev2 policy 1\n encryption aes 3des\n integrity sha',
    says: 'warning unsupported-algorithm 2:13',
  },
  {
    name: 'security level of a tunnel',
    text: 'interface Tunnel1\n security-level 50',
    says: 'error contradiction 2:2',
  },
  {
    name: 'security level 0 of a tunnel',
    text: 'interface Tunnel1\n security-level 0',
    says: 'warning ignored 2:2',
  },
  {
    name: 'a template whose peers do not reach one another',
    text: 'interface Gi0/0\n nameif a\n no shutdown\ninterface virtual-Template 1 type tunnel\n nameif DVTI',
    says: 'note same-security 4:1',
    suggestion: 'same-security-traffic permit inter-interface',
  },
  {
    name: 'address borrowed from itself',
    text: 'interface Tunnel1\n nameif VTI\n ip unnumbered VTI',
    says: 'error contradiction 3:16',
  },
  {
    name: 'address borrowed from itself, named later',
    text: 'interface Tunnel1\n ip unnumbered VTI\n nameif VTI',
    says: 'error contradiction 2:2',
  },
  {
    name: 'tunnel line on a port',
    text: 'interface Gi0/0\n tunnel destination 10.0.0.1',
    says: 'error not-a-tunnel 2:2',
  },
  {
    name: 'destination of a template',
    text: 'interface virtual-Template 1 type tunnel\n tunnel destination 10.0.0.1',
    says: 'error contradiction 2:2',
  },
  {
    name: 'families that disagree',
    text: 'interface Tunnel1\n tunnel destination 10.0.0.1\n tunnel mode ipsec ipv6',
    says: 'error contradiction 3:2',
  },
  { name: 'host bits in a route', text: 'route a 10.0.0.1 255.0.0.0 10.0.0.2', says: 'error host-bits 1:9' },
  {
    name: 'keepalive not below the hold time',
    text: 'router bgp 1\n timers bgp 30 30',
    says: 'error contradiction 2:13',
  },
  {
    name: 'ge not above the length',
    text: 'prefix-list P permit 10.0.0.0/8 ge 8',
    says: 'error contradiction 1:36',
  },
  {
    name: 'masked key',
    text: 'tunnel-group a type ipsec-l2l\ntunnel-group a ipsec-attributes\n ikev2 local-authentication pre-shared-key *****',
    says: 'error unreadable-secret 3:44',
  },
  {
    name: 'encrypted key',
    text: 'tunnel-group a type ipsec-l2l\ntunnel-group a ipsec-attributes\n ikev2 local-authentication pre-shared-key 8 Zm9v',
    says: 'error unreadable-secret 3:44',
  },
  {
    name: 'undefined interface',
    text: 'interface Gi0/0\nroute b 0 0 10.0.0.2',
    says: 'warning undefined-interface 2:1',
  },
  {
    name: 'undefined profile',
    text: 'interface Tunnel1\n tunnel protection ipsec profile P',
    says: 'warning undefined-reference 2:2',
  },
  {
    name: 'undefined profile of nearly this name',
    text: 'crypto ipsec profile VTI\ninterface Tunnel1\n tunnel protection ipsec profile VTl',
    says: 'warning undefined-reference 3:2',
    suggestion: 'VTI',
  },
  {
    name: 'undefined object',
    text: 'access-list A extended permit ip object O any',
    says: 'warning undefined-object 1:41',
  },
  {
    name: 'group policy without ikev2',
    text: 'group-policy G internal\ngroup-policy G attributes\n vpn-tunnel-protocol ikev1\ntunnel-group a type ipsec-l2l\ntunnel-group a general-attributes\n default-group-policy G',
    says: 'warning ikev2-not-allowed 6:2',
  },
  { name: 'unsupported feature', text: 'failover lan unit primary', says: 'warning unsupported 1:1' },
  {
    name: 'words run together',
    text: 'hostname A\nsysopt connection tcpmss1350',
    says: 'warning repaired 2:19',
    suggestion: 'sysopt connection tcpmss 1350',
  },
  {
    name: 'port taken as up',
    text: 'interface Gi0/0\n nameif outside\n ip address 10.0.0.1 255.255.255.0',
    says: 'note assumed-up 1:1',
  },
];

for (const row of rows) {
  test(`ASA diagnostic: ${row.name}`, () => {
    const { diagnostics } = loadAsa(row.text, 'm.conf');
    const said = diagnostics.map(
      ({ severity, code, position }) => `${severity} ${code} ${position.line}:${position.column}`,
    );
    assert.deepEqual(
      said.filter((one) => one !== 'note not-used 2:2'),
      [row.says],
    );
    if (row.suggestion !== undefined) assert.equal(diagnostics[0]?.suggestion, row.suggestion);
  });
}

test('a diagnostic prints its place, the line with a caret, what was expected and a suggestion', () => {
  const text = 'interface Tunnel1\n\ttunnel destintion 10.0.0.1';
  const [first] = loadAsa(text, 'dir/spoke.conf').diagnostics;
  assert.ok(first !== undefined);
  assert.deepEqual(formatDiagnostic(first, text).split('\n'), [
    'dir/spoke.conf:2:9: error: `destintion` does not fit here [invalid-word]',
    '    2 | \ttunnel destintion 10.0.0.1',
    '      | \t       ^',
    '  expected: destination, mode, protection, source',
    '  suggestion: tunnel destination 10.0.0.1',
  ]);
});

test('the body of a refused section is checked, not used, and noted', () => {
  const { model, diagnostics } = loadAsa('tunnel-group a ipsec-attributes\n chain\n chainn', 'f');
  assert.deepEqual(
    diagnostics.map((one) => one.code),
    ['missing-type', 'not-used', 'unknown-command'],
  );
  assert.deepEqual(model.tunnelGroups, []);
});

test('everything wrong in a text is told at once', () => {
  const { diagnostics } = loadAsa('a\nb\nc\nd', 'f');
  assert.deepEqual(
    diagnostics.map((one) => one.position.line),
    [1, 2, 3, 4],
  );
});
