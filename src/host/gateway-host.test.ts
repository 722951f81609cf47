/** One gateway on a machine, in memory: tunnels as devices, the kernel's routes, and what comes and goes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after, IpAddress, ok, Prefix, seededRandom } from '../base/index.ts';
import { gatewayText, hubText, ip, modelOf, spokeText } from '../gateway/model.fixture.ts';
import { buildEcho, buildIcmpError, parseIp } from '../ip/index.ts';
import { hostOf, machineOf, type Running } from './gateway-host.fixture.ts';
import { GatewayHost } from './gateway-host.ts';
import { KernelRoutes } from './kernel-routes.ts';
import { MemoryMachine, MemoryWorld } from './memory-system.fixture.ts';
import { DEFAULT_SETTINGS, type HostSettings } from './settings.ts';

function pair(): Readonly<{ world: MemoryWorld; a: MemoryMachine; b: MemoryMachine; left: Running; right: Running }> {
  const world = new MemoryWorld();
  const [a, b] = [machineOf(world, 1), machineOf(world, 2)];
  const left = hostOf(world, a, modelOf(gatewayText(1, [2])));
  const right = hostOf(world, b, modelOf(gatewayText(2, [1])));
  for (const { host } of [left, right]) assert.deepEqual(host.start(), { ok: true, value: undefined });
  world.until('BGP is up', () => left.host.device.status().bgpUp === 1 && right.host.device.status().bgpUp === 1);
  world.until('routes', () => a.routes.length === 1 && b.routes.length === 1);
  return { world, a, b, left, right };
}

function found<T>(value: T | undefined): T {
  assert.ok(value !== undefined);
  return value;
}

test('a static tunnel is a device; BGP over it gives both kernels routes; hosts reach one another', () => {
  const { world, a, b, left, right } = pair();
  assert.deepEqual([...a.tuns.keys()], ['Tunnel2']);
  assert.deepEqual(a.routeTexts(), ['10.1.2.0/24 dev Tunnel2']);
  assert.deepEqual(b.routeTexts(), ['10.1.1.0/24 dev Tunnel1']);
  a.ping('10.1.1.10', '10.1.2.10');
  world.run(100);
  // Each of the two machines counts the TTL down once, as routers do.
  assert.deepEqual(a.answers('10.1.1.10'), ['echo-reply from 10.1.2.10 ttl 62']);
  a.ping('172.16.12.1', '172.16.12.2');
  world.run(100);
  assert.deepEqual(a.answers('172.16.12.1'), ['echo-reply from 172.16.12.2 ttl 64'], 'the machine pings the tunnel');
  b.ping('172.16.12.2', '10.1.1.1');
  world.run(100);
  assert.deepEqual(b.answers('172.16.12.2'), ['echo-reply from 10.1.1.1 ttl 64'], 'an inside address');
  assert.equal(a.martians + b.martians, 0);
  assert.deepEqual([...left.faults, ...right.faults], []);
});

test('a hub has one device for all clones of a template; spokes reach one another through its plane', () => {
  const world = new MemoryWorld();
  const spokes = [2, 3, 4];
  const machines = [1, ...spokes].map((n) => machineOf(world, n));
  const texts = [hubText(spokes), ...spokes.map((n) => spokeText(n))];
  const running = texts.map((text, i) => hostOf(world, found(machines[i]), modelOf(text)));
  for (const { host } of running) assert.ok(host.start().ok);
  const hub = found(machines[0]);
  const status = () => found(running[0]).host.device.status();
  world.until('BGP with all spokes', () => status().bgpUp === 3 && hub.routes.length === 6);
  assert.deepEqual([...hub.tuns.keys()].sort(), ['Loopback1', 'Vtemplate1']);
  const template = hub.tuns.get('Vtemplate1');
  assert.deepEqual(
    template?.addresses.map(({ address, length }) => `${address}/${length}`),
    ['172.16.0.1/32'],
    'a borrowed address is here as a host',
  );
  assert.ok(template.mtu < 1500, 'as small as its clones');
  assert.deepEqual(hub.routeTexts(), [
    '10.1.2.0/24 dev Vtemplate1',
    '10.1.3.0/24 dev Vtemplate1',
    '10.1.4.0/24 dev Vtemplate1',
    '172.16.12.2/32 dev Vtemplate1',
    '172.16.13.3/32 dev Vtemplate1',
    '172.16.14.4/32 dev Vtemplate1',
  ]);
  world.until('the spokes know as much', () => machines.slice(1).every(({ routes }) => routes.length === 4));
  for (const n of spokes) hub.ping('10.1.1.10', `10.1.${n}.10`);
  world.until('all answer', () => hub.answers('10.1.1.10').length === 3, 1000);
  const third = found(machines[2]);
  third.ping('10.1.3.10', '10.1.4.10');
  world.until('spoke to spoke', () => third.answers('10.1.3.10').length === 1, 1000);
  assert.deepEqual(third.answers('10.1.3.10'), ['echo-reply from 10.1.4.10 ttl 61'], 'the hub counts down once');
  found(machines[1]).kill();
  world.until('a spoke is gone', () => status().bgpUp === 2);
  assert.deepEqual([...hub.tuns.keys()].sort(), ['Loopback1', 'Vtemplate1']);
  world.until('its routes are gone', () => hub.routes.length < 6);
});

test('a reload adds a tunnel and removes it, and the other one does not notice', () => {
  const { world, a, left } = pair();
  const spis = (): readonly number[] =>
    left.host.device.counters().childSas.flatMap(({ id, interface: of }) => (of === 'Tunnel2' ? [id] : []));
  const before = spis();
  assert.equal(before.length, 1);
  a.orders.length = 0;
  assert.deepEqual(left.host.configure(modelOf(gatewayText(1, [2, 3]))), []);
  assert.deepEqual(a.orders, ['open Tunnel3', 'set Tunnel3']);
  const third = machineOf(world, 3);
  const other = hostOf(world, third, modelOf(gatewayText(3, [1])));
  assert.ok(other.host.start().ok);
  world.until('the new one is up', () => a.routeTexts().includes('10.1.3.0/24 dev Tunnel3'));
  a.ping('10.1.1.10', '10.1.3.10');
  world.until('and carries', () => a.answers('10.1.1.10').length === 1, 1000);
  a.orders.length = 0;
  left.host.configure(modelOf(gatewayText(1, [2])));
  world.run(100);
  assert.deepEqual([...a.tuns.keys()], ['Tunnel2']);
  assert.deepEqual(a.orders, ['close Tunnel3'], 'its routes go with it');
  assert.deepEqual(a.routeTexts(), ['10.1.2.0/24 dev Tunnel2']);
  assert.deepEqual(spis(), before);
  assert.deepEqual([...left.faults, ...other.faults], []);
});

test('a clean stop tells the peers, waits for their answers, and leaves nothing', async () => {
  const { world, a, left, right } = pair();
  const stopped = left.host.stop();
  assert.equal(left.host.stop(), stopped, 'asked twice');
  world.run(10);
  assert.ok(a.isOpen, 'the peer answers still');
  for (let i = 0; i < 10 && a.isOpen; i++) {
    world.run(20);
    await Promise.resolve();
  }
  await stopped;
  assert.ok(world.now < 30_000);
  assert.ok(!a.isOpen && !left.host.device.isOn());
  assert.deepEqual([[...a.tuns.keys()], a.routeTexts(), [...a.listening.keys()]], [[], [], []]);
  assert.equal(right.host.device.status().bgpUp, 0, 'the peer knows at once');
  world.run(10_000);
  assert.deepEqual(left.faults, []);
});

test('a stop with a peer that is silent takes two seconds', async () => {
  const { world, a, b, left } = pair();
  b.kill();
  const stopped = left.host.stop();
  const began = world.now;
  while (a.isOpen && world.now < began + 10_000) {
    world.run(20);
    await Promise.resolve();
  }
  await stopped;
  assert.ok(world.now - began >= 2000 && world.now - began < 2100, `${world.now - began}`);
  assert.deepEqual(a.routeTexts(), []);
});

const outside = 'route outside 0.0.0.0 0.0.0.0 10.0.0.254 1\n';
const others = 'route inside 192.168.0.0 255.255.0.0 10.1.1.254 1\nroute Null0 198.51.100.0 255.255.255.0 1\n';

test('static routes are in the kernel; what a killed run left is taken over or removed', () => {
  const world = new MemoryWorld();
  const a = machineOf(world, 1);
  const model = modelOf(gatewayText(1, [2]).replace('router bgp', `${outside}${others}router bgp`));
  const first = hostOf(world, a, model);
  assert.ok(first.host.start().ok);
  const expected = [
    '0.0.0.0/0 via 10.0.0.254 dev eth0',
    '192.168.0.0/16 via 10.1.1.254 dev eth1',
    '198.51.100.0/24 blackhole',
  ];
  assert.deepEqual(a.routeTexts(), expected);
  a.kill();
  assert.deepEqual(a.routeTexts(), expected, 'they outlive the process');
  const changed = modelOf(gatewayText(1, [2]).replace('router bgp', `${outside}router bgp`));
  a.orders.length = 0;
  const second = hostOf(world, a, changed);
  assert.ok(second.host.start().ok);
  assert.deepEqual(a.routeTexts(), ['0.0.0.0/0 via 10.0.0.254 dev eth0']);
  assert.ok(!a.orders.includes('route 0.0.0.0/0'), 'the one that is wanted is not touched');
  assert.equal(second.host.counters()['routes-installed'], 1);
});

test('a default route may lead into the tunnel where a longer one leads to the peer outside', () => {
  const world = new MemoryWorld();
  const [a, b] = [machineOf(world, 1), machineOf(world, 2)];
  const text = gatewayText(1, [2]).replace(
    'router bgp',
    'route outside 10.0.0.2 255.255.255.255 10.0.0.254 1\nroute to2 0.0.0.0 0.0.0.0 172.16.12.2 1\nrouter bgp',
  );
  const left = hostOf(world, a, modelOf(text));
  const right = hostOf(world, b, modelOf(gatewayText(2, [1])));
  for (const { host } of [left, right]) assert.ok(host.start().ok);
  world.until('up', () => right.host.device.status().bgpUp === 1 && a.routes.length === 4 && b.routes.length === 1);
  const halves = ['0.0.0.0/1 dev Tunnel2', '128.0.0.0/1 dev Tunnel2'];
  assert.deepEqual(
    a.routeTexts().filter((text) => halves.includes(text)),
    halves,
    'they win against a default route of the machine, whatever its metric',
  );
  assert.ok(a.routeTexts().includes('10.0.0.2/32 via 10.0.0.254 dev eth0'));
  b.ping('10.1.2.10', '10.1.1.10');
  world.until('answered by the default route', () => b.answers('10.1.2.10').length === 1, 1000);
});

test('a link that vanishes takes its interface down, and brings it back', () => {
  const { world, a, left } = pair();
  const link = a.removeLink('eth0');
  world.run(100);
  assert.ok(!a.listening.has('10.0.0.1'));
  const lost = left.log.find(({ code }) => code === 'link-lost');
  assert.match(`${lost?.text}`, /GigabitEthernet0\/0 "outside": eth0 is gone/);
  assert.ok(left.log.some(({ code, subject }) => code === 'line-down' && subject === 'GigabitEthernet0/0'));
  world.run(60_000);
  assert.equal(left.host.device.status().bgpUp, 0);
  a.addLink({ ...link, index: 77 });
  world.run(10);
  assert.ok(a.listening.has('10.0.0.1'));
  assert.ok(left.log.some(({ code }) => code === 'link-back'));
  world.until('all is well again', () => a.routeTexts().includes('10.1.2.0/24 dev Tunnel2'), 120_000);
});

test('an address that is taken away counts as a lost link; another one beside it does not matter', () => {
  const { world, a, left } = pair();
  const addresses = a.links.get('eth0')?.addresses ?? [];
  a.setLink('eth0', { addresses: [] });
  world.run(10);
  assert.match(`${left.log.find(({ code }) => code === 'link-lost')?.text}`, /eth0 has no address of it any more/);
  a.setLink('eth0', { addresses });
  world.run(10);
  assert.ok(a.listening.has('10.0.0.1'));
  const before = left.log.length;
  a.setLink('eth0', { addresses: [...addresses, ...(a.links.get('eth1')?.addresses ?? [])], mtu: 9000 });
  world.run(10);
  assert.equal(left.log.length, before);
});

test('a path that became narrow: the machine hears how much fits', () => {
  const { world, a } = pair();
  world.wire = (packet) => {
    if (packet.length <= 1400) return packet;
    const parsed = parseIp(packet);
    if (!parsed.ok || !parsed.value.df) return packet;
    const about = { kind: 'too-big', code: 0, mtu: 1400, offending: packet } as const;
    const source = parsed.value.destination;
    return buildIcmpError({ source, ...about });
  };
  const ping = (size: number): void => {
    a.ping('10.1.1.10', '10.1.2.10', size, true);
    world.run(50);
  };
  ping(1400);
  assert.deepEqual(a.answers('10.1.1.10'), [], 'lost on the way, and the plane has learned');
  ping(1400);
  assert.deepEqual(a.answers('10.1.1.10'), ['too-big 1346 from 10.1.2.10 ttl 63']);
  ping(1346);
  assert.equal(a.answers('10.1.1.10').length, 2);
  assert.equal(a.martians, 0, 'no error bears an address of the machine itself');
});

test('key shares are made ahead while nothing happens, some of each group that is in use, and no more', () => {
  const world = new MemoryWorld();
  const models = [modelOf(gatewayText(1, [2])), modelOf(gatewayText(2, [1]))] as const;
  const drawn: number[] = [];
  const source = seededRandom(1, 'counted');
  const host = new GatewayHost({
    name: 'counted',
    model: models[0],
    open: machineOf(world, 1).open,
    settings: DEFAULT_SETTINGS,
    random: (length) => {
      drawn.push(length);
      return source(length);
    },
    clock: world.clock,
    wallClock: () => 1_700_000_000_000 + world.now,
  });
  const peer = hostOf(world, machineOf(world, 2), models[1]).host;
  for (const one of [host, peer]) assert.deepEqual(one.start(), { ok: true, value: undefined });
  world.until('BGP is up', () => host.device.status().bgpUp === 1 && peer.device.status().bgpUp === 1);
  /** Group 31 takes 32 bytes of each private value. */
  const draws = (): number => drawn.filter((length) => length === 32).length;
  world.until('all are prepared', () => draws() >= 32);
  const prepared = draws();
  world.run(3000);
  assert.equal(draws(), prepared, 'that is enough');
  host.device.operator({ kind: 'rekey-ike' });
  world.run(1000);
  assert.ok(
    [2, 3].includes(draws() - prepared),
    `nonces of both exchanges at most, and one in the place of the share that was used: ${draws() - prepared}`,
  );
});

