import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { IpAddress, SecretKey } from '../../base/index.ts';
import type { SystemFault, SystemTcpEvent } from '../system.ts';
import { openLibc } from './libc.ts';
import { parseNetstat, readSegmentCounters, SegmentWatch } from './segment-watch.ts';
import { LinuxTcp } from './tcp.ts';

const linux = { skip: process.platform === 'linux' ? false : 'needs Linux', timeout: 60_000 };

type Side = Readonly<{ tcp: LinuxTcp; events: SystemTcpEvent[]; faults: SystemFault[] }>;

function open(t: TestContext): Side {
  const libc = openLibc();
  assert.ok(libc.ok);
  const events: SystemTcpEvent[] = [];
  const faults: SystemFault[] = [];
  const tcp = new LinuxTcp({
    libc: libc.value,
    event: (event) => events.push(event),
    failed: (fault) => faults.push(fault),
  });
  t.after(() => tcp.shutdown());
  return { tcp, events, faults };
}

async function until(what: string, holds: () => boolean, withinMs = 20_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!holds()) {
    assert.ok(performance.now() < end, `not within ${withinMs} ms: ${what}`);
    await pause(5);
  }
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

function ip(text: string): IpAddress {
  const parsed = IpAddress.parse(text);
  assert.ok(parsed);
  return parsed;
}

const key = (text: string): SecretKey => new SecretKey(new TextEncoder().encode(text));
const kinds = ({ events }: Side): string[] => events.map((event) => event.kind);
const bytesOf = ({ events }: Side): number =>
  events.reduce((sum, event) => sum + (event.kind === 'data' ? event.data.length : 0), 0);
const closing = ({ events }: Side): string | undefined => {
  for (const event of events) if (event.kind === 'closed') return event.reason;
  return undefined;
};

for (const [a, b] of [
  ['127.0.0.1', '127.0.0.2'],
  ['::1', '::1'],
] as const) {
  test(`a connection over ${a}: signed, written both ways, ended in halves`, linux, async (t) => {
    const [left, right] = [open(t), open(t)];
    const port = await freePort();
    assert.deepEqual(right.tcp.setMd5Key(ip(a), key('secret')), { ok: true, value: undefined });
    assert.deepEqual(right.tcp.listen(port, 255), { ok: true, value: undefined });
    right.tcp.setTtl(ip(a), { ttl: 255, minTtl: 254 });
    left.tcp.setMd5Key(ip(b), key('secret'));
    const remote = { address: ip(b), port };
    left.tcp.connect({ connection: -7, local: ip(a), remote, ttl: 255, minTtl: 254 });
    assert.equal(left.events.length, 0, 'nothing is reported from within an order');
    await until('both are up', () => kinds(left).includes('connected') && kinds(right).includes('accepted'));
    const [up, accepted] = [left.events[0], right.events[0]];
    assert.ok(up?.kind === 'connected' && accepted?.kind === 'accepted');
    assert.equal(up.connection, -7);
    assert.equal(up.local.address.toString(), a);
    assert.equal(accepted.remote.address.toString(), a);
    assert.equal(accepted.remote.port, up.local.port);
    assert.equal(accepted.local.port, port);
    left.tcp.write(-7, new TextEncoder().encode('hello'));
    right.tcp.write(accepted.connection, new TextEncoder().encode('good day'));
    await until('bytes came', () => bytesOf(left) === 8 && bytesOf(right) === 5);
    left.tcp.close(-7);
    await until('the end is seen', () => kinds(right).includes('end'));
    right.tcp.write(accepted.connection, Uint8Array.of(1, 2, 3));
    right.tcp.close(accepted.connection);
    await until('both have ended', () => closing(left) !== undefined && closing(right) !== undefined);
    assert.equal(bytesOf(left), 11, 'the other half went on');
    assert.deepEqual([closing(left), closing(right)], ['finished', 'finished']);
    assert.deepEqual([...left.faults, ...right.faults], []);
  });
}

