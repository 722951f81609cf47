import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadAsa } from './asa/load.ts';
import { printAsa } from './asa/print.ts';
import type { DeviceModel } from './model.ts';
import { type PlanItem, planOf } from './plan.ts';

const TEXT = readFileSync(new URL('../../examples/hub-and-spoke/spoke1.cfg', import.meta.url), 'utf8');
const model = (text: string): DeviceModel => loadAsa(text, 'spoke1.cfg').model;
const before = model(TEXT);

/** What a plan changes, a line each. */
function changes(plan: readonly PlanItem[]): string[] {
  return plan
    .filter(({ change }) => change !== 'untouched')
    .map(
      ({ kind, name, change, because }) =>
        `${change} ${kind} ${name}${because.length > 0 ? `: ${because.join(', ')}` : ''}`,
    );
}

function replaced(from: string | RegExp, to: string): DeviceModel {
  assert.match(TEXT, typeof from === 'string' ? new RegExp(from.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')) : from);
  return model(TEXT.replace(from, to));
}

test('nothing changes between a configuration and itself, wherever its lines stand', () => {
  assert.deepEqual(changes(planOf(before, model(`!\n!\n${TEXT}`))), []);
  assert.deepEqual(changes(planOf(before, model(printAsa(before, { secrets: 'plain' })))), []);
});

test('everything is added to an empty configuration, and removed again', () => {
  const empty = model('hostname spoke1\n');
  const added = planOf(empty, before).filter(({ change }) => change === 'added');
  const removed = planOf(before, empty).filter(({ change }) => change === 'removed');
  const things = (plan: readonly PlanItem[]): string[] => plan.map(({ kind, name }) => `${kind} ${name}`).sort();
  assert.deepEqual(things(added), things(removed));
  for (const kind of ['interface', 'tunnel', 'neighbor', 'bgp']) {
    assert.ok(
      added.some((item) => item.kind === kind),
      kind,
    );
  }
});

test('a key changes the tunnel that it belongs to and no other', () => {
  const { tunnelGroups } = before;
  const [first] = tunnelGroups;
  assert.ok(first !== undefined);
  const lines = TEXT.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`tunnel-group ${first.name} ipsec-attributes`));
  const key = lines.findIndex((line, i) => i > start && line.includes('local-authentication pre-shared-key'));
  lines[key] = ' ikev2 local-authentication pre-shared-key another-secret-key';
  const said = changes(planOf(before, model(lines.join('\n'))));
  assert.deepEqual(said.filter((line) => line.startsWith('changed tunnel ')).length, 1, said.join('\n'));
  assert.ok(said.some((line) => line.includes(`tunnel-group ${first.name}`)));
  assert.ok(!said.join('\n').includes('another-secret-key'));
});

test('a tunnel that is taken away leaves the others untouched', () => {
  const tunnels = before.interfaces.filter(({ kind }) => kind === 'tunnel');
  const [gone, ...others] = tunnels;
  assert.ok(gone !== undefined && others.length > 0);
  const plan = planOf(before, { ...before, interfaces: before.interfaces.filter((one) => one !== gone) });
  assert.deepEqual(changes(plan), [`removed tunnel ${gone.name}`]);
  for (const { name } of others) {
    assert.ok(plan.some((item) => item.kind === 'tunnel' && item.name === name && item.change === 'untouched'));
  }
});

test('what a neighbour and an interface differ in is named', () => {
  const { bgp } = before;
  const [neighbor] = bgp?.neighbors ?? [];
  assert.ok(bgp !== undefined && neighbor !== undefined);
  const neighbors = bgp.neighbors.map((one) =>
    one === neighbor ? { ...one, description: 'other', shutdown: true } : one,
  );
  assert.deepEqual(changes(planOf(before, { ...before, bgp: { ...bgp, neighbors } })), [
    `changed neighbor ${neighbor.address}: shutdown, description`,
  ]);
  const mtu = replaced(/(interface GigabitEthernet0\/0\n)/, '$1 mtu 1400\n description x\n');
  assert.ok(changes(planOf(before, mtu)).includes('changed interface GigabitEthernet0/0: description'));
});
