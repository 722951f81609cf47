/** Every line of an ASA that names something which another line defines. */
import { testReferences } from '../references.fixture.ts';
import { asa } from './dialect.ts';
import { WITHIN } from './modes.fixture.ts';

testReferences('ASA', asa, WITHIN, {
  interface: (name) => ['interface GigabitEthernet0/7', ` nameif ${name}`],
  trustpoint: (name) => [`crypto ca trustpoint ${name}`],
  'IPsec profile': (name) => [`crypto ipsec profile ${name}`],
  'IPsec proposal': (name) => [`crypto ipsec ikev2 ipsec-proposal ${name}`],
  'access list': (name) => [`access-list ${name} extended permit ip any any`],
  'prefix list': (name) => [`prefix-list ${name} seq 5 permit 10.0.0.0/8`],
  'route map': (name) => [`route-map ${name} permit 10`],
  'community list': (name) => [`community-list standard ${name} permit 65000:1`],
  'group policy': (name) => [`group-policy ${name} internal`],
  'certificate map': (name) => [`crypto ca certificate map ${name} 10`],
  'tunnel-group': (name) => [`tunnel-group ${name} type ipsec-l2l`],
  class: (name) => [`class-map ${name}`],
  'policy-map': (name) => [`policy-map ${name}`],
});
