/** Group policies: which protocols the peers of a tunnel-group may speak, and session limits. */

import type { Draft } from '../../draft.ts';
import type { GroupPolicyModel } from '../../model.ts';
import { choice, many, name, number, optional, text, words } from '../../parameters.ts';
import type { Place } from '../../place.ts';
import type { Assembly } from '../assembly.ts';
import { DEFAULT_GROUP_POLICY } from '../defaults.ts';
import { type AsaRow, harmless, unsupported, used } from '../row.ts';

const SECTION = 'group-policy';
const GROUP = 'group-policy';
const inAttributes = { within: ['group-policy GP internal', 'group-policy GP attributes'] };
const none = choice('Nothing', { none: 'None' });

/** A row for an attribute that is kept as its text. */
function attribute(word: 'vpn-idle-timeout' | 'vpn-session-timeout', help: string, highest: number): AsaRow {
  return used('group-policy', {
    pattern: `${word} / {<minutes>|<none>}`,
    help,
    attribute: word,
    params: { minutes: optional(number(1, highest, 'Minutes')), none: optional(none) },
    example: [
      { line: `${word} 60`, ...inAttributes },
      { line: `${word} none`, ...inAttributes },
    ],
    set(target, args, place) {
      // A tunnel interface's session has no idle time on the platform either; an end by the clock it has.
      if (word === 'vpn-session-timeout' && args.minutes !== undefined)
        place.warn('unsupported', 'sessions are not ended by the clock: the line has no effect', { param: 'minutes' });
      target.attributes[word] = args.minutes === undefined ? 'none' : String(args.minutes);
    },
    unset(target) {
      delete target.attributes[word];
    },
    print({ attributes }) {
      const value = attributes[word];
      if (value === undefined) return [];
      return [{ values: value === 'none' ? { none: 'none' as const } : { minutes: Number(value) } }];
    },
  });
}

