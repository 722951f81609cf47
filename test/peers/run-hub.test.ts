/** A hub with one virtual template and its spokes, each a machine: many clones behind one device of the kernel. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { hubText, spokeText } from '../../src/gateway/model.fixture.ts';
import { HostProcess } from './host-process.ts';
import { type Namespace, Namespaces } from './namespaces.ts';
import { until } from './until.ts';

const SPOKES = [2, 3] as const;

test('spokes reach the hub and one another through one device', { timeout: 90_000 }, async () => {
  const namespaces = new Namespaces('hub');
  after(() => namespaces.close());
  const internet = await namespaces.add('internet');
  await internet.ip('link add br0 type bridge');
  await internet.ip('link set br0 up');
  const machines: Namespace[] = [];
  const hosts: HostProcess[] = [];
  for (const n of [1, ...SPOKES]) {
    const machine = await namespaces.add(`gw${n}`);
    await machine.forward();
    machines.push(machine);
    await namespaces.cable(
      { at: machine, name: 'eth0', addresses: [`10.0.0.${n}/24`] },
      { at: internet, name: `p${n}`, addresses: [] },
    );
    await internet.ip(`link set p${n} master br0`);
    await namespaces.cable(
      { at: machine, name: 'eth1', addresses: [`10.1.${n}.1/24`] },
      { at: internet, name: `lan${n}`, addresses: [] },
    );
    hosts.push(new HostProcess(machine, n === 1 ? hubText(SPOKES) : spokeText(n)));
  }
  for (const host of hosts) assert.deepEqual(await host.started(), { ok: true });
  const [hub, second] = machines as [Namespace, Namespace];
  const log = (): string => hosts.map(({ process }) => process.output.slice(-3000)).join('\n----\n');
  const routes = async (at: Namespace): Promise<string> => await at.ip('route show proto 119');
  await until('routes of both spokes', async () => {
    const text = await routes(hub);
    return SPOKES.every((n) => text.includes(`10.1.${n}.0/24 dev Vtemplate1`));
  });
  await until('the way to the other spoke', async () => (await routes(second)).includes('10.1.3.0/24 dev Tunnel1'));
  const devices = [...(await hub.ip('-o link show type tun')).matchAll(/\d+: (\w+):/g)].map(([, name]) => name);
  assert.deepEqual(devices.sort(), ['Loopback1', 'Vtemplate1'], 'two clones have one device');
  for (const n of SPOKES) assert.ok(await hub.pings(`10.1.${n}.1`, '10.1.1.1', 10), log());
  assert.ok(await second.pings('10.1.3.1', '10.1.2.1', 10), log());
  assert.ok(await second.pings('172.16.0.1', '10.1.2.1', 3), 'the loopback that the template borrows from');
  await (hosts[2] as HostProcess).process.stop('SIGTERM');
  await until('its route is gone', async () => !(await routes(hub)).includes('10.1.3.0/24'));
  assert.ok(await hub.pings('10.1.2.1', '10.1.1.1', 3), 'the other one stays');
  await (hosts[0] as HostProcess).process.stop('SIGTERM');
  assert.equal((await hub.ip('-o link show type tun')).trim(), '');
  assert.equal((await routes(hub)).trim(), '');
});
