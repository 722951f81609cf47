/**
 * OSPF and the key chains of routing protocols: read line by line, so that a mistake is found, and not run. The line that
 * opens a section says so for all that stands in it.
 */
import {
  address,
  asNumber,
  choice,
  hardwareInterface,
  mask,
  name,
  number,
  optional,
  secretText,
  text,
  words,
} from '../../parameters.ts';
import { harmless, type IosxeRow, unsupported } from '../row.ts';
import { wildcard } from '../wildcard.ts';

const area = name('Area, as a number or an address', 15);
const rest = optional(text('Setting'));
const seconds = optional(number(1, 65535, 'Seconds'));
const cost = optional(number(1, 65535, 'Cost'));

export const ospfRows: readonly IosxeRow[] = [
  unsupported('config', {
    pattern: 'router ospf <process> [vrf <vrf>]',
    help: 'OSPF process; it is read, and not run',
    section: 'router',
    enters: 'router-ospf',
    params: { process: number(1, 65535, 'Process'), vrf: optional(name('VRF', 32)) },
    example: ['router ospf 1', 'router ospf 2 vrf RED'],
  }),
  harmless('router-ospf', {
    pattern: 'router-id <address>',
    help: 'Identifier of the router',
    params: { address: address('Identifier', 4) },
    example: 'router-id 10.255.0.1',
  }),
  harmless('router-ospf', {
    pattern: 'network <network> <wildcard> area <area>',
    help: 'Interfaces that take part, by their addresses',
    params: { network: address('Network', 4), wildcard: wildcard('Bits that do not matter'), area },
    example: 'network 10.0.0.0 0.0.0.255 area 0',
  }),
  harmless('router-ospf', {
    pattern: 'passive-interface {<default>|<interface>}',
    help: 'Interfaces without neighbours',
    params: {
      default: optional(choice('All', { default: 'All that are not excepted' })),
      interface: optional(hardwareInterface('Interface')),
    },
    example: ['passive-interface default', 'no passive-interface Tunnel10'],
  }),
  harmless('router-ospf', {
    pattern:
      'redistribute {<source>|bgp <asn>|ospf <process>} [metric <metric>] [metric-type <type>] [<subnets>] [route-map <map>]',
    help: 'Announce routes of another source',
    params: {
      source: optional(words('Source', 'connected', 'static')),
      asn: optional(asNumber('AS')),
      process: optional(number(1, 65535, 'Process')),
      metric: optional(number(0, 16_777_214, 'Metric')),
      type: optional(number(1, 2, 'Type of external metric')),
      subnets: optional(choice('Which', { subnets: 'Subnets, too' })),
      map: optional(name('Route map')),
    },
    example: ['redistribute static subnets', 'redistribute bgp 65001 metric 20 subnets route-map RM'],
  }),
  harmless('router-ospf', {
    pattern:
      'area <area> {<kind> [<rest>]|authentication [<message-digest>]|default-cost <cost>|range <network> <mask> [<rest>]|virtual-link <router> [<rest>]|filter-list <rest>|sham-link <rest>}',
    help: 'Kind of an area, its ranges and its authentication',
    params: {
      area,
      kind: optional(words('Kind', 'stub', 'nssa')),
      'message-digest': optional(choice('How', { 'message-digest': 'By digests' })),
      cost,
      network: optional(address('Network', 4)),
      mask: optional(mask('Mask')),
      router: optional(address('Identifier of the other end', 4)),
      rest,
    },
    example: ['area 1 stub no-summary', 'area 0 authentication message-digest', 'area 2 range 10.2.0.0 255.255.0.0'],
  }),
  harmless('router-ospf', {
    pattern: '<what> [<rest>]',
    help: 'Further settings of the process',
    params: {
      what: words(
        'Setting',
        ...([
          'auto-cost',
          'bfd',
          'capability',
          'default',
          'default-information',
          'default-metric',
          'discard-route',
        ] as const),
        ...(['distance', 'distribute-list', 'domain-id', 'domain-tag', 'ispf', 'log-adjacency-changes'] as const),
        ...([
          'max-lsa',
          'max-metric',
          'maximum-paths',
          'mpls',
          'neighbor',
          'nsf',
          'nsr',
          'prefix-suppression',
        ] as const),
        ...(['queue-depth', 'shutdown', 'summary-address', 'timers', 'ttl-security'] as const),
      ),
      rest,
    },
    example: [
      'log-adjacency-changes detail',
      'default-information originate always',
      'auto-cost reference-bandwidth 10000',
    ],
  }),
  unsupported('interface', {
    pattern:
      'ip ospf {<process> area <area>|network <type> [<non-broadcast>]|cost <cost>|priority <priority>|hello-interval <seconds>|dead-interval <seconds>|mtu-ignore|bfd|authentication [{message-digest|null|key-chain <chain>}]|shutdown|retransmit-interval <seconds>|transmit-delay <seconds>|prefix-suppression|ttl-security [<rest>]|database-filter <rest>|demand-circuit|flood-reduction|dead-interval minimal <rest>}',
    help: 'OSPF on this interface; it is read, and not run',
    params: {
      process: optional(number(1, 65535, 'Process')),
      area: optional(area),
      type: optional(words('Type', 'point-to-point', 'point-to-multipoint', 'broadcast', 'non-broadcast')),
      'non-broadcast': optional(words('How', 'non-broadcast')),
      cost,
      priority: optional(number(0, 255, 'Priority')),
      seconds,
      chain: optional(name('Key chain')),
      rest,
    },
    example: ['ip ospf 1 area 0', 'ip ospf network point-to-point', 'ip ospf cost 10', 'ip ospf mtu-ignore'],
  }),
  unsupported('interface', {
    pattern: 'ip ospf {message-digest-key <id> md5|authentication-key} <secret>',
    help: 'Key of OSPF',
    params: { id: optional(number(1, 255, 'Number of the key')), secret: secretText('Key') },
    example: [
      { line: 'ip ospf message-digest-key 1 md5 OspfSecret', prints: 'ip ospf message-digest-key *****' },
      { line: 'ip ospf authentication-key OspfSecret', prints: 'ip ospf authentication-key *****' },
    ],
  }),
  unsupported('config', {
    pattern: 'key chain <name> [<kind>]',
    help: 'Keys of routing protocols and of TCP-AO; they are read, and not used',
    section: 'key-chain',
    enters: 'key-chain',
    params: { name: name('Key chain'), kind: optional(words('For', 'tcp', 'macsec')) },
    example: 'key chain CHAIN',
  }),
  harmless('key-chain', {
    pattern: 'key <id>',
    help: 'One key of the chain',
    enters: 'key-chain-key',
    params: { id: number(0, 2_147_483_647, 'Number of the key') },
    example: { line: 'key 1', within: ['key chain CHAIN'] },
  }),
  harmless('key-chain-key', {
    pattern: 'key-string <secret>',
    help: 'The key itself, never shown',
    params: { secret: secretText('Key') },
    example: {
      line: 'key-string ChainSecret',
      within: ['key chain CHAIN', 'key 1'],
      prints: 'key-string *****',
    },
  }),
  harmless('key-chain-key', {
    pattern:
      '{cryptographic-algorithm <algorithm>|accept-lifetime <rest>|send-lifetime <rest>|send-id <id>|recv-id <id>|accept-ao-mismatch|include-tcp-options}',
    help: 'Algorithm of a key, when it holds, and its numbers in TCP-AO',
    params: {
      algorithm: optional(
        words(
          'Algorithm',
          ...(['md5', 'hmac-sha-1', 'hmac-sha-256', 'hmac-sha-384', 'hmac-sha-512', 'aes-128-cmac'] as const),
          ...(['aes-256-cmac', 'hmac-sha-1-12', 'hmac-sha-1-20'] as const),
        ),
      ),
      rest,
      id: optional(number(0, 255, 'Number')),
    },
    example: [
      { line: 'cryptographic-algorithm hmac-sha-256', within: ['key chain CHAIN', 'key 1'] },
      { line: 'send-lifetime 00:00:00 1 Jan 2021 infinite', within: ['key chain CHAIN', 'key 1'] },
    ],
  }),
];
