/** The matcher by itself, on a small grammar of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Grammar, type Syntax } from './grammar.ts';
import { canonicalInterface } from './interface-name.ts';
import { readLine } from './lines.ts';
import { nearestLine } from './nearest.ts';
import { address, hardwareInterface, many, mask, name, number, optional, text, words } from './parameters.ts';

const row = (pattern: string, params: Syntax['params'] = {}): Syntax => ({
  pattern,
  params,
  help: 'help',
  modes: ['m'],
});

const grammar = new Grammar<Syntax>([
  row('ip address / <address> <mask>', { address: address('A', 4), mask: mask('M') }),
  row('ip route <address>', { address: address('A') }),
  row('interface <name> [shut]', { name: hardwareInterface('I') }),
  row('set peer / <peers>... [<last>]', { peers: many(address('P')), last: optional(words('L', 'last')) }),
  row('set pfs / [<group>]', { group: optional(words('G', 'group1', 'group14', 'group2')) }),
  row('life {seconds <seconds>|kilobytes <kilobytes>}', {
    seconds: optional(number(1, 100, 'S')),
    kilobytes: optional(number(10, 1000, 'K')),
  }),
  row('match name prefix-list <lists>...', { lists: many(name('L')) }),
  row('match name <lists>...', { lists: many(name('L')) }),
  row('description / <text>', { text: text('T') }),
]);

const reads = [
  ['ip address 10.0.0.1 255.0.0.0', 'ip address 10.0.0.1 255.0.0.0'],
  ['ip addr 10.0.0.1 255.0.0.0', 'ip address 10.0.0.1 255.0.0.0'],
  ['IP ADDRESS 10.0.0.1 255.0.0.0', 'ip address 10.0.0.1 255.0.0.0'],
  ['no ip address', 'no ip address'],
  ['no ip address 10.0.0.1 255.0.0.0', 'no ip address 10.0.0.1 255.0.0.0'],
  ['int gi 0/1', 'interface GigabitEthernet0/1'],
  ['int gi0/1 shut', 'interface GigabitEthernet0/1 shut'],
  ['set peer 1.1.1.1 2.2.2.2 last', 'set peer 1.1.1.1 2.2.2.2 last'],
  ['set pfs', 'set pfs'],
  ['set pfs group1', 'set pfs group1'],
  ['life sec 5', 'life seconds 5'],
  ['match name prefix-list A', 'match name prefix-list A'],
  ['match name pref A', 'match name prefix-list A'],
  ['match name A B', 'match name A B'],
  ['desc  two  blanks ', 'description two  blanks'],
] as const;

for (const [line, canonical] of reads) {
  test(`grammar reads: ${line}`, () => {
    const match = grammar.match('m', readLine(line));
    assert.ok(match.ok);
    assert.equal(match.canonical, canonical);
  });
}

const misses = [
  ['ip', 'incomplete', 1, 'address route'],
  ['ip address 10.0.0.1', 'incomplete', 3, 'NETMASK'],
  ['no set', 'incomplete', 2, 'peer pfs'],
  ['ip foo', 'invalid', 1, 'address route'],
  ['set p 1', 'ambiguous', 1, 'peer pfs'],
  ['life seconds 101', 'invalid', 2, '<1-100>'],
  ['set pfs group3', 'invalid', 2, '<cr> group1 group14 group2'],
  ['set pfs group14 more', 'invalid', 3, '<cr>'],
  ['ip address 10.0.0.1 255.0.255.0', 'invalid', 3, 'NETMASK'],
] as const;

for (const [line, kind, index, expected] of misses) {
  test(`grammar refuses: ${line}`, () => {
    const match = grammar.match('m', readLine(line));
    assert.ok(!match.ok);
    assert.deepEqual([match.kind, match.index], [kind, index]);
    assert.deepEqual(match.expected.map((one) => one.text).sort(), expected.split(' '));
  });
}

test('what may follow is known for help and completion', () => {
  const after = grammar.expectedAfter('m', readLine('set pfs'));
  assert.deepEqual(
    after.map((one) => one.text),
    ['group1', 'group14', 'group2', '<cr>'],
  );
  assert.deepEqual(grammar.expectedAfter('m', readLine('set nothing')), []);
});

const nearest = [
  ['ip adress 10.0.0.1 255.0.0.0', 'ip address 10.0.0.1 255.0.0.0'],
  ['ip address', 'ip address <address> <mask>'],
  ['ip adress 10.0.0.1', 'ip address 10.0.0.1 <mask>'],
  ['life secnods 7', 'life seconds 7'],
  ['no ip adress', 'no ip address'],
  ['set pfs please group14', 'set pfs group14'],
  ['entirely different', undefined],
] as const;

for (const [line, text] of nearest) {
  test(`nearest line to: ${line}`, () => {
    assert.equal(nearestLine(grammar, 'm', readLine(line))?.text, text);
  });
}

const interfaces = [
  ['gi0/0', undefined, 'GigabitEthernet0/0'],
  ['G0/0.100', undefined, 'GigabitEthernet0/0.100'],
  ['Tunnel', '1', 'Tunnel1'],
  ['tu01', undefined, 'Tunnel1'],
  ['virtual-Template', '1', 'Virtual-Template1'],
  ['po1', undefined, 'Port-channel1'],
  ['t1', undefined, undefined],
  ['Tunnel', 'x', undefined],
  ['Tunnel99999', undefined, undefined],
  ['eth', undefined, undefined],
] as const;

for (const [word, next, canonical] of interfaces) {
  test(`interface name: ${word} ${next ?? ''}`, () => {
    const reading = canonicalInterface(word, next);
    assert.equal(reading.ok ? reading.value : undefined, canonical);
  });
}
