/** The hub of the benchmarks, as ASA configuration, and where its spokes are. */
export const HUB = '192.0.2.1';
/** The way to all spokes. */
export const SPOKES = '192.0.2.2';
export const KEY = 'one-key-for-all-of-them';

/** Addresses of up to 16 million spokes. */
export function spokeAddress(i: number): string {
  return `10.${1 + (i >>> 16)}.${(i >>> 8) & 255}.${i & 255}`;
}

/** A hub that takes everybody in who knows the key, behind one virtual template. */
export function hubConfig({ group, prf }: Readonly<{ group: string; prf: string }>): string {
  return `hostname hub
!
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address ${HUB} 255.255.255.0
 no shutdown
!
interface Loopback1
 nameif lo
 ip address 172.31.255.1 255.255.255.255
!
interface virtual-Template 1 type tunnel
 nameif DVTI
 ip unnumbered lo
 tunnel source interface outside
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile VTI
!
route outside 10.0.0.0 255.0.0.0 ${SPOKES} 1
crypto ikev2 policy 10
 encryption aes-gcm-256
 integrity null
 group ${group}
 prf ${prf}
!
crypto ipsec ikev2 ipsec-proposal P
 protocol esp encryption aes-gcm-256
!
crypto ipsec profile VTI
 set ikev2 ipsec-proposal P
!
crypto ikev2 enable outside
crypto ikev2 cookie-challenge never
tunnel-group DefaultL2LGroup ipsec-attributes
 peer-id-validate nocheck
 virtual-template 1
 isakmp keepalive disable
 ikev2 remote-authentication pre-shared-key ${KEY}
 ikev2 local-authentication pre-shared-key ${KEY}
!
`;
}
