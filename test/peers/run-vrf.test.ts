/**
 * Two routers that run on machines with VRFs in the kernel: a front VRF, and two inner VRFs with the same addresses in
 * both. Pings pass where the configuration leads, and never from one VRF to another.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { overlappingText } from '../../src/gateway/iosxe.fixture.ts';
import { Frr } from './frr.ts';
import { lacksLink } from './kernel-abilities.ts';
import { type Namespace, Namespaces } from './namespaces.ts';
import { until } from './until.ts';
import { type BuiltCommand, installCommand, Wheelwright } from './wheelwright.ts';

/** BGP of router 1 with a neighbour on the LAN of each VRF, both at the same address. */
const LAN_BGP = `router bgp 65001
 bgp router-id 10.0.0.1
${(
  [
    ['RED', 65_010],
    ['BLUE', 65_020],
  ] as const
)
  .map(
    ([vrf, as]) => ` address-family ipv4 vrf ${vrf}
  neighbor 10.1.1.10 remote-as ${as}
  neighbor 10.1.1.10 password of-${vrf}
  neighbor 10.1.1.10 activate
 exit-address-family
`,
  )
  .join('')}`;

const lacking = lacksLink('vrf', 'table', '77');
const LINKS = {
  'GigabitEthernet0/0/0': 'out',
  'GigabitEthernet0/0/1': 'red',
  'GigabitEthernet0/0/2': 'out2',
  'GigabitEthernet0/0/3': 'blue',
};

