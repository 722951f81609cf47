/** Gateways of IOS-XE with front and inner VRFs, with one another and with an ASA. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fabric } from './fabric.fixture.ts';
import { routerText } from './iosxe.fixture.ts';

/** Outside ports of a fabric in which some gateways are routers. */
function topology(count: number): string {
  const lines = ['topology:', '  nodes:', '    internet: { kind: bridge }'];
  for (let n = 1; n <= count; n++) lines.push(`    gw${n}: { kind: iosxe, startup-config: gw${n}.cfg }`);
  for (let n = 1; n <= count; n++)
    lines.push(`    lan${n}: { kind: host, addresses: [10.1.${n}.10/24], gateway: 10.1.${n}.1 }`);
  lines.push('  links:');
  for (let n = 1; n <= count; n++) {
    lines.push(`    - { name: outside${n}, endpoints: ["gw${n}:GigabitEthernet0/0/0", "internet:p${n}"], delay: 5ms }`);
    lines.push(`    - { name: inside${n}, endpoints: ["gw${n}:GigabitEthernet0/0/1", "lan${n}:e"] }`);
  }
  return `${lines.join('\n')}\n`;
}

const TABLES = ['', 'RED', 'INET'] as const;
for (const front of TABLES) {
  for (const inner of TABLES) {
    test(`two routers, front VRF ${front || 'global'}, inner VRF ${inner || 'global'}`, () => {
      const texts = [1, 2].map((n) => routerText(n, [3 - n], { front, inner }));
      const fabric = new Fabric({ texts, topology: topology(2) });
      fabric.run(100);
      fabric.until('the tunnel is up', () => fabric.isUp('gw1', 'Tunnel2') && fabric.isUp('gw2', 'Tunnel1'));
      fabric.until('the subnet is told', () => fabric.routeIn('gw1', inner, '10.1.2.0/24') !== undefined);
      fabric.run(100);
      assert.equal(fabric.ping('lan1', '10.1.2.10').result, 'reply');
      assert.equal(fabric.interface('gw1', 'Tunnel2').mtu, 1446);
    });
  }
}
