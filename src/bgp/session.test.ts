import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after, at, EMPTY, type Endpoint, type Instant, seededRandom } from '../base/index.ts';
import { Bgp } from './bgp.ts';
import type { BgpEffect, BgpEvent } from './events.ts';
import { ip, neighbor, speaker } from './fabric.ts';
import type { BgpNeighbor } from './policy.ts';
import { encodeFrame, Framer, KEEPALIVE } from './wire/framing.ts';
import { decodeNotification, encodeNotification, encodeRouteRefresh } from './wire/notification.ts';
import { type Capability, encodeOpen, type Open } from './wire/open.ts';

const local: Endpoint = { address: ip('192.0.2.1'), port: 179 };
const remote: Endpoint = { address: ip('192.0.2.2'), port: 40_000 };
const FOUR_OCTET: Capability = { kind: 'four-octet-as', asn: 65002 };
const IPV4: Capability = { kind: 'multiprotocol', afi: 1, safi: 1 };

const open = (change: Partial<Open> = {}): Uint8Array =>
  encodeOpen({
    version: 4,
    asn: 65002,
    holdSeconds: 30,
    routerId: ip('2.2.2.2'),
    capabilities: [IPV4, { kind: 'route-refresh' }, FOUR_OCTET],
    ...change,
  });

/** One speaker, with this test as its neighbour. */
class Bench {
  readonly bgp = new Bgp({ random: seededRandom(7) });
  now: Instant = at(0);
  effects: BgpEffect[] = [];

  constructor(change: Partial<BgpNeighbor> = {}, isConnected = true) {
    this.tell({ kind: 'configure', config: speaker(65001, '1.1.1.1', [neighbor('192.0.2.2', 65002, change)]) });
    const reach = { reachable: true, connected: isConnected } as const;
    this.tell({ kind: 'neighbor-reachable', neighbor: remote.address, ...reach });
  }

  tell(event: BgpEvent): void {
    this.effects.push(...this.bgp.handle(event, this.now));
  }

  /** Lets time pass until something is due. */
  wake(): void {
    const when = this.bgp.wakeAt();
    assert.ok(when !== undefined);
    this.now = when;
    this.tell({ kind: 'tick' });
  }

  run(ms: number): void {
    const end = after(this.now, ms);
    for (let when = this.bgp.wakeAt(); when !== undefined && when <= end; when = this.bgp.wakeAt()) this.wake();
    this.now = end;
  }

  up(transport: number, direction: 'in' | 'out' = transport < 0 ? 'out' : 'in'): void {
    this.tell({ kind: 'transport-up', transport, direction, local, remote });
  }

  say(transport: number, ...messages: readonly Uint8Array[]): void {
    for (const data of messages) this.tell({ kind: 'transport-data', transport, data });
  }

  /** What it said on a connection since last asked, notifications with their codes. */
  heard(transport: number): readonly string[] {
    const framer = new Framer();
    const words: string[] = [];
    for (const effect of this.effects) {
      if (effect.kind === 'close' && effect.transport === transport) words.push('close');
      if (effect.kind !== 'send' || effect.transport !== transport) continue;
      framer.push(effect.data);
      for (let frame = framer.next(); frame?.ok === true; frame = framer.next()) {
        const { type, body } = frame.value;
        const { code, subcode } = decodeNotification(body);
        words.push(type === 'notification' ? `notification ${code}/${subcode}` : type);
      }
    }
    this.effects = this.effects.filter(
      (effect) => (effect.kind !== 'send' && effect.kind !== 'close') || effect.transport !== transport,
    );
    return words;
  }

  get state(): string {
    return this.bgp.snapshot(this.now).neighbors[0]?.state ?? 'none';
  }

  get dialled(): readonly number[] {
    return this.effects.flatMap((effect) => (effect.kind === 'connect' ? [effect.transport] : []));
  }

  /** Brings the session up on an accepted connection. */
  establish(): this {
    this.up(1);
    this.say(1, open(), KEEPALIVE);
    assert.equal(this.state, 'Established');
    this.heard(1);
    return this;
  }
}