describe('VRFs of the kernel', { skip: lacking }, () => {
  let command: BuiltCommand;
  let machines: Namespaces;
  const gateways: Namespace[] = [];
  const hosts = new Map<string, Namespace>();
  let running: Wheelwright[] = [];
  const neighbors: Frr[] = [];

  const gateway = (n: number): Namespace => machines.named(`gw${n}`);
  const host = (name: string): Namespace => machines.named(name);
  const vrfs = (at: Namespace): Promise<string> => at.ip('-o link show type vrf');

  before(async () => {
    command = installCommand();
    machines = new Namespaces('vrf');
    for (const n of [1, 2]) gateways.push(await machines.add(`gw${n}`));
    const [one, two] = [gateway(1), gateway(2)];
    for (const [name, prefix] of [
      ['out', '10.0.0'],
      ['out2', '10.0.1'],
    ] as const) {
      const end = (at: Namespace, n: number) => ({ at, name, addresses: [`${prefix}.${n}/24`] });
      await machines.cable(end(one, 1), end(two, 2));
    }
    for (const n of [1, 2]) {
      await gateway(n).forward();
      for (const [colour, last] of [
        ['red', 20],
        ['blue', 30],
      ] as const) {
        const lan = await machines.add(`${colour}${n}`);
        hosts.set(`${colour}${n}`, lan);
        const addresses = [`10.1.${n}.10/24`, `10.1.${n}.${last}/24`];
        await machines.cable(
          { at: gateway(n), name: colour, addresses: [`10.1.${n}.1/24`] },
          { at: lan, name: 'lan', addresses },
        );
        await lan.ip(`route add default via 10.1.${n}.1`);
      }
    }
  });

  after(async () => {
    for (const one of neighbors) await one.stop();
    for (const one of running) await one.stop();
    await machines?.close();
    command?.remove();
  });

  const started = (n: 1 | 2, lines: readonly string[] = []): Promise<Wheelwright> =>
    Wheelwright.start(command, gateway(n), `${overlappingText(n)}${n === 1 ? LAN_BGP : ''}`, LINKS, { host: lines });

  /** The peer's addresses behind it, each as it is seen from a host on this side. */
  async function reached(from: Namespace): Promise<readonly string[]> {
    const found: string[] = [];
    for (const address of ['10.1.2.10', '10.1.2.20', '10.1.2.30']) if (await from.pings(address)) found.push(address);
    return found;
  }

  async function carriesBoth(): Promise<void> {
    await until('red passes', () => host('red1').pings('10.1.2.20'), 30_000);
    await until('blue passes', () => host('blue1').pings('10.1.2.30'), 30_000);
    assert.deepEqual(await reached(host('red1')), ['10.1.2.10', '10.1.2.20'], 'red reaches red alone');
    assert.deepEqual(await reached(host('blue1')), ['10.1.2.10', '10.1.2.30'], 'blue reaches blue alone');
    assert.deepEqual(await reached(gateway(1)), [], 'the machine itself is in neither');
  }

  test('an address may be in two of them; a device that is there is used, the others are made', async () => {
    await gateway(2).ip('link add inet type vrf table 4242');
    await gateway(2).ip('link set inet up');
    running = [await started(1), await started(2, ['vrfs: { INET: { device: inet } }'])];
    await carriesBoth();
    const devices = await vrfs(gateway(1));
    for (const name of ['vrf-INET', 'vrf-RED', 'vrf-BLUE']) assert.ok(devices.includes(name), devices);
    assert.doesNotMatch(await vrfs(gateway(2)), /vrf-INET/);
    const routes = await gateway(1).ip('route show vrf vrf-BLUE proto 119');
    assert.match(routes, /^10\.1\.2\.0\/24 dev Tunnel102/m);
    assert.match(routes, /^unreachable default/m);
    assert.equal(await gateway(1).ip('route show table main proto 119'), '', 'nothing of VRFs in the main table');
    // From the front VRF, where both tunnels end, nothing leads inside.
    const inFront = ['vrf', 'exec', 'vrf-INET', 'ping', '-c', '1', '-W', '1', '10.1.2.20'];
    assert.notEqual((await gateway(1).outcomeOf('ip', inFront)).status, 0);
    assert.equal(
      (await gateway(1).outcomeOf('ip', ['vrf', 'exec', 'vrf-RED', 'ping', '-c1', '-W1', '10.1.2.20'])).status,
      0,
    );
  });

  test('neighbours on the networks of two VRFs have sessions of their own, though their addresses are one', async () => {
    for (const [colour, as, network] of [
      ['red', 65_010, '10.50.0.0/24'],
      ['blue', 65_020, '10.60.0.0/24'],
    ] as const) {
      const lines = [
        `router bgp ${as}`,
        ' no bgp ebgp-requires-policy',
        ' no bgp network import-check',
        ' neighbor 10.1.1.1 remote-as 65001',
        ` neighbor 10.1.1.1 password of-${colour.toUpperCase()}`,
        ' neighbor 10.1.1.1 timers connect 2',
        ' address-family ipv4 unicast',
        `  network ${network}`,
      ];
      neighbors.push(await Frr.start(host(`${colour}1`), `${lines.join('\n')}\n`));
    }
    for (const neighbor of neighbors) await neighbor.untilEstablished('10.1.1.1', 60_000);
    const routes = (vrf: string): Promise<string> => gateway(1).ip(`route show vrf vrf-${vrf} proto 119`);
    await until('both routes', async () => (await routes('RED')).includes('10.50.0.0/24 via 10.1.1.10 dev red'));
    await until('of blue', async () => (await routes('BLUE')).includes('10.60.0.0/24 via 10.1.1.10 dev blue'));
    assert.doesNotMatch(await routes('RED'), /10\.60\./);
    assert.doesNotMatch(await routes('BLUE'), /10\.50\./);
  });

  test('a run that was killed leaves devices, which the next one takes over, and at its end away', async () => {
    running[0]?.signal('SIGKILL');
    await until('it is over', async () => (await running[0]?.outcomeOf('status'))?.status !== 0);
    assert.match(await vrfs(gateway(1)), /vrf-RED/);
    running[0] = await started(1);
    await carriesBoth();
  });

  test('a clean stop leaves no device, no route and no interface in a VRF; what was there before stays', async () => {
    for (const one of running) await one.stop();
    assert.equal(await vrfs(gateway(1)), '');
    assert.match(await vrfs(gateway(2)), /inet/);
    for (const at of gateways) {
      assert.equal(await at.ip('route show table all proto 119'), '');
      assert.doesNotMatch(await at.ip('-o link show out'), /master/);
      assert.match(await at.ip('-o -4 address show dev red'), /10\.1\.\d\.1\/24/);
    }
  });
});
