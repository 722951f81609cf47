/** Peers that authenticated themselves and then ask for too much, or for something else than they offer: RFC 7296 section 1.3. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../base/index.ts';
import { createKeyShare, createProtector, Ke } from '../crypto/index.ts';
import { offerEsp } from './negotiation.ts';
import { A, address, assertAgree, B, CHILD, counter, established, live, type Node, type Pair } from './pair.fixture.ts';
import { groupBytes, notify, notifyOfChild } from './payloads.ts';
import { openMessage, sealMessage } from './sk.ts';
import { ExchangeType, NotifyType, type Payload } from './wire/message.ts';

const random = seededRandom(1, 'greedy');

function protectorsOf(node: Node) {
  const [keys] = node.keys;
  assert.ok(keys !== undefined);
  const { encr, keyBits, integ, skEi, skEr } = keys;
  const of = (key: typeof skEi) => createProtector({ encr, keyBits, integ, key });
  return { initiator: of(skEi), responder: of(skEr) };
}

/** `a` asks `b` whatever the test wants; what `b` answers. */
function ask({ lab, a, b }: Pair, payloads: readonly Payload[], exchange = ExchangeType.CREATE_CHILD_SA as number) {
  const [sa] = live(b, lab.now);
  assert.ok(sa !== undefined);
  const { initiator } = protectorsOf(a);
  const header = {
    initiatorSpi: BigInt(`0x${sa.remoteSpi}`),
    responderSpi: BigInt(`0x${sa.localSpi}`),
    exchange,
    fromInitiator: true,
    isResponse: false,
    messageId: sa.remoteMessageId,
  };
  const message = sealMessage(header, payloads, { protector: initiator, counter: 0xffff + header.messageId }, random);
  const path = { local: { address: address(B), port: 500 }, remote: { address: address(A), port: 500 } };
  const effects = b.ike.handle({ kind: 'datagram', path, message }, lab.now);
  for (const effect of effects) b.note(effect);
  const sent = effects.find(({ kind }) => kind === 'send');
  assert.ok(sent?.kind === 'send');
  const opened = openMessage(sent.message, protectorsOf(a).responder);
  assert.ok(opened.ok);
  return opened.value.payloads;
}

/** A request for a child SA that offers `groups` and brings a value of `ke`. */
function request(spi: number, groups: readonly number[] = [], ke?: number): readonly Payload[] {
  const [offer] = offerEsp(CHILD.proposals, spi);
  assert.ok(offer !== undefined);
  const transforms = [...offer.transforms, ...groups.map((id) => ({ type: 4, id }))];
  return [
    { kind: 'sa', proposals: [{ ...offer, transforms }] },
    { kind: 'nonce', data: random(32) },
    ...(ke === undefined ? [] : [{ kind: 'ke', group: ke, data: createKeyShare(ke, random).publicValue } as const]),
    { kind: 'tsi', selectors: CHILD.localSelectors },
    { kind: 'tsr', selectors: CHILD.remoteSelectors },
  ];
}

function errorsOf(payloads: readonly Payload[]): number[] {
  return payloads.flatMap((payload) => (payload.kind === 'notify' && payload.type < 16_384 ? [payload.type] : []));
}

test('child SAs beyond a few are refused with NO_ADDITIONAL_SAS (section 1.3)', () => {
  const both = established(1);
  const answers = Array.from({ length: 40 }, (_, i) => errorsOf(ask(both, request(0x1000 + i)))[0]);
  assert.equal(answers[0], undefined);
  assert.equal(answers.at(-1), NotifyType.NO_ADDITIONAL_SAS);
  assert.equal(both.b.plane.size, 16);
  assert.ok(counter(both.b, both.lab.now, 'no-additional-sas') > 0);
  assert.equal(live(both.b, both.lab.now).length, 1);
});

test('rekeying again and again without a Delete is no way around that', () => {
  const both = established(1);
  const [first] = both.a.plane.values();
  let old = first?.inboundSpi ?? 0;
  for (let i = 0; i < 40; i++) {
    const spi = 0x2000 + i;
    const answer = ask(both, [notifyOfChild(NotifyType.REKEY_SA, old), ...request(spi)]);
    if (errorsOf(answer).length > 0) break;
    old = spi;
  }
  assert.ok(both.b.plane.size <= 16, `${both.b.plane.size} child SAs`);
});

test('a key exchange value of another group than the one chosen is told which to take (section 1.3)', () => {
  const both = established(1, { b: { child: { ...CHILD, pfsGroup: Ke.ECP_256 } } });
  const refused = ask(both, request(0x3000, [Ke.CURVE25519, Ke.ECP_256], Ke.CURVE25519));
  const [answer] = refused;
  assert.ok(answer?.kind === 'notify');
  assert.deepEqual([answer.type, answer.data], [NotifyType.INVALID_KE_PAYLOAD, groupBytes(Ke.ECP_256)]);
  assert.equal(both.b.plane.size, 1);
  assert.deepEqual(errorsOf(ask(both, request(0x3001, [Ke.CURVE25519, Ke.ECP_256], Ke.ECP_256))), []);
  assert.equal(both.b.plane.size, 2);
});

for (const { group, follows } of [
  { group: Ke.CURVE25519, follows: true },
  { group: Ke.MODP_2048, follows: false },
]) {
  test(`a child rekey ${follows ? 'follows' : 'does not follow'} INVALID_KE_PAYLOAD to group ${group} (section 1.3)`, () => {
    const both = established(1, { a: { child: { ...CHILD, pfsGroup: Ke.ECP_256 } } });
    const { lab, a } = both;
    let refused = 0;
    lab.pass = ({ from, header, path }) => {
      if (from !== 'a' || header.exchange !== ExchangeType.CREATE_CHILD_SA || refused > 0) return true;
      refused++;
      const response = { ...header, fromInitiator: false, isResponse: true };
      const payloads = [notify(NotifyType.INVALID_KE_PAYLOAD, groupBytes(group))];
      const message = sealMessage(
        response,
        payloads,
        { protector: protectorsOf(a).responder, counter: 0xffff },
        random,
      );
      ask(both, [], ExchangeType.INFORMATIONAL); // takes the message id that `b` does not see
      lab.do(a, { kind: 'datagram', path, message });
      return false;
    };
    lab.do(a, { kind: 'child-limit', spi: [...a.plane.keys()][0] ?? 0, limit: 'soft' });
    lab.run(1_000);
    assert.equal(refused, 1);
    assert.equal([...a.plane.values()].at(-1)?.group, follows ? group : 0);
    lab.run(10_000);
    assertAgree(both, { ikeSas: 1, children: 1 });
  });
}
