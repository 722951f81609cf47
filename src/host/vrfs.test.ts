/** VRFs on a machine, in memory: devices that are used or made, tables, what is refused, and what is left. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overlappingText, routerText, siteText, TENANTS } from '../gateway/iosxe.fixture.ts';
import { modelOf } from '../gateway/model.fixture.ts';
import { hostOf as modelHostOf, type Running } from './gateway-host.fixture.ts';
import { MemoryMachine, MemoryWorld } from './memory-system.fixture.ts';
import type { HostSettings } from './settings.ts';
import type { SystemLink } from './system.ts';
import { planVrfs } from './vrfs.ts';

const hostOf = (
  ...[world, machine, text, settings]: [MemoryWorld, MemoryMachine, string, Partial<HostSettings>?]
): Running => modelHostOf(world, machine, modelOf(text), settings);

/** Router `n` of `overlappingText`, with a host of the same address behind each inner VRF. */
function machineOf(world: MemoryWorld, n: number): MemoryMachine {
  const links = {
    eth0: [`10.0.0.${n}/24`],
    eth1: [`10.1.${n}.1/24`],
    eth2: [`10.0.1.${n}/24`],
    eth3: [`10.1.${n}.1/24`],
  };
  return new MemoryMachine(world, links, [`10.1.${n}.10`]);
}

function pair(): Readonly<{ world: MemoryWorld; a: MemoryMachine; b: MemoryMachine; left: Running; right: Running }> {
  const world = new MemoryWorld();
  const [a, b] = [machineOf(world, 1), machineOf(world, 2)];
  const left = hostOf(world, a, overlappingText(1));
  const right = hostOf(world, b, overlappingText(2));
  for (const { host } of [left, right]) assert.deepEqual(host.start(), { ok: true, value: undefined });
  const routes = (machine: MemoryMachine, to: string): number =>
    machine.routeTexts().filter((text) => text.startsWith(to)).length;
  world.until('both tunnels are up', () => routes(a, '10.1.2.0/24') === 2 && routes(b, '10.1.1.0/24') === 2);
  return { world, a, b, left, right };
}

const made = [
  ['vrf-INET', 11_901],
  ['vrf-RED', 11_902],
  ['vrf-BLUE', 11_903],
] as const;

test('two inner VRFs with the same addresses, and a third in front: each has its device, and pings stay in theirs', () => {
  const { world, a, b, left, right } = pair();
  assert.deepEqual(
    [...a.vrfs].map(([name, { table }]) => [name, table]),
    made,
  );
  assert.deepEqual(
    ['eth0', 'eth1', 'eth2', 'eth3'].map((name) => a.links.get(name)?.master),
    ['vrf-INET', 'vrf-RED', 'vrf-INET', 'vrf-BLUE'],
  );
  assert.deepEqual([a.tuns.get('Tunnel2')?.vrf, a.tuns.get('Tunnel102')?.vrf], ['vrf-RED', 'vrf-BLUE']);
  assert.deepEqual([...a.listening.keys()], ['vrf-INET 10.0.0.1', 'vrf-INET 10.0.1.1']);
  const texts = a.routeTexts();
  assert.ok(texts.includes('10.1.2.0/24 dev Tunnel2 table 11902'), texts.join('\n'));
  assert.ok(texts.includes('10.1.2.0/24 dev Tunnel102 table 11903'), texts.join('\n'));
  for (const [, table] of made) assert.ok(texts.includes(`0.0.0.0/0 unreachable table ${table}`), texts.join('\n'));
  for (const [vrf, link] of [
    ['vrf-RED', 'eth1'],
    ['vrf-BLUE', 'eth3'],
  ] as const) {
    const heard = b.heard.length;
    const before = a.answers('10.1.1.10').length;
    a.ping('10.1.1.10', '10.1.2.10', 100, false, vrf);
    world.run(100);
    assert.deepEqual(
      b.heard.slice(heard).map((one) => one.link),
      [link],
      vrf,
    );
    assert.equal(a.answers('10.1.1.10').length, before + 1, vrf);
    assert.equal(a.heard.at(-1)?.link, link, 'the answer comes out where the question went in');
  }
  const heard = b.heard.length;
  for (const vrf of ['vrf-INET', undefined]) a.ping('10.1.1.10', '10.1.2.10', 100, false, vrf);
  world.run(100);
  assert.equal(b.heard.length, heard, 'no way from the front VRF or from none');
  assert.deepEqual([...left.faults, ...right.faults], []);
});

