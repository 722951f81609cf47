/** TUN devices, routes, addresses and links of a system in a namespace, and what is left when it is killed. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { IpAddress, toHex } from '../../src/base/index.ts';
import { buildEcho, parseIcmp, parseIp } from '../../src/ip/index.ts';
import { LinuxPeer } from './linux-peer.ts';
import { type Namespace, Namespaces } from './namespaces.ts';
import { until } from './until.ts';

const namespaces = new Namespaces('devices');
let machine: Namespace;
let neighbour: Namespace;
let peer: LinuxPeer;

before(async () => {
  machine = await namespaces.add('m');
  neighbour = await namespaces.add('n');
  await namespaces.cable(
    { at: machine, name: 'lan0', addresses: ['10.82.0.1/24', 'fd82::1/64'] },
    { at: neighbour, name: 'lan0', addresses: ['10.82.0.2/24', 'fd82::2/64'] },
  );
  peer = LinuxPeer.start(machine);
  assert.deepEqual(await peer.opened(), { ok: true });
});

after(() => namespaces.close());

function address(text: string): IpAddress {
  const parsed = IpAddress.parse(text);
  assert.ok(parsed !== undefined);
  return parsed;
}

/** Reads what the kernel pings into a device, and answers it as the far end of a tunnel does. */
async function answerPing(device: string, source: string, destination: string): Promise<boolean> {
  const pinged = machine.outcomeOf('ping', ['-n', '-q', '-c', '1', '-W', '5', '-I', source, destination]);
  const request = await peer.packet(`the request to ${destination}`, 'inner', (packet) => {
    const ip = parseIp(packet);
    return ip.ok && ip.value.destination.toString() === destination;
  });
  const ip = parseIp(request);
  assert.ok(ip.ok);
  const icmp = parseIcmp(ip.value, request);
  assert.ok(icmp.ok && icmp.value.kind === 'echo-request', JSON.stringify(icmp));
  const { id, sequence, data } = icmp.value;
  const answer = { source: address(destination), destination: address(source), id, sequence, data, reply: true };
  await peer.order('sendInner', device, toHex(buildEcho(answer)));
  return (await pinged).status === 0;
}

test('a device comes up with MTU and addresses, and pings go out of it and come in by it', async () => {
  await peer.succeeds('openTun', 'Tunnel1', 1400);
  await peer.succeeds('setTun', 'Tunnel1', 1380, ['10.83.0.1/30', 'fd83::1/126']);
  const reported = await peer.report(
    'the device with its addresses',
    ({ link }) => link?.name === 'Tunnel1' && link.up && link.mtu === 1380 && link.addresses.length === 2,
  );
  assert.deepEqual(
    reported.link?.addresses.map(({ address, length }) => `${address}/${length}`),
    ['10.83.0.1/30', 'fd83::1/126'],
  );
  assert.ok(await answerPing('Tunnel1', '10.83.0.1', '10.83.0.2'));
  assert.ok(await answerPing('Tunnel1', 'fd83::1', 'fd83::2'));
});

test('a device changes its addresses and leaves those that stay alone', async () => {
  await peer.succeeds('setTun', 'Tunnel1', 1380, ['10.83.0.1/30', '10.83.9.1/32']);
  const shown = await machine.ip('-br address show dev Tunnel1');
  assert.match(shown, /10\.83\.0\.1\/30.*10\.83\.9\.1\/32/);
  assert.doesNotMatch(shown, /fd83|fe80/);
});

test('nothing is sent into a device but what is routed there', () => {
  const packets = peer.events.filter(({ kind }) => kind === 'inner').flatMap(({ packets }) => packets ?? []);
  const strangers = packets.filter((hex) => {
    const ip = parseIp(Uint8Array.from(Buffer.from(hex, 'hex')));
    return !ip.ok || ip.value.destination.isMulticast;
  });
  assert.deepEqual(strangers, []);
});

test('a name that is taken or impossible is a fault', async () => {
  const taken = await peer.result('openTun', 'lan0', 1400);
  assert.equal(taken.error?.['code'], 'EBUSY');
  assert.match(taken.error?.['remedy'] ?? '', /There is an interface lan0 already/);
  assert.equal((await peer.result('openTun', 'Tunnel1', 1400)).error?.['code'], 'EBUSY');
  for (const name of ['', 'a name', 'far-too-long-a-name', 'tun%d', 'a/b', '..']) {
    assert.equal((await peer.result('openTun', name, 1400)).error?.['code'], 'EINVAL', name);
  }
  assert.equal((await peer.result('setTun', 'Tunnel9', 1400, [])).error?.['code'], 'ENODEV');
});

