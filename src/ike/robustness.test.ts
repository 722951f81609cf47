/** Hostile and broken bytes, silent peers, operators: RFC 7296 sections 2.1 to 2.4, 2.21. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, EMPTY, IpAddress } from '../base/index.ts';
import { createProtector } from '../crypto/index.ts';
import { Ike } from './ike.ts';
import {
  A,
  address,
  assertAgree,
  B,
  CHILD,
  configOf,
  connect,
  counter,
  established,
  key,
  type Lab,
  live,
  type Node,
  type Pair,
  pair,
  peerTo,
} from './pair.fixture.ts';
import type { IkePath } from './policy.ts';
import { sealMessage } from './sk.ts';
import { ExchangeType, type Payload } from './wire/message.ts';

/** The state without its counters, as text. */
function stateOf(node: Node, lab: Lab): string {
  const { sas, waiting } = node.ike.snapshot(lab.now);
  return JSON.stringify({ sas, waiting });
}

function total(node: Node, lab: Lab): number {
  return Object.values(node.ike.snapshot(lab.now).counters).reduce((sum, count) => sum + count, 0);
}

const toB: IkePath = {
  local: { address: address(B), port: 500 },
  remote: { address: address(A), port: 500 },
};
const toA: IkePath = { local: toB.remote, remote: toB.local };

test('mutated, truncated, lengthened and replayed messages change nothing and are counted', () => {
  const { lab, a, b } = established(1);
  const messages = lab.sent.filter(({ header }) => header.exchange !== ExchangeType.IKE_SA_INIT);
  fc.assert(
    fc.property(
      fc.nat(messages.length - 1),
      fc.nat(),
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom('mutate', 'cut', 'grow', 'replay'),
      (index, place, xor, how) => {
        const original = messages[index];
        if (original === undefined) return;
        const bytes = original.message.slice();
        if (how === 'mutate') bytes[place % bytes.length] = (bytes[place % bytes.length] ?? 0) ^ xor;
        const forged =
          how === 'cut' ? bytes.subarray(0, place % bytes.length) : how === 'grow' ? concat(bytes, bytes) : bytes;
        const [node, path] = original.from === 'a' ? [b, toB] : [a, toA];
        const before = stateOf(node, lab);
        const count = total(node, lab);
        const effects = lab.inject(node, path, forged);
        assert.equal(stateOf(node, lab), before);
        assert.ok(total(node, lab) > count);
        assert.ok(effects.every(({ kind }) => kind === 'send'));
      },
    ),
    { numRuns: 400 },
  );
});

test('no bytes make it throw or build anything', () => {
  const { lab, b } = established(1);
  const before = stateOf(b, lab);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      lab.inject(b, toB, bytes);
    }),
    { numRuns: 300 },
  );
  assert.equal(stateOf(b, lab), before);
});

test('messages for another address are ignored', () => {
  const { lab, b } = established(1);
  const request = lab.sent[0];
  assert.ok(request !== undefined);
  lab.inject(b, { ...toB, local: { address: IpAddress.v4(1), port: 500 } }, request.message);
  assert.equal(counter(b, lab.now, 'unknown-address'), 1);
});

test('a repeated request gets the same response, byte for byte (section 2.1)', () => {
  const { lab, a, b } = established(1);
  const sent = lab.sent.find(({ from, header }) => from === 'a' && header.exchange === ExchangeType.IKE_AUTH);
  const answer = lab.sent.find(({ from, header }) => from === 'b' && header.exchange === ExchangeType.IKE_AUTH);
  assert.ok(sent !== undefined && answer !== undefined);
  const before = stateOf(b, lab);
  const effects = lab.inject(b, toB, sent.message);
  assert.deepEqual(
    effects.map((effect) => effect.kind === 'send' && effect.message),
    [answer.message],
  );
  assert.equal(stateOf(b, lab), before);
  // The response that comes twice is not expected any more.
  lab.inject(a, toA, answer.message);
  assert.equal(counter(a, lab.now, 'unexpected-response'), 1);
});

test('requests are repeated byte for byte and given up after a minute (sections 2.1, 2.4)', () => {
  const both = pair(1);
  const { lab, a } = both;
  lab.pass = () => false;
  connect(both);
  lab.run(60_000);
  const first = lab.sent.slice(0, 6);
  for (const { message } of first) assert.deepEqual(message, first[0]?.message);
  assert.equal(a.of('ike-failed')[0]?.cause.code, 'no-response');
});

