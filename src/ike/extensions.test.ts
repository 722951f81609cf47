/** Forced encapsulation (RFC 7296 section 2.23), childless initiation (RFC 6023), limits of sessions, peers behind one NAT. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ke } from '../crypto/index.ts';
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
  Lab,
  live,
  type Node,
  pair,
  peerTo,
} from './pair.fixture.ts';
import { ExchangeType } from './wire/message.ts';

for (const who of ['a', 'b'] as const) {
  test(`${who === 'a' ? 'the initiator' : 'the responder'} forces UDP: both use port 4500 and encapsulate`, () => {
    const both = established(1, { [who]: { forceEncapsulation: true } });
    const { lab, a, b } = both;
    for (const node of [a, b]) {
      const [sa] = live(node, lab.now);
      assert.deepEqual([sa?.path.local.port, sa?.path.remote.port], [4500, 4500]);
      const [child] = [...node.plane.values()];
      assert.equal(child?.udpEncapsulation, true);
      assert.deepEqual(child?.path, sa?.path);
    }
    const [forcing, other] = who === 'a' ? [a, b] : [b, a];
    assert.deepEqual(
      [live(forcing, lab.now)[0], live(other, lab.now)[0]].map((sa) => [sa?.natLocal, sa?.natRemote]),
      [
        [false, false],
        [false, true],
      ],
    );
    // What the mapping of a firewall needs as much as that of a NAT.
    lab.run(60_000);
    assert.ok(forcing.of('send-nat-keepalive').length >= 2);
  });
}

test('the gateway as a whole may force it, and rekeyed SAs stay in UDP', () => {
  const both = established(1, { configA: { forceEncapsulation: true }, both: { ikeLifetimeMs: 120_000 } });
  const { lab, a, b } = both;
  lab.run(110_000);
  assertAgree(both, { ikeSas: 1, children: 1 });
  assert.ok(counter(a, lab.now, 'ike-sas-rekeyed') + counter(b, lab.now, 'ike-sas-rekeyed') > 0);
  lab.do(a, { kind: 'child-limit', spi: [...a.plane.keys()][0] ?? 0, limit: 'soft' });
  lab.run(20_000);
  assertAgree(both, { ikeSas: 1, children: 1 });
  for (const child of [...a.plane.values(), ...b.plane.values()]) assert.equal(child.udpEncapsulation, true);
});

test('childless: IKE_AUTH makes the IKE SA alone, the child SA comes with keys of its own (RFC 6023)', () => {
  const both = established(1, { a: { childless: true }, both: { child: { ...CHILD, pfsGroup: Ke.CURVE25519 } } });
  const { lab, a, b } = both;
  const exchanges = lab.sent.map(({ header }) => header.exchange);
  assert.deepEqual(exchanges, [34, 34, 35, 35, 36, 36]);
  for (const node of [a, b]) assert.equal([...node.plane.values()][0]?.group, Ke.CURVE25519);
  assert.equal(lab.sent.filter(({ header }) => header.exchange === ExchangeType.CREATE_CHILD_SA).length, 2);
  assert.equal(b.of('ike-failed').length, 0);
});

test('childless: a child SA that is refused is asked for again later', () => {
  const both = pair(1, {
    a: { childless: true, child: { ...CHILD, mode: 'transport' } },
    b: { child: { ...CHILD, proposals: [] } },
  });
  connect(both);
  both.lab.run(60_000);
  assertAgree(both, { ikeSas: 1, children: 0 });
  assert.ok(counter(both.a, both.lab.now, 'request-create-child-sa-sent') > 2);
});

/** A hub and spokes that begin, each with an identity of its own. */
function hub(count: number, change: Partial<Parameters<typeof configOf>[2] & object> = {}) {
  const lab = new Lab(1);
  const node = lab.add('hub', B);
  const spokes = Array.from({ length: count }, (_, i) => lab.add(`spoke${i}`, `10.0.0.${i + 1}`));
  const { remote: _remote, ...anybody } = peerTo(A, { name: 'any', group: 'Default', isDefault: true });
  const peers = [{ ...anybody, validateIdentity: 'none' as const }];
  lab.do(node, { kind: 'configure', config: configOf(B, peers, change) });
  for (const [i, spoke] of spokes.entries()) {
    const localIdentity = { type: 'fqdn', name: `spoke${i}` } as const;
    const toHub = peerTo(B, { initiate: true, localIdentity });
    lab.do(spoke, { kind: 'configure', config: configOf(`10.0.0.${i + 1}`, [toHub]) });
  }
  return { lab, node, spokes };
}

function start(lab: Lab, spoke: Node): void {
  lab.do(spoke, { kind: 'peer-reachable', peer: B, reachable: true });
}

test('several peers behind one NAT address are told apart by port and identity', () => {
  const { lab, node, spokes } = hub(5);
  const outside = address('203.0.113.9');
  lab.nats.push(...spokes.map((spoke) => ({ inside: spoke.address, outside, ports: new Map() })));
  for (const spoke of spokes) start(lab, spoke);
  lab.run(2_000);
  const sas = live(node, lab.now);
  assert.equal(sas.length, 5);
  assert.equal(new Set(sas.map(({ path }) => path.remote.address.toString())).size, 1);
  assert.equal(new Set(sas.map(({ path }) => path.remote.port)).size, 5);
  assert.ok(sas.every(({ natRemote }) => natRemote));
  assert.equal(node.plane.size, 5);
  for (const spoke of spokes) assert.equal(live(spoke, lab.now)[0]?.natLocal, true);
  // One that restarts takes its own place and nobody else's.
  const [first] = spokes;
  assert.ok(first !== undefined);
  lab.do(first, { kind: 'clear', what: 'ike' });
  lab.run(2_000);
  assert.equal(live(node, lab.now).length, 5);
});

test('no more sessions than allowed; who has one may begin anew', () => {
  const { lab, node, spokes } = hub(4, { maxSas: 3 });
  for (const spoke of spokes.slice(0, 3)) start(lab, spoke);
  lab.run(2_000);
  const [first, , , last] = spokes;
  assert.ok(first !== undefined && last !== undefined);
  start(lab, last);
  lab.run(1_000);
  assert.equal(live(node, lab.now).length, 3);
  assert.equal(last.of('ike-failed')[0]?.cause.code, 'no-additional-sas');
  assert.ok(counter(node, lab.now, 'sa-limit') > 0);

  // As after a crash: the hub still has the IKE SA of before.
  lab.pass = ({ from }) => from !== 'spoke0';
  lab.do(first, { kind: 'clear', what: 'ike' });
  lab.pass = () => true;
  lab.run(20_000);
  assert.ok(live(first, lab.now).length === 1 && live(node, lab.now).length === 3);
});

test('nobody is called once as many sessions stand as may', () => {
  const lab = new Lab(1);
  const a = lab.add('a', A);
  const others = ['198.51.100.1', '198.51.100.2', '198.51.100.3'];
  const peers = others.map((other) => peerTo(other, { initiate: true }));
  lab.do(a, { kind: 'configure', config: configOf(A, peers, { maxSas: 2 }) });
  for (const other of others) {
    const node = lab.add(other, other);
    lab.do(node, { kind: 'configure', config: configOf(other, [peerTo(A)]) });
    lab.do(a, { kind: 'peer-reachable', peer: other, reachable: true });
  }
  lab.run(60_000);
  assert.equal(live(a, lab.now).length, 2);
  assert.equal(a.of('ike-failed')[0]?.cause.code, 'sa-limit');
});
