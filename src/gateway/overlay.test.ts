/** Two sites with two tenants each, whose addresses overlap, over VXLAN through a VTI. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fabric } from './fabric.fixture.ts';
import { siteText, TENANTS } from './iosxe.fixture.ts';

function topology(): string {
  const lines = ['topology:', '  nodes:', '    internet: { kind: bridge }'];
  const links: string[] = [];
  for (const n of [1, 2]) {
    lines.push(`    gw${n}: { kind: iosxe, startup-config: gw${n}.cfg }`);
    lines.push(`    lan${n}: { kind: host, addresses: [10.1.${n}.10/24], gateway: 10.1.${n}.1 }`);
    links.push(`    - { name: outside${n}, endpoints: ["gw${n}:GigabitEthernet0/0/0", "internet:p${n}"], delay: 5ms }`);
    links.push(`    - { name: inside${n}, endpoints: ["gw${n}:GigabitEthernet0/0/1", "lan${n}:e"] }`);
    for (const { host, port } of TENANTS) {
      lines.push(`    ${host}${n}: { kind: host, addresses: [10.9.${n}.10/24], gateway: 10.9.${n}.1 }`);
      links.push(`    - { name: ${host}-link${n}, endpoints: ["gw${n}:GigabitEthernet0/0/${port}", "${host}${n}:e"] }`);
    }
  }
  return `${[...lines, '  links:', ...links].join('\n')}\n`;
}

const carried = (fabric: Fabric, name: string, vni: number) =>
  fabric
    .node(name)
    .counters()
    .interfaces.find((one) => one.name === `nve1.${vni}`);

test('tenants of two sites reach their own other end alone, before and after the tunnel fails', () => {
  const fabric = new Fabric({ texts: [1, 2].map(siteText), topology: topology() });
  fabric.run(100);
  const known = (): boolean =>
    [1, 2].every((n) => TENANTS.every(({ vrf }) => fabric.routeIn(`gw${n}`, vrf, `10.9.${3 - n}.0/24`) !== undefined));
  fabric.until('the tenants know each other', known, 60_000);

  const overlay = fabric.snapshot('gw1').overlay;
  assert.deepEqual(
    overlay?.peers.map(({ vni, vtep, routes }) => [vni, String(vtep), routes]),
    TENANTS.map(({ vni }) => [vni, '172.31.0.2', 1]),
  );
  assert.equal(fabric.routeIn('gw1', '', '10.9.2.0/24'), undefined);
  for (const { host, vni } of TENANTS) {
    const before = TENANTS.map((one) => carried(fabric, 'gw2', one.vni)?.inPackets ?? 0);
    assert.equal(fabric.ping(`${host}1`, '10.9.2.10').result, 'reply');
    const after = TENANTS.map((one) => carried(fabric, 'gw2', one.vni)?.inPackets ?? 0);
    assert.deepEqual(
      after.map((count, i) => count - (before[i] ?? 0)),
      TENANTS.map((one) => (one.vni === vni ? 1 : 0)),
    );
  }
  // The underlay has no way into a tenant's network, nor a tenant into the underlay.
  assert.notEqual(fabric.ping('lan1', '10.9.2.10').result, 'reply');
  assert.notEqual(fabric.ping('red1', '10.1.2.10').result, 'reply');

  // VXLAN takes 50 bytes of what the tunnel leaves.
  const room = fabric.interface('gw1', 'Tunnel2').mtu - 50;
  assert.equal(fabric.ping('red1', '10.9.2.10', room, true).result, 'reply');
  const tooBig = fabric.ping('red1', '10.9.2.10', room + 1, true);
  assert.deepEqual([tooBig.result, tooBig.mtu], ['too-big', room]);
  assert.equal(fabric.ping('red1', '10.9.2.10', room + 1).result, 'reply');

  // One tenant leaves; the other stays.
  fabric.edit('gw2', [' member vni 50002 vrf BLUE\n', '']);
  fabric.until('the route is gone', () => fabric.routeIn('gw1', 'BLUE', '10.9.2.0/24') === undefined);
  assert.notEqual(fabric.ping('blue1', '10.9.2.10').result, 'reply');
  assert.equal(fabric.ping('red1', '10.9.2.10').result, 'reply');
  fabric.edit('gw2', [' member vni 50001 vrf RED\n', ' member vni 50001 vrf RED\n member vni 50002 vrf BLUE\n']);
  fabric.until('it is back', known);
  assert.equal(fabric.ping('blue1', '10.9.2.10').result, 'reply');

  const tunnel = 'interface Tunnel1\n';
  fabric.edit('gw2', [tunnel, `${tunnel} shutdown\n`]);
  fabric.until('nobody is there', () => fabric.routeIn('gw1', 'RED', '10.9.2.0/24') === undefined, 60_000);
  fabric.edit('gw2', [`${tunnel} shutdown\n`, `${tunnel} no shutdown\n`]);
  fabric.until('all is back', known, 120_000);
  for (const { host } of TENANTS) assert.equal(fabric.ping(`${host}2`, '10.9.1.10').result, 'reply');
});
