/** Peers that complete a key exchange and prove nothing: what they can cost. RFC 7296 sections 2.4, 2.6, 2.21. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProtector } from '../crypto/index.ts';
import { connect, counter, type Pair, pair } from './pair.fixture.ts';
import { sealMessage } from './sk.ts';
import { ExchangeType, type Payload } from './wire/message.ts';

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
