/** What the prompt of an IOS-XE router calls each configuration mode. */
import type { IosxeMode } from './row.ts';

export const PROMPTS: Readonly<Record<IosxeMode, string>> = {
  config: 'config',
  vrf: 'config-vrf',
  'vrf-af': 'config-vrf-af',
  interface: 'config-if',
  'ikev2-proposal': 'config-ikev2-proposal',
  'ikev2-policy': 'config-ikev2-policy',
  'ikev2-keyring': 'config-ikev2-keyring',
  'ikev2-keyring-peer': 'config-ikev2-keyring-peer',
  'ikev2-profile': 'config-ikev2-profile',
  'ikev2-authorization': 'config-ikev2-author-policy',
  'transform-set': 'cfg-crypto-trans',
  'ipsec-profile': 'ipsec-profile',
  'route-map': 'config-route-map',
  'access-list-standard': 'config-std-nacl',
  'access-list-extended': 'config-ext-nacl',
  'access-list-ipv6': 'config-ipv6-acl',
  'router-bgp': 'config-router',
  'bgp-ipv4': 'config-router-af',
  'bgp-ipv6': 'config-router-af',
  'bgp-other': 'config-router-af',
  section: 'config-section',
  '*': 'config',
};
