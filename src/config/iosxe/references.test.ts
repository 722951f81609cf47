/** Every line of a router that names something which another line defines. */
import { HARDWARE, testReferences } from '../references.fixture.ts';
import { iosxe } from './dialect.ts';
import { WITHIN } from './modes.fixture.ts';

testReferences(
  'IOS-XE',
  iosxe,
  WITHIN,
  {
    VRF: (name) => [`vrf definition ${name}`],
    interface: (name) => [`interface ${name}`],
    'IKEv2 proposal': (name) => [`crypto ikev2 proposal ${name}`],
    keyring: (name) => [`crypto ikev2 keyring ${name}`],
    'IKEv2 profile': (name) => [`crypto ikev2 profile ${name}`],
    'authorization policy': (name) => [`crypto ikev2 authorization policy ${name}`],
    'transform set': (name) => [`crypto ipsec transform-set ${name} esp-gcm 256`],
    'IPsec profile': (name) => [`crypto ipsec profile ${name}`],
    'access list': (name) => [`ip access-list extended ${name}`],
    'prefix list': (name) => [`ip prefix-list ${name} seq 5 permit 10.0.0.0/8`],
    'route map': (name) => [`route-map ${name} permit 10`],
    'community list': (name) => [`ip community-list standard ${name} permit 65000:1`],
    'peer group': (name) => ['router bgp 65000', ` neighbor ${name} peer-group`],
    'certificate map': (name) => [`crypto pki certificate map ${name} 10`],
    'crypto map': (name) => [`crypto map ${name} 10 ipsec-isakmp`],
    trustpoint: (name) => [`crypto pki trustpoint ${name}`],
  },
  (kind) => (kind === 'interface' ? HARDWARE : { wanted: 'Nowhere1', near: 'Nowhere2' }),
);
