/** Peers that complete a key exchange and prove nothing: what they can cost. RFC 7296 sections 2.4, 2.6, 2.21. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY } from '../base/index.ts';
import { createProtector } from '../crypto/index.ts';
import { A, B, configOf, connect, counter, key, Lab, live, type Pair, pair, peerTo } from './pair.fixture.ts';
import { sealMessage } from './sk.ts';
import { decodeMessage, encodeMessage } from './wire/codec.ts';
import { ExchangeType, NotifyType, type Payload } from './wire/message.ts';

/** `b` answers IKE_AUTH with these payloads in the place of its own, or asks `isResponse: false` with message id 0. */
function answersAuthWith(both: Pair, payloads: readonly Payload[], isResponse = true): void {
  const { lab, a, b } = both;
  lab.pass = ({ from, header, path }) => {
    if (from !== 'b' || header.exchange !== ExchangeType.IKE_AUTH) return true;
    const keys = b.keys.at(-1);
    assert.ok(keys !== undefined);
    const { encr, keyBits, integ, skEr } = keys;
    const protector = createProtector({ encr, keyBits, integ, key: skEr });
    const exchange = isResponse ? ExchangeType.IKE_AUTH : ExchangeType.INFORMATIONAL;
    const forged = { ...header, exchange, isResponse, messageId: isResponse ? 1 : 0 };
    const random = (length: number) => new Uint8Array(length);
    const message = sealMessage(forged, payloads, { protector, counter: 0xffff }, random);
    lab.inject(a, { local: path.remote, remote: path.local }, message);
    return false;
  };
}

/** A nonce of one byte cannot be read, section 3.9. */
const UNREADABLE: readonly Payload[] = [{ kind: 'nonce', data: new Uint8Array(1) }];

test('an IKE_AUTH response that cannot be read counts as a failed attempt: the next one waits', () => {
  const both = pair(1);
  answersAuthWith(both, UNREADABLE);
  connect(both);
  both.lab.run(10_000);
  const attempts = counter(both.a, both.lab.now, 'request-ike-sa-init-sent');
  assert.ok(attempts <= 5, `${attempts} attempts in ten seconds`);
  assert.equal(both.a.of('ike-failed')[0]?.cause.code, 'malformed-protected-message');
});

test('a request before the peer has proved who it is changes nothing (section 2.2)', () => {
  const both = pair(1);
  answersAuthWith(both, UNREADABLE, false);
  connect(both);
  both.lab.run(10_000);
  assert.equal(counter(both.a, both.lab.now, 'request-ike-sa-init-sent'), 1);
});

test('peers that fail to authenticate hold their place among the half-open IKE SAs, and no longer than others', () => {
  const lab = new Lab(1);
  const b = lab.add('b', B);
  const strangers = ['192.0.2.11', '192.0.2.12', '192.0.2.13', A];
  const peers = strangers.map((name) => peerTo(name, name === A ? {} : { remoteKey: key('another') }));
  lab.do(b, { kind: 'configure', config: configOf(B, peers, { maxHalfOpen: 3 }) });
  const nodes = strangers.map((name) => lab.add(name, name));
  for (const [i, node] of nodes.entries()) {
    const own = strangers[i] ?? '';
    lab.do(node, { kind: 'configure', config: configOf(own, [peerTo(B, { initiate: true })]) });
    lab.do(node, { kind: 'peer-reachable', peer: B, reachable: true });
    lab.run(200);
    // Each has one try.
    if (own !== A) lab.do(node, { kind: 'peer-reachable', peer: B, reachable: false });
  }
  assert.equal(counter(b, lab.now, 'authentication-failed'), 3);
  assert.equal(counter(b, lab.now, 'half-open-limit'), 1);
  assert.equal(live(b, lab.now).length, 0);
  lab.run(40_000);
  assert.equal(live(b, lab.now).length, 1);
  assert.ok((b.ike.wakeAt() ?? 0) > lab.now + 60_000, 'nothing is left over');
});

test('an IKE_SA_INIT request with an unknown critical payload is told so (section 2.5)', () => {
  const both = pair(1);
  connect(both);
  const { lab, b } = both;
  const [request] = lab.sent;
  assert.ok(request !== undefined);
  const decoded = decodeMessage(request.message);
  assert.ok(decoded.ok);
  const unknown: Payload = { kind: 'unknown', type: 200, critical: true, body: new Uint8Array(3) };
  const { header, payloads } = decoded.value;
  const path = { local: request.path.remote, remote: request.path.local };
  const [effect] = lab.inject(b, path, encodeMessage({ header, payloads: [...payloads, unknown] }));
  assert.ok(effect?.kind === 'send');
  const answer = decodeMessage(effect.message);
  assert.ok(answer.ok && answer.value.header.isResponse && answer.value.header.responderSpi === 0n);
  const [notify] = answer.value.payloads;
  assert.ok(notify?.kind === 'notify');
  assert.deepEqual([notify.type, [...notify.data]], [NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD, [200]]);
  // An answer to an answer there is none, so two of us cannot keep each other busy.
  assert.equal(lab.inject(both.a, path, effect.message).filter(({ kind }) => kind === 'send').length, 0);
});

test('a name that would move the cursor of a terminal is shown as hexadecimal (section 3.5)', () => {
  for (const name of ['spoke\u001b[2J', 'spoke\nspoke', 'spoke\u202e', 'x'.repeat(300)]) {
    const lab = new Lab(1);
    const a = lab.add('a', A);
    const b = lab.add('b', B);
    const localIdentity = { type: 'fqdn', name } as const;
    lab.do(a, { kind: 'configure', config: configOf(A, [peerTo(B, { initiate: true, localIdentity })]) });
    lab.do(b, { kind: 'configure', config: configOf(B, [peerTo(A)]) });
    lab.do(a, { kind: 'peer-reachable', peer: B, reachable: true });
    lab.run(1_000);
    const [failed] = b.of('ike-failed');
    assert.equal(failed?.cause.code, 'identity-refused');
    assert.match(failed?.cause.text ?? '', /^the peer calls itself 0x[0-9a-f]{14,126}…?, not 192\.0\.2\.1$/);
  }
});

test('what a stranger proposes is told in short', () => {
  const both = pair(1);
  connect(both);
  const { lab, b } = both;
  const [request] = lab.sent;
  assert.ok(request !== undefined);
  const decoded = decodeMessage(request.message);
  assert.ok(decoded.ok);
  const transforms = Array.from({ length: 250 }, (_, id) => ({ type: 1, id: 1_000 + id }));
  const proposals = Array.from({ length: 20 }, (_, i) => ({ number: i + 1, protocol: 1, spi: EMPTY, transforms }));
  const payloads = decoded.value.payloads.map((each): Payload => (each.kind === 'sa' ? { ...each, proposals } : each));
  const path = { local: request.path.remote, remote: request.path.local };
  lab.inject(b, path, encodeMessage({ header: decoded.value.header, payloads }));
  const text = b.of('ike-failed')[0]?.cause.text ?? '';
  assert.match(text, /^the peer offers 1000\/1001\/.*…; configured here: AES_GCM_16-128/);
  assert.ok(text.length < 1_000, `${text.length} characters`);
});