test('walks Active, Connect, OpenSent, OpenConfirm, Established (RFC 4271 section 8.2.2)', () => {
  const bench = new Bench();
  assert.equal(bench.state, 'Active');
  bench.wake();
  assert.deepEqual(bench.dialled, [-1]);
  assert.equal(bench.state, 'Connect');
  bench.up(-1);
  assert.equal(bench.state, 'OpenSent');
  assert.deepEqual(bench.heard(-1), ['open']);
  bench.say(-1, open());
  assert.equal(bench.state, 'OpenConfirm');
  assert.deepEqual(bench.heard(-1), ['keepalive']);
  bench.say(-1, KEEPALIVE);
  assert.equal(bench.state, 'Established');
  assert.deepEqual(bench.heard(-1), ['update']); // End-of-RIB
  const shown = bench.bgp.snapshot(bench.now).neighbors[0];
  assert.equal(shown?.holdMs, 15_000);
  assert.equal(shown?.keepaliveMs, 5000);
  assert.equal(shown?.remoteRouterId?.toString(), '2.2.2.2');
  assert.deepEqual(shown?.capabilities, ['Address family IPv4 Unicast', 'Route refresh', 'Four-octets ASN']);
});

/** What an OPEN is answered with: RFC 4271 section 6.2. */
const openRows = [
  { name: 'version 5', message: open({ version: 5 }), says: '2/1' },
  { name: 'another AS', message: open({ asn: 65003, capabilities: [] }), says: '2/2' },
  { name: 'another four-octet AS', message: open({ capabilities: [{ ...FOUR_OCTET, asn: 7 }] }), says: '2/2' },
  { name: 'identifier 0.0.0.0', message: open({ routerId: ip('0.0.0.0') }), says: '2/3' },
  { name: 'hold time 1', message: open({ holdSeconds: 1 }), says: '2/6' },
  { name: 'hold time 2', message: open({ holdSeconds: 2 }), says: '2/6' },
  { name: 'a hold time below our minimum', message: open({ holdSeconds: 5 }), says: '2/6', minimumHoldMs: 6000 },
  {
    name: 'no common family',
    message: open({ capabilities: [{ ...IPV4, afi: 2 }, FOUR_OCTET] }),
    says: '2/7',
  },
  {
    name: 'an unknown parameter',
    message: encodeFrame('open', Uint8Array.of(4, 253, 234, 0, 30, 2, 2, 2, 2, 2, 1, 0)),
    says: '2/4',
  },
  { name: 'a KEEPALIVE instead', message: KEEPALIVE, says: '5/1' },
  { name: 'noise', message: new Uint8Array(19), says: '1/1' },
] as const;

for (const row of openRows) {
  test(`OpenSent answers ${row.name} with NOTIFICATION ${row.says} (RFC 4271 section 6)`, () => {
    const bench = new Bench('minimumHoldMs' in row ? { minimumHoldMs: row.minimumHoldMs } : {});
    bench.up(1);
    bench.say(1, row.message);
    assert.deepEqual(bench.heard(1), ['open', `notification ${row.says}`, 'close']);
    assert.equal(bench.state, 'Idle');
  });
}

test('a speaker without capabilities is taken for an old one that speaks IPv4 (RFC 4760 section 8)', () => {
  const bench = new Bench();
  bench.up(1);
  bench.say(1, open({ capabilities: [] }), KEEPALIVE);
  assert.equal(bench.state, 'Established');
});

test('OpenConfirm and Established refuse what does not belong there (RFC 6608)', () => {
  const confirm = new Bench();
  confirm.up(1);
  confirm.say(1, open(), open());
  assert.deepEqual(confirm.heard(1), ['open', 'keepalive', 'notification 5/2', 'close']);
  const established = new Bench().establish();
  established.say(1, open());
  assert.deepEqual(established.heard(1), ['notification 5/3', 'close']);
});

test('the HoldTimer ends a silent session with 4/0 (RFC 4271 section 6.5)', () => {
  const bench = new Bench().establish();
  bench.run(14_900);
  assert.equal(bench.state, 'Established');
  bench.run(200);
  assert.deepEqual(bench.heard(1), ['keepalive', 'keepalive', 'keepalive', 'notification 4/0', 'close']);
  const down = bench.effects.find((effect) => effect.kind === 'neighbor-down');
  assert.equal(down?.kind === 'neighbor-down' && down.reason, 'BGP Notification sent');
});

test('KEEPALIVE and UPDATE hold the session up', () => {
  const bench = new Bench().establish();
  for (let i = 0; i < 10; i++) {
    bench.run(10_000);
    bench.say(1, i % 2 === 0 ? KEEPALIVE : encodeFrame('update', new Uint8Array(4)));
  }
  assert.equal(bench.state, 'Established');
});

