import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, seededRandom } from '../base/index.ts';
import { Fabric } from './fabric.fixture.ts';
import { Gateway } from './gateway.ts';
import { gatewayText, hubText, modelOf, spokeText } from './model.fixture.ts';

const star = (): Fabric => new Fabric({ texts: [hubText([2, 3]), spokeText(2), spokeText(3)] }).converge();

/** The clone that serves a spoke, by the address that the spoke told. */
const clone = (fabric: Fabric, n: number): string => fabric.ways('gw1', `172.16.1${n}.${n}/32`).join();

const rows = [
  {
    name: 'a key of one spoke',
    from: 'remote-authentication pre-shared-key between-1-2\n ikev2 local-authentication pre-shared-key between-1-2',
    to: 'remote-authentication pre-shared-key wrong\n ikev2 local-authentication pre-shared-key wrong',
  },
  {
    name: 'the group of one spoke taken away',
    from: /tunnel-group 10\.0\.0\.2 type[^!]*!\n/.exec(hubText([2, 3]))?.[0] ?? '',
    to: '',
  },
  {
    name: 'the template taken from one group',
    from: 'tunnel-group 10.0.0.2 ipsec-attributes\n virtual-template 1\n',
    to: 'tunnel-group 10.0.0.2 ipsec-attributes\n',
  },
] as const;

for (const { name, from, to } of rows) {
  test(`on a running hub, ${name}: its clone goes with its routes, the other stays`, () => {
    const fabric = star();
    const [gone, kept] = [clone(fabric, 2), clone(fabric, 3)];
    assert.ok(gone !== '' && kept !== '' && gone !== kept);
    const third = (): unknown => ({
      here: fabric.standing('gw1', kept, '172.16.13.3'),
      there: fabric.standing('gw3', 'Tunnel1', '172.16.0.1'),
    });
    const before = third();
    fabric.edit('gw1', [from, to]);
    assert.ok(!fabric.isUp('gw1', gone));
    fabric.run(20_000);
    assert.ok(
      fabric.snapshot('gw1').interfaces.every((one) => one.name !== gone),
      'gone for good',
    );
    assert.equal(fabric.route('gw1', '172.16.12.2/32'), undefined);
    assert.equal(fabric.route('gw3', '10.1.2.0/24'), undefined);
    assert.ok(!fabric.isUp('gw2', 'Tunnel1'));
    assert.deepEqual(third(), before);
    fabric.configure('gw1', hubText([2, 3]));
    fabric.until('the clone is back', () => clone(fabric, 2) === gone, 60_000);
    fabric.converge(60_000);
    assert.deepEqual(third(), before);
    assert.equal(fabric.ping('lan2', '10.1.3.10').result, 'reply');
  });
}

test('the template taken away: all clones go, and come back with it', () => {
  const fabric = star();
  const text = fabric.text('gw1');
  const start = text.indexOf('interface virtual-Template');
  const without = text.slice(0, start) + text.slice(text.indexOf('!', start));
  const { model } = fabric.node('gw1');
  fabric
    .node('gw1')
    .configure(
      { ...model, interfaces: modelOf(without.replaceAll(' virtual-template 1\n', '')).interfaces },
      fabric.lab.now,
    );
  assert.ok(fabric.snapshot('gw1').interfaces.every(({ kind }) => kind !== 'virtual-access'));
  assert.equal(fabric.node('gw1').counters().childSas.length, 0);
  fabric.run(5000);
  fabric.configure('gw1', text);
  fabric.until('both clones', () => clone(fabric, 2) !== '' && clone(fabric, 3) !== '', 60_000);
  fabric.converge(60_000);
});

test('another profile for the template: every spoke is served by it anew', () => {
  const fabric = star();
  const other = 'crypto ipsec ikev2 ipsec-proposal Q\n protocol esp encryption aes-gcm-256\n!\n';
  const both = ' set ikev2 ipsec-proposal P Q\n';
  for (const name of ['gw2', 'gw3']) {
    fabric.edit(
      name,
      ['crypto ipsec profile VTI\n', `${other}crypto ipsec profile VTI\n`],
      [' set ikev2 ipsec-proposal P\n', both],
    );
  }
  fabric.edit(
    'gw1',
    ['crypto ipsec profile VTI\n', `${other}crypto ipsec profile VTI\n`],
    [' set ikev2 ipsec-proposal P\n', ' set ikev2 ipsec-proposal Q\n'],
  );
  fabric.run(1000);
  fabric.until('both clones', () => clone(fabric, 2) !== '' && clone(fabric, 3) !== '', 60_000);
  fabric.converge(60_000);
  const bits = fabric.snapshot('gw1').ike.sas.flatMap(({ children }) => children.map(({ keyBits }) => keyBits));
  assert.deepEqual(bits, [256, 256]);
});

test('the same configuration twice: the second time has no effect at all', () => {
  for (const text of [hubText([2, 3]), gatewayText(1, [2, 3])]) {
    const model = modelOf(text);
    const gateway = new Gateway({
      name: 'gw1',
      random: seededRandom(1),
      lastInbound: () => undefined,
      counters: () => ({ childSas: [], interfaces: [], drops: {} }),
    });
    assert.ok(gateway.handle({ kind: 'configure', model }, at(0)).length > 0);
    for (const name of ['GigabitEthernet0/0', 'GigabitEthernet0/1']) {
      gateway.handle({ kind: 'carrier', interface: name, up: true }, at(1));
    }
    gateway.handle({ kind: 'tick' }, at(60));
    const wakeAt = gateway.wakeAt();
    assert.deepEqual(gateway.handle({ kind: 'configure', model: modelOf(text) }, at(61)), []);
    assert.deepEqual(gateway.wakeAt(), wakeAt);
  }
});