test('a clean stop leaves neither devices nor routes, and the links where they were', async () => {
  const { world, a, left } = pair();
  const stopped = left.host.stop();
  for (let i = 0; i < 200 && a.isOpen; i++) {
    world.run(20);
    await Promise.resolve();
  }
  await stopped;
  assert.deepEqual([[...a.vrfs], a.routeTexts(), [...a.tuns]], [[], [], []]);
  assert.ok(
    [...a.links.values()].every(({ master }) => master === undefined),
    'in no VRF',
  );
});

test('a killed run leaves devices, which the next one uses and takes away', () => {
  const { world, a } = pair();
  a.kill();
  assert.equal(a.vrfs.size, 3);
  a.vrfs.set('vrf-OLD', { table: 11_950, ours: true });
  a.vrfs.set('vrf-others', { table: 70, ours: false });
  a.orders.length = 0;
  const next = hostOf(world, a, overlappingText(1));
  assert.deepEqual(next.host.start(), { ok: true, value: undefined });
  const orders = a.orders.filter((order) => /vrf/.test(order) && !/listen/.test(order));
  assert.deepEqual(orders, ['Tunnel2 in vrf-RED', 'Tunnel102 in vrf-BLUE', 'no vrf vrf-OLD']);
  void next.host.stop();
  world.run(5000);
  assert.deepEqual([...a.vrfs.keys()].includes('vrf-others'), true);
});

test('a device of the host file or of the same name is used, and stays', async () => {
  const world = new MemoryWorld();
  const a = machineOf(world, 1);
  a.vrfs.set('outer', { table: 7, ours: false });
  a.vrfs.set('RED', { table: 8, ours: false });
  const vrfs = new Map([
    ['INET', { device: 'outer' }],
    ['BLUE', { device: 'blue', table: 9 }],
  ]);
  const { host } = hostOf(world, a, overlappingText(1), { vrfs });
  assert.ok(host.start().ok);
  assert.deepEqual(
    [...a.vrfs].map(([name, { table }]) => [name, table]),
    [
      ['outer', 7],
      ['RED', 8],
      ['blue', 9],
    ],
  );
  assert.equal(a.links.get('eth0')?.master, 'outer');
  const stopped = host.stop();
  for (let i = 0; i < 200 && a.isOpen; i++) {
    world.run(20);
    await Promise.resolve();
  }
  await stopped;
  assert.deepEqual([...a.vrfs.keys()], ['outer', 'RED']);
  assert.equal(a.links.get('eth0')?.master, undefined);
});

test('a kernel without VRFs: refused with the way out, and nothing is left', () => {
  const world = new MemoryWorld();
  const a = machineOf(world, 1);
  a.canVrf = false;
  const started = hostOf(world, a, overlappingText(1)).host.start();
  assert.ok(!started.ok && started.error.code === 'EOPNOTSUPP', JSON.stringify(started));
  assert.match(started.error.text, /^VRF INET: /);
  assert.deepEqual([[...a.vrfs], [...a.tuns], a.routes, a.isOpen], [[], [], [], false]);
});

test('an interface that is missing: no VRF is made, and no link is moved', () => {
  const world = new MemoryWorld();
  const a = machineOf(world, 1);
  a.links.delete('eth3');
  const started = hostOf(world, a, overlappingText(1)).host.start();
  assert.ok(!started.ok, 'refused');
  assert.ok(!a.orders.some((order) => / in /.test(order)), a.orders.join('\n'));
  assert.deepEqual([...a.vrfs], []);
});

test('an interface that is a part of something else, or in a VRF that nobody speaks of, is refused', () => {
  for (const [master, text] of [
    ['br0', overlappingText(1)],
    ['others', routerText(1, [2])],
  ] as const) {
    const world = new MemoryWorld();
    const a = machineOf(world, 1);
    a.vrfs.set('others', { table: 70, ours: false });
    const eth0 = a.links.get('eth0');
    assert.ok(eth0 !== undefined, 'it is there');
    a.links.set('eth0', { ...eth0, master });
    const started = hostOf(world, a, text).host.start();
    assert.ok(!started.ok && started.error.code === 'link-taken', JSON.stringify(started));
  }
});

