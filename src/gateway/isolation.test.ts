/**
 * Routers with several tenants, each in a VRF of its own, all with the same addresses inside and outside. Their sites are
 * joined by tunnels, with statics or BGP over them, or by EVPN over the global tenant's tunnel, or not at all.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fabric } from './fabric.fixture.ts';
import { SUITE } from './iosxe.fixture.ts';

/** One tenant: its VRFs on both routers, and what joins its two sites. */
type Tenant = Readonly<{ inner: string; front: string; by: 'static' | 'bgp' | 'evpn' | 'nothing' }>;

const INNER = ['', 'RED', 'GREEN', 'BLUE'] as const;
const FRONT = ['NORTH', 'SOUTH', 'EAST', 'WEST'] as const;
const port = (i: number): string => `GigabitEthernet0/0/${i}`;
const forwarding = (vrf: string): string => (vrf === '' ? '' : ` vrf forwarding ${vrf}\n`);
const vni = (i: number): number => 50_000 + i;

/** The tenant whose tunnel carries the VXLAN of the others. */
const underlay = (tenants: readonly Tenant[]): Tenant | undefined =>
  tenants.find(({ inner, by }) => inner === '' && (by === 'static' || by === 'bgp'));

function isJoined({ by }: Tenant, tenants: readonly Tenant[]): boolean {
  return by === 'evpn' ? underlay(tenants) !== undefined : by !== 'nothing';
}

const hasTunnel = ({ by }: Tenant): boolean => by === 'static' || by === 'bgp';

/** Tenant `i` has its inside at port `2i`, its outside at `2i+1`, and `Tunnel<i>`, with the addresses of all others. */
function routerOf(n: number, tenants: readonly Tenant[]): string {
  const m = 3 - n;
  const vrfs = new Set(tenants.flatMap(({ inner, front }) => [inner, front]).filter((vrf) => vrf !== ''));
  const definitions = [...vrfs].map((vrf) => {
    const i = tenants.findIndex(({ inner, by }) => inner === vrf && by === 'evpn');
    const target = `65000:${vni(i)} stitching`;
    const evpn = i < 0 ? '' : ` rd 65000:${vni(i)}\n route-target export ${target}\n route-target import ${target}\n`;
    return `vrf definition ${vrf}\n${evpn} address-family ipv4\n exit-address-family\n!\n`;
  });
  const sites = tenants.map((tenant, i) => {
    const { inner, front, by } = tenant;
    const lines = `interface ${port(2 * i)}
${forwarding(inner)} ip address 10.1.${n}.1 255.255.255.0
!
interface ${port(2 * i + 1)}
${forwarding(front)} ip address 10.0.0.${n} 255.255.255.0
!
`;
    const tunnel = `interface Tunnel${i}
${forwarding(inner)} ip address 172.16.0.${n} 255.255.255.0
 tunnel source ${port(2 * i + 1)}
 tunnel destination 10.0.0.${m}
 tunnel mode ipsec ipv4
${front === '' ? '' : ` tunnel vrf ${front}\n`} tunnel protection ipsec profile VTI
!
`;
    const route = `ip route ${inner === '' ? '' : `vrf ${inner} `}10.1.${m}.0 255.255.255.0 Tunnel${i}\n`;
    return `${lines}${hasTunnel(tenant) ? tunnel : ''}${by === 'static' ? route : ''}`;
  });
  return `hostname gw${n}
!
${definitions.join('')}crypto ikev2 proposal P
${SUITE}!
crypto ikev2 policy P
 match fvrf any
 proposal P
!
crypto ikev2 keyring KR
 peer all
  address 0.0.0.0 0.0.0.0
  pre-shared-key same-for-all
 !
!
crypto ikev2 profile IKE
 match fvrf any
 match identity remote address 10.0.0.${m} 255.255.255.255
 authentication remote pre-share
 authentication local pre-share
 keyring local KR
!
crypto ipsec transform-set T esp-gcm 128
!
crypto ipsec profile VTI
 set transform-set T
 set ikev2-profile IKE
!
${sites.join('')}${bgpOf(n, tenants)}`;
}

/** Sessions over the tunnels of those who want them, and one between the loopbacks for EVPN. No keepalives: links stay quiet. */
function bgpOf(n: number, tenants: readonly Tenant[]): string {
  const m = 3 - n;
  const members = tenants.flatMap(({ inner, by }, i) => (by === 'evpn' ? [{ inner, i }] : []));
  const lender = underlay(tenants);
  const carrier = lender === undefined ? -1 : tenants.indexOf(lender);
  const overlay = `interface Loopback0
 ip address 172.31.0.${n} 255.255.255.255
!
interface nve1
 source-interface Loopback0
 host-reachability protocol bgp
${members.map(({ inner, i }) => ` member vni ${vni(i)} vrf ${inner}\n`).join('')}!
ip route 172.31.0.${m} 255.255.255.255 Tunnel${carrier}
`;
  const hasOverlay = members.length > 0 && carrier >= 0;
  const globally = tenants.some(({ inner, by }) => inner === '' && by === 'bgp');
  const neighbor = ` neighbor 172.16.0.${m} remote-as 65000\n`;
  const network = `  network 10.1.${n}.0 mask 255.255.255.0\n`;
  const inVrfs = tenants.flatMap(({ inner, by }) => {
    if (inner === '' || (by !== 'bgp' && !(by === 'evpn' && hasOverlay))) return [];
    const what = by === 'bgp' ? ` ${neighbor}  neighbor 172.16.0.${m} activate\n` : '  advertise l2vpn evpn\n';
    return [` address-family ipv4 vrf ${inner}\n${what}${network} exit-address-family\n`];
  });
  const far = `172.31.0.${m}`;
  return `${hasOverlay ? overlay : ''}router bgp 65000
 bgp router-id 10.255.0.${n}
 no bgp default ipv4-unicast
 timers bgp 0 0
${globally ? neighbor : ''}\
${hasOverlay ? ` neighbor ${far} remote-as 65000\n neighbor ${far} update-source Loopback0\n` : ''}\
${globally ? ` address-family ipv4\n  neighbor 172.16.0.${m} activate\n${network} exit-address-family\n` : ''}\
${hasOverlay ? ` address-family l2vpn evpn\n  neighbor ${far} activate\n  neighbor ${far} send-community both\n exit-address-family\n` : ''}\
${inVrfs.join('')}`;
}

