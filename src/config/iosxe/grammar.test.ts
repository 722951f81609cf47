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
  section: [],
};

testRows('IOS-XE', iosxe, WITHIN);
