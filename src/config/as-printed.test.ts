/** The document's two configurations as they are printed: what is damaged is found, each thing at its line. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadConfiguration } from './dialects.ts';

type Found = readonly [line: number, code: string, what: string];

/** Everything but notes: line, code, and the line as it stands. */
function findings(path: string, dialect: 'asa' | 'iosxe'): readonly Found[] {
  const text = readFileSync(new URL(path, import.meta.url), 'utf8');
  const { model, diagnostics } = loadConfiguration(text, path);
  assert.equal(model.dialect, dialect);
  const lines = text.split('\n');
  return diagnostics
    .filter(({ severity }) => severity !== 'note')
    .map(({ position, code }) => [position.line, code, lines[position.line - 1]?.trim() ?? '']);
}

test('the ASA: names lost, a group policy bound to nothing, an empty tcp-map, no service-policy', () => {
  assert.deepEqual(findings('asa/goldens/seed-asa-to-asr.conf', 'asa'), [
    [5, 'empty-tcp-map', 'tcp-map TCP_MD5_ALLOW'],
    [7, 'unbound-policy', 'policy-map global_policy'],
    [29, 'unbound-group-policy', 'group-policy internal'],
    [29, 'incomplete-command', 'group-policy internal'],
    [30, 'incomplete-command', 'group-policy attributes'],
    [31, 'wrong-mode', 'vpn-tunnel-protocol ikev2'],
    [33, 'invalid-word', 'tunnel-group type ipsec-l2l'],
    [34, 'incomplete-command', 'tunnel-group general-attributes'],
    [35, 'incomplete-command', 'tunnel-group ipsec-attributes'],
    [36, 'wrong-mode', 'ikev2 remote-authentication pre-shared-key my_strong_password'],
    [37, 'wrong-mode', 'ikev2 local-authentication pre-shared-key my_strong_password'],
    [41, 'incomplete-command', 'ip address'],
    [43, 'incomplete-command', 'tunnel destination'],
  ]);
});

test('the ASR: addresses lost, a keyring peer without one, a keyring of another name, a VRF that stands elsewhere', () => {
  assert.deepEqual(findings('iosxe/goldens/seed-asr.conf', 'iosxe'), [
    [7, 'undefined-reference', 'match fvrf INET'],
    [14, 'incomplete', 'peer ASA-IFW02'],
    [18, 'incomplete', 'crypto ikev2 profile PH2_IKEV2_PROF_GCM256'],
    [19, 'undefined-reference', 'match fvrf INET'],
    [20, 'incomplete-command', 'match identity remote address'],
    [21, 'incomplete-command', 'identity local address'],
    [24, 'undefined-reference', 'keyring local KR_IKEV2_DC'],
    [36, 'incomplete-command', 'ip address'],
    [39, 'incomplete-command', 'tunnel destination'],
    [40, 'undefined-reference', 'tunnel vrf INET'],
  ]);
});

test('lost names are asked for by the line that they belong in', () => {
  const path = 'asa/goldens/seed-asa-to-asr.conf';
  const { diagnostics } = loadConfiguration(readFileSync(new URL(path, import.meta.url), 'utf8'), path);
  const suggestion = (line: number): string | undefined =>
    diagnostics.find(({ position, code }) => position.line === line && code !== 'unbound-group-policy')?.suggestion;
  assert.equal(suggestion(29), 'group-policy <name> internal');
  assert.equal(suggestion(33), 'tunnel-group <name> type ipsec-l2l');
});

test('the mended configurations have none of it', () => {
  for (const [name, dialect] of [
    ['asa-xfw01', 'asa'],
    ['asr-wan01', 'iosxe'],
  ] as const) {
    const path = `../../examples/asa-to-asr/${name}.cfg`;
    const left = findings(path, dialect).filter(([, code]) => code !== 'unsupported');
    assert.deepEqual(left, [], name);
  }
});