test('a key that differs: no connection, and the kernel says which side is wrong', linux, async (t) => {
  const [left, right] = [open(t), open(t)];
  const port = await freePort();
  right.tcp.setMd5Key(ip('127.0.0.1'), key('one'));
  right.tcp.listen(port, undefined);
  left.tcp.setMd5Key(ip('127.0.0.2'), key('other'));
  const remote = { address: ip('127.0.0.2'), port };
  left.tcp.connect({ connection: -1, local: ip('127.0.0.1'), remote });
  await until('it is noticed', () => kinds(right).includes('notice'));
  const notice = right.events.find((event) => event.kind === 'notice');
  assert.ok(notice?.kind === 'notice');
  assert.equal(notice.code, 'md5-invalid');
  assert.equal(notice.remote?.toString(), '127.0.0.1');
  assert.match(notice.text, /127\.0\.0\.1 .*password is another one/);
  assert.ok(!kinds(left).includes('connected') && !kinds(right).includes('accepted'));
  left.tcp.abort(-1);
  await until('it is given up', () => closing(left) === 'aborted');
  // Without a key on our side.
  left.tcp.setMd5Key(ip('127.0.0.2'), undefined);
  left.tcp.connect({ connection: -2, local: ip('127.0.0.1'), remote });
  await until('that is another fault', () =>
    right.events.some((event) => event.kind === 'notice' && event.code === 'md5-missing'),
  );
  left.tcp.abort(-2);
  // The right one, and keys are taken back on both sides.
  for (const [i, secret] of [key('one'), undefined].entries()) {
    left.tcp.setMd5Key(ip('127.0.0.2'), secret);
    right.tcp.setMd5Key(ip('127.0.0.1'), secret);
    left.tcp.connect({ connection: -3 - i, local: ip('127.0.0.1'), remote });
    await until('it is up', () => left.events.some((e) => e.kind === 'connected' && e.connection === -3 - i));
  }
  assert.equal(right.tcp.setMd5Key(ip('127.0.0.1'), key('x'.repeat(81))).ok, false);
});

test('nobody there, no way there, a foreign address: each has its reason', linux, async (t) => {
  const { tcp, events } = open(t);
  const port = await freePort();
  const reasonOf = async (connection: number): Promise<string> => {
    let reason = '';
    await until(`${connection} ends`, () =>
      events.some((event) => {
        if (event.kind !== 'closed' || event.connection !== connection) return false;
        reason = event.reason;
        return true;
      }),
    );
    return reason;
  };
  tcp.connect({ connection: -1, local: ip('127.0.0.1'), remote: { address: ip('127.0.0.2'), port } });
  assert.equal(await reasonOf(-1), 'refused');
  tcp.connect({ connection: -2, local: ip('203.0.113.99'), remote: { address: ip('127.0.0.2'), port } });
  assert.equal(await reasonOf(-2), 'unreachable');
  for (const id of [-1, -2, -3, 5]) {
    tcp.write(id, Uint8Array.of(1));
    tcp.close(id);
    tcp.abort(id);
  }
  tcp.unlisten(port);
});

test('a port in use is a fault with a way out; given back, it can be had', linux, async (t) => {
  const [left, right] = [open(t), open(t)];
  const port = await freePort();
  assert.ok(left.tcp.listen(port, undefined).ok);
  assert.ok(left.tcp.listen(port, 255).ok, 'repeating it changes the TTL');
  const refused = right.tcp.listen(port, undefined);
  assert.ok(!refused.ok);
  assert.equal(refused.error.code, 'EADDRINUSE');
  assert.match(refused.error.remedy ?? '', /ss -ltnp/);
  left.tcp.unlisten(port);
  await until('it is free', () => right.tcp.listen(port, undefined).ok);
});

test(
  'more than the kernel takes at once: `drained` says when there is room, and all of it arrives',
  linux,
  async (t) => {
    const [left, right] = [open(t), open(t)];
    const port = await freePort();
    right.tcp.listen(port, undefined);
    left.tcp.connect({ connection: -1, local: ip('127.0.0.1'), remote: { address: ip('127.0.0.2'), port } });
    await until('it is up', () => kinds(left).includes('connected'));
    const part = new Uint8Array(1 << 20).fill(7);
    for (let i = 0; i < 16; i++) left.tcp.write(-1, part);
    await until('all arrived', () => bytesOf(right) === 16 << 20);
    assert.ok(kinds(left).includes('drained'));
    // A reset throws away what is under way.
    left.tcp.abort(-1);
    await until('both know', () => closing(left) === 'aborted' && closing(right) !== undefined);
    assert.equal(closing(right), 'reset');
  },
);

