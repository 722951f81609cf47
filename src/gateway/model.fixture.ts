/** Configurations for tests, and what is written in them. */
import assert from 'node:assert/strict';
import { IpAddress, Prefix } from '../base/index.ts';
import { type DeviceModel, formatDiagnostic, loadConfiguration } from '../config/index.ts';

/** The model of a text that has nothing wrong in it. */
export function modelOf(text: string, name = 'test'): DeviceModel {
  const { model, diagnostics } = loadConfiguration(text, `${name}.cfg`);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  assert.deepEqual(
    errors.map((error) => formatDiagnostic(error, text)),
    [],
  );
  return model;
}

export function ip(text: string): IpAddress {
  const parsed = IpAddress.parse(text);
  assert.ok(parsed, text);
  return parsed;
}

export function prefix(text: string): Prefix {
  const parsed = Prefix.parse(text);
  assert.ok(parsed, text);
  return parsed;
}

/**
 * Gateway `n`: outside 10.0.0.n/24, inside 10.1.n.1/24, AS 6500n, and for each peer m a tunnel `Tunnelm` (`to<m>`) with
 * 172.16.<nm>.n/24, lower number first, and a directly connected eBGP neighbour over it.
 */
export function gatewayText(n: number, peers: readonly number[]): string {
  const between = (m: number): string => `172.16.${Math.min(n, m)}${Math.max(n, m)}`;
  const key = (m: number): string => `between-${Math.min(n, m)}-${Math.max(n, m)}`;
  const tunnels = peers.map(
    (m) => `interface Tunnel${m}
 nameif to${m}
 ip address ${between(m)}.${n} 255.255.255.0
 tunnel source interface outside
 tunnel destination 10.0.0.${m}
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile VTI
!
tunnel-group 10.0.0.${m} type ipsec-l2l
tunnel-group 10.0.0.${m} ipsec-attributes
 ikev2 remote-authentication pre-shared-key ${key(m)}
 ikev2 local-authentication pre-shared-key ${key(m)}
!
`,
  );
  const neighbors = peers.map(
    (m) => `  neighbor ${between(m)}.${m} remote-as 6500${m}
  neighbor ${between(m)}.${m} activate
`,
  );
  return `hostname gw${n}
!
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address 10.0.0.${n} 255.255.255.0
 no shutdown
!
interface GigabitEthernet0/1
 nameif inside
 security-level 100
 ip address 10.1.${n}.1 255.255.255.0
 no shutdown
!
same-security-traffic permit inter-interface
same-security-traffic permit intra-interface
crypto ikev2 policy 10
 encryption aes-256
 integrity sha256
 group 31
 prf sha256
!
crypto ipsec ikev2 ipsec-proposal P
 protocol esp encryption aes-gcm
!
crypto ipsec profile VTI
 set ikev2 ipsec-proposal P
!
crypto ikev2 enable outside
!
${tunnels.join('')}router bgp 6500${n}
 bgp router-id 10.255.0.${n}
 timers bgp 5 15 0
 address-family ipv4 unicast
${neighbors.join('')}  network 10.1.${n}.0 mask 255.255.255.0
 exit-address-family
!
`;
}

/** Gateway 1 as a hub with one virtual template for all spokes. */
export function hubText(spokes: readonly number[]): string {
  const groups = spokes.map(
    (n) => `tunnel-group 10.0.0.${n} type ipsec-l2l
tunnel-group 10.0.0.${n} ipsec-attributes
 virtual-template 1
 ikev2 remote-authentication pre-shared-key between-1-${n}
 ikev2 local-authentication pre-shared-key between-1-${n}
!
`,
  );
  const neighbors = spokes.map(
    (n) => `  neighbor 172.16.1${n}.${n} remote-as 6500${n}
  neighbor 172.16.1${n}.${n} ebgp-multihop 2
  neighbor 172.16.1${n}.${n} update-source lo
  neighbor 172.16.1${n}.${n} activate
`,
  );
  const dynamic = `interface Loopback1
 nameif lo
 ip address 172.16.0.1 255.255.255.255
!
interface virtual-Template 1 type tunnel
 nameif DVTI
 ip unnumbered lo
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile VTI
!
`;
  return gatewayText(1, [])
    .replace('router bgp', `${dynamic}${groups.join('')}router bgp`)
    .replace('  network', `${neighbors.join('')}  network`);
}

/** Gateway `n` as a spoke of it, with one static VTI to the hub. */
export function spokeText(n: number): string {
  const hub = '172.16.0.1';
  return gatewayText(n, [1])
    .replaceAll(`neighbor 172.16.1${n}.1 `, `neighbor ${hub} `)
    .replace(`  neighbor ${hub} activate\n`, `  neighbor ${hub} ebgp-multihop 2\n  neighbor ${hub} activate\n`)
    .replace('local-authentication', 'route set interface\n ikev2 local-authentication')
    .replace('router bgp', `route to1 ${hub} 255.255.255.255 ${hub} 1\nrouter bgp`);
}