test('hold time 0 means no timers (RFC 4271 section 4.2)', () => {
  const bench = new Bench();
  bench.up(1);
  bench.say(1, open({ holdSeconds: 0 }), KEEPALIVE);
  bench.heard(1);
  bench.run(3_600_000);
  assert.equal(bench.state, 'Established');
  assert.deepEqual(bench.heard(1), []);
});

test('a NOTIFICATION ends the session, and the next attempt follows soon, later each time', () => {
  const bench = new Bench().establish();
  bench.say(1, encodeNotification({ code: 6, subcode: 4, data: EMPTY }));
  assert.equal(bench.state, 'Idle');
  const waits: number[] = [];
  for (let i = 2; i < 6; i++) {
    const from = bench.now;
    while (bench.dialled.length < i - 1) bench.wake();
    waits.push(bench.now - from);
    const transport = bench.dialled.at(-1) ?? 0;
    bench.up(transport);
    bench.say(transport, encodeNotification({ code: 6, subcode: 2, data: EMPTY }));
  }
  assert.ok((waits[0] ?? 0) <= 1500 && (waits[3] ?? 0) > 8000, String(waits));
});

test('an attempt that fails is repeated after 5 to 7 seconds', () => {
  const bench = new Bench();
  bench.wake();
  bench.tell({ kind: 'transport-closed', transport: -1, reason: 'refused' });
  assert.equal(bench.state, 'Active');
  const from = bench.now;
  bench.wake();
  assert.ok(bench.now - from >= 5000 && bench.now - from <= 7000);
  assert.deepEqual(bench.dialled, [-1, -2]);
});

/** Collisions: identifiers 1.1.1.1 (ours) and theirs, RFC 4271 section 6.8. */
const collisionRows = [
  { name: 'keeps the incoming one when the neighbour is higher', routerId: '2.2.2.2', keeps: 1 },
  { name: 'keeps our own when we are higher', routerId: '0.0.0.9', keeps: -1 },
  { name: 'asks the AS number when identifiers are equal (RFC 6286)', routerId: '1.1.1.1', keeps: 1 },
] as const;

for (const row of collisionRows) {
  for (const first of [1, -1] as const) {
    test(`a collision ${row.name}; OPEN on ${first > 0 ? 'theirs' : 'ours'} first`, () => {
      const bench = new Bench();
      bench.wake();
      bench.up(-1);
      bench.up(1);
      const other = row.keeps === 1 ? -1 : 1;
      bench.say(first, open({ routerId: ip(row.routerId) }));
      if (first !== row.keeps) bench.say(row.keeps, open({ routerId: ip(row.routerId) }));
      assert.deepEqual(bench.heard(other), ['open', 'notification 6/7', 'close']);
      bench.say(row.keeps, KEEPALIVE);
      assert.equal(bench.state, 'Established');
    });
  }
}

test('a connection that comes while a session is up is refused (RFC 4271 section 6.8)', () => {
  const bench = new Bench().establish();
  bench.up(2);
  assert.deepEqual(bench.heard(2), ['notification 6/7', 'close']);
  assert.equal(bench.state, 'Established');
});

test('a stranger is refused', () => {
  const bench = new Bench();
  const stranger = { address: ip('203.0.113.9'), port: 1 };
  bench.tell({ kind: 'transport-up', transport: 9, direction: 'in', local, remote: stranger });
  assert.deepEqual(bench.heard(9), ['close']);
  assert.ok(bench.effects.some((effect) => effect.kind === 'notice' && effect.code === 'refused'));
});

test('an external neighbour that is not connected stays Idle, with a notice', () => {
  const bench = new Bench({}, false);
  assert.equal(bench.state, 'Idle');
  assert.equal(bench.bgp.wakeAt(), undefined);
  assert.equal(bench.effects.filter((effect) => effect.kind === 'notice' && effect.code === 'not-connected').length, 1);
  bench.up(1);
  assert.deepEqual(bench.heard(1), ['close']);
});

const ttlRows = [
  { name: 'plain eBGP', change: {}, ttl: 1 },
  { name: 'disable-connected-check', change: { disableConnectedCheck: true }, isConnected: false, ttl: 1 },
  { name: 'ebgp-multihop 4', change: { ebgpMultihop: 4 }, isConnected: false, ttl: 4 },
  { name: 'ttl-security (RFC 5082)', change: { ttlSecurityHops: 1 }, ttl: 255 },
  { name: 'iBGP', change: { remoteAsn: 65001 }, isConnected: false, ttl: 255 },
] as const;