export const groupPolicyRows: readonly AsaRow[] = [
  used('config', {
    pattern: 'group-policy <name> / internal / [from <from>]',
    help: 'Make a group policy',
    section: SECTION,
    group: GROUP,
    params: { name: name('Group policy'), from: optional(name('Policy to copy from')) },
    example: ['group-policy GP internal', { line: 'group-policy GP internal from BASE' }],
    set(target, args, place) {
      const known = target.device.groupPolicies.find((one) => one.name === args.name);
      const made = known ?? addPolicy(target, args.name, place);
      made.internal = true;
      if (args.from !== undefined) made.from = args.from;
    },
    unset(target, args) {
      target.device.groupPolicies = target.device.groupPolicies.filter((one) => one.name !== args.name);
    },
    print: (device) =>
      device.groupPolicies.map((one) => ({
        values: { name: one.name, from: one.from },
        key: one.name,
        isHeader: one.name === DEFAULT_GROUP_POLICY,
      })),
  }),
  unsupported('config', {
    pattern: 'group-policy <name> external <rest>',
    help: 'Group policy on a server',
    section: SECTION,
    params: { name: name('Group policy'), rest: text('Server') },
    example: 'group-policy GP external server-group RADIUS',
  }),
  used('config', {
    pattern: 'group-policy <name> attributes',
    help: 'Attributes of a group policy',
    section: SECTION,
    group: GROUP,
    enters: 'group-policy',
    params: { name: name('Group policy') },
    example: {
      line: 'group-policy GP attributes',
      within: ['group-policy GP internal'],
      also: 'vpn-tunnel-protocol ikev2',
    },
    set(target, args, place) {
      const known = target.device.groupPolicies.find((one) => one.name === args.name);
      if (known !== undefined) return known;
      if (args.name === DEFAULT_GROUP_POLICY) return addPolicy(target, args.name, place);
      return place.error('missing-type', `group-policy ${args.name} is not made yet`, {
        param: 'name',
        expected: `group-policy ${args.name} internal`,
        suggestion: `group-policy ${args.name} internal`,
      });
    },
    unset(target, args) {
      const found = target.device.groupPolicies.find((one) => one.name === args.name);
      if (found === undefined) return;
      delete found.tunnelProtocols;
      found.attributes = {};
    },
    print: (device) =>
      device.groupPolicies.map((one) => ({
        values: { name: one.name },
        key: one.name,
        view: one,
        isHeader: true,
      })),
  }),
  used('group-policy', {
    pattern: 'vpn-tunnel-protocol / <protocols>...',
    help: 'Protocols that peers may speak',
    attribute: 'tunnelProtocols',
    params: {
      protocols: many(
        choice('Protocols', {
          ikev1: 'IKEv1 (not supported)',
          ikev2: 'IKEv2',
          'l2tp-ipsec': 'L2TP (not supported)',
          'ssl-client': 'TLS clients (not supported)',
          'ssl-clientless': 'Browsers (not supported)',
        }),
      ),
    },
    example: [
      { line: 'vpn-tunnel-protocol ikev2', ...inAttributes },
      { line: 'vpn-tunnel-protocol ikev1 ikev2', ...inAttributes },
    ],
    set(target, args) {
      target.tunnelProtocols = [...args.protocols];
    },
    unset(target) {
      delete target.tunnelProtocols;
    },
    print: ({ tunnelProtocols: list }) =>
      list === undefined || list.length === 0 ? [] : [{ values: { protocols: list as readonly 'ikev2'[] } }],
  }),
  attribute('vpn-idle-timeout', 'Idle time after which a session ends', 35791394),
  attribute('vpn-session-timeout', 'Time after which a session ends', 35791394),
  used('group-policy', {
    pattern: 'vpn-filter / {value <list>|<none>}',
    help: 'Access list on decrypted traffic',
    attribute: 'vpn-filter',
    params: { list: optional(name('Access list')), none: optional(none) },
    example: [
      { line: 'vpn-filter value FILTER', ...inAttributes },
      { line: 'vpn-filter none', ...inAttributes },
    ],
    set(target, args, place) {
      if (args.list !== undefined)
        place.warn('unsupported', 'decrypted traffic is not filtered: vpn-filter has no effect', { param: 'list' });
      target.attributes['vpn-filter'] = args.list === undefined ? 'none' : `value ${args.list}`;
    },
    unset(target) {
      delete target.attributes['vpn-filter'];
    },
    print({ attributes }) {
      const value = attributes['vpn-filter'];
      if (value === undefined) return [];
      return [{ values: value === 'none' ? { none: 'none' as const } : { list: value.slice('value '.length) } }];
    },
  }),
  used('group-policy', {
    pattern: 'pfs / <state>',
    help: 'Perfect forward secrecy for remote users',
    attribute: 'pfs',
    params: { state: words('State', 'enable', 'disable') },
    example: { line: 'pfs enable', ...inAttributes },
    set(target, args, place) {
      if (args.state === 'enable')
        place.warn('unsupported', 'it is for remote users: tunnels take `set pfs` of the IPsec profile', {
          param: 'state',
        });
      target.attributes['pfs'] = args.state;
    },
    unset(target) {
      delete target.attributes['pfs'];
    },
    print({ attributes }) {
      const state = attributes['pfs'];
      return state === 'enable' || state === 'disable' ? [{ values: { state: state as 'enable' | 'disable' } }] : [];
    },
  }),
  harmless('group-policy', {
    pattern: '<what> [<rest>]',
    help: 'Settings for remote users',
    params: {
      what: words(
        'Setting',
        'address-pools',
        'banner',
        'client-bypass-protocol',
        'default-domain',
        'dns-server',
        'gateway-fqdn',
        'group-lock',
        'ip-comp',
        'ip-phone-bypass',
        'ipsec-udp',
        'ipsec-udp-port',
        'ipv6-address-pools',
        'msie-proxy',
        'nem',
        'password-storage',
        're-xauth',
        'secure-unit-authentication',
        'split-dns',
        'split-tunnel-all-dns',
        'split-tunnel-network-list',
        'split-tunnel-policy',
        'user-authentication',
        'vlan',
        'vpn-access-hours',
        'vpn-simultaneous-logins',
        'wins-server',
      ),
      rest: optional(text('Value')),
    },
    example: { line: 'dns-server value 10.0.0.53', ...inAttributes },
  }),
  unsupported('group-policy', {
    pattern: 'webvpn',
    help: 'Settings for browsers',
    enters: 'section',
    example: { line: 'webvpn', ...inAttributes },
  }),
];

function addPolicy(target: Assembly, wanted: string, place: Place): Draft<GroupPolicyModel> {
  const made: Draft<GroupPolicyModel> = { name: wanted, internal: true, attributes: {}, written: place.written() };
  target.device.groupPolicies.push(made);
  return made;
}