/** A message as an authenticated peer would send it. */
function sealedBy(from: Node, exchange: number, messageId: number, payloads: readonly Payload[]) {
  const [keys] = from.keys;
  assert.ok(keys !== undefined);
  const { encr, keyBits, integ, skEi } = keys;
  const protector = createProtector({ encr, keyBits, integ, key: skEi });
  const view = new DataView(concat(keys.initiatorSpi, keys.responderSpi).buffer);
  const header = {
    initiatorSpi: view.getBigUint64(0),
    responderSpi: view.getBigUint64(8),
    exchange,
    fromInitiator: true,
    isResponse: false,
    messageId,
  };
  const random = (length: number) => new Uint8Array(length);
  const message = sealMessage(header, payloads, { protector, counter: 0xffff + messageId }, random);
  return message;
}

test('an authentic request with an unknown critical payload is refused and costs nothing else (section 2.5)', () => {
  const { lab, a, b } = established(1);
  const payloads: Payload[] = [{ kind: 'unknown', type: 200, critical: true, body: new Uint8Array(3) }];
  lab.inject(b, toB, sealedBy(a, ExchangeType.INFORMATIONAL, 2, payloads));
  assert.equal(counter(b, lab.now, 'unknown-critical-payload'), 1);
  assert.equal(live(b, lab.now).length, 1);
});

test('authentic nonsense is answered, never thrown at', () => {
  const { lab, a, b } = established(1);
  const nonsense: Payload[][] = [
    [{ kind: 'delete', protocol: 3, spis: [Uint8Array.of(1, 2, 3, 4)] }],
    [
      { kind: 'vendor', data: new Uint8Array(3) },
      { kind: 'tsi', selectors: CHILD.localSelectors },
    ],
    [{ kind: 'notify', protocol: 3, spi: Uint8Array.of(1), type: 16_393, data: EMPTY }],
    [{ kind: 'cp', type: 3, attributes: [{ type: 13, value: Uint8Array.of(1) }] }],
    [
      { kind: 'nonce', data: new Uint8Array(16) },
      { kind: 'ke', group: 31, data: new Uint8Array(32) },
    ],
  ];
  let id = 2;
  for (const payloads of nonsense) {
    for (const exchange of [ExchangeType.INFORMATIONAL, 99, ExchangeType.IKE_AUTH]) {
      const effects = lab.inject(b, toB, sealedBy(a, exchange, id, payloads));
      if (exchange !== ExchangeType.IKE_AUTH) {
        assert.ok(effects.some(({ kind }) => kind === 'send'));
        id += 1;
      }
    }
  }
  assert.equal(live(b, lab.now).length, 1);
  assert.equal(b.plane.size, 1);
});

test('an authentic request that lacks a nonce costs the IKE SA (section 2.21.3)', () => {
  const { lab, a, b } = established(1);
  const payloads: Payload[] = [{ kind: 'sa', proposals: [] }];
  lab.inject(b, toB, sealedBy(a, ExchangeType.CREATE_CHILD_SA, 2, payloads));
  assert.equal(b.of('ike-sa-down').length, 1);
  assert.equal(b.plane.size, 0);
});

const liveness = { idleMs: 10_000, retryMs: 2_000, tries: 3, mode: 'periodic' } as const;

test('a silent peer is asked, and declared dead after as many tries as configured (section 2.4)', () => {
  const { lab, a } = established(1, { a: { liveness } });
  lab.run(60_000);
  assert.ok(counter(a, lab.now, 'liveness-checks') >= 5);
  assert.equal(a.of('ike-sa-down').length, 0);
  lab.pass = () => false;
  lab.run(16_500);
  const down = a.of('ike-sa-down')[0];
  assert.deepEqual([down?.cause.code, down?.cause.because?.code], ['peer-dead', 'liveness-failed']);
  assert.match(down?.cause.because?.text ?? '', /check 3/);
  assert.equal(a.of('remove-child-sa')[0]?.cause.because?.code, 'peer-dead');
  assert.equal(a.plane.size, 0);
});

