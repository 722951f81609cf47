import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostTcpOrder } from './contract.ts';
import { LanPair, type Machine } from './lan-pair.fixture.ts';
import { gatewayText } from './model.fixture.ts';

/** Gateway `n` that speaks BGP with the other one over the outside network, beside the tunnel. */
function lanText(n: number, attributes: readonly string[] = [], peer = 3 - n): string {
  const lines = [`remote-as 6500${peer}`, ...attributes, 'activate'].map(
    (line) => `  neighbor 10.0.0.${peer} ${line}\n`,
  );
  return gatewayText(n, [peer]).replace('  network', `${lines.join('')}  network`);
}

const orders = ({ orders: all }: Machine, kind: HostTcpOrder['kind']): readonly HostTcpOrder[] =>
  all.filter((order) => order.kind === kind);
const B_OUTSIDE = '10.0.0.2';
const A_OUTSIDE = '10.0.0.1';
const B_TUNNEL = '172.16.12.2';

function established(pair: LanPair): LanPair {
  pair.until('the session over the network', () => pair.isUp(pair.a, B_OUTSIDE) && pair.isUp(pair.b, A_OUTSIDE));
  pair.until('the session over the tunnel', () => pair.isUp(pair.a, B_TUNNEL));
  return pair;
}

test('neighbours on the network over the kernel, those over tunnels over our own TCP', () => {
  const pair = established(new LanPair(lanText(1), lanText(2)));
  assert.deepEqual(pair.carried(pair.a), { own: [B_TUNNEL], host: [B_OUTSIDE] });
  assert.deepEqual(pair.carried(pair.b).host, [], 'the other one is as in the lab');
  pair.run(120_000);
  assert.equal(pair.neighbor(pair.a, B_OUTSIDE).establishedCount, 1);
  assert.equal(pair.neighbor(pair.a, B_OUTSIDE).prefixesReceived, 1);
  assert.equal(pair.neighbor(pair.b, A_OUTSIDE).prefixesReceived, 1);
});

test('both accept: the two stacks number their connections from 1, and nothing is mixed up', () => {
  const waits = (text: string): string =>
    text.replace(/( {2}neighbor (\S+) activate\n)/g, '  neighbor $2 transport connection-mode passive\n$1');
  const pair = established(new LanPair(waits(lanText(1)), lanText(2)));
  assert.deepEqual(orders(pair.a, 'connect'), []);
  assert.deepEqual(pair.carried(pair.a), { own: [B_TUNNEL], host: [B_OUTSIDE] });
  pair.tell(pair.a, { kind: 'operator', request: { kind: 'clear-bgp', soft: false } });
  pair.run(100);
  established(pair);
  assert.equal(pair.neighbor(pair.a, B_OUTSIDE).establishedCount, 2);
});

test('a kernel on both sides, and one that only calls', () => {
  const calls = lanText(1, ['transport connection-mode active']);
  const pair = established(new LanPair(calls, lanText(2), ['host', 'host']));
  assert.deepEqual(pair.carried(pair.b), { own: ['172.16.12.1'], host: [A_OUTSIDE] });
});

test('MD5: the key is with the kernel before anybody calls, and goes when its neighbour has heard the last words', () => {
  const secret = ['password right'];
  const pair = established(new LanPair(lanText(1, secret), lanText(2, secret)));
  const kinds = pair.a.orders.map(({ kind }) => kind);
  assert.ok(kinds.indexOf('set-md5-key') < kinds.indexOf('listen'));
  assert.equal(orders(pair.a, 'set-md5-key').length, 1, 'tunnel neighbours are none of its business');
  pair.configure(pair.a, gatewayText(1, [2]));
  pair.until('the Cease is understood', () => !pair.isUp(pair.b, A_OUTSIDE), 500);
  assert.match(pair.neighbor(pair.b, A_OUTSIDE).lastError ?? '', /6\/3/);
  pair.run(1000);
  const last = orders(pair.a, 'set-md5-key').at(-1);
  assert.ok(last?.kind === 'set-md5-key' && last.key === undefined);
  assert.equal(pair.a.orders.at(-1)?.kind, 'unlisten', 'with the last such neighbour the port closes');
  // It comes back; with another password it does not.
  pair.configure(pair.a, lanText(1, secret));
  established(pair);
  pair.edit(pair.a, 'password right', 'password wrong');
  pair.run(60_000);
  assert.ok(!pair.isUp(pair.a, B_OUTSIDE) && pair.isUp(pair.a, B_TUNNEL));
  pair.edit(pair.a, 'password wrong', 'password right');
  established(pair);
});

test('ttl-security on both ends (RFC 5082), and one hop for external neighbours without it', () => {
  const secure = ['ttl-security hops 1'];
  const pair = established(new LanPair(lanText(1, secure), lanText(2, secure)));
  assert.deepEqual(pair.a.ttls.get(B_OUTSIDE), { ttl: 255, minTtl: 254 });
  assert.ok(orders(pair.a, 'listen').some((order) => order.kind === 'listen' && order.ttl === 255));
  pair.configure(pair.b, lanText(2));
  pair.run(60_000);
  assert.ok(!pair.isUp(pair.a, B_OUTSIDE), 'what comes with a smaller TTL is not heard');
  pair.configure(pair.a, lanText(1));
  established(pair);
  assert.deepEqual(pair.a.ttls.get(B_OUTSIDE), { ttl: 1 });
});