test('a device may be closed and opened again at once', async () => {
  for (let i = 0; i < 20; i++) {
    await peer.succeeds('openTun', 'Again', 1400);
    await peer.order('closeTun', 'Again');
  }
  assert.doesNotMatch(await machine.ip('link show'), /Again/);
});

test('a device that somebody deletes is told, and nothing else suffers', async () => {
  await peer.succeeds('openTun', 'Victim', 1400);
  await peer.report('the device', ({ link }) => link?.name === 'Victim');
  await machine.ip('link del Victim');
  await peer.report('that it is gone', ({ kind, name }) => kind === 'link-gone' && name === 'Victim');
  const failed = await peer.report('the fault', ({ kind }) => kind === 'failed');
  assert.match(failed.fault?.['text'] ?? '', /Victim was deleted/);
  peer.events.length = 0;
  assert.ok(await answerPing('Tunnel1', '10.83.0.1', '10.83.0.2'));
});

test('routes are set, replaced, listed and removed', async () => {
  const routes = [
    '10.90.0.0/16 254 20 lan0=10.82.0.2',
    '10.91.0.0/16 254 200 Tunnel1',
    '10.92.0.0/16 254 20 lan0=10.82.0.2 Tunnel1=10.83.0.2',
    '10.93.0.0/16 254 20',
    '0.0.0.0/0 254 20 Tunnel1',
    'fd90::/32 254 20 lan0=fd82::2',
    'fd91::/32 254 20 lan0=fd82::2 lan0=fd82::3',
    'fd92::/32 254 20',
    '10.94.0.0/16 1000 20 lan0=10.82.0.2',
    '10.90.0.0/16 254 30 lan0=10.82.0.3',
  ];
  for (const route of routes) await peer.succeeds('setRoute', route);
  const listed = async (): Promise<readonly string[]> =>
    ((await peer.succeeds('routes')) as RouteText[]).map(routeText).sort();
  assert.deepEqual(await listed(), [...routes].sort());
  // Every kind is replaced by every other.
  for (const prefix of ['10.95.0.0/16', 'fd95::/32']) {
    const gateway = prefix.startsWith('f') ? 'fd82::' : '10.82.0.';
    const kinds = ['', ' lan0', ` lan0=${gateway}2`, ` lan0=${gateway}2 lan0=${gateway}3`];
    for (const from of kinds) {
      for (const to of kinds) {
        await peer.succeeds('setRoute', `${prefix} 254 20${from}`);
        await peer.succeeds('setRoute', `${prefix} 254 20${to}`);
        const found = (await listed()).filter((route) => route.startsWith(prefix));
        assert.deepEqual(found, [`${prefix} 254 20${to}`], `${from} replaced by ${to}`);
      }
    }
    await peer.succeeds('removeRoute', `${prefix} 254 20`);
  }
  assert.match(await machine.ip('route show 10.90.0.0/16'), /10\.82\.0\.2 dev lan0 proto 119 metric 20/);
  for (const route of routes.slice(1)) await peer.succeeds('removeRoute', route);
  await peer.succeeds('removeRoute', '10.93.0.0/16 254 20'); // gone already
  assert.deepEqual(await listed(), [routes[0]]);
});

type RouteText = Readonly<{
  prefix: string;
  table: number;
  metric: number;
  nextHops: readonly Readonly<{ link: string; gateway?: string }>[];
}>;

function routeText({ prefix, table, metric, nextHops }: RouteText): string {
  const hops = nextHops.map(({ link, gateway }) => (gateway === undefined ? ` ${link}` : ` ${link}=${gateway}`));
  return `${prefix} ${table} ${metric}${hops.join('')}`;
}

