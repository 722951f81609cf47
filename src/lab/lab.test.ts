import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { after, at, concat, type Endpoint, type Instant, IpAddress, Prefix, seededRandom } from '../base/index.ts';
import type { PingProbe } from '../gateway/contract.ts';
import { BridgeNode } from './bridge-node.ts';
import { FirewallNode } from './firewall-node.ts';
import { HostNode } from './host-node.ts';
import type { Lab } from './lab.ts';
import { labOf } from './lab-fixture.ts';
import { startPings } from './lab-pings.ts';
import { Channel } from './link.ts';
import { PcapngWriter } from './pcapng.ts';
import { runRealTime } from './real-time.ts';
import { RouterNode } from './router-node.ts';
import { Schedule } from './schedule.ts';
import { CABLE } from './topology.ts';

function ip(text: string): IpAddress {
  const address = IpAddress.parse(text);
  assert.ok(address);
  return address;
}

/** Pings and runs the lab until it is over. */
function ping(
  lab: Lab,
  from: string,
  to: string,
  options: Partial<{ count: number; size: number; df: boolean }> = {},
): readonly PingProbe[] {
  let probes: readonly PingProbe[] | undefined;
  const request = { destination: ip(to), count: 1, size: 100, df: false, timeoutMs: 2000, intervalMs: 100, ...options };
  lab.at(lab.now, (now) => lab.node(from, HostNode).ping(request, now, (all) => (probes = all)));
  assert.ok(lab.run({ until: () => probes !== undefined, everyMs: 1 }));
  return probes ?? [];
}

const results = (probes: readonly PingProbe[]): readonly string[] => probes.map(({ result }) => result);

/** Two hosts on a bridge; `link` is written into b's link. */
const segment = (link = ''): string => `
topology:
  nodes:
    a: { kind: host, addresses: [10.0.0.1/24, "2001:db8::1/64"] }
    b: { kind: host, addresses: [10.0.0.2/24, "2001:db8::2/64"] }
    lan: { kind: bridge }
  links:
    - { name: a, endpoints: ["a:eth0", "lan:a"], delay: 1ms }
    - { name: b, endpoints: ["b:eth0", "lan:b"], delay: 2ms ${link} }
`;

test('hosts on a bridge ping one another in both families, and time is what the links make it', () => {
  const lab = labOf(segment());
  assert.deepEqual(ping(lab, 'a', '10.0.0.2')[0], { sequence: 0, result: 'reply', from: ip('10.0.0.2'), rttMs: 6 });
  assert.deepEqual(results(ping(lab, 'b', '2001:db8::1', { count: 3 })), ['reply', 'reply', 'reply']);
});

test('a ping larger than the MTU goes in fragments and comes back whole', () => {
  const lab = labOf(segment());
  assert.deepEqual(results(ping(lab, 'a', '10.0.0.2', { size: 5000 })), ['reply']);
  assert.deepEqual(results(ping(lab, 'a', '2001:db8::2', { size: 5000 })), ['reply']);
  assert.ok((lab.node('b', HostNode).counters['fragment'] ?? 0) >= 6);
  assert.deepEqual(ping(lab, 'a', '10.0.0.2', { size: 1501, df: true })[0], {
    sequence: 0,
    result: 'too-big',
    mtu: 1500,
  });
});

test('an unknown next hop is dropped and counted', () => {
  const lab = labOf(segment());
  assert.deepEqual(results(ping(lab, 'a', '10.0.0.99')), ['timeout']);
  assert.equal(lab.node('lan', BridgeNode).unknown, 1);
  const direct = labOf(`
topology:
  nodes:
    a: { kind: host, addresses: [10.0.0.1/24] }
    b: { kind: host, addresses: [10.0.0.2/24] }
  links: [ { name: ab, endpoints: ["a:eth0", "b:eth0"] } ]
`);
  assert.deepEqual(results(ping(direct, 'a', '10.0.0.99')), ['timeout']);
  assert.equal(direct.link('ab').channels[0].counters.drops['unknown-next-hop'], 1);
});

test('a link drops what is longer than its MTU', () => {
  const lab = labOf(segment(', mtu: 1000'));
  assert.deepEqual(results(ping(lab, 'a', '10.0.0.2', { size: 1001 })), ['timeout']);
  assert.deepEqual(results(ping(lab, 'a', '10.0.0.2', { size: 1000 })), ['reply']);
  assert.equal(lab.link('b').channels[1].counters.drops['too-long'], 1);
});