test('what is for none of our addresses does not reach the plane', () => {
  const { world, a, left } = pair();
  const [source, destination] = [ip('10.0.0.9'), ip('10.1.2.10')];
  const stray = buildEcho({ source, destination, id: 1, sequence: 1, data: new Uint8Array(4), reply: true });
  a.inject({ kind: 'outer', packets: [stray, new Uint8Array(3), new Uint8Array(0)] });
  a.inject({ kind: 'inner', device: 'nobody0', packets: [stray] });
  world.run(10);
  assert.equal(left.host.counters()['outer-unknown-address'], 3);
});

test('the gateway pings a host of its own network, and the machine does so through the tunnel', () => {
  const { world, a, left } = pair();
  const results: string[] = [];
  const request = { destination: ip('10.1.2.10'), count: 1, size: 100, df: false, timeoutMs: 500, intervalMs: 10 };
  left.host.device.ping(request, (probes) => results.push(...probes.map(({ result }) => result)));
  world.run(100);
  assert.deepEqual(results, ['reply']);
  a.ping('172.16.12.1', '10.1.2.10');
  world.run(100);
  assert.deepEqual(
    a.answers('172.16.12.1'),
    ['echo-reply from 10.1.2.10 ttl 63', 'echo-reply from 10.1.2.10 ttl 63'].slice(1),
  );
});