test('a reload moves a tunnel and its inside into another VRF, and the VRF that nobody needs goes', () => {
  const { world, a, left } = pair();
  left.host.configure(modelOf(overlappingText(1).replaceAll('BLUE', 'GREEN')));
  world.run(100);
  assert.deepEqual([...a.vrfs.keys()], ['vrf-INET', 'vrf-RED', 'vrf-GREEN']);
  assert.equal(a.tuns.get('Tunnel102')?.vrf, 'vrf-GREEN');
  assert.equal(a.links.get('eth3')?.master, 'vrf-GREEN');
  assert.deepEqual(left.faults, []);
});

test('a device that somebody deletes is made anew, with all that was in it', () => {
  const { world, a, left } = pair();
  a.deleteVrf('vrf-RED');
  world.run(10_000);
  assert.equal(a.tuns.get('Tunnel2')?.vrf, 'vrf-RED');
  assert.equal(a.links.get('eth1')?.master, 'vrf-RED');
  world.until('its routes are back', () => a.routeTexts().includes('10.1.2.0/24 dev Tunnel2 table 11902'));
  assert.ok(a.routeTexts().includes('0.0.0.0/0 unreachable table 11902'), 'and the last one');
  assert.deepEqual(left.faults, []);
});

test('tenants over VXLAN: each VNI is a device in its VRF, and what comes out stays there', () => {
  const world = new MemoryWorld();
  const machines = [1, 2].map((n) => {
    const links = {
      eth0: [`10.0.0.${n}/24`],
      eth1: [`10.1.${n}.1/24`],
      eth2: [`10.9.${n}.1/24`],
      eth3: [`10.9.${n}.1/24`],
    };
    return new MemoryMachine(world, links, [`10.9.${n}.10`]);
  });
  const running = machines.map((machine, i) => hostOf(world, machine, siteText(i + 1)));
  for (const { host } of running) assert.deepEqual(host.start(), { ok: true, value: undefined });
  const [a, b] = machines;
  assert.ok(a !== undefined && b !== undefined, 'two');
  const ways = (machine: MemoryMachine, to: string): readonly string[] =>
    machine.routeTexts().filter((text) => text.startsWith(to));
  world.until(
    'the tenants know each other',
    () => [ways(a, '10.9.2.0'), ways(b, '10.9.1.0')].every((one) => one.length === 2),
    120_000,
  );
  assert.deepEqual(ways(a, '10.9.2.0'), [
    '10.9.2.0/24 dev nve1.50001 table 11901',
    '10.9.2.0/24 dev nve1.50002 table 11902',
  ]);
  for (const { vrf, port } of TENANTS) {
    const before: number = b.heard.length;
    a.ping('10.9.1.10', '10.9.2.10', 100, false, `vrf-${vrf}`);
    world.run(200);
    assert.deepEqual(
      b.heard.slice(before).map(({ link }) => link),
      [`eth${port}`],
      vrf,
    );
    assert.equal(a.heard.at(-1)?.link, `eth${port}`, 'and the answer');
  }
  assert.deepEqual(
    running.flatMap(({ faults }) => faults),
    [],
  );
});

const device = (name: string, table: number, ours = false): SystemLink => ({
  index: 1,
  name,
  up: true,
  mtu: 1500,
  addresses: [],
  vrf: { table, ours },
});
const plain: SystemLink = { index: 2, name: 'vrf-A', up: true, mtu: 1500, addresses: [] };

test('names and tables of devices never meet others', () => {
  const plan = (vrfs: readonly string[], links: readonly SystemLink[], settings = new Map()): unknown => {
    const planned = planVrfs(vrfs, { vrfs: settings, routeTable: 254 }, links);
    return planned.ok ? planned.value.map(({ device: name, table }) => `${name} ${table}`) : planned.error.code;
  };
  assert.deepEqual(plan(['A'], []), ['vrf-A 11901']);
  assert.deepEqual(plan(['A'], [plain]), ['vrf-A-2 11901']);
  assert.deepEqual(plan(['A'], [device('other', 11_901)]), ['vrf-A 11902']);
  assert.deepEqual(plan(['A'], [device('A', 5)]), ['A 5']);
  assert.deepEqual(plan(['customer-of-london', 'customer-of-lyon'], []), [
    'vrf-customer-of 11901',
    'vrf-customer--2 11902',
  ]);
  assert.deepEqual(plan(['A', 'B'], [], new Map([['A', { table: 11_902 }]])), ['vrf-A 11902', 'vrf-B 11901']);
  assert.equal(plan(['A'], [plain], new Map([['A', { device: 'vrf-A' }]])), 'no-vrf');
  assert.equal(plan(['A'], [device('x', 5)], new Map([['A', { device: 'x', table: 6 }]])), 'other-table');
});
