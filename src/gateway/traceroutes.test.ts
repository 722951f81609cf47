import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, type IpAddress, seededRandom } from '../base/index.ts';
import { buildEcho, buildIcmpError, parseIcmp, parseIp, parseUdp } from '../ip/index.ts';
import type { GatewayEffect, TracerouteProbe, TracerouteRequest } from './contract.ts';
import { ip } from './model.fixture.ts';
import { readIcmp } from './pings.ts';
import { Traceroutes } from './traceroutes.ts';

const TARGET = ip('10.9.0.1');

class Case {
  readonly sent: Uint8Array[] = [];
  readonly effects: GatewayEffect[] = [];
  readonly traceroutes = new Traceroutes(
    seededRandom(1),
    (packet) => this.sent.push(packet),
    (effect) => this.effects.push(effect),
  );

  constructor(change: Partial<TracerouteRequest> = {}, source: IpAddress | undefined = ip('10.0.0.1')) {
    const request = { destination: TARGET, method: 'udp', probes: 3, minTtl: 1, maxTtl: 30, port: 33434 } as const;
    this.traceroutes.start(7, { ...request, timeoutMs: 3000, ...change }, source, at(0));
  }

  get last(): Uint8Array {
    const packet = this.sent.at(-1);
    assert.ok(packet);
    return packet;
  }

  /** TTL and port (or number of the echo) of the last probe. */
  get probe(): readonly [number, number] {
    const header = parseIp(this.last);
    assert.ok(header.ok);
    const udp = parseUdp(header.value, this.last);
    if (udp.ok) return [header.value.ttl, udp.value.destinationPort];
    const echo = parseIcmp(header.value, this.last);
    assert.ok(echo.ok && echo.value.kind === 'echo-request');
    return [header.value.ttl, echo.value.sequence];
  }

  error(
    from: string,
    when: number,
    kind: 'time-exceeded' | 'unreachable' | 'too-big' = 'time-exceeded',
    code = 0,
    offending = this.last,
  ): boolean {
    const packet = buildIcmpError({ source: ip(from), kind, code, mtu: 600, offending });
    assert.ok(packet);
    return this.deliver(packet, when);
  }

  deliver(packet: Uint8Array, when: number): boolean {
    const icmp = readIcmp(packet);
    return icmp !== undefined && this.traceroutes.received(icmp.message, icmp.from, at(when));
  }

  get done(): readonly TracerouteProbe[] | undefined {
    const effect = this.effects.find((one) => one.kind === 'traceroute-done');
    return effect?.kind === 'traceroute-done' ? effect.probes : undefined;
  }

  get summary(): readonly string[] | undefined {
    return this.done?.map(({ hop, result, from, rttMs }) => `${hop} ${result} ${from ?? '-'} ${rttMs ?? '-'}`);
  }
}

test('probes go one by one, with rising ports, three to a hop, until the destination answers', () => {
  const one = new Case();
  assert.deepEqual(one.probe, [1, 33434]);
  assert.equal(one.traceroutes.wakeAt(), 3000);
  assert.ok(one.error('10.0.0.2', 5));
  assert.deepEqual(one.probe, [1, 33435]);
  one.traceroutes.tick(at(3004));
  assert.equal(one.sent.length, 2);
  one.traceroutes.tick(at(3005));
  assert.deepEqual(one.probe, [1, 33436]);
  assert.ok(one.error('10.0.0.3', 3010));
  for (const [number, when] of [3020, 3030, 3040].entries()) {
    assert.deepEqual(one.probe, [2, 33437 + number]);
    assert.ok(one.error('10.9.0.1', when, 'unreachable', 3));
  }
  assert.deepEqual(one.summary, [
    '1 ttl-exceeded 10.0.0.2 5',
    '1 timeout - -',
    '1 ttl-exceeded 10.0.0.3 5',
    '2 reply 10.9.0.1 10',
    '2 reply 10.9.0.1 10',
    '2 reply 10.9.0.1 10',
  ]);
  assert.equal(one.traceroutes.wakeAt(), undefined);
  assert.ok(!one.error('10.9.0.1', 4000, 'unreachable', 3), 'an answer after the end is nobody’s');
});