test('a clock that jumps, or stands, breaks nothing', () => {
  const { world, left, right } = pair();
  world.now = after(world.now, 7 * 3_600_000);
  world.until(
    'both recover',
    () => left.host.device.status().bgpUp === 1 && right.host.device.status().bgpUp === 1,
    300_000,
  );
});

type Refusal = Readonly<{
  name: string;
  links?: Readonly<Record<string, readonly string[]>>;
  settings?: Partial<HostSettings>;
  text: RegExp;
  remedy?: RegExp;
}>;

const refusals: readonly Refusal[] = [
  {
    name: 'no interface with the address',
    links: { eth0: ['10.0.0.1/24'], eth1: ['10.9.9.9/24'] },
    text: /^No interface of this machine is GigabitEthernet0\/1 "inside" \(test\.cfg:9\): none has 10\.1\.1\.1\/24\.$/,
    remedy: /interfaces: \{inside: eth0\}/,
  },
  {
    name: 'a named interface that is not there',
    settings: { interfaces: new Map([['inside', 'lan7']]) },
    text: /"inside" \(test\.cfg:9\) is to be lan7, and this machine has no interface of that name/,
    remedy: /ip link/,
  },
  {
    name: 'one interface for two',
    settings: { interfaces: new Map([['inside', 'eth0']]) },
    text: /eth0 can not be both GigabitEthernet0\/0 and GigabitEthernet0\/1 "inside"/,
  },
  {
    name: 'a named interface without the address',
    links: { eth0: ['10.0.0.1/24'], eth1: [] },
    settings: { interfaces: new Map([['GigabitEthernet0/1', 'eth1']]) },
    text: /has 10\.1\.1\.1\/24, which eth1 has not/,
    remedy: /ip address add 10\.1\.1\.1\/24 dev eth1.*addresses: apply/,
  },
];

