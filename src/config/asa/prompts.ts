/** Prompts of an ASA's configuration modes. */
import type { AsaMode } from './row.ts';

/** What a prompt calls each mode (cisco-config section 1). */
export const PROMPTS: Readonly<Record<AsaMode, string>> = {
  config: 'config',
  interface: 'config-if',
  'ikev1-policy': 'config-ikev1-policy',
  'ikev2-policy': 'config-ikev2-policy',
  'ipsec-proposal': 'config-ipsec-proposal',
  'ipsec-profile': 'config-ipsec-profile',
  'tunnel-group-general': 'config-tunnel-general',
  'tunnel-group-ipsec': 'config-tunnel-ipsec',
  trustpoint: 'config-ca-trustpoint',
  'certificate-chain': 'config-cert-chain',
  'certificate-data': 'config-pubkey',
  'certificate-map': 'config-ca-cert-map',
  'group-policy': 'config-group-policy',
  'router-bgp': 'config-router',
  'bgp-ipv4': 'config-router-af',
  'bgp-ipv6': 'config-router-af',
  'route-map': 'config-route-map',
  'object-network': 'config-network-object',
  'object-service': 'config-service-object',
  'object-group-network': 'config-network-object-group',
  'object-group-service': 'config-service-object-group',
  'class-map': 'config-cmap',
  'policy-map': 'config-pmap',
  'policy-map-class': 'config-pmap-c',
  'tcp-map': 'config-tcp-map',
  section: 'config-section',
  '*': 'config',
};