test('a route that somebody else made is left alone', async () => {
  await machine.ip('route add 10.96.0.0/16 via 10.82.0.9 metric 20');
  const answer = await peer.result('setRoute', '10.96.0.0/16 254 20 lan0=10.82.0.2');
  assert.equal(answer.error?.['code'], 'EEXIST');
  assert.match(answer.error?.['remedy'] ?? '', /Another program/);
  assert.equal((await peer.result('setRoute', '10.97.0.0/16 254 20 nowhere')).error?.['code'], 'ENODEV');
  await peer.succeeds('removeRoute', '10.96.0.0/16 254 20');
  assert.match(await machine.ip('route show 10.96.0.0/16'), /10\.82\.0\.9/);
});

test('interfaces that go down, come up, change or vanish are told', async () => {
  await neighbour.ip('link set lan0 down');
  await peer.report('carrier lost', ({ link }) => link?.name === 'lan0' && !link.up);
  peer.events.length = 0;
  await neighbour.ip('link set lan0 up');
  await peer.report('carrier back', ({ link }) => link?.name === 'lan0' && link.up);
  await machine.ip('address add 10.84.0.1/24 dev lan0');
  await peer.report(
    'the address',
    ({ link }) => link?.addresses.some(({ address }) => address === '10.84.0.1') === true,
  );
  await peer.succeeds('addAddress', 'lan0', '10.85.0.1/24');
  await peer.succeeds('addAddress', 'lan0', '10.84.0.1/24'); // somebody's: it stays when we close
  await peer.succeeds('addAddress', 'lan0', '10.86.0.1/24');
  await peer.succeeds('removeAddress', 'lan0', '10.86.0.1/24');
  await machine.ip('link set lan0 mtu 1440');
  await peer.report('the MTU', ({ link }) => link?.mtu === 1440);
  await machine.ip('link add gone0 type veth peer name gone1');
  await peer.report('a new interface', ({ link }) => link?.name === 'gone0');
  await machine.ip('link set gone0 name other0');
  await peer.report('the old name', ({ kind, name }) => kind === 'link-gone' && name === 'gone0');
  await peer.report('the new name', ({ link }) => link?.name === 'other0');
  await machine.ip('link del gone1');
  await peer.report('that it vanished', ({ kind, name }) => kind === 'link-gone' && name === 'other0');
});

test('no descriptor is left after 200 times of opening and closing', async () => {
  const descriptors = (): number => readdirSync(`/proc/${peer.process.child.pid}/fd`).length;
  await peer.succeeds('listen', '10.82.0.1');
  await peer.order('unlisten', '10.82.0.1');
  const before = descriptors();
  for (let i = 0; i < 200; i++) {
    await peer.succeeds('listen', i % 2 === 0 ? '10.82.0.1' : 'fd82::1');
    await peer.succeeds('openTun', 'Round', 1400);
    await peer.order('closeTun', 'Round');
    await peer.order('unlisten', i % 2 === 0 ? '10.82.0.1' : 'fd82::1');
  }
  assert.equal(descriptors(), before);
});

test('what a killed one leaves is its routes, which the next one finds as its own', async () => {
  peer.process.signal('SIGKILL');
  await until('the end of it', () => peer.process.isOver);
  assert.doesNotMatch(await machine.ip('link show'), /Tunnel1/);
  peer = LinuxPeer.start(machine);
  assert.deepEqual(await peer.opened(), { ok: true });
  const left = ((await peer.succeeds('routes')) as RouteText[]).map(routeText);
  assert.deepEqual(left, ['10.90.0.0/16 254 20 lan0=10.82.0.2']);
  await peer.succeeds('listen', '10.82.0.1');
  await peer.succeeds('setRoute', '10.90.0.0/16 254 20 lan0=10.82.0.3');
  await peer.succeeds('removeRoute', '10.90.0.0/16 254 20');
});

test('closing undoes devices, sockets and addresses, and lets the process end', async () => {
  for (const name of ['Tunnel1', 'Tunnel2', 'Tunnel3']) await peer.succeeds('openTun', name, 1400);
  await peer.succeeds('addAddress', 'lan0', '10.87.0.1/24');
  await peer.order('close');
  const links = await machine.ip('address show');
  assert.doesNotMatch(links, /Tunnel|10\.87\.0\.1/);
  assert.match(links, /lan0/);
  assert.match(links, /10\.84\.0\.1/);
  assert.doesNotMatch(await machine.run('ss', ['-uln']), /:500/);
  peer.process.child.stdin.end();
  await until('the process to end by itself', () => peer.process.isOver, 5000);
});
