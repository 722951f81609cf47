/** Prompts of an ASA (cisco-config section 1). */
import type { AsaMode } from '../../config/index.ts';

export type Level = 'user' | 'privileged' | 'config';

const MODES: Readonly<Record<AsaMode, string>> = {
  config: 'config',
  interface: 'config-if',
  'ikev1-policy': 'config-ikev1-policy',
  'ikev2-policy': 'config-ikev2-policy',
  'ipsec-proposal': 'config-ipsec-proposal',
  'ipsec-profile': 'config-ipsec-profile',
  'tunnel-group-general': 'config-tunnel-general',
  'tunnel-group-ipsec': 'config-tunnel-ipsec',
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

export function promptOf(hostname: string, level: Level, mode: AsaMode): string {
  if (level === 'config') return `${hostname}(${MODES[mode]})# `;
  return level === 'user' ? `${hostname}> ` : `${hostname}# `;
}
