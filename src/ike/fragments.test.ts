/** Messages in pieces, RFC 7383: whatever is lost, late or doubled, the message is the same; what is forged holds nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, IpAddress, Prefix, SecretKey, seededRandom } from '../base/index.ts';
import { createProtector, Encr, Integ } from '../crypto/index.ts';
import { claimOf, mtuOf, openFragment, sealDatagrams, smallerMtu } from './fragments.ts';
import {
  A,
  address,
  assertAgree,
  B,
  CHILD,
  configOf,
  connect,
  counter,
  Lab,
  type Node,
  type Pair,
  pair,
  peerTo,
  type Sent,
} from './pair.fixture.ts';
import { notify } from './payloads.ts';
import type { IkeConfig, IkePath } from './policy.ts';
import { selectorOf } from './selectors.ts';
import { openMessage } from './sk.ts';
import { encodePayloads } from './wire/codec.ts';
import { ExchangeType, type Payload, PayloadType } from './wire/message.ts';

const random = seededRandom(1, 'fragments');

const header = {
  initiatorSpi: 1n,
  responderSpi: 2n,
  exchange: ExchangeType.IKE_AUTH,
  fromInitiator: true,
  isResponse: false,
  messageId: 1,
};

const protectors = {
  gcm: createProtector({ encr: Encr.AES_GCM_16, keyBits: 128, key: new SecretKey(random(20)), integ: Integ.NONE }),
  cbc: createProtector({
    encr: Encr.AES_CBC,
    keyBits: 256,
    key: new SecretKey(random(32)),
    integ: Integ.HMAC_SHA2_256_128,
    integKey: new SecretKey(random(32)),
  }),
};

function sealed(cipher: keyof typeof protectors, length: number, size: number): readonly Uint8Array[] {
  const protector = protectors[cipher];
  const payloads: Payload[] = [{ kind: 'vendor', data: random(length) }];
  let counter = 0;
  return sealDatagrams(header, encodePayloads(payloads), { protector, nextCounter: () => counter++ }, size, random);
}

for (const cipher of ['gcm', 'cbc'] as const) {
  test(`${cipher}: pieces fit the size, and together they are the message (section 2.5)`, () => {
    const sizes = fc.record({ length: fc.integer({ min: 1, max: 9_000 }), size: fc.integer({ min: 200, max: 1_472 }) });
    fc.assert(
      fc.property(sizes, ({ length, size }) => {
        const datagrams = sealed(cipher, length, size);
        assert.ok(datagrams.every((one) => one.length <= size));
        const protector = protectors[cipher];
        const [only] = datagrams;
        if (datagrams.length === 1 && only !== undefined) {
          assert.ok(openMessage(only, protector).ok);
          return;
        }
        const opened = datagrams.map((one) => openFragment(one, protector));
        const pieces = opened.map((one) => (one.ok ? one.value : assert.fail('unreadable')));
        assert.deepEqual(
          pieces.map(({ number }) => number),
          pieces.map((_, i) => i + 1),
        );
        assert.ok(pieces.every(({ total }) => total === datagrams.length));
        const types = pieces.map(({ content }) => content.firstType);
        assert.deepEqual(types, [PayloadType.VENDOR, ...types.slice(1).map(() => 0)]);
        assert.equal(concat(...pieces.map(({ content }) => content.bytes)).length, length + 4);
        // Nothing but the last one is smaller than it must be.
        for (const one of datagrams.slice(0, -1)) assert.ok(size - one.length < protector.blockLength);
      }),
      { numRuns: 150 },
    );
  });

  test(`${cipher}: every truncation and every changed bit of a piece is a named fault`, () => {
    const [piece] = sealed(cipher, 900, 300);
    assert.ok(piece !== undefined);
    for (let length = 0; length < piece.length; length++) {
      assert.ok(!openFragment(piece.subarray(0, length), protectors[cipher]).ok, `prefix of ${length}`);
    }
    for (let at = 0; at < piece.length * 8; at++) {
      const changed = piece.slice();
      changed[at >> 3] = (changed[at >> 3] ?? 0) ^ (1 << (at & 7));
      assert.ok(!openFragment(changed, protectors[cipher]).ok, `bit ${at}`);
    }
  });
}

test('sizes are what is safe for each family, and smaller ones go no lower (section 2.5.1)', () => {
  const path = (text: string): IkePath => {
    const end = { address: address(text), port: 500 };
    return { local: end, remote: end };
  };
  const [four, six] = [path('192.0.2.1'), path('2001:db8::1')];
  assert.deepEqual([mtuOf(four, undefined), mtuOf(six, undefined), mtuOf(six, 1400)], [576, 1280, 1400]);
  assert.deepEqual([smallerMtu(four, 1500), smallerMtu(four, 1280), smallerMtu(four, 576)], [1280, 576, undefined]);
  assert.deepEqual([smallerMtu(six, 1500), smallerMtu(six, 1280)], [1280, undefined]);
});

const PREFIXES = Array.from({ length: 400 }, (_, i) => Prefix.host(IpAddress.v4(0x0a000000 + i)));
const FRAGMENTATION: Partial<IkeConfig> = { fragmentation: {} };

/** Two ends that tell each other so many routes that IKE_AUTH's response and CFG_SET are large. */
function large(seed: number, routes: number, change: Parameters<typeof pair>[1] = {}): Pair {
  const prefixes = PREFIXES.slice(0, routes);
  return pair(seed, { both: { sendRoutes: prefixes, acceptRoutes: true }, config: FRAGMENTATION, ...change });
}

