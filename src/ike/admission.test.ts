/** Floods of forged requests: RFC 7296 section 2.6. Honest peers get in, and nothing grows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { IpAddress, seededRandom } from '../base/index.ts';
import type { IkeEffect } from './events.ts';
import {
  A,
  address,
  assertAgree,
  B,
  configOf,
  connect,
  counter,
  Lab,
  live,
  type Pair,
  pair,
  peerTo,
} from './pair.fixture.ts';
import type { IkeConfig } from './policy.ts';
import { StatelessCookies } from './stateless-cookies.ts';
import { ExchangeType, PayloadType } from './wire/message.ts';

const random = seededRandom(1, 'flood');

function firstRequest(): Uint8Array {
  const both = pair(1);
  connect(both);
  const [first] = both.lab.sent;
  assert.ok(first !== undefined);
  return first.message;
}

const template = firstRequest();

/** The same request as by another initiator. */
function forged(): Uint8Array {
  const bytes = template.slice();
  bytes.set(random(8));
  return bytes;
}

function flood({ lab, b }: Pair, count: number, from: () => IpAddress, port = 500): IkeEffect[] {
  const local = { address: address(B), port: 500 };
  const effects: IkeEffect[] = [];
  for (let i = 0; i < count; i++) {
    effects.push(...lab.inject(b, { local, remote: { address: from(), port } }, forged()));
  }
  return effects;
}

const anywhere = (): IpAddress => IpAddress.read(random(4), 0, 4);
const LIMITS: Partial<IkeConfig> = { cookieThreshold: 50, maxHalfOpen: 100 };

test('past the threshold everyone has to show a cookie, and honest peers do', () => {
  const both = pair(1, { config: LIMITS });
  const { lab, b } = both;
  flood(both, 500, anywhere);
  const { counters } = b.ike.snapshot(lab.now);
  assert.equal(counters['request-ike-sa-init-answered'], 50);
  assert.equal(counters['cookie-required'], 450);
  connect(both);
  lab.run(1_000);
  assert.equal(live(b, lab.now).length, 1);
  assert.equal(b.ike.snapshot(lab.now).statistics?.cookiesAccepted, 1);
});

test('past so many requests a second a cookie is demanded before the table fills', () => {
  const both = pair(1, { config: { cookieRate: 30 } });
  const { lab, b } = both;
  flood(both, 200, anywhere);
  assert.equal(counter(b, lab.now, 'request-ike-sa-init-answered'), 30);
  lab.run(9_000);
  flood(both, 1, anywhere);
  assert.equal(counter(b, lab.now, 'request-ike-sa-init-answered'), 30, 'still');
  lab.run(2_000);
  flood(both, 20, anywhere);
  assert.equal(counter(b, lab.now, 'request-ike-sa-init-answered'), 50, 'all is calm again');
});

test('who is in front is told the secrets while cookies are demanded, and again when they change', () => {
  const both = pair(1, { config: LIMITS });
  const { lab, b } = both;
  flood(both, 60, anywhere);
  const told = (): readonly number[] => b.of('cookies-demanded').map(({ secrets }) => secrets.length);
  assert.deepEqual(told(), [1]);

  // In front of the core the same request gets an answer that the core accepts.
  const [demand] = b.of('cookies-demanded');
  assert.ok(demand !== undefined);
  const outside = new StatelessCookies();
  outside.use(demand.secrets);
  const path = { local: { address: address(B), port: 500 }, remote: { address: address(A), port: 500 } };
  const answer = outside.judge(template, path.remote);
  assert.ok(answer instanceof Uint8Array);
  const shown = new Uint8Array(template.length + answer.length - 28);
  shown.set(template.subarray(0, 28));
  shown.set(answer.subarray(28), 28);
  shown.set(template.subarray(28), answer.length);
  shown[16] = PayloadType.NOTIFY;
  shown[28] = template[16] ?? 0;
  shown[26] = shown.length >> 8;
  shown[27] = shown.length;
  assert.equal(outside.judge(shown, path.remote), 'proven');
  const effects = lab.inject(b, path, shown);
  assert.ok(effects.some(({ kind }) => kind === 'send'));
  assert.equal(b.ike.snapshot(lab.now).statistics?.cookiesAccepted, 1);

  // As long as those in front tell of a flood, half-open IKE SAs or not, nothing changes but the secret.
  for (let second = 0; second < 70; second++) {
    lab.run(1_000);
    flood(both, 1, anywhere);
    lab.do(b, { kind: 'cookies-answered', challenges: 1_000, refused: 3, lost: 0 });
  }
  assert.equal(b.ike.snapshot(lab.now).statistics?.cookiesRefused, 210);
});

test('reports of a flood in front keep it up, silence ends it', () => {
  const both = pair(1, { config: { cookieRate: 100 } });
  const { lab, b } = both;
  flood(both, 150, anywhere);
  const told = (): readonly number[] => b.of('cookies-demanded').map(({ secrets }) => secrets.length);
  for (let second = 0; second < 100; second++) {
    lab.run(1_000);
    lab.do(b, { kind: 'cookies-answered', challenges: 1_000, refused: 0, lost: 0 });
  }
  assert.deepEqual(told(), [1, 2], 'a minute later there is a new secret, and the one before');
  lab.run(11_000);
  assert.deepEqual(told(), [1, 2, 0]);
  assert.equal(b.ike.wakeAt(), undefined);
});

