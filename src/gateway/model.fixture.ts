/** Configurations for tests, and what is written in them. */
import assert from 'node:assert/strict';
import { IpAddress, Prefix } from '../base/index.ts';
import { type DeviceModel, formatDiagnostic, loadAsa } from '../config/index.ts';

/** The model of a text that has nothing wrong in it. */
export function modelOf(text: string, name = 'test'): DeviceModel {
  const { model, diagnostics } = loadAsa(text, `${name}.cfg`);
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
