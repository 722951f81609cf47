/** `configure terminal`: lines taken or refused, modes followed, batches equal to lines one by one. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { ConfigEditor, TERMINAL } from '../editor.ts';
import { asa } from './dialect.ts';
import { loadAsa } from './load.ts';
import { printAsa } from './print.ts';

const folder = join(dirname(fileURLToPath(import.meta.url)), 'goldens');
const spoke = readFileSync(join(folder, 'seed-spoke.conf'), 'utf8');
const hub = readFileSync(join(folder, 'hub-dvti.conf'), 'utf8');

const open = (text = spoke): ConfigEditor => new ConfigEditor(asa, text, 'spoke.conf');
const tunnel = (editor: ConfigEditor, name = 'Tunnel1') => editor.model.interfaces.find((one) => one.name === name);
const printed = (editor: ConfigEditor): string => printAsa(editor.model, { secrets: 'plain' });

test('a line is taken where its mode is, and nothing else changes', () => {
  const editor = open();
  const before = printed(editor);
  assert.ok(editor.enter(['interface Tunnel1', 'description to the first hub']).every(({ ok }) => ok));
  assert.equal(tunnel(editor)?.description, 'to the first hub');
  assert.equal(printed(editor).replace(' description to the first hub\n', ''), before);
});

test('modes are entered, fallen out of and left', () => {
  const editor = open();
  const rows = [
    ['interface Tunnel1', 'interface'],
    ['description x', 'interface'],
    ['crypto ikev2 policy 20', 'ikev2-policy'],
    ['group 19', 'ikev2-policy'],
    ['router bgp 65000', 'router-bgp'],
    ['address-family ipv4 unicast', 'bgp-ipv4'],
    ['exit-address-family', 'router-bgp'],
    ['tunnel-group 192.0.2.1 type ipsec-l2l', 'config'],
    ['tunnel-group 192.0.2.1 ipsec-attributes', 'tunnel-group-ipsec'],
    ['exit', 'config'],
    ['interface Tunnel1', 'interface'],
    ['end', 'config'],
    ['! a remark', 'config'],
  ] as const;
  for (const [line, mode] of rows) {
    const [entered] = editor.enter([line]);
    assert.deepEqual([line, entered?.ok, entered?.mode, editor.mode], [line, true, mode, mode]);
  }
  assert.equal(editor.leave(), false);
  editor.enter(['router bgp 65000', 'address-family ipv4']);
  assert.equal(editor.leave(), true);
  assert.equal(editor.mode, 'router-bgp');
  editor.reset();
  assert.equal(editor.mode, 'config');
});

const refused = [
  { line: 'tunnel distination 10.0.0.1', code: 'invalid-word', column: 8 },
  { line: 'frobnicate', code: 'unknown-command', column: 1 },
  { line: 'ip address 10.0.0.1', code: 'incomplete-command', column: 21 },
  { line: '  mtu outside 12', code: 'out-of-range', column: 15 },
  { line: 'tunnel source interface VTI', code: 'contradiction', column: 1 },
  { line: 'encryption aes-256', code: 'wrong-mode', column: 1 },
] as const;

for (const { line, code, column } of refused) {
  test(`'${line}' is refused as ${code} and leaves the configuration as it was`, () => {
    const editor = open();
    editor.enter(['interface Tunnel1']);
    const [model, text] = [editor.model, printed(editor)];
    const [entered] = editor.enter([line]);
    assert.equal(entered?.ok, false);
    const [diagnostic] = entered?.diagnostics ?? [];
    assert.deepEqual([diagnostic?.code, diagnostic?.position], [code, { file: TERMINAL, line: 2, column }]);
    assert.equal(editor.model, model);
    assert.equal(editor.mode, 'interface');
    assert.ok(editor.enter(['description still here']).every(({ ok }) => ok));
    assert.equal(tunnel(editor)?.description, 'still here');
    assert.equal(printed(editor).replace(' description still here\n', ''), text);
  });
}

test('a line that was to open a section and is refused closes the one before it', () => {
  const editor = open();
  const outcomes = editor.enter(['interface Tunnel1', 'interface Tunnel99999', 'shutdown', 'hostname after']);
  assert.deepEqual(
    outcomes.map(({ ok }) => ok),
    [true, false, false, true],
  );
  assert.equal(tunnel(editor)?.shutdown, false);
  assert.equal(editor.model.hostname, 'after');
});

test('positions of what was typed name the terminal and the line, in the order of typing', () => {
  const editor = open();
  editor.enter(['interface Tunnel1', 'nonsense', 'description one']);
  assert.deepEqual(tunnel(editor)?.written.attributes['description'], { file: TERMINAL, line: 3, column: 1 });
  editor.enter(['description two']);
  assert.deepEqual(tunnel(editor)?.written.attributes['description'], { file: TERMINAL, line: 4, column: 1 });
  assert.equal(tunnel(editor)?.written.attributes['source']?.file, 'spoke.conf');
});

test('errors that the configuration had before do not stand in the way', () => {
  const editor = new ConfigEditor(asa, `${spoke}\nfrobnicate\n`, 'spoke.conf');
  assert.ok(editor.enter(['hostname mended']).every(({ ok }) => ok));
  assert.equal(editor.model.hostname, 'mended');
});

test('`no` takes back what the file said', () => {
  const editor = open();
  const [entered] = editor.enter(['no interface Tunnel1']);
  assert.equal(entered?.ok, true);
  assert.equal(tunnel(editor), undefined);
});

test('words that may follow come from the mode and from those around it', () => {
  const editor = open();
  editor.enter(['interface Tunnel1']);
  const words = (typed: string): readonly string[] => editor.expected(typed).map(({ text }) => text);
  assert.ok(words('tunnel ').includes('destination'));
  assert.ok(words('').includes('description'));
  assert.ok(words('crypto ikev2 ').includes('policy'));
  assert.deepEqual(words('frobnicate '), []);
});

test('lines of configuration are told from others', () => {
  const editor = open();
  const own = (...lines: string[]): number => editor.countOwn(lines);
  assert.equal(own('interface Tunnel1', ' description x', '!', 'exit', 'show route', 'hostname y'), 4);
  assert.equal(own('interface Tunnel1', 'end', 'hostname y'), 1);
  assert.equal(own('exit'), 0);
  assert.equal(own('show route'), 0);
  assert.equal(own('router ospf 1', 'network 10.0.0.0 255.0.0.0 area 0'), 0);
  assert.equal(own('terminal pager 0'), 0);
  assert.equal(editor.mode, 'config');
});

test('a whole configuration typed into an empty device is that configuration', () => {
  const editor = new ConfigEditor(asa, '', 'empty');
  const outcomes = editor.enter(hub.split('\n'));
  assert.deepEqual(
    outcomes.filter(({ ok }) => !ok).map(({ line }) => line),
    [],
  );
  assert.equal(printed(editor), printAsa(loadAsa(hub, 'hub').model, { secrets: 'plain' }));
});

test('no outcome shows a key', () => {
  const editor = open();
  const outcomes = editor.enter([
    'tunnel-group 10.0.0.253 ipsec-attributes',
    'ikev2 remote-authentication pre-shared-key OpenSesame OpenSesame',
    'ikev2 remote-authentification pre-shared-key OpenSesame',
    'ikev2 local-authentication pre-shared-keyOpenSesame x',
  ]);
  assert.doesNotMatch(JSON.stringify(outcomes.map(({ diagnostics }) => diagnostics)), /OpenSesame/);
});

test('a batch is read as a whole: a later line may mend an earlier one', () => {
  const lines = ['crypto ikev2 policy 10', 'integrity null', 'encryption aes-gcm-256'];
  const single = open();
  assert.deepEqual(
    lines.flatMap((line) => single.enter([line])).map(({ ok }) => ok),
    [true, false, true],
  );
  assert.ok(
    open()
      .enter(lines)
      .every(({ ok }) => ok),
  );
});

const pool = [
  'interface Tunnel1',
  'interface Tunnel7',
  'interface Tunnel99999',
  ' description one',
  ' shutdown',
  ' no shutdown',
  ' tunnel destination 10.0.0.253',
  'router bgp 65000',
  ' timers bgp 5 15',
  ' address-family ipv4 unicast',
  '  neighbor 10.9.9.9 remote-as 65009',
  'frobnicate',
  'exit',
  'end',
  'no interface Tunnel1',
  'crypto ikev2 policy 10',
  ' encryption aes-256',
  '!',
  'routeVTI 10.7.7.7 255.255.255.255 172.16.1.253',
];

test('else a batch is as good as its lines one by one', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pool), { maxLength: 14 }), (lines) => {
      const [whole, single] = [open(), open()];
      const outcomes = whole.enter(lines);
      const ones = lines.flatMap((line) => single.enter([line]));
      assert.deepEqual(
        outcomes.map(({ line, ok, mode }) => ({ line, ok, mode })),
        ones.map(({ line, ok, mode }) => ({ line, ok, mode })),
      );
      assert.equal(printed(whole), printed(single));
      assert.equal(whole.mode, single.mode);
    }),
    { numRuns: 60 },
  );
});