for (const { name, links, settings = {}, text, remedy } of refusals) {
  test(`it does not start with ${name}, says so with its place, and leaves nothing`, () => {
    const world = new MemoryWorld();
    const machine = links === undefined ? machineOf(world, 1) : new MemoryMachine(world, links);
    const { host } = hostOf(world, machine, modelOf(gatewayText(1, [2])), settings);
    const started = host.start();
    assert.ok(!started.ok);
    assert.match(started.error.text, text);
    if (remedy !== undefined) assert.match(`${started.error.remedy}`, remedy);
    assert.ok(!machine.isOpen && !host.device.isOn());
    assert.deepEqual([[...machine.tuns.keys()], [...machine.listening.keys()], machine.routes], [[], [], []]);
  });
}

test('addresses are put on interfaces where that is asked for, and taken away at the end', async () => {
  const world = new MemoryWorld();
  const machine = new MemoryMachine(world, { eth0: ['10.0.0.1/24'], lan: [] });
  const settings: Partial<HostSettings> = { interfaces: new Map([['inside', 'lan']]), addresses: 'apply' };
  const { host, faults } = hostOf(world, machine, modelOf(gatewayText(1, [2])), settings);
  assert.ok(host.start().ok);
  assert.deepEqual(
    machine.orders.filter((order) => order.startsWith('address')),
    ['address 10.1.1.1 lan'],
    'only what was not there',
  );
  const link = machine.removeLink('lan');
  world.run(10);
  machine.addLink({ ...link, addresses: [] });
  world.run(10);
  assert.equal(machine.links.get('lan')?.addresses.length, 1, 'one that comes back gets it again');
  const stopped = host.stop();
  world.run(100);
  await stopped;
  assert.deepEqual(machine.links.get('lan')?.addresses, []);
  assert.equal(machine.links.get('eth0')?.addresses.length, 1);
  assert.deepEqual(faults, []);
});

