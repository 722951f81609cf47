/** One gateway on a machine, in memory: tunnels as devices, the kernel's routes, and what comes and goes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../base/index.ts';
import type { DeviceModel } from '../config/index.ts';
import type { GatewayLogEvent } from '../gateway/index.ts';
import { gatewayText, modelOf } from '../gateway/model.fixture.ts';
import { GatewayHost } from './gateway-host.ts';
import { MemoryMachine, MemoryWorld } from './memory-system.fixture.ts';
import { DEFAULT_SETTINGS, type HostSettings } from './settings.ts';
import type { SystemFault } from './system.ts';

type Running = Readonly<{ host: GatewayHost; log: GatewayLogEvent[]; faults: SystemFault[] }>;

function hostOf(
  world: MemoryWorld,
  machine: MemoryMachine,
  model: DeviceModel,
  settings: Partial<HostSettings> = {},
  seed = 1,
): Running {
  const log: GatewayLogEvent[] = [];
  const faults: SystemFault[] = [];
  const host = new GatewayHost({
    name: model.hostname,
    model,
    open: machine.open,
    settings: { ...DEFAULT_SETTINGS, ...settings },
    random: seededRandom(seed, model.hostname),
    clock: world.clock,
    wallClock: () => 1_700_000_000_000 + world.now,
    onLog: (event) => log.push(event),
    onFault: (fault) => faults.push(fault),
  });
  return { host, log, faults };
}

/** Gateway `n` of `gatewayText`, with a host behind it. */
function machineOf(world: MemoryWorld, n: number): MemoryMachine {
  return new MemoryMachine(world, { eth0: [`10.0.0.${n}/24`], eth1: [`10.1.${n}.1/24`] }, [`10.1.${n}.10`]);
}

function pair(): Readonly<{ world: MemoryWorld; a: MemoryMachine; b: MemoryMachine; left: Running; right: Running }> {
  const world = new MemoryWorld();
  const [a, b] = [machineOf(world, 1), machineOf(world, 2)];
  const left = hostOf(world, a, modelOf(gatewayText(1, [2])));
  const right = hostOf(world, b, modelOf(gatewayText(2, [1])));
  for (const { host } of [left, right]) assert.deepEqual(host.start(), { ok: true, value: undefined });
  world.until('BGP is up', () => left.host.device.status().bgpUp === 1 && right.host.device.status().bgpUp === 1);
  world.until('routes', () => a.routes.length === 1 && b.routes.length === 1);
  return { world, a, b, left, right };
}

test('a static tunnel is a device; BGP over it gives both kernels routes; hosts reach one another', () => {
  const { world, a, b, left, right } = pair();
  assert.deepEqual([...a.tuns.keys()], ['Tunnel2']);
  assert.deepEqual(a.routeTexts(), ['10.1.2.0/24 dev Tunnel2']);
  assert.deepEqual(b.routeTexts(), ['10.1.1.0/24 dev Tunnel1']);
  a.ping('10.1.1.10', '10.1.2.10');
  world.run(100);
  // Each of the two machines counts the TTL down once, as routers do.
  assert.deepEqual(a.answers('10.1.1.10'), ['echo-reply from 10.1.2.10 ttl 62']);
  a.ping('172.16.12.1', '172.16.12.2');
  world.run(100);
  assert.deepEqual(a.answers('172.16.12.1'), ['echo-reply from 172.16.12.2 ttl 64'], 'the machine pings the tunnel');
  b.ping('172.16.12.2', '10.1.1.1');
  world.run(100);
  assert.deepEqual(b.answers('172.16.12.2'), ['echo-reply from 10.1.1.1 ttl 64'], 'an inside address');
  assert.equal(a.martians + b.martians, 0);
  assert.deepEqual([...left.faults, ...right.faults], []);
});
