/** Every row of the grammar: its examples are read without complaint and print back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDiagnostic } from '../diagnostics.ts';
import { readLine } from '../lines.ts';
import type { RowExample } from '../row.ts';
import { asaGrammar } from './grammar/index.ts';
import { loadAsa } from './load.ts';
import { printAsa } from './print.ts';
import type { AsaMode, AsaRow } from './row.ts';

/** What stands before a line of each mode. */
const WITHIN: Readonly<Record<AsaMode, readonly string[]>> = {
  config: [],
  '*': [],
  interface: ['interface GigabitEthernet0/0'],
  'ikev2-policy': ['crypto ikev2 policy 10'],
  'ikev1-policy': ['crypto ikev1 policy 10'],
  'ipsec-proposal': ['crypto ipsec ikev2 ipsec-proposal P'],
  'ipsec-profile': ['crypto ipsec profile P'],
  'tunnel-group-general': ['tunnel-group 10.0.0.253 type ipsec-l2l', 'tunnel-group 10.0.0.253 general-attributes'],
  'tunnel-group-ipsec': ['tunnel-group 10.0.0.253 type ipsec-l2l', 'tunnel-group 10.0.0.253 ipsec-attributes'],
  'group-policy': ['group-policy GP internal', 'group-policy GP attributes'],
  'router-bgp': ['router bgp 65000'],
  'bgp-ipv4': ['router bgp 65000', 'address-family ipv4 unicast'],
  'bgp-ipv6': ['router bgp 65000', 'address-family ipv6 unicast'],
  'route-map': ['route-map RM permit 10'],
  'object-network': ['object network O'],
  'object-service': ['object service O'],
  'object-group-network': ['object-group network G'],
  'object-group-service': ['object-group service G'],
  'class-map': ['class-map C'],
  'policy-map': ['policy-map P'],
  'policy-map-class': ['policy-map P', 'class C'],
  'tcp-map': ['tcp-map T'],
  section: ['router ospf 1'],
};

function check(row: AsaRow, example: RowExample): void {
  const { line, within, prints, also } =
    typeof example === 'string' ? { line: example, within: undefined, prints: undefined, also: undefined } : example;
  const before = within ?? WITHIN[row.modes[0] ?? 'config'];
  const text = [...before, line, ...(also === undefined ? [] : [also])].join('\n');
  const { model, diagnostics } = loadAsa(text, 'row.conf');
  const errors = diagnostics.filter((one) => one.severity === 'error');
  assert.deepEqual(
    errors.map((one) => formatDiagnostic(one, text)),
    [],
  );
  const isWarned = diagnostics.some((one) => one.code === 'unsupported' && one.position.line === before.length + 1);
  if (row.use === 'unsupported') assert.ok(isWarned || line.startsWith('no '), `a warning for: ${line}`);
  const wanted = prints ?? line;
  if (wanted === '' || row.leaves !== undefined || (row.use !== 'used' && !row.kept)) return;
  const printed = printAsa(model, { secrets: 'plain', all: true }).split('\n');
  assert.ok(
    printed.some((one) => one.trim() === wanted),
    `${wanted}\nis not in\n${printed.join('\n')}`,
  );
}

for (const row of asaGrammar.rows) {
  test(`ASA row: ${row.pattern.slice(0, 100)}`, () => {
    assert.ok(row.examples.length > 0);
    for (const example of row.examples) check(row, example);
  });
}

test('every row and parameter of the ASA grammar has a line of help', () => {
  for (const row of asaGrammar.rows) {
    assert.ok(row.help.length > 2 && !row.help.includes('\n'), row.pattern);
    for (const [name, param] of Object.entries(row.params)) assert.ok(param.help.length > 1, `${row.pattern} ${name}`);
  }
});

test('every mode of the ASA grammar can be entered', () => {
  const entered = new Set(asaGrammar.rows.map((row) => row.enters));
  for (const mode of asaGrammar.modes) assert.ok(mode === 'config' || entered.has(mode as AsaMode), mode);
});

test('an example of a row is read by that row', () => {
  for (const row of asaGrammar.rows) {
    for (const example of row.examples) {
      const line = typeof example === 'string' ? example : example.line;
      const readers = row.modes.map((mode) => (mode === '*' ? 'config' : mode));
      const patterns = readers.map((mode) => readBy(mode, line));
      assert.ok(patterns.includes(row.pattern), `${line}: read by ${patterns.join(' | ')}, not by ${row.pattern}`);
    }
  }
});

function readBy(mode: string, text: string): string | undefined {
  const match = asaGrammar.match(mode, readLine(text));
  return match.ok ? match.row.pattern : undefined;
}