test('a link goes down and up; frames under way are lost', () => {
  const lab = labOf(segment());
  lab.run({ until: at(10) });
  lab.setLink('b', false);
  assert.deepEqual(results(ping(lab, 'a', '10.0.0.2')), ['timeout']);
  lab.setLink('b', true);
  assert.deepEqual(results(ping(lab, 'a', '10.0.0.2')), ['reply']);
  // Sent at once, one way takes 3 ms; the link goes down after 2.
  lab.at(after(lab.now, 2), () => lab.setLink('b', false));
  assert.deepEqual(results(ping(lab, 'a', '10.0.0.2')), ['timeout']);
  assert.equal(lab.link('b').channels[1].counters.drops['link-down'], 1);
});

test('a node that is switched off is silent, and answers again when it is on', () => {
  const lab = labOf(segment());
  lab.run({ until: at(1) });
  lab.powerOff('b');
  assert.deepEqual(results(ping(lab, 'a', '10.0.0.2')), ['timeout']);
  lab.powerOn('b');
  lab.run({ until: after(lab.now, 200) });
  assert.deepEqual(results(ping(lab, 'a', '10.0.0.2')), ['reply']);
});

test('a host turns to its second gateway when the first is gone', () => {
  const lab = labOf(`
topology:
  nodes:
    a: { kind: host, addresses: [10.1.0.10/24], gateway: [10.1.0.1, 10.1.0.2] }
    b: { kind: host, addresses: [10.2.0.10/24], gateway: [10.2.0.1, 10.2.0.2] }
    r1: { kind: router, interfaces: { l: [10.1.0.1/24], r: [10.2.0.1/24] } }
    r2: { kind: router, interfaces: { l: [10.1.0.2/24], r: [10.2.0.2/24] } }
    left: { kind: bridge }
    right: { kind: bridge }
  links:
    - { endpoints: ["a:e", "left:a"] }
    - { endpoints: ["r1:l", "left:r1"] }
    - { endpoints: ["r2:l", "left:r2"] }
    - { endpoints: ["b:e", "right:b"] }
    - { endpoints: ["r1:r", "right:r1"] }
    - { endpoints: ["r2:r", "right:r2"] }
`);
  assert.deepEqual(results(ping(lab, 'a', '10.2.0.10')), ['reply']);
  assert.equal(lab.node('r1', RouterNode).counters['forwarded'], 2);
  lab.powerOff('r1');
  assert.deepEqual(results(ping(lab, 'a', '10.2.0.10')), ['reply']);
  assert.equal(lab.node('r2', RouterNode).counters['forwarded'], 2);
});

const ROUTED = `
topology:
  nodes:
    a: { kind: host, addresses: [10.1.0.10/24, "2001:db8:1::10/64"], gateway: 10.1.0.1, gateway6: "2001:db8:1::1" }
    b: { kind: host, addresses: [10.2.0.10/24, "2001:db8:2::10/64"], gateway: 10.2.0.1, gateway6: "2001:db8:2::1" }
    r1:
      kind: router
      interfaces: { l: [10.1.0.1/24, "2001:db8:1::1/64"], r: { addresses: [192.0.2.1/24, "2001:db8:9::1/64"], mtu: 1300 } }
      routes: [ { to: 10.2.0.0/16, via: 192.0.2.2 }, { to: "2001:db8:2::/48", via: "2001:db8:9::2" } ]
    r2:
      kind: router
      interfaces: { l: { addresses: [192.0.2.2/24, "2001:db8:9::2/64"], mtu: 1300 }, r: [10.2.0.1/24, "2001:db8:2::1/64"] }
      routes: [ { to: 0.0.0.0/0, via: 192.0.2.1 }, { to: "::/0", via: "2001:db8:9::1" } ]
  links:
    - { endpoints: ["a:e", "r1:l"] }
    - { endpoints: ["r1:r", "r2:l"], mtu: 1300 }
    - { endpoints: ["r2:r", "b:e"] }
`;

test('routers forward, fragment IPv4 and tell of a smaller MTU (RFC 1191, RFC 8201)', () => {
  const lab = labOf(ROUTED);
  assert.deepEqual(results(ping(lab, 'a', '10.2.0.10')), ['reply']);
  assert.deepEqual(results(ping(lab, 'a', '10.2.0.10', { size: 1400 })), ['reply']);
  assert.deepEqual(ping(lab, 'a', '10.2.0.10', { size: 1400, df: true })[0], {
    sequence: 0,
    result: 'too-big',
    from: ip('10.1.0.1'),
    mtu: 1300,
  });
  // Each host learns by losing a packet: first the request, then the reply.
  const six = ping(lab, 'a', '2001:db8:2::10', { size: 1400, count: 3 });
  assert.deepEqual(results(six), ['too-big', 'timeout', 'reply']);
  assert.equal(lab.node('a', HostNode).errors.at(-1)?.mtu, 1300);
});

