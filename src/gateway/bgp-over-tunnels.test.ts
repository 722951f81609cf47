import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostNode } from '../lab/index.ts';
import { Fabric } from './fabric.fixture.ts';
import { gatewayText, ip } from './model.fixture.ts';

/** Gateway `n` with another AS number, everywhere. */
const inOneAs = (text: string): string => text.replaceAll(/6500\d/g, '65000');

test('iBGP through a hub that reflects: clients reach each other (RFC 4456)', () => {
  const [hub, one, two] = [inOneAs(gatewayText(1, [2, 3])), inOneAs(gatewayText(2, [1])), inOneAs(gatewayText(3, [1]))];
  assert.ok(hub !== undefined && one !== undefined && two !== undefined);
  // Next hops stay as they are when reflected (RFC 4456 section 10), so the hub tells the tunnels' networks too.
  const clients = hub
    .replaceAll(/( {2}neighbor (\S+) activate\n)/g, '$1  neighbor $2 route-reflector-client\n')
    .replace(
      '  network',
      '  network 172.16.12.0 mask 255.255.255.0\n  network 172.16.13.0 mask 255.255.255.0\n  network',
    );
  const fabric = new Fabric({ texts: [clients, one, two] }).converge();
  assert.equal(fabric.route('gw2', '10.1.3.0/24')?.candidate.bgpKind, 'ibgp');
  assert.equal(fabric.route('gw2', '10.1.3.0/24')?.candidate.distance, 200);
  assert.deepEqual(fabric.route('gw2', '10.1.3.0/24')?.candidate.nextHops, [{ gateway: ip('172.16.13.3') }]);
  assert.deepEqual(fabric.ways('gw2', '10.1.3.0/24'), ['Tunnel1']);
  assert.equal(fabric.ping('lan2', '10.1.3.10').result, 'reply');
  // Without the clause a route from an internal neighbour is not told to another one.
  const count = fabric.neighbor('gw3', '172.16.13.1').establishedCount;
  fabric.configure('gw1', hub);
  fabric.converge(60_000);
  assert.equal(fabric.route('gw2', '10.1.3.0/24'), undefined);
  assert.ok(fabric.neighbor('gw3', '172.16.13.1').establishedCount >= count);
});

test('an external neighbour that is not directly connected stays Idle without multihop, and says why', () => {
  const toInside = (text: string, to: string, remote: number): string =>
    text
      .replaceAll(/ {2}neighbor 172\S+ activate\n/g, '')
      .replace(
        / {2}neighbor 172\S+ remote-as \d+\n/,
        `  neighbor ${to} remote-as ${remote}\n  neighbor ${to} activate\n`,
      );
  const route = (via: number, m: number): string =>
    `route to${m} 10.1.${m}.0 255.255.255.0 172.16.12.${via} 1\nrouter bgp`;
  const left = toInside(gatewayText(1, [2]), '10.1.2.1', 65002).replace('router bgp', route(2, 2));
  const right = toInside(gatewayText(2, [1]), '10.1.1.1', 65001).replace('router bgp', route(1, 1));
  const fabric = new Fabric({ texts: [left, right] });
  fabric.run(40_000);
  assert.equal(fabric.neighbor('gw1', '10.1.2.1').state, 'Idle');
  const said = (fabric.logs.get('gw1') ?? []).filter(({ subject }) => subject === '10.1.2.1');
  assert.match(said.map(({ text }) => text).join('\n'), /multihop/);
  for (const [name, to] of [
    ['gw1', '10.1.2.1'],
    ['gw2', '10.1.1.1'],
  ] as const) {
    fabric.edit(name, [
      `neighbor ${to} activate`,
      `neighbor ${to} ebgp-multihop 2\n  neighbor ${to} update-source inside\n  neighbor ${to} activate`,
    ]);
  }
  fabric.converge(60_000);
  assert.equal(fabric.neighbor('gw1', '10.1.2.1').local?.address.toString(), '10.1.1.1');
});

for (const side of ['gw1', 'gw2'] as const) {
  test(`different MD5 passwords (RFC 2385): the session stays down until ${side}'s is corrected`, () => {
    const withPassword = (text: string, secret: string): string =>
      text.replace(/( {2}neighbor (\S+) activate\n)/, `  neighbor $2 password ${secret}\n$1`);
    const [left, right] = [gatewayText(1, [2]), gatewayText(2, [1])];
    const wrong = { gw1: side === 'gw1' ? 'wrong' : 'right', gw2: side === 'gw2' ? 'wrong' : 'right' };
    const fabric = new Fabric({ texts: [withPassword(left, wrong.gw1), withPassword(right, wrong.gw2)] });
    fabric.run(20_000);
    assert.ok(fabric.isUp('gw1', 'Tunnel2'));
    assert.equal(fabric.neighbor('gw1', '172.16.12.2').establishedCount, 0);
    assert.ok((fabric.snapshot('gw2').tcp.counters['md5Invalid'] ?? 0) > 0);
    fabric.edit(side, ['password wrong', 'password right']);
    fabric.converge(60_000);
    assert.equal(fabric.ping('lan1', '10.1.2.10').result, 'reply');
    // One end without a password again.
    fabric.configure(side, side === 'gw1' ? left : right);
    fabric.run(40_000);
    assert.notEqual(fabric.neighbor('gw1', '172.16.12.2').state, 'Established');
    fabric.configure('gw1', left);
    fabric.configure('gw2', right);
    fabric.converge(60_000);
  });
}

