/**
 * The first document's spoke as `wheelwright run` on this host: its hubs are strongSwan with FRR. Both tunnels, BGP over
 * each, pings and a TCP transfer from LAN to LAN, directly and with the spoke behind a NAT.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../../src/cli/command-fixture.ts';
import { withEvidence } from './evidence.ts';
import { Frr } from './frr.ts';
import { matrix, Proof } from './matrix.ts';
import { type Namespace, Namespaces } from './namespaces.ts';
import { StrongSwan } from './strongswan.ts';
import { connectionConfig } from './swanctl-config.ts';
import { transfer } from './transfer.ts';
import { until } from './until.ts';
import { type BuiltCommand, installCommand, Wheelwright } from './wheelwright.ts';

const TRANSFER_BYTES = 8 << 20;

/** What is inside the spoke's tunnels. */
const SPOKE_NETWORKS = '172.16.1.4/30, 10.1.0.0/16, 2001:db8:172::4/126, 2001:db8:1::/48';

const OUTSIDE_V6 = '2001:db8:ffff::';

type HubPlan = Readonly<{ name: string; last: number; lan: number; end: number; key: string }>;
const HUBS: readonly HubPlan[] = [
  { name: 'hub1', last: 253, lan: 250, end: 5, key: 'hub1-to-spoke1' },
  { name: 'hub2', last: 254, lan: 251, end: 7, key: 'hub2-to-spoke1' },
];

/** A hub of strongSwan and FRR, with a LAN behind it. */
class Hub {
  readonly plan: HubPlan;
  readonly host: Namespace;
  readonly strongSwan: StrongSwan;
  readonly frr: Frr;

  private constructor(plan: HubPlan, host: Namespace, strongSwan: StrongSwan, frr: Frr) {
    this.plan = plan;
    this.host = host;
    this.strongSwan = strongSwan;
    this.frr = frr;
  }

  static async open(namespaces: Namespaces, plan: HubPlan, spoke: string, isV6: boolean): Promise<Hub> {
    const { name, last, lan, end, key } = plan;
    const machine = await namespaces.add(name);
    const host = await namespaces.add(`dc-${name}`);
    await machine.forward();
    await namespaces.cable(
      { at: machine, name: 'eth0', addresses: [`10.0.0.${last}/24`, `${OUTSIDE_V6}${last}/64`] },
      { at: namespaces.named('internet'), name, addresses: [] },
    );
    await namespaces.named('internet').ip(`link set ${name} master bridge`);
    await namespaces.cable(
      { at: machine, name: 'eth1', addresses: [`10.${lan}.0.1/24`, `2001:db8:${lan}::1/64`] },
      { at: host, name: 'eth0', addresses: [`10.${lan}.0.10/24`, `2001:db8:${lan}::10/64`] },
    );
    await host.ip(`route add default via 10.${lan}.0.1`);
    await host.ip(`-6 route add default via 2001:db8:${lan}::1`);
    await machine.ip(`address add 172.16.1.${last}/32 dev lo`);
    await machine.ip(`address add 2001:db8:172::${last}/128 dev lo nodad`);
    const strongSwan = await StrongSwan.start(machine);
    await strongSwan.load(
      connectionConfig({
        ...{
          local: isV6 ? `${OUTSIDE_V6}${last}` : `10.0.0.${last}`,
          remote: spoke,
          remoteId: '%any',
          remoteSelectors: SPOKE_NETWORKS,
        },
        ...{ proposals: 'aes256-sha384-ecp256', espProposals: 'aes128-sha1' },
        keys: [key, `spoke1-to-${name}`],
      }),
    );
    await machine.ip('route add 172.16.1.4/30 dev ipsec0');
    await machine.ip('-6 route add 2001:db8:172::4/126 dev ipsec0');
    await machine.ip('-6 route add 2001:db8:1::/48 dev ipsec0');
    return new Hub(plan, host, strongSwan, await Frr.start(machine, bgpd(plan, end)));
  }

  /** The session with the spoke is up, and both know the other's network. */
  async untilRouted(): Promise<void> {
    const { end } = this.plan;
    await this.frr.untilEstablished(`172.16.1.${end}`, 60_000);
    await this.frr.untilEstablished(`2001:db8:172::${end}`, 60_000);
    const knows = async () => (await this.frr.show('show bgp ipv4 unicast')).includes('10.1.1.0/24');
    await until(`${this.plan.name} learns the spoke's network`, knows);
  }
}

function bgpd({ last, lan }: HubPlan, end: number): string {
  const [own, own6] = [`172.16.1.${last}`, `2001:db8:172::${last}`];
  const neighbor = (address: string, source: string): string => `
    neighbor ${address} remote-as 65001
    neighbor ${address} ebgp-multihop 2
    neighbor ${address} update-source ${source}
    neighbor ${address} timers 5 15
    neighbor ${address} timers connect 1`;
  return `router bgp 65000
    bgp router-id ${own}
    no bgp ebgp-requires-policy
    no bgp default ipv4-unicast
    ${neighbor(`172.16.1.${end}`, own)}
    ${neighbor(`2001:db8:172::${end}`, own6)}
    address-family ipv4 unicast
      network 10.${lan}.0.0/24
      neighbor 172.16.1.${end} activate
    exit-address-family
    address-family ipv6 unicast
      network 2001:db8:${lan}::/64
      neighbor 2001:db8:172::${end} activate
    exit-address-family`;
}

