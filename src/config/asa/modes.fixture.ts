/** Where lines of each mode stand: for tests. */
import type { AsaMode } from './row.ts';

/** What stands before a line of each mode. */
export const WITHIN: Readonly<Record<AsaMode, readonly string[]>> = {
  config: [],
  '*': [],
  interface: ['interface GigabitEthernet0/0'],
  'ikev2-policy': ['crypto ikev2 policy 10'],
  'ikev1-policy': ['crypto ikev1 policy 10'],
  'ipsec-proposal': ['crypto ipsec ikev2 ipsec-proposal P'],
  'ipsec-profile': ['crypto ipsec profile P'],
  'tunnel-group-general': ['tunnel-group 10.0.0.253 type ipsec-l2l', 'tunnel-group 10.0.0.253 general-attributes'],
  'tunnel-group-ipsec': ['tunnel-group 10.0.0.253 type ipsec-l2l', 'tunnel-group 10.0.0.253 ipsec-attributes'],
  trustpoint: ['crypto ca trustpoint TP'],
  'certificate-chain': ['crypto ca certificate chain TP'],
  'certificate-data': ['crypto ca certificate chain TP', 'certificate ca 01'],
  'certificate-map': ['crypto ca certificate map M 10'],
  'group-policy': ['group-policy GP internal', 'group-policy GP attributes'],
  'router-bgp': ['router bgp 65000'],
  'bgp-ipv4': ['router bgp 65000', 'address-family ipv4 unicast'],
  'bgp-ipv6': ['router bgp 65000', 'address-family ipv6 unicast'],
  'route-map': ['route-map RM permit 10'],
  'object-network': ['object network O'],
  'object-service': ['object service O'],
  'object-group-network': ['object-group network G'],
  'object-group-service': ['object-group service G'],
  'class-map': ['class-map C'],
  'policy-map': ['policy-map P'],
  'policy-map-class': ['policy-map P', 'class C'],
  'tcp-map': ['tcp-map T'],
  section: ['router ospf 1'],
};
