/** Configurations of IOS-XE routers for tests, which fit those of `model.fixture.ts`. */

export type RouterOptions = Readonly<{
  /** Front VRF; '': the global table. */
  front?: string;
  /** VRF of the tunnels and of the inside. */
  inner?: string;
  proposal?: string;
  transform?: string;
  /** Lines of the IKE profile. */
  profile?: string;
  /** Lines of the IPsec profile. */
  ipsec?: string;
  /** The key of a peer. */
  key?: (m: number) => string;
}>;

export const SUITE = ` encryption aes-cbc-256
 integrity sha256
 prf sha256
 group 19
`;

/**
 * Router `n`: outside 10.0.0.n/24 in the front VRF, inside 10.1.n.1/24 in the inner VRF, and for each peer m `Tunnelm`
 * with 172.16.<nm>.n/24, lower number first. Subnets of the inside are told over IKEv2.
 */
export function routerText(n: number, peers: readonly number[], options: RouterOptions = {}): string {
  const between = (m: number): string => `172.16.${Math.min(n, m)}${Math.max(n, m)}`;
  const { inner = '' } = options;
  const tunnels = peers.map(
    (m) => `interface Tunnel${m}
${forwarding(inner)} ip address ${between(m)}.${n} 255.255.255.0
 tunnel source GigabitEthernet0/0/0
 tunnel destination 10.0.0.${m}
 tunnel mode ipsec ipv4
${tunnelVrf(options)} tunnel protection ipsec profile VTI
!
`,
  );
  return `${routerBase(n, peers, options)}${tunnels.join('')}`;
}

/** Router `n` as a hub: clones of one virtual template for whoever knows the key. */
export function routerHubText(n: number, spokes: readonly number[], options: RouterOptions = {}): string {
  const { inner = '', profile = '' } = options;
  const template = `interface Loopback1
${forwarding(inner)} ip address 172.16.0.${n} 255.255.255.255
!
interface Virtual-Template1 type tunnel
${forwarding(inner)} ip unnumbered Loopback1
 tunnel mode ipsec ipv4
${tunnelVrf(options)} tunnel protection ipsec profile VTI
!
`;
  return `${routerBase(n, spokes, { ...options, profile: `${profile} virtual-template 1\n` })}${template}`;
}

function forwarding(vrf: string): string {
  return vrf === '' ? '' : ` vrf forwarding ${vrf}\n`;
}

function tunnelVrf({ front = '' }: RouterOptions): string {
  return front === '' ? '' : ` tunnel vrf ${front}\n`;
}

function routerBase(n: number, peers: readonly number[], options: RouterOptions): string {
  const { front = '', inner = '', proposal = SUITE, transform = 'esp-gcm 256', profile = '', ipsec = '' } = options;
  const { key = (m) => `between-${Math.min(n, m)}-${Math.max(n, m)}` } = options;
  const vrfs = [...new Set([front, inner])].filter((vrf) => vrf !== '');
  return `hostname gw${n}
!
${vrfs.map((vrf) => `vrf definition ${vrf}\n address-family ipv4\n exit-address-family\n!\n`).join('')}\
interface GigabitEthernet0/0/0
${forwarding(front)} ip address 10.0.0.${n} 255.255.255.0
!
interface GigabitEthernet0/0/1
${forwarding(inner)} ip address 10.1.${n}.1 255.255.255.0
!
aaa new-model
aaa authorization network FLEX local
crypto ikev2 proposal P
${proposal}!
crypto ikev2 policy P
${front === '' ? '' : ` match fvrf ${front}\n`} proposal P
!
crypto ikev2 keyring KR
${peers.map((m) => ` peer gw${m}\n  address 10.0.0.${m}\n  pre-shared-key ${key(m)}\n !\n`).join('')}!
crypto ikev2 authorization policy SITE
 route set interface
 route set remote ipv4 10.1.${n}.0 255.255.255.0
 route accept any
!
crypto ikev2 profile IKE
${front === '' ? '' : ` match fvrf ${front}\n`} match identity remote any
 authentication remote pre-share
 authentication local pre-share
 keyring local KR
 aaa authorization group psk list FLEX SITE
${profile}!
crypto ipsec transform-set T ${transform}
 mode tunnel
!
crypto ipsec profile VTI
 set transform-set T
 set ikev2-profile IKE
${ipsec}!
`;
}

/**
 * Router `n` of two: front VRF INET, and the inner VRFs RED and BLUE with the same addresses in both. RED's tunnel is
 * between 10.0.0.1 and 10.0.0.2, BLUE's between 10.0.1.1 and 10.0.1.2.
 */
export function overlappingText(n: 1 | 2): string {
  const m = 3 - n;
  return `${routerText(n, [m], { front: 'INET', inner: 'RED' })}\
vrf definition BLUE
 address-family ipv4
 exit-address-family
!
interface GigabitEthernet0/0/2
 vrf forwarding INET
 ip address 10.0.1.${n} 255.255.255.0
!
interface GigabitEthernet0/0/3
 vrf forwarding BLUE
 ip address 10.1.${n}.1 255.255.255.0
!
interface Tunnel10${m}
 vrf forwarding BLUE
 ip address 172.16.12.${n} 255.255.255.0
 tunnel source GigabitEthernet0/0/2
 tunnel destination 10.0.1.${m}
 tunnel mode ipsec ipv4
 tunnel vrf INET
 tunnel protection ipsec profile VTI
!
crypto ikev2 keyring KR
 peer blue
  address 10.0.1.${m}
  pre-shared-key between-1-2
 !
!
`;
}

/** Two tenants whose addresses overlap, with the ports and hosts of each. */
export const TENANTS = [
  { vrf: 'RED', vni: 50_001, port: 2, host: 'red' },
  { vrf: 'BLUE', vni: 50_002, port: 3, host: 'blue' },
] as const;

/** Site `n` of two with both tenants, over VXLAN through a VTI. */
export function siteText(n: number): string {
  const m = 3 - n;
  const vrfs = TENANTS.map(
    ({ vrf, vni, port }) => `vrf definition ${vrf}
 rd 65000:${vni}
 route-target export 65000:${vni} stitching
 route-target import 65000:${vni} stitching
 address-family ipv4
 exit-address-family
!
interface GigabitEthernet0/0/${port}
 vrf forwarding ${vrf}
 ip address 10.9.${n}.1 255.255.255.0
!
`,
  );
  const families = TENANTS.map(
    ({ vrf }) => ` address-family ipv4 vrf ${vrf}
  advertise l2vpn evpn
  redistribute connected
 exit-address-family
`,
  );
  return `${routerText(n, [m])}${vrfs.join('')}interface Loopback0
 ip address 172.31.0.${n} 255.255.255.255
!
interface nve1
 source-interface Loopback0
 host-reachability protocol bgp
${TENANTS.map(({ vrf, vni }) => ` member vni ${vni} vrf ${vrf}\n`).join('')}!
router bgp 65000
 bgp router-id 172.31.0.${n}
 neighbor 172.16.12.${m} remote-as 65000
 neighbor 172.31.0.${m} remote-as 65000
 neighbor 172.31.0.${m} update-source Loopback0
 address-family ipv4
  network 172.31.0.${n} mask 255.255.255.255
  no neighbor 172.31.0.${m} activate
 exit-address-family
 address-family l2vpn evpn
  neighbor 172.31.0.${m} activate
  neighbor 172.31.0.${m} send-community both
 exit-address-family
${families.join('')}`;
}