test('routers answer for themselves, and say what cannot be delivered', () => {
  const lab = labOf(ROUTED);
  assert.deepEqual(results(ping(lab, 'a', '192.0.2.2')), ['reply']);
  assert.deepEqual(results(ping(lab, 'a', '172.16.0.1')), ['unreachable']);
  // r2 sends everything unknown back to r1: a loop that only the TTL ends.
  lab.node('r1', RouterNode).setRoute(new Prefix(ip('10.3.0.0'), 16), ip('192.0.2.2'));
  assert.deepEqual(results(ping(lab, 'a', '10.3.0.1')), ['ttl-exceeded']);
});

test('UDP reaches a handler; a closed port is answered with an error', () => {
  const lab = labOf(segment());
  const got: string[] = [];
  const b = lab.node('b', HostNode);
  b.onUdp(7000, (payload: Uint8Array, from: Endpoint, _to: Endpoint, now: Instant) => {
    got.push(`${payload.length} from ${from.address}:${from.port} at ${now}`);
  });
  lab.run({ until: at(100) });
  const a = lab.node('a', HostNode);
  a.sendUdp(5000, { address: ip('10.0.0.2'), port: 7000 }, new Uint8Array(4000));
  a.sendUdp(5000, { address: ip('2001:db8::2'), port: 7001 }, new Uint8Array(10));
  lab.run({ until: at(200) });
  assert.deepEqual(got, ['4000 from 10.0.0.1:5000 at 103']);
  assert.deepEqual(
    a.errors.map(({ kind, about }) => `${kind} ${about}`),
    ['unreachable 2001:db8::2'],
  );
});

test('a firewall drops what its rules name and passes the rest', () => {
  const lab = labOf(`
topology:
  nodes:
    a: { kind: host, addresses: [10.0.0.1/24] }
    b: { kind: host, addresses: [10.0.0.2/24] }
    fw: { kind: firewall, drop: [ { protocol: udp, port: 500 } ] }
  links:
    - { endpoints: ["a:e", "fw:in"] }
    - { endpoints: ["fw:out", "b:e"] }
`);
  let got = 0;
  for (const port of [500, 501]) lab.node('b', HostNode).onUdp(port, () => got++);
  assert.deepEqual(results(ping(lab, 'a', '10.0.0.2')), ['reply']);
  for (const port of [500, 501])
    lab.node('a', HostNode).sendUdp(9, { address: ip('10.0.0.2'), port }, new Uint8Array(1));
  lab.run({ until: after(lab.now, 100) });
  assert.deepEqual([got, lab.node('fw', FirewallNode).dropped], [1, 1]);
  lab.node('fw', FirewallNode).rules = [{}];
  assert.deepEqual(results(ping(lab, 'a', '10.0.0.2')), ['timeout']);
});

test('loss, duplication and reordering happen as often as they are asked to', () => {
  const channel = new Channel(seededRandom(7, 'x'));
  const profile = { ...CABLE, delayMs: 10, jitterMs: 5, loss: 0.05, duplicate: 0.01, reorder: 0.02 };
  let last = 0;
  let overtaken = 0;
  for (let i = 0; i < 20_000; i++) {
    const passage = channel.pass(100, profile, at(i));
    if (passage.arrives === undefined) continue;
    assert.ok(passage.arrives >= i + 10 && passage.arrives <= i + 25);
    if (passage.arrives < last) overtaken++;
    last = passage.arrives;
  }
  const near = (value: number, wanted: number): boolean => Math.abs(value - wanted) < wanted * 0.25;
  assert.ok(near(channel.counters.drops.lost, 1000), `${channel.counters.drops.lost}`);
  assert.ok(near(channel.counters.duplicated, 190), `${channel.counters.duplicated}`);
  assert.ok(near(channel.counters.reordered, 380), `${channel.counters.reordered}`);
  assert.ok(overtaken > 200);
});

test('jitter alone never changes the order', () => {
  const channel = new Channel(seededRandom(8, 'x'));
  let last = 0;
  for (let i = 0; i < 2000; i++) {
    const { arrives = at(0) } = channel.pass(100, { ...CABLE, jitterMs: 50 }, at(i));
    assert.ok(arrives >= last);
    last = arrives;
  }
});

