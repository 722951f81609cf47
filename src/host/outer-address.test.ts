/** Reloads that change where a gateway is reached: what it says, and from where. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayText, modelOf } from '../gateway/model.fixture.ts';
import { parseIp } from '../ip/index.ts';
import { hostOf, machineOf } from './gateway-host.fixture.ts';
import { MemoryMachine, MemoryWorld } from './memory-system.fixture.ts';

test('a reload that changes the outer address says goodbye from the old one before it takes it away', () => {
  const world = new MemoryWorld();
  const a = new MemoryMachine(world, { eth0: [], eth1: ['10.1.1.1/24'] }, ['10.1.1.10']);
  const b = machineOf(world, 2);
  const interfaces = new Map([['outside', 'eth0']]);
  const left = hostOf(world, a, modelOf(gatewayText(1, [2])), { addresses: 'apply', interfaces });
  const right = hostOf(world, b, modelOf(gatewayText(2, [1])));
  for (const { host } of [left, right]) assert.deepEqual(host.start(), { ok: true, value: undefined });
  world.until('BGP is up', () => right.host.device.status().bgpUp === 1);
  const sent: boolean[] = [];
  world.wire = (packet) => {
    const header = parseIp(packet);
    if (header.ok && `${header.value.source}` === '10.0.0.1') {
      sent.push(a.links.get('eth0')?.addresses.some(({ address }) => `${address}` === '10.0.0.1') === true);
    }
    return packet;
  };
  left.host.configure(modelOf(gatewayText(1, [2]).replaceAll('10.0.0.1', '10.0.0.7')));
  world.run(50);
  assert.ok(sent.length > 0 && sent.every((isThere) => isThere), `${sent}`);
  assert.equal(right.host.device.status().tunnelsUp, 0, 'the peer knows at once');
  assert.deepEqual(
    a.links.get('eth0')?.addresses.map(({ address }) => `${address}`),
    ['10.0.0.7'],
  );
});