test('requests that nobody could read are a flood too, however few come through', () => {
  const both = pair(1, { config: { cookieRate: 100 } });
  const { lab, b } = both;
  flood(both, 5, anywhere);
  assert.equal(b.of('cookies-demanded').length, 0);
  lab.do(b, { kind: 'cookies-answered', challenges: 0, refused: 0, lost: 5_000 });
  assert.equal(b.of('cookies-demanded').length, 1);
  assert.equal(counter(b, lab.now, 'first-requests-lost'), 5_000);
});

test('always means from the first request on', () => {
  const both = pair(1, { config: { cookieThreshold: 0 } });
  assert.equal(both.b.of('cookies-demanded').length, 1);
  connect(both);
  both.lab.run(1_000);
  assertAgree(both, { ikeSas: 1, children: 1 });
});

test('a flood in the name of one address does not shut that address out', () => {
  const both = pair(1, { config: { maxHalfOpen: 10_000, cookieThreshold: 5_000 } });
  const { lab, b } = both;
  flood(both, 3_000, () => address(A), 4_321);
  assert.equal(counter(b, lab.now, 'request-ike-sa-init-answered'), 20);
  connect(both);
  lab.run(1_000);
  assert.equal(live(b, lab.now).length, 1);
});

test('one host that answers for its address gets its share of places and no more', () => {
  const both = pair(1, { config: { maxHalfOpen: 10_000, cookieThreshold: 0 } });
  const { lab, b } = both;
  const [demand] = b.of('cookies-demanded');
  assert.ok(demand !== undefined);
  const local = { address: address(B), port: 500 };
  for (let port = 1; port <= 300; port++) {
    const remote = { address: address('203.0.113.9'), port };
    const bytes = forged();
    const [answer] = lab.inject(b, { local, remote }, bytes);
    assert.ok(answer?.kind === 'send' || answer?.kind === 'notice');
    const cookies = new StatelessCookies();
    cookies.use(demand.secrets);
    const challenge = cookies.judge(bytes, remote);
    assert.ok(challenge instanceof Uint8Array);
    const shown = new Uint8Array(bytes.length + challenge.length - 28);
    shown.set(bytes.subarray(0, 28));
    shown.set(challenge.subarray(28), 28);
    shown.set(bytes.subarray(28), challenge.length);
    shown[16] = PayloadType.NOTIFY;
    shown[28] = bytes[16] ?? 0;
    shown[26] = shown.length >> 8;
    shown[27] = shown.length;
    lab.inject(b, { local, remote }, shown);
  }
  assert.equal(counter(b, lab.now, 'request-ike-sa-init-answered'), 100);
  assert.equal(counter(b, lab.now, 'address-limit'), 200);
  connect(both);
  lab.run(1_000);
  assert.equal(live(b, lab.now).length, 1);
});

test('an IPv6 host is its /64', () => {
  const lab = new Lab(1);
  const b = lab.add('b', '2001:db8::2');
  const config = configOf('2001:db8::2', [peerTo('2001:db8::1')], { maxHalfOpen: 1_000, cookieThreshold: 500 });
  lab.do(b, { kind: 'configure', config });
  for (let i = 0; i < 100; i++) {
    const remote = { address: IpAddress.v6(0x20010db8, 7, i, i), port: 500 };
    lab.inject(b, { local: { address: b.address, port: 500 }, remote }, forged());
  }
  assert.equal(counter(b, lab.now, 'request-ike-sa-init-answered'), 20);
});

test('a million forged requests cost no memory', () => {
  const both = pair(1, { config: { ...LIMITS, cookieRate: 100 } });
  const { lab, b } = both;
  const local = { address: address(B), port: 500 };
  const bytes = forged();
  const turn = (count: number): void => {
    for (let i = 0; i < count; i++) {
      // A new SPI, address and port each time; only every 1,000th forger is told the time.
      bytes.set(random(8));
      bytes[0] = (bytes[0] ?? 0) | 1;
      const remote = { address: anywhere(), port: 1 + (i % 60_000) };
      b.ike.handle({ kind: 'datagram', path: { local, remote }, message: bytes }, lab.now);
    }
    lab.run(100);
  };
  turn(50_000);
  const before = heap();
  for (let round = 0; round < 19; round++) turn(50_000);
  assert.ok(heap() - before < 2 << 20, `${(heap() - before) >> 10} KiB more`);
  const { counters, sas } = b.ike.snapshot(lab.now);
  assert.equal(counters['received'], 1_000_000);
  assert.ok(sas.length <= 100);
  connect(both);
  lab.run(1_000);
  assert.equal(live(b, lab.now).length, 1);
  const auths = lab.sent.filter(({ header }) => header.exchange === ExchangeType.IKE_AUTH);
  assert.equal(auths.length, 2);
});

function heap(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}
