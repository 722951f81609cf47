/** ASA configurations of a generated hub-and-spoke lab. */
import type { HubPlan, HubSpokePlan, SpokePlan } from './hub-spoke-plan.ts';

const CRYPTO = `crypto ipsec ikev2 ipsec-proposal IPSEC_PROP
 protocol esp encryption aes
 protocol esp integrity sha-1
!
crypto ipsec profile VTI
 set ikev2 ipsec-proposal IPSEC_PROP
!
crypto ikev2 policy 10
 encryption aes-256
 integrity sha384
 group 19
 prf sha384
 lifetime seconds 86400
!
crypto ikev2 enable outside
!`;

/** A hub: one virtual template for all spokes, which it knows by their BGP neighbours alone. */
export function asaHub(plan: HubSpokePlan, hub: HubPlan): string {
  const others = plan.hubs.filter((other) => other !== hub);
  return `hostname ${hub.name}
!
${ethernets(hub.outside, plan.outsideMask, hub.inside)}
interface Loopback1
 nameif LOOPBACK
 ip address ${hub.vti} 255.255.255.255
!
interface virtual-Template 1 type tunnel
 nameif DVTI
 ip unnumbered LOOPBACK
 tunnel source interface outside
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile VTI
!
same-security-traffic permit inter-interface
same-security-traffic permit intra-interface
!
${CRYPTO}
tunnel-group DefaultL2LGroup ipsec-attributes
 peer-id-validate nocheck
 virtual-template 1
 ikev2 remote-authentication pre-shared-key cisco
 ikev2 local-authentication pre-shared-key cisco
 ikev2 route set interface
!
${plan.hubRoutes === 'default' ? 'prefix-list DEFAULT_ONLY seq 5 permit 0.0.0.0/0\n!\n' : ''}router bgp ${plan.hubAsn}
 bgp log-neighbor-changes
 bgp router-id ${hub.vti}
 timers bgp ${plan.timers.keepalive} ${plan.timers.hold} 0
 address-family ipv4 unicast
${others.map((other) => hubNeighbor(plan, other)).join('')}${hub.neighbors.map((spoke) => spokeNeighbor(plan, spoke)).join('')}  network 10.250.0.0 mask 255.255.255.0
  no auto-summary
  no synchronization
 exit-address-family
!
`;
}

/** The other hubs, over the LAN of the data centre: each can reach what only the others have a tunnel to. */
function hubNeighbor({ hubAsn }: HubSpokePlan, { inside, name }: HubPlan): string {
  return `  neighbor ${inside} remote-as ${hubAsn}
  neighbor ${inside} description ${name}
  neighbor ${inside} next-hop-self
  neighbor ${inside} activate
`;
}

/** eBGP to a tunnel address that lies on no connected network needs multihop. */
function spokeNeighbor(plan: HubSpokePlan, { address, asn, name }: HubPlan['neighbors'][number]): string {
  const summary =
    plan.hubRoutes === 'default'
      ? `  neighbor ${address} default-originate\n  neighbor ${address} prefix-list DEFAULT_ONLY out\n`
      : '';
  return `  neighbor ${address} remote-as ${asn}
  neighbor ${address} description ${name}
  neighbor ${address} ebgp-multihop 2
  neighbor ${address} update-source LOOPBACK
  neighbor ${address} activate
${summary}`;
}

/** A spoke: a static VTI to each hub, with a host route to the hub's address behind it. */
export function asaSpoke(plan: HubSpokePlan, spoke: SpokePlan): string {
  const tunnels = plan.hubs.map((hub, i) => {
    const name = i === 0 ? 'VTI' : `VTI${i + 1}`;
    return { hub, name, number: i + 1, address: spoke.tunnels[i] ?? '' };
  });
  const interfaces = tunnels.map(
    ({ hub, name, number, address }) => `interface Tunnel${number}
 nameif ${name}
 ip address ${address} 255.255.255.254
 tunnel source interface outside
 tunnel destination ${hub.outside}
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile VTI
!
`,
  );
  const groups = plan.hubs.map(
    ({ outside }) => `tunnel-group ${outside} type ipsec-l2l
tunnel-group ${outside} ipsec-attributes
 ikev2 remote-authentication pre-shared-key cisco
 ikev2 local-authentication pre-shared-key cisco
 ikev2 route set interface
!
`,
  );
  const routes = tunnels.map(({ hub, name }) => `route ${name} ${hub.vti} 255.255.255.255 ${hub.vti} 1\n`);
  const neighbors = plan.hubs.map(
    ({ vti, name }) => `  neighbor ${vti} remote-as ${plan.hubAsn}
  neighbor ${vti} description ${name}
  neighbor ${vti} ebgp-multihop 2
  neighbor ${vti} activate
`,
  );
  return `hostname ${spoke.name}
!
${ethernets(spoke.outside, plan.outsideMask, spoke.inside)}
${interfaces.join('')}same-security-traffic permit inter-interface
!
${routes.join('')}!
${CRYPTO}
${groups.join('')}router bgp ${spoke.asn}
 bgp log-neighbor-changes
 bgp router-id ${spoke.inside}
 timers bgp ${plan.timers.keepalive} ${plan.timers.hold} 0
 address-family ipv4 unicast
${neighbors.join('')}  network ${spoke.lan} mask 255.255.255.0
  no auto-summary
  no synchronization
 exit-address-family
!
`;
}

function ethernets(outside: string, mask: string, inside: string): string {
  return `interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address ${outside} ${mask}
 no shutdown
!
interface GigabitEthernet0/1
 nameif inside
 security-level 100
 ip address ${inside} 255.255.255.0
 no shutdown
!`;
}