test('two hundred connections leave no descriptor behind', linux, async (t) => {
  const { readdirSync } = await import('node:fs');
  const [left, right] = [open(t), open(t)];
  const port = await freePort();
  right.tcp.listen(port, undefined);
  const ended = ({ events }: Side): number => events.filter(({ kind }) => kind === 'closed').length;
  const round = async (from: number, to: number): Promise<void> => {
    for (let i = from; i < to; i++) {
      left.tcp.connect({ connection: -1 - i, local: ip('127.0.0.1'), remote: { address: ip('127.0.0.2'), port } });
      await until('it is up', () => left.events.some((e) => e.kind === 'connected' && e.connection === -1 - i));
      if (i % 2 === 0) left.tcp.abort(-1 - i);
      else left.tcp.close(-1 - i);
    }
    await until('the others are told', () => right.events.filter(({ kind }) => kind === 'accepted').length === to);
    for (const event of right.events) if (event.kind === 'accepted') right.tcp.close(event.connection);
    await until('all have ended', () => ended(left) === to && ended(right) === to);
  };
  await round(0, 10);
  const before = readdirSync('/proc/self/fd').length;
  await round(10, 210);
  assert.ok(readdirSync('/proc/self/fd').length <= before + 1);
  assert.equal(left.tcp.counters()['connections'], 0);
  assert.equal(right.tcp.counters()['accepted'], 210);
});

test('the counters of the kernel are found by name', linux, () => {
  const text =
    'TcpExt: A TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure TCPMinTTLDrop\nTcpExt: 1 2 3 4 5\nIpExt: B\nIpExt: 9\n';
  assert.deepEqual(parseNetstat(text), { missing: 2, unexpected: 3, invalid: 4, distant: 5 });
  assert.equal(parseNetstat('TcpExt: A\nTcpExt: 1\n'), undefined);
  assert.ok(readSegmentCounters() !== undefined);
  fc.assert(fc.property(fc.string(), (any) => void parseNetstat(any)));
});

test('who is accused: neighbours without a connection, once until there was one', () => {
  const zero = { invalid: 0, missing: 0, unexpected: 0, distant: 0 };
  const peers = [
    { name: 'a', hasKey: true, hasMinTtl: false, isConnected: false },
    { name: 'b', hasKey: true, hasMinTtl: true, isConnected: true },
    { name: 'c', hasKey: false, hasMinTtl: false, isConnected: false },
  ];
  const watch = new SegmentWatch(zero);
  assert.deepEqual(watch.check(zero, peers), []);
  const [only, ...none] = watch.check({ ...zero, invalid: 3 }, peers);
  assert.deepEqual([only?.peer, only?.code, none], ['a', 'md5-invalid', []]);
  assert.deepEqual(watch.check({ ...zero, invalid: 5 }, peers), [], 'it was said');
  const connected = peers.map((one) => ({ ...one, isConnected: true }));
  assert.deepEqual(watch.check({ ...zero, invalid: 5 }, connected), []);
  const again = watch.check({ ...zero, invalid: 6, unexpected: 1 }, peers);
  assert.deepEqual(
    again.map(({ peer, code }) => `${peer} ${code}`),
    ['a md5-invalid', 'c md5-unexpected'],
  );
  assert.deepEqual(watch.check(undefined, peers), []);
  // Small TTLs may be meant for a session that stands: told once, until they have stopped for a while.
  const seen = { ...zero, invalid: 6, unexpected: 1 };
  const far = [1, 2, 2, 3].map((distant) => watch.check({ ...seen, distant }, peers).map(({ peer }) => peer));
  assert.deepEqual(far, [['b'], [], [], ['b']]);
});