for (const row of ttlRows) {
  test(`${row.name} connects with TTL ${row.ttl}`, () => {
    const bench = new Bench(row.change, !('isConnected' in row));
    bench.wake();
    const connect = bench.effects.find((effect) => effect.kind === 'connect');
    assert.equal(connect?.kind === 'connect' && connect.ttl, row.ttl);
  });
}

test('fast external fallover drops a connected neighbour at once, a multihop one waits', () => {
  const gone = { kind: 'neighbor-reachable', neighbor: remote.address, reachable: false, connected: false } as const;
  const near = new Bench().establish();
  near.tell(gone);
  assert.equal(near.state, 'Idle');
  const far = new Bench({ ebgpMultihop: 2 }).establish();
  far.tell(gone);
  assert.equal(far.state, 'Established');
});

test('passive never dials, active never accepts', () => {
  const passive = new Bench({ connectionMode: 'passive' });
  assert.equal(passive.state, 'Active');
  assert.equal(passive.bgp.wakeAt(), undefined);
  passive.establish();
  const active = new Bench({ connectionMode: 'active' });
  active.up(1);
  assert.deepEqual(active.heard(1), ['close']);
});

test('an update source must be the address that the neighbour calls', () => {
  const bench = new Bench({ localAddress: ip('198.51.100.1') });
  bench.up(1);
  assert.deepEqual(bench.heard(1), ['close']);
});

test('a peer that closes without a word leaves that as the last error, yet not over what it said before', () => {
  const bench = new Bench();
  const lastError = () => bench.bgp.snapshot(bench.now).neighbors[0]?.lastError;
  bench.up(1);
  bench.tell({ kind: 'transport-closed', transport: 1, reason: 'reset' });
  assert.equal(lastError(), 'peer closed the connection in OpenSent: reset');
  bench.up(2);
  bench.say(2, encodeNotification({ code: 2, subcode: 2, data: EMPTY }));
  const told = lastError();
  assert.match(told ?? '', /^notification received .* 2\/2/);
  bench.up(3);
  bench.tell({ kind: 'transport-closed', transport: 3, reason: 'reset' });
  assert.equal(lastError(), told);
});

test('an attempt that nobody answers is the last error', () => {
  const bench = new Bench();
  bench.run(25_000);
  assert.equal(bench.bgp.snapshot(bench.now).neighbors[0]?.lastError, 'connect: timed-out');
});

test('shutdown and deconfigure say so (RFC 4486)', () => {
  const shutdown = new Bench().establish();
  const config = speaker(65001, '1.1.1.1', [neighbor('192.0.2.2', 65002, { shutdown: true })]);
  shutdown.tell({ kind: 'configure', config });
  assert.deepEqual(shutdown.heard(1), ['notification 6/2', 'close']);
  assert.equal(shutdown.state, 'Idle');
  assert.equal(shutdown.bgp.wakeAt(), undefined);
  const removed = new Bench().establish();
  removed.tell({ kind: 'deconfigure' });
  assert.deepEqual(removed.heard(1), ['notification 6/3', 'close']);
  assert.equal(removed.bgp.wakeAt(), undefined);
});

test('an operator may reset a session, or refresh it softly (RFC 2918)', () => {
  const bench = new Bench().establish();
  bench.tell({ kind: 'clear', soft: true });
  bench.run(100);
  assert.deepEqual(bench.heard(1).toSorted(), ['routeRefresh', 'update']);
  for (const [direction, heard] of [
    ['in', 'routeRefresh'],
    ['out', 'update'],
  ] as const) {
    bench.tell({ kind: 'clear', soft: true, direction });
    bench.run(100);
    assert.deepEqual(bench.heard(1), [heard]);
  }
  bench.tell({ kind: 'clear', neighbor: remote.address, soft: false });
  assert.deepEqual(bench.heard(1), ['notification 6/4', 'close']);
});

test('a ROUTE-REFRESH is answered with everything, one for an unknown family with nothing', () => {
  const bench = new Bench().establish();
  bench.run(100);
  bench.say(1, encodeRouteRefresh({ afi: 1, safi: 1 }));
  bench.run(100);
  assert.deepEqual(bench.heard(1), ['update']);
  bench.say(1, encodeRouteRefresh({ afi: 25, safi: 65 }));
  bench.run(100);
  assert.deepEqual(bench.heard(1), []);
});