function toldTo(node: Node): number {
  return node.of('peer-routes').at(-1)?.prefixes.length ?? 0;
}

function isPiece({ message }: Sent): boolean {
  return message[16] === PayloadType.SKF;
}

test('large messages are cut, small ones are not, and IKE_SA_INIT never is', () => {
  const both = large(1, 200);
  const { lab, a, b } = both;
  connect(both);
  lab.run(2_000);
  assertAgree(both, { ikeSas: 1, children: 1 });
  assert.deepEqual([toldTo(a), toldTo(b)], [200, 200]);
  assert.ok(lab.sent.filter(isPiece).length > 8);
  assert.ok(lab.sent.every(({ message }) => message.length <= 576 - 28));
  for (const sent of lab.sent) if (sent.header.exchange === ExchangeType.IKE_SA_INIT) assert.ok(!isPiece(sent));
  const [authRequest] = lab.sent.filter(({ header }) => header.exchange === ExchangeType.IKE_AUTH);
  assert.ok(authRequest !== undefined && !isPiece(authRequest));
  for (const node of [a, b]) assert.ok(counter(node, lab.now, 'messages-reassembled') > 0);
});

for (const side of ['configA', 'configB'] as const) {
  test(`nothing is cut when only ${side === 'configA' ? 'the responder' : 'the initiator'} can (section 2.3)`, () => {
    const both = large(1, 200, { [side]: { fragmentation: undefined } });
    const { lab, b } = both;
    connect(both);
    lab.run(2_000);
    assert.equal(toldTo(b), 200);
    assert.equal(lab.sent.filter(isPiece).length, 0);
  });
}

test('over IPv6 pieces are as large as every path lets through', () => {
  const prefixes = PREFIXES;
  const both = pairOver6(prefixes);
  const { lab, a, b } = both;
  lab.run(2_000);
  assert.deepEqual([toldTo(a), toldTo(b)], [400, 400]);
  const largest = Math.max(...lab.sent.map(({ message }) => message.length));
  assert.ok(largest <= 1280 - 48 && largest > 1280 - 48 - 16, `${largest}`);
});

