/** Edits make what they say, and neither text nor JSON of a diagnosis shows a key. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SecretKey, utf8 } from '../base/index.ts';
import { loadAsa } from '../config/index.ts';
import { applyEdit, type Diagnosis, type Edit, formatDiagnosis, sourceLine } from './diagnosis.ts';
import type { DeviceEvidence } from './evidence.ts';
import { explainTunnel } from './tunnel.ts';

const TEXT = 'one\n two\n three\n';

const edit = (change: Partial<Edit>): Edit => ({
  device: 'r1',
  file: 'r1.cfg',
  line: 2,
  column: 2,
  action: 'replace',
  text: ' 2',
  why: 'because',
  ...change,
});

const rows: readonly Readonly<{ says: string; edit: Edit; gives: string }>[] = [
  { says: 'replaces a line', edit: edit({}), gives: 'one\n 2\n three\n' },
  { says: 'replaces two lines by one', edit: edit({ count: 2 }), gives: 'one\n 2\n' },
  { says: 'deletes a line', edit: edit({ action: 'delete', text: '' }), gives: 'one\n three\n' },
  {
    says: 'inserts lines',
    edit: edit({ action: 'insert-after', text: ' a\n b' }),
    gives: 'one\n two\n a\n b\n three\n',
  },
  { says: 'inserts before the first', edit: edit({ action: 'insert-after', line: 0, text: 'a' }), gives: `a\n${TEXT}` },
  {
    says: 'puts keys in the place of stars, in order',
    edit: edit({ text: ' key *****\n key *****', secrets: ['$1', 'b'].map((key) => new SecretKey(utf8(key))) }),
    gives: 'one\n key $1\n key b\n three\n',
  },
];

for (const row of rows) test(`an edit ${row.says}`, () => assert.equal(applyEdit(TEXT, row.edit), row.gives));

function device(name: string, text: string): DeviceEvidence {
  const file = `${name}.cfg`;
  return { name, model: loadAsa(text, file).model, configuration: { file, text } };
}

test('a diagnosis shows where, what and how, and no key', () => {
  const text = 'hostname r1\n ikev2 local-authentication pre-shared-key VerySecret\n';
  const diagnosis: Diagnosis = {
    subject: { device: 'r1', tunnel: 'Tunnel1' },
    state: 'down',
    layer: 'ike-auth',
    code: 'key-mismatch',
    claim: 'the keys differ',
    evidence: ['a notify'],
    lines: [sourceLine(device('r1', text), { file: 'r1.cfg', line: 2, column: 2 })],
    edits: [
      edit({
        text: ' ikev2 local-authentication pre-shared-key *****',
        secrets: [new SecretKey(utf8('VerySecret'))],
        why: 'the other key',
      }),
    ],
    missing: 'the same key',
  };
  const shown = formatDiagnosis(diagnosis);
  assert.equal(
    shown,
    [
      'r1 Tunnel1: down (ike-auth): the keys differ [key-mismatch]',
      '  seen: a notify',
      '  r1: r1.cfg:2:2',
      '      2 |  ikev2 local-authentication pre-shared-key *****',
      '        |  ^',
      '  the other side must have: the same key',
      '  edit: r1: replace r1.cfg:2, the other key',
      '      +  ikev2 local-authentication pre-shared-key *****',
      '',
    ].join('\n'),
  );
  assert.ok(!`${shown}${JSON.stringify(diagnosis)}`.includes('VerySecret'));
});

test('a question about what is not there names what is', () => {
  const fabric = new Map([['r1', device('r1', 'interface Tunnel3\n nameif VTI\n')]]);
  assert.match(explainTunnel(fabric, 'r1', 'Tunnel9').claim, /no tunnel Tunnel9; it has Tunnel3/);
  assert.match(explainTunnel(fabric, 'r2', 'Tunnel9').claim, /no device r2/);
  assert.equal(explainTunnel(fabric, 'r1', 'vti').subject.tunnel, 'Tunnel3');
});

test('an empty configuration has an answer as well', () => {
  const fabric = new Map([['r1', device('r1', '')]]);
  assert.equal(explainTunnel(fabric, 'r1', '10.0.0.1').state, 'down');
});