test('a neighbour that goes takes its MD5 key with it, but not before its last words', () => {
  const password = (text: string): string =>
    text.replace(/( {2}neighbor (\S+) activate\n)/, '  neighbor $2 password right\n$1');
  const [left, right] = [gatewayText(1, [2]), gatewayText(2, [1])];
  const fabric = new Fabric({ texts: [password(left), password(right)] }).converge();
  const text = fabric.text('gw1');
  fabric.configure('gw1', text.slice(0, text.indexOf('router bgp')));
  fabric.until('the Cease is understood', () => fabric.neighbor('gw2', '172.16.12.1').state !== 'Established', 500);
  fabric.configure('gw1', left);
  fabric.configure('gw2', right);
  fabric.converge(60_000);
});

test('ttl-security on both ends (RFC 5082)', () => {
  const secure = (text: string): string =>
    text.replace(/( {2}neighbor (\S+) activate\n)/, '  neighbor $2 ttl-security hops 1\n$1');
  const [left, right] = [gatewayText(1, [2]), gatewayText(2, [1])];
  const fabric = new Fabric({ texts: [secure(left), secure(right)] }).converge();
  fabric.run(30_000);
  assert.equal(fabric.neighbor('gw1', '172.16.12.2').establishedCount, 1);
  // Whoever sends with another TTL is too far away: one end alone can not have it.
  fabric.configure('gw2', right);
  fabric.run(60_000);
  assert.notEqual(fabric.neighbor('gw1', '172.16.12.2').state, 'Established');
  fabric.configure('gw2', secure(right));
  fabric.converge(60_000);
});

test('a route to the tunnel destination through the tunnel itself is noticed, and others go on', () => {
  const fabric = new Fabric({
    texts: [gatewayText(1, [2, 3]), gatewayText(2, [1]), gatewayText(3, [1])],
  }).converge();
  const before = fabric.standing('gw1', 'Tunnel3', '172.16.13.3');
  const line = 'route to2 10.0.0.2 255.255.255.255 172.16.12.2 1\n';
  fabric.edit('gw1', ['router bgp', `${line}router bgp`]);
  fabric.run(60_000);
  assert.ok(fabric.codes('gw1').includes('recursive-routing'));
  assert.ok(
    fabric.codes('gw1').filter((code) => code === 'recursive-routing').length < 20,
    'and not said all the time',
  );
  assert.deepEqual(fabric.standing('gw1', 'Tunnel3', '172.16.13.3'), before);
  fabric.edit('gw1', [line, '']);
  fabric.converge(120_000);
  assert.equal(fabric.ping('lan1', '10.1.2.10').result, 'reply');
  assert.deepEqual(fabric.standing('gw1', 'Tunnel3', '172.16.13.3'), before);
});

test('maximum-paths 2 over two tunnels: both ways are used, and each flow keeps to one', () => {
  // Gateway 4 is behind 2 and 3, in their reach by tunnels of its own.
  const multi = (text: string): string => text.replace('  network 10', '  maximum-paths 2\n  network 10');
  const same = (text: string): string => text.replace('remote-as 65003', 'remote-as 65002');
  const middle = gatewayText(3, [1, 4]).replace('router bgp 65003', 'router bgp 65002');
  const fabric = new Fabric({
    texts: [multi(same(gatewayText(1, [2, 3]))), gatewayText(2, [1, 4]), middle, multi(same(gatewayText(4, [2, 3])))],
  }).converge();
  assert.deepEqual(fabric.ways('gw1', '10.1.4.0/24'), ['Tunnel2', 'Tunnel3']);
  const sent = (name: string): number =>
    fabric
      .node('gw1')
      .counters()
      .interfaces.find((one) => one.name === name)?.outPackets ?? 0;
  // One flow keeps to one way.
  const quiet = [sent('Tunnel2'), sent('Tunnel3')];
  const moved = (): number[] => [sent('Tunnel2') - (quiet[0] ?? 0), sent('Tunnel3') - (quiet[1] ?? 0)];
  const request = { destination: ip('10.1.4.10'), count: 40, size: 100, df: false, timeoutMs: 500, intervalMs: 1 };
  let done = 0;
  fabric.lab.node('lan1', HostNode).ping(request, fabric.lab.now, (probes) => {
    done = probes.filter(({ result }) => result === 'reply').length;
  });
  fabric.run(600);
  assert.equal(done, 40);
  assert.equal(Math.max(...moved()) >= 40 && Math.min(...moved()) < 10, true, `one way: ${moved().join()}`);
  // Many flows (each ping run has an identifier of its own, each address is another flow) use both.
  let answered = 0;
  for (let host = 20; host < 60; host++) {
    const one = { ...request, count: 1, destination: ip(`10.1.4.${host}`) };
    fabric.lab.node('lan1', HostNode).ping(one, fabric.lab.now, () => {
      answered++;
    });
  }
  fabric.run(1000);
  assert.equal(answered, 40);
  assert.ok(Math.min(...moved()) >= 8, `both ways: ${moved().join()}`);
  // One tunnel down: all by the other.
  fabric.edit('gw1', [' nameif to2\n', ' nameif to2\n shutdown\n']);
  fabric.run(1000);
  assert.deepEqual(fabric.ways('gw1', '10.1.4.0/24'), ['Tunnel3']);
  assert.equal(fabric.ping('lan1', '10.1.4.10').result, 'reply');
});
