/** Cookies without state, RFC 7296 section 2.6. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { at, concat, type Endpoint, readU16, seededRandom } from '../base/index.ts';
import { CookieJar } from './cookie.ts';
import { address, connect, pair } from './pair.fixture.ts';
import { notify, pickNotify } from './payloads.ts';
import { StatelessCookies } from './stateless-cookies.ts';
import { decodeMessage, encodeMessage } from './wire/codec.ts';
import { NotifyType } from './wire/message.ts';

const random = seededRandom(1, 'cookies');
const SOURCE: Endpoint = { address: address('192.0.2.1'), port: 500 };

/** A real first request. */
function firstRequest(): Uint8Array {
  const both = pair(1);
  connect(both);
  const [first] = both.lab.sent;
  assert.ok(first !== undefined);
  return first.message;
}

const request = firstRequest();

function withCookie(cookie: Uint8Array): Uint8Array {
  const decoded = decodeMessage(request);
  assert.ok(decoded.ok);
  const { header, payloads } = decoded.value;
  return encodeMessage({ header, payloads: [notify(NotifyType.COOKIE, cookie), ...payloads] });
}

/** The cookie that an answer demands. */
function demanded(verdict: unknown): Uint8Array {
  assert.ok(verdict instanceof Uint8Array, String(verdict));
  const decoded = decodeMessage(verdict);
  assert.ok(decoded.ok);
  const { header, payloads } = decoded.value;
  const asked = decodeMessage(request);
  assert.ok(asked.ok);
  const { initiatorSpi, exchange } = asked.value.header;
  assert.deepEqual(header, {
    initiatorSpi,
    responderSpi: 0n,
    exchange,
    fromInitiator: false,
    isResponse: true,
    messageId: 0,
  });
  assert.equal(payloads.length, 1);
  const cookie = pickNotify(payloads, NotifyType.COOKIE);
  assert.ok(cookie !== undefined);
  return cookie.data;
}

function guard(jar: CookieJar, now = 0): StatelessCookies {
  const cookies = new StatelessCookies();
  cookies.use(jar.secrets(at(now)));
  return cookies;
}

test('the cookie comes back and proves the source', () => {
  const cookies = guard(new CookieJar(random));
  const cookie = demanded(cookies.judge(request, SOURCE));
  assert.equal(cookies.judge(withCookie(cookie), SOURCE), 'proven');
  assert.deepEqual([cookies.challenges, cookies.refused], [1, 0]);
});

test('a cookie is good for who got it, and for a while', () => {
  const jar = new CookieJar(random);
  const cookie = demanded(guard(jar).judge(request, SOURCE));
  const shown = withCookie(cookie);
  assert.equal(guard(jar, 59_000).judge(shown, SOURCE), 'proven');
  const later = guard(jar, 61_000);
  assert.equal(later.judge(shown, SOURCE), 'proven', 'the secret before is still good');
  for (const other of [
    { ...SOURCE, port: 501 },
    { ...SOURCE, address: address('192.0.2.2') },
    { ...SOURCE, address: address('2001:db8::1') },
  ]) {
    demanded(later.judge(shown, other));
  }
  const otherSpi = shown.slice();
  otherSpi[0] = (otherSpi[0] ?? 0) ^ 1;
  assert.ok(later.judge(otherSpi, SOURCE) instanceof Uint8Array);
  assert.equal(later.refused, 4);
  assert.ok(guard(jar, 200_000).judge(shown, SOURCE) instanceof Uint8Array);
});

test('the cookie must be the first payload', () => {
  const cookies = guard(new CookieJar(random));
  const cookie = demanded(cookies.judge(request, SOURCE));
  const decoded = decodeMessage(request);
  assert.ok(decoded.ok);
  const { header, payloads } = decoded.value;
  const last = encodeMessage({ header, payloads: [...payloads, notify(NotifyType.COOKIE, cookie)] });
  demanded(cookies.judge(last, SOURCE));
});

test('every other cookie is refused', () => {
  const cookies = guard(new CookieJar(random));
  const good = demanded(cookies.judge(request, SOURCE));
  for (let bit = 0; bit < good.length * 8; bit++) {
    const bad = good.slice();
    bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.ok(cookies.judge(withCookie(bad), SOURCE) instanceof Uint8Array);
  }
  for (const length of [0, 1, 8, 10, 64]) {
    const other = concat(good, new Uint8Array(64)).slice(0, length);
    assert.ok(cookies.judge(withCookie(other), SOURCE) instanceof Uint8Array);
  }
});

test('what is not a first request is none of its business', () => {
  const cookies = guard(new CookieJar(random));
  const others = [
    { at: 17, to: 0x10 }, // IKEv1
    { at: 18, to: 35 }, // IKE_AUTH
    { at: 19, to: 0x28 }, // a response
    { at: 19, to: 0 }, // of a responder
    { at: 15, to: 1 }, // of an IKE SA
  ];
  for (const { at: place, to } of others) {
    const other = request.slice();
    other[place] = to;
    assert.equal(cookies.judge(other, SOURCE), 'other');
  }
  assert.equal(cookies.judge(new Uint8Array(4), SOURCE), 'other');
  assert.equal(new StatelessCookies().judge(request, SOURCE), 'other', 'without secrets');
});

test('truncated, changed and arbitrary bytes never throw, and every truncation is malformed', () => {
  const cookies = guard(new CookieJar(random));
  for (let length = 28; length < request.length; length++) {
    const cut = request.slice(0, length);
    assert.equal(cookies.judge(cut, SOURCE), 'malformed', 'the length in the header is another');
    cut[26] = length >> 8;
    cut[27] = length;
    const verdict = cookies.judge(cut, SOURCE);
    assert.ok(verdict === 'malformed' || verdict instanceof Uint8Array);
  }
  const changes = fc.array(fc.tuple(fc.nat(request.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });
  fc.assert(
    fc.property(changes, fc.nat(request.length), (bytes, length) => {
      const changed = request.slice(0, length);
      for (const [place, to] of bytes) if (place < length) changed[place] = to;
      const verdict = cookies.judge(changed, SOURCE);
      if (verdict instanceof Uint8Array) assert.equal(readU16(verdict, 26), verdict.length);
      else assert.notEqual(verdict, 'proven');
    }),
    { numRuns: 2_000 },
  );
});
