import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, EMPTY, seededRandom } from '../base/index.ts';
import { buildIcmpError, buildIp, Protocol } from '../ip/index.ts';
import { RouterNode } from '../lab/index.ts';
import { Fabric } from './fabric.fixture.ts';
import { Gateway } from './gateway.ts';
import { gatewayText, ip } from './model.fixture.ts';

/** Two gateways, each on a network of its own, and a router between that passes 1300 bytes at most. */
function acrossRouter(texts: readonly [string, string]): Fabric {
  const topology = `
topology:
  nodes:
    gw1: { kind: asa, startup-config: gw1.cfg }
    gw2: { kind: asa, startup-config: gw2.cfg }
    lan1: { kind: host, addresses: [10.1.1.10/24], gateway: 10.1.1.1 }
    lan2: { kind: host, addresses: [10.1.2.10/24], gateway: 10.1.2.1 }
    provider:
      kind: router
      interfaces:
        left: { addresses: [10.0.0.254/24, "2001:db8:a::254/64"], mtu: 1300 }
        right: { addresses: [10.0.9.254/24, "2001:db8:b::254/64"], mtu: 1300 }
  links:
    - { name: left, endpoints: ["gw1:outside", "provider:left"], delay: 5ms }
    - { name: right, endpoints: ["gw2:outside", "provider:right"], delay: 5ms }
    - { endpoints: ["gw1:inside", "lan1:e"] }
    - { endpoints: ["gw2:inside", "lan2:e"] }
`;
  return new Fabric({ texts, topology });
}

/** Gateway 2 stands at 10.0.9.2 instead, and both know the way. */
function apart(): [string, string] {
  const left = gatewayText(1, [2])
    .replaceAll('10.0.0.2', '10.0.9.2')
    .replace('router bgp', 'route outside 0.0.0.0 0.0.0.0 10.0.0.254 1\nrouter bgp');
  const right = gatewayText(2, [1])
    .replace('10.0.0.2 ', '10.0.9.2 ')
    .replace('router bgp', 'route outside 0.0.0.0 0.0.0.0 10.0.9.254 1\nrouter bgp');
  return [left, right];
}

const over6 = (text: string): string =>
  text
    .replace('tunnel destination 10.0.9.2', 'tunnel destination 2001:db8:b::2')
    .replace('tunnel destination 10.0.0.1', 'tunnel destination 2001:db8:a::1')
    .replaceAll('tunnel-group 10.0.9.2', 'tunnel-group 2001:db8:b::2')
    .replaceAll('tunnel-group 10.0.0.1', 'tunnel-group 2001:db8:a::1')
    .replace('tunnel mode ipsec ipv4', 'tunnel mode ipsec ipv6')
    .replace('ip address 10.0.0.1 255.255.255.0', 'ip address 10.0.0.1 255.255.255.0\n ipv6 address 2001:db8:a::1/64')
    .replace('ip address 10.0.9.2 255.255.255.0', 'ip address 10.0.9.2 255.255.255.0\n ipv6 address 2001:db8:b::2/64')
    .replace('route outside 0.0.0.0 0.0.0.0 10.0.0.254 1', 'ipv6 route outside ::/0 2001:db8:a::254')
    .replace('route outside 0.0.0.0 0.0.0.0 10.0.9.254 1', 'ipv6 route outside ::/0 2001:db8:b::254');