test('a port that somebody has: no start; an address that is not ready yet: tried again', () => {
  const world = new MemoryWorld();
  const machine = machineOf(world, 1);
  const model = modelOf(gatewayText(1, [2]));
  machine.refuseListen = () => ({ call: 'bind', code: 'EADDRINUSE', text: 'UDP 500 is taken', remedy: 'end it' });
  const refused = hostOf(world, machine, model).host.start();
  assert.ok(!refused.ok && refused.error.code === 'EADDRINUSE');
  assert.deepEqual([[...machine.tuns.keys()], machine.isOpen], [[], false]);
  let tries = 0;
  machine.refuseListen = () => (++tries < 4 ? { call: 'bind', code: 'EADDRNOTAVAIL', text: 'not ready' } : undefined);
  const { host } = hostOf(world, machine, model);
  assert.ok(host.start().ok);
  world.run(200);
  assert.equal(tries, 1);
  world.run(10_000);
  assert.equal(tries, 4);
  assert.ok(machine.listening.has('10.0.0.1'));
});

test('a device that somebody deletes is made again, with its routes', () => {
  const { world, a } = pair();
  a.deleteTun('Tunnel2');
  world.until('all is back', () => a.tuns.has('Tunnel2') && a.routeTexts().includes('10.1.2.0/24 dev Tunnel2'), 1000);
  a.ping('10.1.1.10', '10.1.2.10');
  world.until('it carries', () => a.answers('10.1.1.10').length === 1, 1000);
});