test('a rate spaces frames, and a full queue drops them', () => {
  const channel = new Channel(seededRandom(9, 'x'));
  const profile = { ...CABLE, delayMs: 0, rateBps: 1e6, queueBytes: 5000 };
  const arrivals: number[] = [];
  for (let i = 0; i < 10; i++) {
    const { arrives } = channel.pass(986, profile, at(0));
    if (arrives !== undefined) arrivals.push(arrives);
  }
  // 1000 bytes with the Ethernet header are 8 ms at 1 Mbit/s; one leaves, five and a bit wait.
  assert.deepEqual(arrivals, [8, 16, 24, 32, 40, 48]);
  assert.equal(channel.counters.drops['queue-full'], 4);
});

/** A capture of 50 pings over a bad link. */
function captureOf(seed: number, quiet = false): Uint8Array {
  const lab = labOf(segment(', jitter: 3ms, loss: 20%, duplicate: 10%, reorder: 10%'), seed);
  const parts: Uint8Array[] = [];
  lab.capture(new PcapngWriter((block) => parts.push(block)), ['b']);
  if (!quiet) lab.link('a').change({ loss: 0 });
  ping(lab, 'a', '10.0.0.2', { count: 50 });
  return concat(...parts);
}

test('the same seed gives the same capture byte for byte, another seed another one', () => {
  const [one, again, other] = [captureOf(1), captureOf(1), captureOf(2)];
  assert.ok(Buffer.compare(one, again) === 0);
  assert.ok(Buffer.compare(one, other) !== 0);
});

test('what one link does never changes the dice of another', () => {
  const fates = (lossy: string): string => {
    const lab = labOf(segment(', loss: 30%').replace('delay: 1ms', `delay: 1ms ${lossy}`), 3);
    const b = lab.node('b', HostNode);
    const got: number[] = [];
    lab.run({ until: at(1) });
    lab.node('a', HostNode).onUdp(1, () => undefined);
    for (let i = 0; i < 100; i++)
      lab.at(at(10 + i), () => b.sendUdp(1, { address: ip('10.0.0.1'), port: 1 }, new Uint8Array(i)));
    const { counters } = lab.link('b').channels[0];
    for (let i = 0; i < 100; i++) lab.at(at(10.5 + i), () => got.push(counters.drops.lost));
    lab.run({ until: at(500) });
    return got.join();
  };
  assert.equal(fates(''), fates(', loss: 50%, duplicate: 20%'));
});

test('the schedule keeps time, then the order of planning', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 }), (times) => {
      const schedule = new Schedule<readonly [number, number]>();
      for (const [i, time] of times.entries()) schedule.add(at(time), [time, i]);
      const out = times.map(() => schedule.take());
      const wanted = times.map((time, i) => [time, i] as const).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      assert.deepEqual(out, wanted);
      assert.equal(schedule.take(), undefined);
    }),
    { numRuns: 100 },
  );
});

test('run stops at a condition, at its limit, or at a moment; idle time costs nothing', () => {
  const lab = labOf(segment());
  let seen = 0;
  lab.at(at(86_400_000), () => seen++);
  assert.ok(lab.run({ until: () => seen > 0, limit: at(100_000_000) }));
  assert.equal(lab.now, 86_400_000);
  assert.ok(!lab.run({ until: () => false, limit: at(86_400_500) }));
  assert.equal(lab.now, 86_400_500);
  assert.ok(lab.run({ until: at(86_500_000) }));
  assert.equal(lab.now, 86_500_000);
  assert.ok(lab.events < 10);
});

test('in real time the lab follows the clock it is given', async () => {
  const lab = labOf(segment());
  let clock = 5000;
  const slept: number[] = [];
  const done: number[] = [];
  lab.at(at(120), (now) => done.push(now));
  const sleep = async (ms: number): Promise<void> => {
    slept.push(ms);
    clock += Math.max(ms, 1);
  };
  await runRealTime(lab, { now: () => clock, sleep }, () => done.length > 0);
  assert.deepEqual(done, [120]);
  assert.ok(slept.every((ms) => ms <= 50) && slept.length <= 6);
});

test("the topology's pings are all started and reported in their order", () => {
  const lab = labOf(`${segment()}
wheelwright: { pings: [ { from: a, to: b, count: 2 }, { from: b, to: 10.0.0.77, count: 1 } ] }`);
  let reports: readonly number[] | undefined;
  lab.run({ until: at(10) });
  startPings(lab, [], (all) => (reports = all.map(({ replies }) => replies)));
  assert.ok(lab.run({ until: () => reports !== undefined }));
  assert.deepEqual(reports, [2, 0]);
});