test('authentic ESP is proof of life: nothing is asked (section 2.4)', () => {
  const { lab, a } = established(1, { a: { liveness } });
  const [spi = 0] = a.plane.keys();
  for (let i = 0; i < 20; i++) {
    a.heard.set(spi, lab.now);
    lab.run(5_000);
  }
  assert.equal(counter(a, lab.now, 'liveness-checks'), 0);
});

test('after the peer died and came back there is one IKE SA; INITIAL_CONTACT drops the older one (section 2.4)', () => {
  const { lab, a, b } = established(1, { a: { liveness } });
  lab.pass = () => false;
  lab.run(40_000);
  assert.equal(b.of('ike-sa-down').length, 0);
  lab.pass = () => true;
  lab.run(60_000);
  assertAgree({ lab, a, b }, { ikeSas: 1, children: 1 });
  assert.equal(b.of('ike-sa-down')[0]?.cause.code, 'initial-contact');
});

test('a peer that is not reachable is not tried; once it is, at once', () => {
  const both = pair(1);
  const { lab, a } = both;
  lab.run(60_000);
  assert.equal(lab.sent.length, 0);
  connect(both);
  assert.equal(lab.sent.length, 1);
  lab.run(1_000);
  assertAgree(both, { ikeSas: 1, children: 1 });
  assert.equal(a.ike.snapshot(lab.now).waiting.length, 0);
});

test('clear: an always-on peer comes back at once', () => {
  const both = established(1);
  const { lab, b } = both;
  lab.run(10_000);
  lab.do(b, { kind: 'clear', what: 'ike', remote: address(A) });
  assert.equal(b.of('ike-sa-down')[0]?.cause.code, 'cleared');
  lab.run(500);
  assertAgree(both, { ikeSas: 1, children: 1 });
});

/** A hub with two spokes. */
function hub(): Readonly<{ lab: Lab; spokes: readonly Node[]; hub: Node; peers: ReturnType<typeof peerTo>[] }> {
  const { lab, a, b } = established(1);
  const c = lab.add('c', '192.0.2.3');
  lab.do(c, { kind: 'configure', config: configOf('192.0.2.3', [peerTo(B, { initiate: true })]) });
  const peers = [peerTo(A), peerTo('192.0.2.3')];
  lab.do(b, { kind: 'configure', config: configOf(B, peers) });
  lab.do(c, { kind: 'peer-reachable', peer: B, reachable: true });
  lab.run(1_000);
  assert.equal(live(b, lab.now).length, 2);
  return { lab, spokes: [a, c], hub: b, peers };
}

test('a new configuration disturbs only the peers that changed', () => {
  const { lab, hub: b, peers } = hub();
  assert.equal(b.of('ike-sa-down').length, 0, 'adding a peer leaves the other alone');
  const [first, second] = peers;
  assert.ok(first !== undefined && second !== undefined);
  const same = { ...first, child: { ...CHILD, lifetimeMs: 1_000_000 }, liveness };
  lab.do(b, { kind: 'configure', config: configOf(B, [same, { ...second, remoteKey: key('other') }]) });
  assert.deepEqual(
    b.of('ike-sa-down').map(({ peer, cause }) => [peer, cause.code]),
    [['192.0.2.3', 'configuration-changed']],
  );
  lab.do(b, { kind: 'configure', config: configOf(B, [second]) });
  assert.deepEqual(
    b.of('ike-sa-down').map(({ peer }) => peer),
    ['192.0.2.3', A],
  );
  lab.run(70_000);
  assert.equal(live(b, lab.now).length, 1);
});

test('two hundred spokes on one hub', () => {
  const both: Pair = established(1);
  const { lab, b } = both;
  const names = Array.from({ length: 200 }, (_, i) => `198.51.100.${i + 1}`);
  lab.do(b, { kind: 'configure', config: configOf(B, [peerTo(A), ...names.map((name) => peerTo(name))]) });
  for (const name of names) {
    const spoke = lab.add(name, name);
    lab.do(spoke, { kind: 'configure', config: configOf(name, [peerTo(B, { initiate: true })]) });
    lab.do(spoke, { kind: 'peer-reachable', peer: B, reachable: true });
  }
  lab.run(5_000);
  assert.equal(live(b, lab.now).length, 201);
  assert.equal(b.plane.size, 201);
});

test('it waits for nothing before it is configured', () => {
  const ike = new Ike({ random: (length) => new Uint8Array(length), lastInbound: () => undefined });
  assert.equal(ike.wakeAt(), undefined);
});