test('the tunnel is shut down and up by a reload: its device goes and comes', () => {
  const { world, a, left } = pair();
  const text = gatewayText(1, [2]);
  left.host.configure(modelOf(text.replace(' nameif to2\n', ' nameif to2\n shutdown\n')));
  world.run(100);
  assert.deepEqual([[...a.tuns.keys()], a.routeTexts()], [[], []]);
  left.host.configure(modelOf(text));
  world.until('back', () => a.routeTexts().includes('10.1.2.0/24 dev Tunnel2'), 60_000);
});

test('a tunnel that goes down leaves its device as large as it was', () => {
  const { world, a, b } = pair();
  const mtu = a.tuns.get('Tunnel2')?.mtu;
  assert.ok(mtu !== undefined && mtu < 1500);
  b.kill();
  a.orders.length = 0;
  world.run(120_000);
  assert.equal(a.tuns.get('Tunnel2')?.mtu, mtu);
  assert.ok(!a.orders.includes('set Tunnel2'));
});

test('a reload that asks for an interface that is not there says so, and runs all the rest', () => {
  const { world, a, left } = pair();
  const more = `interface GigabitEthernet0/2
 nameif dmz
 security-level 50
 ip address 10.7.0.1 255.255.255.0
 no shutdown
!
`;
  const faults = left.host.configure(modelOf(gatewayText(1, [2]).replace('router bgp', `${more}router bgp`)));
  assert.deepEqual(
    faults.map(({ code }) => code),
    ['no-link'],
  );
  assert.deepEqual(left.faults, faults);
  assert.ok(left.log.some(({ code, text }) => code === 'system-no-link' && text.includes('GigabitEthernet0/2 "dmz"')));
  const isUp = (): boolean =>
    left.host.device.snapshot()?.interfaces.some(({ alias, lineProtocol }) => alias === 'dmz' && lineProtocol) === true;
  assert.ok(!isUp());
  a.addLink({ index: 9, name: 'eth2', up: true, mtu: 1500, addresses: [{ address: ip('10.7.0.1'), length: 24 }] });
  world.run(10);
  assert.ok(isUp(), 'it is found when it comes');
});

test('ten thousand routes come and go without a trace', () => {
  const machine = machineOf(new MemoryWorld(), 1);
  const opened = machine.open({ event: () => undefined, tcp: () => undefined });
  assert.ok(opened.ok);
  const routes = new KernelRoutes({
    tableOf: (vrf) => (vrf === '' ? 254 : undefined),
    system: { ...opened.value, setRoute: () => ok(undefined), removeRoute: () => ok(undefined) },
    settings: DEFAULT_SETTINGS,
    interface: () => ({ link: 'eth0', isDevice: false, addresses: [] }),
    onFault: (fault) => assert.fail(fault.text),
  });
  const gateway = ip('10.0.0.254');
  const all = Array.from({ length: 10_000 }, (_, i) => new Prefix(IpAddress.v4(0x14000000 + (i << 8)), 24));
  for (const prefix of all) {
    routes.order({ kind: 'set-route', vrf: '', prefix, nextHops: [{ interface: 'outside', gateway }] });
    routes.order({ kind: 'set-route', vrf: 'OTHER', prefix, nextHops: [] });
  }
  routes.flush();
  assert.equal(routes.size, 10_000);
  for (const prefix of all) routes.order({ kind: 'remove-route', vrf: '', prefix });
  routes.flush();
  assert.equal(routes.size, 0);
});
