import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, type IpAddress, seededRandom } from '../base/index.ts';
import { buildEcho, buildIcmpError, parseIcmp, parseIp } from '../ip/index.ts';
import type { GatewayEffect, PingProbe, PingRequest } from './contract.ts';
import { ip } from './model.fixture.ts';
import { Pings, readIcmp } from './pings.ts';

class Case {
  readonly sent: Uint8Array[] = [];
  readonly effects: GatewayEffect[] = [];
  readonly pings = new Pings(
    seededRandom(1),
    (packet) => this.sent.push(packet),
    (effect) => this.effects.push(effect),
  );

  start(change: Partial<PingRequest> = {}, source: IpAddress | undefined = ip('10.0.0.1'), id = 1): void {
    const request = { destination: ip('10.0.0.9'), count: 3, size: 100, df: false, timeoutMs: 2000, intervalMs: 500 };
    this.pings.start(id, { ...request, ...change }, source, at(0));
  }

  /** The echo request sent last (or the one of a number), answered by `from`. */
  answer(when: number, number = this.sent.length - 1): boolean {
    const packet = this.sent[number];
    assert.ok(packet);
    const header = parseIp(packet);
    assert.ok(header.ok);
    const echo = parseIcmp(header.value, packet);
    assert.ok(echo.ok && echo.value.kind === 'echo-request');
    const { id, sequence, data } = echo.value;
    const { source: destination, destination: source } = header.value;
    return this.deliver(buildEcho({ source, destination, id, sequence, data, reply: true }), when);
  }

  deliver(packet: Uint8Array, when: number): boolean {
    const icmp = readIcmp(packet);
    return icmp !== undefined && this.pings.received(icmp.message, icmp.from, at(when));
  }

  done(id = 1): readonly PingProbe[] | undefined {
    const effect = this.effects.find((one) => one.kind === 'ping-done' && one.id === id);
    return effect?.kind === 'ping-done' ? effect.probes : undefined;
  }
}

test('a run: probes at their interval, replies with their round trip, then the end', () => {
  const one = new Case();
  one.start();
  assert.equal(one.sent.length, 1);
  assert.equal(one.pings.wakeAt(), 500);
  assert.ok(one.answer(7));
  one.pings.tick(at(500));
  one.pings.tick(at(1000));
  assert.equal(one.sent.length, 3);
  assert.ok(one.answer(1009));
  assert.equal(one.done(), undefined);
  assert.ok(one.answer(1100, 1));
  assert.ok(!one.answer(1200, 1), 'a second reply is nobody’s');
  assert.deepEqual(
    one.done()?.map(({ sequence, result, rttMs, from }) => [sequence, result, rttMs, String(from)]),
    [
      [0, 'reply', 7, '10.0.0.9'],
      [2, 'reply', 9, '10.0.0.9'],
      [1, 'reply', 600, '10.0.0.9'],
    ],
  );
  assert.equal(one.pings.wakeAt(), undefined);
});

test('silence: each probe times out by itself', () => {
  const one = new Case();
  one.start({ count: 2 });
  for (const when of [500, 1999, 2000, 2499, 2500]) one.pings.tick(at(when));
  assert.deepEqual(
    one.done()?.map(({ result }) => result),
    ['timeout', 'timeout'],
  );
  assert.ok(!one.answer(2600), 'too late');
});

for (const family of [4, 6] as const) {
  test(`packets are as large as asked, and ICMP errors end a probe with what they say (IPv${family})`, () => {
    const [here, there, router] =
      family === 4
        ? [ip('10.0.0.1'), ip('10.0.9.9'), ip('10.0.0.254')]
        : [ip('2001:db8::1'), ip('2001:db8:9::9'), ip('2001:db8::fe')];
    const results = (['too-big', 'unreachable', 'time-exceeded'] as const).map((kind) => {
      const one = new Case();
      one.start({ destination: there, count: 1, size: 1300, df: true }, here);
      const [offending] = one.sent;
      assert.ok(offending);
      assert.equal(offending.length, 1300);
      const error = buildIcmpError({ source: router, kind, code: 0, mtu: 1280, offending });
      assert.ok(error);
      assert.ok(one.deliver(error, 5));
      assert.ok(!one.deliver(error, 6), 'once');
      const [probe] = one.done() ?? [];
      return [probe?.result, probe?.mtu, String(probe?.from)];
    });
    assert.deepEqual(results, [
      ['too-big', 1280, String(router)],
      ['unreachable', undefined, String(router)],
      ['ttl-exceeded', undefined, String(router)],
    ]);
  });
}

test('without a source all probes fail at once; nothing is sent', () => {
  const one = new Case();
  one.pings.start(
    1,
    { destination: ip('8.8.8.8'), count: 2, size: 100, df: false, timeoutMs: 1, intervalMs: 1 },
    undefined,
    at(0),
  );
  assert.deepEqual(
    one.done()?.map(({ sequence, result }) => [sequence, result]),
    [
      [0, 'no-route'],
      [1, 'no-route'],
    ],
  );
  assert.equal(one.sent.length, 0);
});

test('a cancelled run ends with what it has, and nothing more is due', () => {
  const one = new Case();
  one.start({ count: 100 });
  one.answer(3);
  one.pings.tick(at(500));
  one.pings.cancel(1);
  one.pings.cancel(1);
  assert.equal(one.done()?.length, 1);
  assert.equal(one.pings.wakeAt(), undefined);
});

test('two runs at once are told apart, and what belongs to none is left alone', () => {
  const one = new Case();
  one.start({ count: 1 }, ip('10.0.0.1'), 1);
  one.start({ count: 1 }, ip('10.0.0.1'), 2);
  one.answer(5, 1);
  assert.deepEqual([one.done(1), one.done(2)?.length], [undefined, 1]);
  const echo = { source: ip('10.0.0.9'), destination: ip('10.0.0.1'), id: 1, sequence: 0, data: new Uint8Array(4) };
  const strangers = [buildEcho({ ...echo, reply: true }), buildEcho({ ...echo, reply: false })];
  for (const packet of strangers) assert.ok(!one.deliver(packet, 6));
  assert.equal(readIcmp(new Uint8Array(3)), undefined);
  assert.equal(one.done(1), undefined);
});

test('data is the pattern asked for; with validation a reply that brings other data back is damaged', () => {
  const one = new Case();
  one.start({ count: 1, size: 33, pattern: 0x1234 });
  const [sent] = one.sent;
  assert.deepEqual([...(sent?.subarray(28) ?? [])], [0x12, 0x34, 0x12, 0x34, 0x12]);
  const results = [false, true].map((validate) => {
    const other = new Case();
    other.start({ count: 2, validate });
    other.pings.tick(at(500));
    assert.ok(other.answer(501, 0));
    const last = other.sent[1];
    assert.ok(last);
    last[40] = (last[40] ?? 0) ^ 1;
    const header = parseIp(last);
    assert.ok(header.ok);
    const data = last.subarray(28);
    const { source: destination, destination: source } = header.value;
    const [id, sequence] = [((last[24] ?? 0) << 8) | (last[25] ?? 0), 1];
    assert.ok(other.deliver(buildEcho({ source, destination, id, sequence, data, reply: true }), 502));
    return other.done()?.map(({ result }) => result);
  });
  assert.deepEqual(results, [
    ['reply', 'reply'],
    ['reply', 'damaged'],
  ]);
});
