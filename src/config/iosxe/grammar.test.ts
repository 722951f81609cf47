/** Every row of the grammar of IOS-XE. */
import { testRows } from '../dialect.fixture.ts';
import { iosxe } from './dialect.ts';
import type { IosxeMode } from './row.ts';

/** What stands before a line of each mode. */
const WITHIN: Readonly<Record<IosxeMode, readonly string[]>> = {
  config: [],
  '*': [],
  vrf: ['vrf definition RED'],
  'vrf-af': ['vrf definition RED', 'address-family ipv4'],
  interface: ['interface GigabitEthernet0/0/1'],
  'ikev2-proposal': ['crypto ikev2 proposal P'],
  'ikev2-policy': ['crypto ikev2 policy P'],
  'ikev2-keyring': ['crypto ikev2 keyring K'],
  'ikev2-keyring-peer': ['crypto ikev2 keyring K', 'peer ONE'],
  'ikev2-profile': ['crypto ikev2 profile P'],
  'ikev2-authorization': ['crypto ikev2 authorization policy A'],
  'transform-set': ['crypto ipsec transform-set T esp-gcm 256'],
  'ipsec-profile': ['crypto ipsec profile P'],
  'crypto-map': ['crypto map CM 10 ipsec-isakmp'],
  'route-map': ['route-map RM permit 10'],
  trustpoint: ['crypto pki trustpoint TP'],
  'certificate-chain': ['crypto pki certificate chain TP'],
  'certificate-map': ['crypto pki certificate map M 10'],
  'certificate-data': ['crypto pki certificate chain TP', 'certificate ca 01'],
  'access-list-standard': ['ip access-list standard S'],
  'access-list-extended': ['ip access-list extended E'],
  'access-list-ipv6': ['ipv6 access-list V6'],
  'router-bgp': ['router bgp 65000', 'neighbor 10.0.0.9 remote-as 65001'],
  'bgp-ipv4': ['router bgp 65000', 'neighbor 10.0.0.9 remote-as 65001', 'address-family ipv4'],
  'bgp-ipv6': ['router bgp 65000', 'neighbor 2001:db8::9 remote-as 65001', 'address-family ipv6'],
  'bgp-other': ['router bgp 65000', 'address-family vpnv4'],
  'bgp-evpn': ['router bgp 65000', 'neighbor 10.0.0.9 remote-as 65001', 'address-family l2vpn evpn'],
  nve: ['interface nve1'],
  'bridge-domain': ['bridge-domain 100'],
  section: ['line vty 0 4'],
};

testRows('IOS-XE', iosxe, WITHIN);
