import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fabric } from './fabric.fixture.ts';
import { gatewayText, modelOf } from './model.fixture.ts';

const star = (): Fabric =>
  new Fabric({ texts: [gatewayText(1, [2, 3]), gatewayText(2, [1]), gatewayText(3, [1])] }).converge();

test('a clean stop: the peers see Cease and Delete at once, and it does not come back by itself', () => {
  const fabric = star();
  const { lab } = fabric;
  const stoppedAt = lab.now;
  fabric.node('gw1').operator({ kind: 'shutdown' }, lab.now);
  assert.ok(!fabric.isUp('gw1', 'Tunnel2') && !fabric.isUp('gw1', 'Tunnel3'));
  fabric.until('the peers have heard', () => !fabric.isUp('gw2', 'Tunnel1') && !fabric.isUp('gw3', 'Tunnel1'), 100);
  for (const [name, address] of [
    ['gw2', '172.16.12.1'],
    ['gw3', '172.16.13.1'],
  ] as const) {
    const down = (fabric.logs.get(name) ?? []).filter((one) => one.at >= stoppedAt);
    const bgp = down.find(({ code }) => code === 'bgp-neighbor-down');
    const ike = down.find(({ code }) => code === 'ike-sa-down');
    assert.match(`${bgp?.text}`, /Notification received/);
    assert.match(fabric.neighbor(name, address).lastError ?? '', /6\/3 \(peer unconfigured\)/);
    assert.ok(ike !== undefined && bgp !== undefined && bgp.at <= ike.at, 'BGP first: its words go through the tunnel');
  }
  fabric.run(120_000);
  assert.equal(fabric.snapshot('gw1').ike.sas.length, 0);
  assert.ok(!fabric.isUp('gw1', 'Tunnel2') && !fabric.isUp('gw2', 'Tunnel1'), 'though the peers try');
  assert.equal(fabric.snapshot('gw1').tcp.connections.length, 0);
  assert.equal(fabric.ping('lan1', '10.1.1.1').result, 'reply', 'what needs no tunnel goes on');
});

test('a link that flaps after the stop starts nothing, the next configuration everything', () => {
  const fabric = star();
  const { lab } = fabric;
  fabric.node('gw1').operator({ kind: 'shutdown' }, lab.now);
  fabric.node('gw1').operator({ kind: 'shutdown' }, lab.now);
  fabric.run(1000);
  lab.setLink('inside1', false);
  lab.setLink('outside1', false);
  fabric.run(1000);
  lab.setLink('inside1', true);
  lab.setLink('outside1', true);
  fabric.run(60_000);
  assert.equal(fabric.snapshot('gw1').ike.sas.length, 0);
  fabric.configure('gw1', fabric.text('gw1'));
  fabric.converge(90_000);
  assert.equal(fabric.ping('lan1', '10.1.2.10').result, 'reply');
  assert.equal(fabric.ping('lan3', '10.1.1.10').result, 'reply');
});

test('clear: always-on tunnels and sessions come back by themselves', () => {
  const fabric = star();
  const before = fabric.spis('gw1', 'Tunnel2');
  fabric.node('gw1').operator({ kind: 'clear-ike' }, fabric.lab.now);
  fabric.run(100);
  fabric.converge();
  assert.notDeepEqual(fabric.spis('gw1', 'Tunnel2'), before);
  const cleared = fabric.spis('gw1', 'Tunnel2');
  fabric.node('gw1').operator({ kind: 'clear-child' }, fabric.lab.now);
  fabric.run(3000);
  fabric.converge();
  assert.notDeepEqual(fabric.spis('gw1', 'Tunnel2'), cleared);
  const count = fabric.neighbor('gw1', '172.16.12.2').establishedCount;
  fabric.node('gw1').operator({ kind: 'clear-bgp', soft: true }, fabric.lab.now);
  fabric.run(1000);
  assert.equal(fabric.neighbor('gw1', '172.16.12.2').establishedCount, count);
  fabric.node('gw1').operator({ kind: 'clear-bgp', soft: false }, fabric.lab.now);
  fabric.run(100);
  fabric.converge(60_000);
  assert.equal(fabric.neighbor('gw1', '172.16.12.2').establishedCount, count + 1);
});

test('two tunnels between the same ends: the second is refused in words', () => {
  const text = gatewayText(1, [2]);
  const twin = text
    .slice(text.indexOf('interface Tunnel2'), text.indexOf('tunnel-group'))
    .replace('Tunnel2', 'Tunnel7')
    .replace('to2', 'twin')
    .replace('172.16.12.1', '172.16.77.1');
  const fabric = new Fabric({ texts: [text.replace('tunnel-group', `${twin}tunnel-group`), gatewayText(2, [1])] });
  fabric.run(5000);
  assert.ok(fabric.isUp('gw1', 'Tunnel2') && !fabric.isUp('gw1', 'Tunnel7'));
  const why = 'Tunnel2 has the same source and destination (10.0.0.1 to 10.0.0.2)';
  assert.equal(fabric.interface('gw1', 'Tunnel7').tunnel?.downReason, why);
  assert.ok(fabric.logs.get('gw1')?.some(({ text: said }) => said === `Tunnel7 can not start: ${why}`));
  assert.equal(fabric.spis('gw2', 'Tunnel1').length, 1);
});

test('the same address on two tunnels: nothing breaks, and each comes up', () => {
  const fabric = star();
  const model = modelOf(gatewayText(1, [2, 3]));
  const [first] = model.interfaces.filter(({ name }) => name === 'Tunnel2');
  assert.ok(first);
  const interfaces = model.interfaces.map((one) =>
    one.name === 'Tunnel3' ? { ...one, addresses: first.addresses } : one,
  );
  fabric.node('gw1').configure({ ...model, interfaces }, fabric.lab.now);
  fabric.run(20_000);
  assert.ok(fabric.isUp('gw1', 'Tunnel2') && fabric.isUp('gw1', 'Tunnel3'));
  fabric.configure('gw1', gatewayText(1, [2, 3]));
  fabric.converge(60_000);
  assert.equal(fabric.ping('lan2', '10.1.3.10').result, 'reply');
});

test('no configuration yet: events are taken, nothing is shown', () => {
  const fabric = new Fabric({ texts: [gatewayText(1, [2])] });
  assert.equal(fabric.node('gw1').snapshot(fabric.lab.now), undefined);
  assert.deepEqual(fabric.node('gw1').status(), {
    tunnelsUp: 0,
    tunnelsWanted: 0,
    bgpUp: 0,
    bgpWanted: 0,
    routesChangedAt: 0,
  });
  fabric.node('gw1').operator({ kind: 'shutdown' }, fabric.lab.now);
  fabric.node('gw1').operator({ kind: 'clear-ike' }, fabric.lab.now);
});