/** A bridge for each outside: the same two addresses live on each of them. */
function topologyOf(tenants: readonly Tenant[]): string {
  const nodes = [1, 2].map((n) => `    gw${n}: { kind: iosxe, startup-config: gw${n}.cfg }`);
  const links: string[] = [];
  for (const i of tenants.keys()) {
    nodes.push(`    net${i}: { kind: bridge }`);
    for (const n of [1, 2]) {
      nodes.push(`    host${n}t${i}: { kind: host, addresses: [10.1.${n}.10/24], gateway: 10.1.${n}.1 }`);
      links.push(`    - { name: in${n}t${i}, endpoints: ["gw${n}:${port(2 * i)}", "host${n}t${i}:e"] }`);
      links.push(`    - { name: out${n}t${i}, endpoints: ["gw${n}:${port(2 * i + 1)}", "net${i}:p${n}"] }`);
    }
  }
  return `topology:\n  nodes:\n${nodes.join('\n')}\n  links:\n${links.join('\n')}\n`;
}

/**
 * Insides are in tables of their own. No two outsides are in one table, as their addresses are the same; an outside may
 * be in the global table, in one of its own, or in the inside's table of its own tenant or of another.
 */
const layouts = fc
  .tuple(
    fc.shuffledSubarray([...INNER], { minLength: 2, maxLength: 4 }),
    fc.shuffledSubarray([...INNER, ...FRONT], { minLength: 4, maxLength: 8 }),
    fc.array(fc.constantFrom<Tenant['by']>('static', 'bgp', 'bgp', 'evpn', 'evpn', 'nothing'), {
      minLength: 4,
      maxLength: 4,
    }),
  )
  .map(([inners, fronts, ways]) =>
    inners.map((inner, i): Tenant => {
      const by = ways[i] ?? 'nothing';
      // What is in the global table is not told by EVPN: it carries the others, more often than not.
      return { inner, front: fronts[i] ?? '', by: inner === '' && by === 'evpn' ? 'static' : by };
    }),
  );

test('in 50 layouts of VRFs no packet crosses to another VRF unless a tunnel or a VNI leads there', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(layouts, (tenants) => {
      const texts = [1, 2].map((n) => routerOf(n, tenants));
      const fabric = new Fabric({ texts, topology: topologyOf(tenants) });
      fabric.run(15_000);
      for (const [i, tenant] of tenants.entries()) {
        const joined = isJoined(tenant, tenants);
        seen.add(
          `${tenant.by} ${joined} ${tenant.inner === ''} ${tenant.front === ''} ${tenant.front === tenant.inner}`,
        );
        // What EVPN carries passes the outside of the tenant that lends its tunnel.
        const mayCarry = (one: Tenant): boolean => tenant.by === 'evpn' && one === underlay(tenants);
        // An outside that is in our table is ours to reach.
        const beside = tenants.findIndex(({ front }) => front === tenant.inner);
        const others = [...tenants.keys()].filter((j) => j !== i);
        const quiet = others.flatMap((j) => [1, 2].map((n) => `in${n}t${j}`));
        const outsides = others
          .filter((j) => j !== beside && !tenants.some((one, k) => k === j && mayCarry(one)))
          .flatMap((j) => [1, 2].map((n) => `out${n}t${j}`));
        const frames = (links: readonly string[]): number => links.reduce((sum, link) => sum + fabric.frames(link), 0);
        const [before, outside] = [frames(quiet), frames(outsides)];
        if (hasTunnel(tenant)) assert.ok(fabric.isUp('gw1', `Tunnel${i}`), `Tunnel${i}`);
        assert.equal(fabric.ping(`host1t${i}`, '10.1.2.10').result === 'reply', joined, `site to site ${i}`);
        // The way there is direct where an outside is in the table, and the way back the tunnel.
        const across = beside >= 0 && joined;
        assert.equal(fabric.ping(`host1t${i}`, '10.0.0.2').result === 'reply', across, `the other router outside ${i}`);
        assert.equal(fabric.ping(`host1t${i}`, '10.0.0.1').result === 'reply', beside >= 0, `our own outside ${i}`);
        assert.equal(frames(quiet), before, 'the insides of the others stay quiet');
        // Nothing but IKE could be there, and it is quiet by then.
        assert.equal(frames(outsides), outside, 'the outsides of the others, too');
      }
    }),
    { numRuns: 50, seed: 6 },
  );
  for (const by of ['static', 'bgp', 'evpn'])
    assert.ok(
      [...seen].some((one) => one.startsWith(`${by} true`)),
      by,
    );
  assert.ok(
    [...seen].some((one) => /^(?:static|bgp) true true false false/.test(one)),
    'global behind a named VRF',
  );
  assert.ok(
    [...seen].some((one) => /^(?:static|bgp) true false true/.test(one)),
    'a named VRF behind the global table',
  );
});