test('a clean stop ceases and closes the port; the next configuration brings it back', () => {
  const pair = established(new LanPair(lanText(1), lanText(2)));
  pair.tell(pair.a, { kind: 'operator', request: { kind: 'shutdown' } });
  pair.run(50);
  assert.match(pair.neighbor(pair.b, A_OUTSIDE).lastError ?? '', /6\/3 \(peer unconfigured\)/);
  pair.run(60_000);
  assert.equal(orders(pair.a, 'listen').length, orders(pair.a, 'unlisten').length);
  assert.deepEqual(pair.carried(pair.a), { own: [], host: [] });
  pair.configure(pair.a, pair.a.text);
  established(pair);
});

test('a network that swallows everything: the HoldTimer ends it, and it comes back', () => {
  const pair = established(new LanPair(lanText(1), lanText(2)));
  pair.passes = () => false;
  pair.until('it is missed', () => !pair.isUp(pair.a, B_OUTSIDE), 20_000);
  pair.passes = () => true;
  pair.until('it is back', () => pair.isUp(pair.a, B_OUTSIDE), 120_000);
  // The link is gone: a directly connected neighbour is not waited for.
  pair.tell(pair.a, { kind: 'carrier', interface: 'GigabitEthernet0/0', up: false });
  assert.ok(!pair.isUp(pair.a, B_OUTSIDE));
  pair.tell(pair.a, { kind: 'carrier', interface: 'GigabitEthernet0/0', up: true });
  pair.until('it is back', () => pair.isUp(pair.a, B_OUTSIDE), 120_000);
});

/** A neighbour far away, at the inside address of the other: by the network, or through the tunnel. */
function farText(n: number, by: 'outside' | 'tunnel'): string {
  const m = 3 - n;
  const attributes = ['ebgp-multihop 5', 'update-source inside'].map((line) => `  neighbor 10.1.${m}.1 ${line}\n`);
  const lines = `  neighbor 10.1.${m}.1 remote-as 6500${m}\n${attributes.join('')}  neighbor 10.1.${m}.1 activate\n`;
  return gatewayText(n, [m])
    .replace('  network', `${lines}  network`)
    .replace('router bgp', `${farRoute(n, by)}router bgp`);
}

function farRoute(n: number, by: 'outside' | 'tunnel'): string {
  const m = 3 - n;
  return by === 'outside'
    ? `route outside 10.1.${m}.1 255.255.255.255 10.0.0.${m} 1\n`
    : `route to${m} 10.1.${m}.1 255.255.255.255 172.16.12.${m} 1\n`;
}

for (const [from, to] of [
  ['outside', 'tunnel'],
  ['tunnel', 'outside'],
] as const) {
  test(`the route to a neighbour moves from ${from} to ${to}: the session moves too`, () => {
    const pair = new LanPair(farText(1, from), farText(2, from), ['host', 'host']);
    const carrier = { outside: 'host', tunnel: 'own' } as const;
    const isCarriedBy = (by: 'outside' | 'tunnel'): boolean =>
      pair.isUp(pair.a, '10.1.2.1') &&
      pair.isUp(pair.b, '10.1.1.1') &&
      pair.carried(pair.a)[carrier[by]].includes('10.1.2.1') &&
      pair.carried(pair.b)[carrier[by]].includes('10.1.1.1');
    pair.until('it is up', () => isCarriedBy(from) && pair.isUp(pair.a, B_TUNNEL));
    const tunnel = pair.neighbor(pair.a, B_TUNNEL).establishedCount;
    pair.configure(pair.a, farText(1, to));
    pair.configure(pair.b, farText(2, to));
    pair.until('it has moved', () => isCarriedBy(to), 120_000);
    const isLeft = (): boolean => pair.carried(pair.a)[carrier[from]].includes('10.1.2.1');
    pair.until('nothing of it is left', () => !isLeft(), 600_000);
    assert.ok(isCarriedBy(to));
    assert.equal(pair.neighbor(pair.a, B_TUNNEL).establishedCount, tunnel);
  });
}

test('a neighbour behind a tunnel that calls over the network is refused, and it is said why', () => {
  const pair = new LanPair(farText(1, 'tunnel'), farText(2, 'outside'));
  // Somebody on the network is a neighbour too, so the kernel listens.
  pair.configure(pair.a, farText(1, 'tunnel').replace('  network', '  neighbor 10.0.0.9 remote-as 65009\n  network'));
  pair.until('it is said', () =>
    pair.a.logs.some(({ code, text }) => code === 'refused' && /another way .* Tunnel2/.test(text)),
  );
  assert.ok(!pair.isUp(pair.a, '10.1.2.1'));
});

test('a stranger is refused', () => {
  const pair = established(new LanPair(lanText(1), lanText(2)));
  pair.configure(pair.a, gatewayText(1, [2]).replace('  network', '  neighbor 10.0.0.9 remote-as 65009\n  network'));
  pair.until('it is said', () => pair.a.logs.some(({ text }) => /10\.0\.0\.2 refused: no such neighbor/.test(text)));
});

test('reports of connections that were given up change nothing', () => {
  const pair = established(new LanPair(lanText(1), lanText(2)));
  for (const connection of [-99, 99]) {
    pair.tell(pair.a, { kind: 'host-tcp', report: { kind: 'data', connection, data: new Uint8Array(19) } });
    pair.tell(pair.a, { kind: 'host-tcp', report: { kind: 'drained', connection } });
    pair.tell(pair.a, { kind: 'host-tcp', report: { kind: 'closed', connection, reason: 'reset' } });
  }
  pair.tell(pair.a, { kind: 'host-tcp', report: { kind: 'notice', code: 'md5-invalid', text: 'said so' } });
  assert.ok(pair.a.logs.some(({ text }) => text === 'said so'));
  assert.equal(pair.neighbor(pair.a, B_OUTSIDE).establishedCount, 1);
});
