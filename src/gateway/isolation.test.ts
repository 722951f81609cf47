/** Routers with several tenants, each in a VRF of its own, all with the same addresses inside and outside. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fabric } from './fabric.fixture.ts';
import { SUITE } from './iosxe.fixture.ts';

/** One tenant: its VRFs on both routers, and whether a tunnel joins its two sites. */
type Tenant = Readonly<{ inner: string; front: string; joined: boolean }>;

const INNER = ['', 'RED', 'GREEN', 'BLUE'] as const;
const FRONT = ['NORTH', 'SOUTH', 'EAST'] as const;
const port = (i: number): string => `GigabitEthernet0/0/${i}`;
const forwarding = (vrf: string): string => (vrf === '' ? '' : ` vrf forwarding ${vrf}\n`);
const sameVrf = ({ inner, front }: Tenant): boolean => inner === front;

/** Tenant `i` has its inside at port `2i`, its outside at `2i+1`, and `Tunnel<i>`, with the addresses of all others. */
function routerOf(n: number, tenants: readonly Tenant[]): string {
  const m = 3 - n;
  const vrfs = new Set(tenants.flatMap(({ inner, front }) => [inner, front]).filter((vrf) => vrf !== ''));
  const definitions = [...vrfs].map((vrf) => `vrf definition ${vrf}\n address-family ipv4\n exit-address-family\n!\n`);
  const sites = tenants.map(({ inner, front, joined }, i) => {
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
ip route ${inner === '' ? '' : `vrf ${inner} `}10.1.${m}.0 255.255.255.0 Tunnel${i}
`;
    return joined ? `${lines}${tunnel}` : lines;
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
${sites.join('')}`;
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

const layouts = fc.shuffledSubarray([...INNER], { minLength: 2, maxLength: 3 }).chain((inners) =>
  fc.tuple(
    ...inners.map((inner, i) =>
      fc.record({
        inner: fc.constant<string>(inner),
        // One of the fronts is the global table where no inside is, or a tenant's own VRF.
        front: fc.constantFrom<string>(FRONT[i] ?? 'NORTH', ...(inner === '' ? [] : [inner])),
        joined: fc.boolean(),
      }),
    ),
  ),
);

const globalFront = fc.shuffledSubarray(['RED', 'GREEN', 'BLUE'], { minLength: 2, maxLength: 3 }).chain((inners) =>
  fc.tuple(
    ...inners.map((inner, i) =>
      fc.record({
        inner: fc.constant(inner),
        front: fc.constant(i === 0 ? '' : (FRONT[i] ?? 'NORTH')),
        joined: fc.boolean(),
      }),
    ),
  ),
);

test('in 50 layouts of VRFs no packet crosses to another VRF unless a tunnel leads there', () => {
  fc.assert(
    fc.property(fc.oneof(layouts, globalFront), (tenants) => {
      const texts = [1, 2].map((n) => routerOf(n, tenants));
      const fabric = new Fabric({ texts, topology: topologyOf(tenants) });
      fabric.run(3_000);
      for (const [i, tenant] of tenants.entries()) {
        const others = [...tenants.keys()].filter((j) => j !== i);
        const quiet = others.flatMap((j) => [1, 2].map((n) => `in${n}t${j}`));
        const outsides = others.flatMap((j) => [1, 2].map((n) => `out${n}t${j}`));
        const frames = (links: readonly string[]): number => links.reduce((sum, link) => sum + fabric.frames(link), 0);
        const [before, outside] = [frames(quiet), frames(outsides)];
        assert.equal(fabric.isUp('gw1', `Tunnel${i}`), tenant.joined);
        assert.equal(fabric.ping(`host1t${i}`, '10.1.2.10').result === 'reply', tenant.joined, 'site to site');
        // Where inside and outside are one table, the way there is direct, and the way back the tunnel.
        const across = sameVrf(tenant) && tenant.joined;
        assert.equal(fabric.ping(`host1t${i}`, '10.0.0.2').result === 'reply', across, 'the other router outside');
        assert.equal(fabric.ping(`host1t${i}`, '10.0.0.1').result === 'reply', sameVrf(tenant), 'our own outside');
        assert.equal(frames(quiet), before, 'the insides of the others stay quiet');
        // Nothing but IKE could be there, and it is quiet by then.
        assert.equal(frames(outsides), outside, 'the outsides of the others, too');
      }
    }),
    { numRuns: 50, seed: 6 },
  );
});
