/** GRE between two routers, looked at by their configurations alone. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadConfiguration } from '../config/index.ts';
import type { DeviceEvidence, Fabric } from './evidence.ts';
import { explainMtu } from './mtu.ts';
import { mtuText } from './mtu-text.ts';
import { explainTunnel } from './tunnel.ts';

const EXAMPLE = '../../examples/gre-over-ipsec';
const text = (n: number): string => readFileSync(new URL(`${EXAMPLE}/r${n}.cfg`, import.meta.url), 'utf8');

type Change = readonly [from: string, to: string];

function device(n: number, changes: readonly Change[]): DeviceEvidence {
  let config = text(n);
  for (const [from, to] of changes) {
    assert.equal(config.split(from).length, 2, `${from} stands once`);
    config = config.replace(from, to);
  }
  const file = `r${n}.cfg`;
  return { name: `r${n}`, model: loadConfiguration(config, file).model, configuration: { file, text: config } };
}

function fabric(left: readonly Change[] = [], right: readonly Change[] = []): Fabric {
  return new Map([device(1, left), device(2, right)].map((one) => [one.name, one]));
}

const rows: readonly { what: string; left: readonly Change[]; code: string; edit: string }[] = [
  {
    what: 'GRE at one end and IPsec alone at the other',
    left: [[' tunnel key 100\n', ' tunnel mode ipsec ipv4\n']],
    code: 'tunnel-mode-mismatch',
    edit: 'tunnel mode ipsec ipv4',
  },
  {
    what: 'another key',
    left: [['tunnel key 100', 'tunnel key 101']],
    code: 'gre-key-mismatch',
    edit: 'tunnel key 100',
  },
  { what: 'no key', left: [[' tunnel key 100\n', '']], code: 'gre-key-mismatch', edit: 'tunnel key 100' },
  {
    what: 'protection at one end alone',
    left: [[' tunnel protection ipsec profile GRE\n', '']],
    code: 'gre-protection-one-sided',
    edit: 'tunnel protection ipsec profile GRE',
  },
];

for (const { what, left, code, edit } of rows) {
  test(`explain tunnel: ${what}, asked at either end`, () => {
    const both = fabric(left);
    const near = explainTunnel(both, 'r1', 'Tunnel0');
    assert.deepEqual([near.code, near.edits.length], [code, 1]);
    assert.ok(JSON.stringify(near.edits).includes(edit), JSON.stringify(near.edits));
    assert.equal(explainTunnel(both, 'r2', 'Tunnel0').code, code);
  });
}

test('explain tunnel: the ends as they are contradict each other in nothing', () => {
  const { code } = explainTunnel(fabric(), 'r1', 'Tunnel0');
  assert.ok(
    rows.every((row) => row.code !== code),
    code,
  );
});

test('explain mtu: GRE has a layer of its own, and the tunnel takes what is left', () => {
  const [path] = explainMtu(fabric()).paths.filter(({ udpEncapsulation }) => !udpEncapsulation);
  assert.ok(path, 'there is a path');
  // 1466 in transport mode less 24, and four for the key.
  assert.deepEqual([path.mode, path.tunnelMtu], ['transport', 1438]);
  assert.equal(
    path.layers.reduce((sum, { bytes }) => sum + bytes, 0),
    1500,
  );
  assert.equal(path.layers.find(({ layer }) => layer === 'gre')?.bytes, 8);
  assert.equal(path.layers.find(({ layer }) => layer === 'payload')?.bytes, 1438);
  assert.deepEqual([path.agreedMtu, path.agreedMss, path.breaks, path.commands], [1400, 1360, [], []]);
});

test('explain mtu: with more than fits nobody is ever told, and 1400 and 1360 are what to set', () => {
  const plain: readonly Change[] = [
    [' ip mtu 1400\n', ' ip mtu 1476\n'],
    [' ip tcp adjust-mss 1360\n', ''],
  ];
  const report = explainMtu(fabric(plain, plain));
  assert.match(mtuText(report), /without: r1: an interface MTU of 1476 .* GRE does not copy DF, .* black hole/);
});

test('explain mtu: GRE in clear', () => {
  const bare: readonly Change[] = [[' tunnel protection ipsec profile GRE\n', '']];
  assert.deepEqual(explainMtu(fabric(bare, bare)).unknown, [
    'r1 Tunnel0: GRE in clear adds 28 bytes and leaves 1472',
    'r2 Tunnel0: GRE in clear adds 28 bytes and leaves 1472',
  ]);
});