for (const family of [4, 6] as const) {
  test(`a smaller MTU on the way is learnt from ICMP, and DF pings are told what fits (outer IPv${family})`, () => {
    const [left, right] = apart();
    const fabric = acrossRouter(family === 4 ? [left, right] : [over6(left), over6(right)]).converge();
    const pathMtu = (): number | undefined => fabric.node('gw1').counters().childSas[0]?.pathMtu;
    assert.equal(fabric.ping('lan1', '10.1.2.10', 600, true).result, 'reply');
    // The first one too large for the path is lost; the next is refused with the size that fits.
    const first = fabric.ping('lan1', '10.1.2.10', 1400, true);
    assert.notEqual(first.result, 'reply');
    const refused = fabric.ping('lan1', '10.1.2.10', 1400, true);
    assert.equal(refused.result, 'too-big');
    assert.equal(pathMtu(), 1300);
    const { mtu } = refused;
    assert.ok(mtu !== undefined && mtu > 1180 && mtu < 1260, `MTU ${mtu}`);
    assert.equal(fabric.ping('lan1', '10.1.2.10', mtu, true).result, 'reply');
    assert.equal(fabric.ping('lan1', '10.1.2.10', mtu + 1, true).result, 'too-big');
    // Without DF it is cut before encryption. Over IPv6 the first answer is too large as well, and gateway 2 learns.
    if (family === 6) assert.equal(fabric.ping('lan1', '10.1.2.10', 1400, false).result, 'timeout');
    assert.equal(fabric.ping('lan1', '10.1.2.10', 1400, false).result, 'reply');
    assert.ok(fabric.codes('gw1').includes('path-mtu'));
    const mss = fabric.snapshot('gw1').tcp.connections.map((one) => one.mss);
    assert.ok(mss.length > 0 && mss.every((one) => one <= mtu - 40), `MSS ${mss.join()}: sessions hear of it too`);
  });

  test(`a large BGP table passes a path smaller than either end knows (outer IPv${family})`, () => {
    const [left, right] = apart();
    const routes = Array.from(
      { length: 900 },
      (_, i) => `route outside 20.${i >> 8}.${i & 255}.0 255.255.255.0 10.0.0.254 1\n`,
    );
    const full = (family === 4 ? left : over6(left))
      .replace('router bgp', `${routes.join('')}router bgp`)
      .replace('  network', '  redistribute static\n  network');
    const fabric = acrossRouter([full, family === 4 ? right : over6(right)]).converge();
    fabric.until('all routes', () => (fabric.snapshot('gw2').bgp?.prefixes ?? 0) >= 900, 20_000);
    assert.ok((fabric.lab.node('provider', RouterNode).counters['too-big'] ?? 0) > 0, 'it was too small at first');
    fabric.run(30_000);
    assert.equal(fabric.neighbor('gw2', '172.16.12.1').establishedCount, 1);
    const [connection] = fabric.snapshot('gw1').tcp.connections;
    assert.ok(connection !== undefined && connection.mss < 1260, `MSS ${connection?.mss}`);
    assert.equal(connection.queued + connection.unacknowledged, 0);
  });
}

test('ICMP too-big from strangers: whatever it quotes, nothing happens but counting', () => {
  const fabric = new Fabric({ texts: [gatewayText(1, [2]), gatewayText(2, [1])] }).converge();
  const { lab } = fabric;
  const mss = (): number | undefined => fabric.snapshot('gw1').tcp.connections[0]?.mss;
  const before = mss();
  const segment = new Uint8Array(1000);
  const quote = (protocol: number, payload: Uint8Array): Uint8Array =>
    buildIp({ source: ip('172.16.12.1'), destination: ip('172.16.12.2'), protocol }, payload);
  for (const offending of [quote(Protocol.TCP, segment), quote(Protocol.TCP, EMPTY), quote(Protocol.UDP, segment)]) {
    const error = buildIcmpError({ source: ip('10.0.0.99'), kind: 'too-big', mtu: 300, offending });
    assert.ok(error);
    // From the outside, to the address that the quoted packet came from: the tunnel's.
    fabric.node('gw1').receive('GigabitEthernet0/0', error, lab.now);
  }
  fabric.run(100);
  assert.equal(mss(), before);
});

test('a punted packet of any bytes is taken without a throw', () => {
  const random = seededRandom(7);
  const gateway = new Gateway({
    name: 'gw',
    random,
    lastInbound: () => undefined,
    counters: () => ({ childSas: [], interfaces: [], drops: {} }),
  });
  const model = new Fabric({ texts: [gatewayText(1, [2])] }).node('gw1').model;
  gateway.handle({ kind: 'configure', model }, at(0));
  for (let i = 0; i < 2000; i++) {
    const payload = random(i % 90);
    const protocol = [Protocol.UDP, Protocol.TCP, Protocol.ICMP, Protocol.ESP][i % 4] ?? 0;
    const packet =
      i % 5 === 0 ? payload : buildIp({ source: ip('10.0.0.9'), destination: ip('10.0.0.1'), protocol }, payload);
    const event = { kind: 'punt', vrf: '', interface: 'GigabitEthernet0/0', packet } as const;
    gateway.handle({ kind: 'plane', event }, at(i));
  }
  assert.ok(gateway.snapshot(at(3000)));
});