test('a late answer, a foreign one and one with a short quote are not taken', () => {
  const one = new Case();
  const first = one.last;
  one.traceroutes.tick(at(3000));
  assert.ok(!one.error('10.0.0.2', 3001, 'time-exceeded', 0, first));
  const other = new Case({ destination: ip('10.9.0.2') });
  assert.ok(!one.error('10.0.0.2', 3002, 'time-exceeded', 0, other.last));
  const foreign = new Case({}, ip('10.0.0.77'));
  assert.ok(!one.error('10.0.0.2', 3002, 'time-exceeded', 0, foreign.last));
  for (let length = 0; length < 28; length++) {
    const message = { kind: 'time-exceeded', code: 0, quoted: one.last.subarray(0, length) } as const;
    assert.ok(!one.traceroutes.received(message, ip('10.0.0.2'), at(3003)));
  }
  assert.ok(one.error('10.0.0.2', 3004));
});

const errors = [
  ['unreachable', 0, 'no-route'],
  ['unreachable', 1, 'unreachable'],
  ['unreachable', 2, 'unreachable'],
  ['unreachable', 3, 'reply'],
  ['unreachable', 9, 'prohibited'],
  ['unreachable', 13, 'prohibited'],
  ['too-big', 0, 'too-big'],
] as const;

for (const [kind, code, result] of errors) {
  test(`${kind} with code ${code} is ${result}, and the end`, () => {
    const one = new Case({ probes: 1 });
    assert.ok(one.error('10.0.0.5', 4, kind, code));
    assert.deepEqual(one.summary, [`1 ${result} 10.0.0.5 4`]);
  });
}

test('IPv6: its own codes (RFC 4443 section 3.1)', () => {
  for (const [code, result] of [
    [0, 'no-route'],
    [1, 'prohibited'],
    [3, 'unreachable'],
    [4, 'reply'],
  ] as const) {
    const one = new Case({ probes: 1, destination: ip('2001:db8::9') }, ip('2001:db8::1'));
    assert.ok(one.error('2001:db8::9', 4, 'unreachable', code));
    assert.deepEqual(one.summary, [`1 ${result} 2001:db8::9 4`]);
  }
});

for (const [source, destination, hop] of [
  ['10.0.0.1', '10.9.0.1', '10.0.0.2'],
  ['2001:db8::1', '2001:db8::9', '2001:db8::2'],
] as const) {
  test(`echo requests to ${destination}: errors on the way, replies at the end`, () => {
    const one = new Case({ method: 'icmp', probes: 2, destination: ip(destination) }, ip(source));
    assert.deepEqual(one.probe, [1, 0]);
    assert.ok(one.error(hop, 1));
    assert.ok(one.error(hop, 2));
    assert.deepEqual(one.probe, [2, 2]);
    for (const when of [3, 4]) {
      const header = parseIp(one.last);
      assert.ok(header.ok);
      const echo = parseIcmp(header.value, one.last);
      assert.ok(echo.ok && echo.value.kind === 'echo-request');
      const { id, sequence, data } = echo.value;
      const reply = { source: ip(destination), destination: ip(source), id, data, reply: true };
      assert.ok(!one.deliver(buildEcho({ ...reply, sequence: sequence + 1 }), when));
      assert.ok(one.deliver(buildEcho({ ...reply, sequence }), when));
    }
    assert.deepEqual(one.summary, [
      `1 ttl-exceeded ${hop} 1`,
      `1 ttl-exceeded ${hop} 1`,
      `2 reply ${destination} 1`,
      `2 reply ${destination} 1`,
    ]);
  });
}

test('the last hop ends a run that nobody answers; TTLs as asked for; ports go round', () => {
  const one = new Case({ minTtl: 4, maxTtl: 5, probes: 2, timeoutMs: 1000, port: 65_534 });
  const seen = [];
  for (let i = 1; i <= 4; i++) {
    seen.push(one.probe);
    one.traceroutes.tick(at(i * 1000));
  }
  assert.deepEqual(seen, [
    [4, 65_534],
    [4, 65_535],
    [5, 1],
    [5, 2],
  ]);
  assert.deepEqual(one.summary, ['4 timeout - -', '4 timeout - -', '5 timeout - -', '5 timeout - -']);
});

test('without a route there is one probe that says so; a cancelled run ends with what it has', () => {
  const lost = new Case();
  lost.effects.length = 0;
  lost.traceroutes.start(
    8,
    { destination: TARGET, method: 'udp', probes: 3, minTtl: 1, maxTtl: 30, timeoutMs: 1000, port: 1 },
    undefined,
    at(0),
  );
  assert.deepEqual(lost.summary, ['1 no-route - -']);
  const stopped = new Case();
  stopped.error('10.0.0.2', 1);
  stopped.traceroutes.cancel(7);
  stopped.traceroutes.cancel(99);
  assert.deepEqual(stopped.summary, ['1 ttl-exceeded 10.0.0.2 1']);
  assert.equal(stopped.traceroutes.wakeAt(), undefined);
});