test('whatever is lost, late or doubled, every message comes whole', () => {
  const run = fc.record({
    seed: fc.nat(),
    routes: fc.integer({ min: 1, max: 400 }),
    mtu: fc.integer({ min: 120, max: 1_500 }),
    loss: fc.double({ min: 0, max: 0.15, noNaN: true }),
    duplicate: fc.double({ min: 0, max: 0.5, noNaN: true }),
  });
  fc.assert(
    fc.property(run, ({ seed, routes, mtu, loss, duplicate }) => {
      // A message in fifty pieces rarely comes through whole where a seventh of them is lost.
      const few = mtu < 500 ? Math.min(routes, 60) : routes;
      const both = large(seed, few, { config: { fragmentation: { mtu } } });
      const { lab, a, b } = both;
      Object.assign(lab.link, { duplicate, jitterMs: 40 });
      connect(both);
      lab.run(500);
      lab.link.loss = loss;
      lab.run(60_000);
      lab.link.loss = 0;
      lab.run(120_000);
      assert.deepEqual([toldTo(a), toldTo(b)], [few, few]);
      assertAgree(both, { ikeSas: 1, children: 1 });
      for (const node of [a, b]) {
        assert.equal(counter(node, lab.now, 'malformed-protected-message'), 0);
        assert.equal(counter(node, lab.now, 'integrity-failed'), 0);
      }
    }),
    { numRuns: 60 },
  );
});

test('lost pieces alone do not count: a repetition fills the gaps', () => {
  const both = large(3, 300);
  const { lab, b } = both;
  // Of each message to b the odd pieces get through the first time and the even ones the second time.
  const seen = new Set<string>();
  lab.pass = (sent) => {
    const claim = isPiece(sent) && sent.from === 'a' ? claimOf(sent.message) : undefined;
    if (claim === undefined) return true;
    const name = `${sent.header.messageId} ${claim.number}`;
    const isAgain = seen.has(name);
    seen.add(name);
    return isAgain ? claim.number % 2 === 0 : claim.number % 2 === 1;
  };
  connect(both);
  lab.run(10_000);
  assert.equal(toldTo(b), 300);
});

test('where large datagrams vanish, repetitions are cut smaller, and so is what follows (section 2.5.2)', () => {
  const both = large(1, 400, { config: { fragmentation: { mtu: 1_500 } } });
  const { lab, a, b } = both;
  lab.pass = ({ message }) => message.length + 28 <= 600;
  connect(both);
  lab.run(60_000);
  assertAgree(both, { ikeSas: 1, children: 1 });
  assert.deepEqual([toldTo(a), toldTo(b)], [400, 400]);
  assert.ok(counter(a, lab.now, 'messages-cut-smaller') > 0);
  assert.equal(a.ike.snapshot(lab.now).sas[0]?.fragmentation?.mtu, 576);
});

test('a response too large for the path is cut as the repeated request was (section 2.5.2)', () => {
  const selectors = PREFIXES.map(selectorOf).slice(0, 100);
  const change = { localSelectors: selectors, remoteSelectors: selectors };
  const both = large(1, 0, {
    both: { child: { ...CHILD, ...change } },
    configA: { fragmentation: { mtu: 400 } },
    configB: { fragmentation: { mtu: 1_500 } },
  });
  const { lab, b } = both;
  lab.pass = ({ message }) => message.length + 28 <= 400;
  connect(both);
  lab.run(60_000);
  assertAgree(both, { ikeSas: 1, children: 1 });
  assert.equal(counter(b, lab.now, 'messages-cut-smaller'), 1);
});

function established(): Pair {
  const both = large(1, 200);
  connect(both);
  both.lab.run(2_000);
  return both;
}

const toB: IkePath = { local: { address: address(B), port: 500 }, remote: { address: address(A), port: 500 } };

test('pieces that were used already are counted and cost nothing; the first one has the response repeated', () => {
  const { lab, b } = established();
  const pieces = lab.sent.filter((sent) => isPiece(sent) && sent.from === 'a' && !sent.header.isResponse);
  assert.ok(pieces.length > 3);
  for (const { message } of pieces) {
    const effects = lab.inject(b, toB, message);
    const sent = effects.filter(({ kind }) => kind === 'send').length;
    assert.equal(sent > 0, claimOf(message)?.number === 1);
  }
  assert.equal(counter(b, lab.now, 'request-repeated'), 1);
  assert.equal(counter(b, lab.now, 'fragment-duplicate'), pieces.length - 1);
});