const proof = new Proof(matrix.documents);
let command: BuiltCommand;
before(() => {
  command = installCommand();
});
after(() => command?.remove());

for (const [column, outside] of [
  ['directly', 'IPv4'],
  ['through a NAT', 'NAT'],
  ['over IPv6', 'IPv6'],
] as const) {
  const isBehindNat = outside === 'NAT';
  const isV6 = outside === 'IPv6';
  describe(`the first document's spoke, ${column}`, { timeout: 180_000 }, () => {
    let namespaces: Namespaces;
    let spoke: Namespace;
    let lan: Namespace;
    let gateway: Wheelwright;
    const hubs: Hub[] = [];

    before(async () => {
      namespaces = new Namespaces(`spoke-${outside}`);
      const internet = await namespaces.add('internet');
      await internet.ip('link add bridge type bridge');
      await internet.ip('link set bridge up');
      spoke = await namespaces.add('spoke');
      lan = await namespaces.add('lan');
      const edge = isBehindNat ? await namespaces.add('nat') : spoke;
      const address = isV6 ? `${OUTSIDE_V6}1` : isBehindNat ? '10.0.0.99' : '10.0.0.1';
      const name = isBehindNat ? 'wan' : 'eth0';
      await namespaces.cable(
        { at: edge, name, addresses: [`${address}/${isV6 ? 64 : 24}`] },
        { at: internet, name: 'spoke', addresses: [] },
      );
      await internet.ip('link set spoke master bridge');
      if (isBehindNat) {
        await namespaces.cable(
          { at: spoke, name: 'eth0', addresses: ['192.168.7.2/24'] },
          { at: edge, name: 'lan', addresses: ['192.168.7.1/24'] },
        );
        await edge.masquerade('wan');
        await spoke.ip('route add default via 192.168.7.1');
      }
      await namespaces.cable(
        { at: spoke, name: 'eth1', addresses: ['10.1.1.1/24', '2001:db8:1:1::1/64'] },
        { at: lan, name: 'eth0', addresses: ['10.1.1.10/24', '2001:db8:1:1::10/64'] },
      );
      await lan.ip('route add default via 10.1.1.1');
      await lan.ip('-6 route add default via 2001:db8:1:1::1');
      await spoke.forward();
      for (const plan of HUBS) hubs.push(await Hub.open(namespaces, plan, address, isV6));
    });
    after(() => namespaces?.close());

    const step = (act: () => Promise<void>): Promise<void> =>
      withEvidence(
        {
          ...(gateway === undefined ? {} : { gateway }),
          ...Object.fromEntries(hubs.map((hub) => [hub.plan.name, hub.strongSwan])),
        },
        act,
      );

    const links = { 'GigabitEthernet0/0': 'eth0', 'GigabitEthernet0/1': 'eth1' };
    const config = (): string => {
      const text = readFileSync(join(root, 'examples/hub-and-spoke/spoke1.cfg'), 'utf8');
      if (isV6) {
        return text
          .replace('ip address 10.0.0.1 255.255.255.0', `ipv6 address ${OUTSIDE_V6}1/64`)
          .replace(/10\.0\.0\.(25\d)/g, `${OUTSIDE_V6}$1`)
          .replaceAll('tunnel mode ipsec ipv4', 'tunnel mode ipsec ipv6');
      }
      if (!isBehindNat) return text;
      return `${text.replace('ip address 10.0.0.1 255', 'ip address 192.168.7.2 255')}\nroute outside 0.0.0.0 0.0.0.0 192.168.7.1\n`;
    };

    proof.cell('both tunnels and BGP over each come up', column, () =>
      step(async () => {
        gateway = await Wheelwright.start(command, spoke, config(), links);
        for (const hub of hubs) await hub.untilRouted();
        const summary = await gateway.show('bgp', 'summary');
        for (const { last } of HUBS) assert.match(summary, new RegExp(`172\\.16\\.1\\.${last} .* \\d+ *$`, 'm'));
      }),
    );

    proof.cell('pings from LAN to LAN, IPv4 and IPv6', column, () =>
      step(async () => {
        for (const { plan, host } of hubs) {
          for (const destination of [`10.${plan.lan}.0.10`, `2001:db8:${plan.lan}::10`]) {
            await until(`the LAN reaches ${destination}`, () => lan.pings(destination));
            assert.ok(await lan.pings(destination, undefined, 10), `pings of ${destination} are lost`);
          }
          assert.ok(await host.pings('10.1.1.10', undefined, 10));
          assert.ok(await host.pings('2001:db8:1:1::10', undefined, 10));
        }
      }),
    );

    proof.cell('a TCP transfer each way', column, () =>
      step(async () => {
        for (const { plan, host } of hubs) {
          const [near, far] = [
            { at: lan, address: '10.1.1.10' },
            { at: host, address: `10.${plan.lan}.0.10` },
          ];
          await transfer(near, far, TRANSFER_BYTES);
          await transfer(far, near, TRANSFER_BYTES);
        }
      }),
    );

    test('a clean stop tells the hubs and leaves nothing behind', () =>
      step(async () => {
        await gateway.stop();
        for (const { strongSwan } of hubs) {
          await until('the hub has no IKE SA', async () => (await strongSwan.sas()).length === 0);
        }
        assert.doesNotMatch(await spoke.ip('route show table all'), /172\.16\.1\.25|10\.25/);
        assert.doesNotMatch(await spoke.ip('link show'), /Tunnel/);
      }));
  });
}