test('forged pieces hold nothing', () => {
  const both = established();
  const { lab, b } = both;
  const [piece] = lab.sent.filter((sent) => isPiece(sent) && sent.from === 'a');
  assert.ok(piece !== undefined);
  const before = JSON.stringify(b.ike.snapshot(lab.now).sas);
  for (let i = 0; i < 2_000; i++) {
    const forged: Uint8Array = piece.message.slice();
    // The next request, which b waits for, in pieces of every number.
    forged[23] = (forged[23] ?? 0) + 1;
    forged[33] = 1 + (i % 100);
    forged[35] = 100;
    forged.set(random(64), 60);
    assert.deepEqual(lab.inject(b, toB, forged), []);
  }
  assert.equal(counter(b, lab.now, 'integrity-failed'), 2_000);
  assert.equal(JSON.stringify(b.ike.snapshot(lab.now).sas), before);
});

test('pieces of other totals, too many pieces and pieces that nobody agreed on are refused', () => {
  const both = established();
  const { lab, a, b } = both;
  const [keys] = a.keys;
  const [sa] = b.ike.snapshot(lab.now).sas;
  assert.ok(keys !== undefined && sa !== undefined);
  const protector = createProtector({ encr: keys.encr, keyBits: keys.keyBits, integ: keys.integ, key: keys.skEi });
  const head = {
    ...header,
    initiatorSpi: BigInt(`0x${sa.remoteSpi}`),
    responderSpi: BigInt(`0x${sa.localSpi}`),
    exchange: ExchangeType.INFORMATIONAL,
    messageId: sa.remoteMessageId,
  };
  const content = encodePayloads([notify(40_000, new Uint8Array(600))]);
  let used = 0xffff;
  const cut = (size: number): readonly Uint8Array[] =>
    sealDatagrams(head, content, { protector, nextCounter: () => used++ }, size, random);
  const two = cut(500);
  const four = cut(250);
  assert.deepEqual([two.length, four.length], [2, 4]);
  const give = (message: Uint8Array | undefined): number => {
    assert.ok(message !== undefined);
    return lab.inject(b, toB, message).length;
  };
  give(two[0]);
  give(four[1]); // the larger total takes its place (section 2.6)
  give(two[1]);
  assert.equal(counter(b, lab.now, 'fragment-outdated'), 1);
  give(four[0]);
  give(four[0]);
  assert.equal(counter(b, lab.now, 'fragment-duplicate'), 1);
  give(four[3]);
  assert.ok(give(four[2]) > 0, 'the request is answered');

  const many = two[0]?.slice();
  assert.ok(many !== undefined);
  many[23] = (many[23] ?? 0) + 1;
  many[35] = 200;
  give(many);
  assert.equal(counter(b, lab.now, 'fragment-limit'), 1);

  const other = pair(1);
  connect(other);
  other.lab.run(1_000);
  const theirs = other.lab.sent.find(({ from, header: { exchange } }) => from === 'a' && exchange === 35);
  assert.ok(theirs !== undefined);
  const uncut = theirs.message.slice();
  uncut[16] = PayloadType.SKF;
  other.lab.inject(other.b, toB, uncut);
  assert.equal(counter(other.b, other.lab.now, 'fragment-not-agreed'), 1);
});

test('pieces without the rest are forgotten after half a minute', () => {
  const both = large(1, 300);
  const { lab, b } = both;
  lab.pass = (sent) => !isPiece(sent) || sent.from !== 'a' || claimOf(sent.message)?.number !== 2;
  connect(both);
  lab.run(45_000);
  assert.ok(counter(b, lab.now, 'reassembly-timeout') > 0);
});

const SIX_A = '2001:db8::1';
const SIX_B = '2001:db8::2';

function pairOver6(prefixes: readonly Prefix[]): Pair {
  const lab = new Lab(1);
  const a = lab.add('a', SIX_A);
  const b = lab.add('b', SIX_B);
  const change = { sendRoutes: prefixes, acceptRoutes: true };
  const toTheOther = peerTo(SIX_B, { ...change, initiate: true });
  lab.do(a, { kind: 'configure', config: configOf(SIX_A, [toTheOther], FRAGMENTATION) });
  lab.do(b, { kind: 'configure', config: configOf(SIX_B, [peerTo(SIX_A, change)], FRAGMENTATION) });
  lab.do(a, { kind: 'peer-reachable', peer: SIX_B, reachable: true });
  lab.do(b, { kind: 'peer-reachable', peer: SIX_A, reachable: true });
  return { lab, a, b };
}
