/** IPsec proposals, profiles and the global settings of child SAs; crypto maps are known and not supported. */
import { named } from '../../named.ts';
import { choice, many, name, nameif, number, optional, refers, text, words } from '../../parameters.ts';
import {
  cipherName,
  cipherOf,
  DEFAULT_ENCRYPTION,
  ESP_ENCRYPTION,
  ESP_INTEGRITY_WORDS,
  espIntegrityIds,
  SHA1,
} from '../algorithms.ts';
import { CHILD_LIFETIME_KB, CHILD_LIFETIME_MS, REPLAY_WINDOW } from '../defaults.ts';
import { type AsaRow, harmless, unsupported, used } from '../row.ts';
import { warnNotOffered } from './ike.ts';

const SECTION = 'crypto-ipsec';
/** `set pfs` without a group. */
const PFS_GROUP = 14;
const PFS = words(
  'Group',
  'group14',
  'group15',
  'group16',
  'group19',
  'group20',
  'group21',
  'group31',
  'group1',
  'group2',
  'group5',
  'group24',
);
const kilobytes = number(10, 2147483647, 'Kilobytes; 4608000 by default');
const unlimited = choice('No limit', { unlimited: 'As much as it likes' });

export const ipsecRows: readonly AsaRow[] = [
  unsupported('config', {
    pattern: 'crypto ipsec ikev1 transform-set <name> <rest>',
    help: 'Transforms for IKEv1',
    section: SECTION,
    params: { name: name('Transform set'), rest: text('Transforms') },
    example: 'crypto ipsec ikev1 transform-set TS esp-aes-256 esp-sha-hmac',
  }),
  used('config', {
    pattern: 'crypto ipsec ikev2 ipsec-proposal <name>',
    help: 'Choices for child SAs',
    section: SECTION,
    enters: 'ipsec-proposal',
    params: { name: name('Proposal') },
    example: 'crypto ipsec ikev2 ipsec-proposal AES256',
    set(target, args, place) {
      return named(target.device.espProposals, args.name, () => ({
        name: args.name,
        encryption: [{ ...DEFAULT_ENCRYPTION }],
        integrity: [SHA1],
        written: place.written(),
      }));
    },
    unset(target, args) {
      target.device.espProposals = target.device.espProposals.filter((one) => one.name !== args.name);
    },
    print: (device) => device.espProposals.map((one) => ({ values: { name: one.name }, view: one })),
  }),
  used('ipsec-proposal', {
    pattern: 'protocol esp encryption / <ciphers>...',
    help: 'Ciphers, most wanted first',
    attribute: 'encryption',
    params: { ciphers: many(choice('Ciphers', ESP_ENCRYPTION)) },
    example: ['protocol esp encryption aes', 'protocol esp encryption aes-gcm-256 aes-256'],
    set(target, args, place) {
      warnNotOffered(args.ciphers, 'ciphers', place);
      target.encryption = args.ciphers.map((word) => ({ ...cipherOf(word) }));
    },
    unset(target) {
      target.encryption = [{ ...DEFAULT_ENCRYPTION }];
    },
    print: (view) => [{ values: { ciphers: view.encryption.map((one) => cipherName(one)) } }],
  }),
  used('ipsec-proposal', {
    pattern: 'protocol esp integrity / <algorithms>...',
    help: 'Integrity algorithms, most wanted first; null with AES-GCM',
    attribute: 'integrity',
    params: { algorithms: many(choice('Algorithms', ESP_INTEGRITY_WORDS)) },
    example: [
      'protocol esp integrity sha-1',
      'protocol esp integrity sha-512 sha-256',
      {
        line: 'protocol esp integrity null',
        within: ['crypto ipsec ikev2 ipsec-proposal P', 'protocol esp encryption aes-gcm-256'],
      },
    ],
    set(target, args, place) {
      warnNotOffered(args.algorithms, 'algorithms', place);
      target.integrity = espIntegrityIds.ids(args.algorithms);
    },
    unset(target) {
      target.integrity = [SHA1];
    },
    print: ({ integrity }) => [
      { values: { algorithms: integrity.length === 0 ? ['null' as const] : espIntegrityIds.words(integrity) } },
    ],
  }),
  used('config', {
    pattern: 'crypto ipsec profile <name>',
    help: 'Policy of the child SAs of tunnels',
    section: SECTION,
    enters: 'ipsec-profile',
    params: { name: name('Profile') },
    example: 'crypto ipsec profile VTI',
    set(target, args, place) {
      return named(target.device.ipsecProfiles, args.name, () => ({
        name: args.name,
        proposals: [],
        responderOnly: false,
        written: place.written(),
      }));
    },
    unset(target, args) {
      target.device.ipsecProfiles = target.device.ipsecProfiles.filter((one) => one.name !== args.name);
    },
    print: (device) => device.ipsecProfiles.map((one) => ({ values: { name: one.name }, view: one })),
  }),
  used('ipsec-profile', {
    pattern: 'set ikev2 ipsec-proposal / <proposals>...',
    help: 'Proposals to offer, most wanted first',
    attribute: 'proposals',
    params: { proposals: many(refers('IPsec proposal', name('At most eleven proposals'))) },
    example: 'set ikev2 ipsec-proposal AES256 AES128',
    set(target, args, place) {
      if (args.proposals.length > 11)
        return place.error('out-of-range', 'at most eleven proposals', { param: 'proposals' });
      target.proposals = [...args.proposals];
      return undefined;
    },
    unset(target) {
      target.proposals = [];
    },
    print: (view) => (view.proposals.length === 0 ? [] : [{ values: { proposals: view.proposals } }]),
  }),
  unsupported('ipsec-profile', {
    pattern: 'set ikev1 transform-set <sets>...',
    help: 'Transforms for IKEv1',
    params: { sets: many(name('Transform sets')) },
    example: 'set ikev1 transform-set TS',
  }),
  used('ipsec-profile', {
    pattern: 'set pfs / [<group>]',
    help: 'Key exchange of its own for each further child SA',
    attribute: 'pfsGroup',
    params: { group: optional(PFS) },
    example: ['set pfs group21', { line: 'set pfs', prints: 'set pfs group14' }],
    set(target, args, place) {
      const group = args.group ?? 'group14';
      warnNotOffered([group.slice('group'.length)], 'group', place);
      target.pfsGroup = args.group === undefined ? PFS_GROUP : Number(group.slice('group'.length));
    },
    unset(target) {
      delete target.pfsGroup;
    },
    print: ({ pfsGroup }) => (pfsGroup === undefined ? [] : [{ values: { group: `group${pfsGroup}` as 'group14' } }]),
  }),
  used('ipsec-profile', {
    pattern: 'set security-association lifetime seconds / <seconds>',
    help: 'Life of a child SA',
    attribute: 'lifetime',
    params: { seconds: number(120, 2147483647, 'Seconds; the global value by default') },
    example: 'set security-association lifetime seconds 3600',
    set(target, args) {
      target.lifetimeMs = args.seconds * 1000;
    },
    unset(target) {
      delete target.lifetimeMs;
    },
    print: ({ lifetimeMs }) => (lifetimeMs === undefined ? [] : [{ values: { seconds: lifetimeMs / 1000 } }]),
  }),
  used('ipsec-profile', {
    pattern: 'set security-association lifetime kilobytes / {<kilobytes>|<unlimited>}',
    help: 'Traffic of a child SA',
    attribute: 'lifetimeBytes',
    params: { kilobytes: optional(kilobytes), unlimited: optional(unlimited) },
    example: [
      'set security-association lifetime kilobytes 1000000',
      'set security-association lifetime kilobytes unlimited',
    ],
    set(target, args) {
      target.lifetimeBytes = args.kilobytes === undefined ? 'unlimited' : args.kilobytes * 1000;
    },
    unset(target) {
      delete target.lifetimeBytes;
    },
    print: ({ lifetimeBytes: bytes }) => (bytes === undefined ? [] : [{ values: volume(bytes) }]),
  }),
  used('ipsec-profile', {
    pattern: 'responder-only',
    help: 'Never start, only answer',
    attribute: 'responderOnly',
    params: {},
    example: 'responder-only',
    set(target) {
      target.responderOnly = true;
    },
    unset(target) {
      target.responderOnly = false;
    },
    print: (view) => (view.responderOnly ? [{ values: {} }] : []),
  }),
  used('ipsec-profile', {
    pattern: 'reverse-route',
    help: "Routes to what the peer's selectors name",
    attribute: 'reverseRoute',
    params: {},
    example: 'reverse-route',
    set(target) {
      target.reverseRoute = true;
    },
    unset(target) {
      delete target.reverseRoute;
    },
    print: (view) => (view.reverseRoute === true ? [{ values: {} }] : []),
  }),
  used('ipsec-profile', {
    pattern: 'set reverse-route',
    help: "Routes to what the peer's selectors name",
    attribute: 'reverseRoute',
    params: {},
    example: { line: 'set reverse-route', prints: 'reverse-route' },
    set(target) {
      target.reverseRoute = true;
    },
    unset(target) {
      delete target.reverseRoute;
    },
    print: () => [],
  }),
  used('ipsec-profile', {
    pattern: 'set trustpoint / <trustpoint> [<chain>]',
    help: 'Certificate that we show where the tunnel-group names none',
    attribute: 'trustpoint',
    params: {
      trustpoint: refers('trustpoint', name('Trustpoint')),
      chain: optional(choice('Whole chain', { chain: 'Send the whole chain' })),
    },
    example: ['set trustpoint TP', 'set trustpoint TP chain'],
    set(target, args) {
      target.trustpoint = { name: args.trustpoint, chain: args.chain !== undefined };
    },
    unset(target) {
      delete target.trustpoint;
    },
    print({ trustpoint: one }) {
      if (one === undefined) return [];
      return [{ values: { trustpoint: one.name, ...(one.chain ? { chain: 'chain' as const } : {}) } }];
    },
  }),
  used('config', {
    pattern: 'crypto ipsec security-association lifetime seconds / <seconds>',
    help: 'Life of child SAs',
    section: SECTION,
    params: { seconds: number(120, 2147483647, 'Seconds; 28800 by default') },
    example: 'crypto ipsec security-association lifetime seconds 3600',
    set(target, args) {
      target.device.childLifetimeMs = args.seconds * 1000;
    },
    unset(target) {
      target.device.childLifetimeMs = CHILD_LIFETIME_MS;
    },
    print: ({ childLifetimeMs: life }, all) =>
      life === CHILD_LIFETIME_MS && !all ? [] : [{ values: { seconds: life / 1000 } }],
  }),
  used('config', {
    pattern: 'crypto ipsec security-association lifetime kilobytes / {<kilobytes>|<unlimited>}',
    help: 'Traffic of child SAs',
    section: SECTION,
    params: { kilobytes: optional(kilobytes), unlimited: optional(unlimited) },
    example: [
      'crypto ipsec security-association lifetime kilobytes 1000000',
      'crypto ipsec security-association lifetime kilobytes unlimited',
    ],
    set(target, args) {
      target.device.childLifetimeBytes = args.kilobytes === undefined ? 'unlimited' : args.kilobytes * 1000;
    },
    unset(target) {
      target.device.childLifetimeBytes = CHILD_LIFETIME_KB * 1000;
    },
    print: ({ childLifetimeBytes: bytes }, all) =>
      bytes === CHILD_LIFETIME_KB * 1000 && !all ? [] : [{ values: volume(bytes) }],
  }),
  used('config', {
    pattern: 'crypto ipsec security-association replay window-size / <packets>',
    help: 'Anti-replay window of new child SAs',
    section: SECTION,
    params: { packets: words('Packets; 64 by default', '64', '128', '256', '512', '1024') },
    example: 'crypto ipsec security-association replay window-size 512',
    set(target, args) {
      target.device.replayWindow = Number(args.packets);
    },
    unset(target) {
      target.device.replayWindow = REPLAY_WINDOW;
    },
    print: ({ replayWindow: packets }, all) =>
      packets === 0 || (packets === REPLAY_WINDOW && !all) ? [] : [{ values: { packets: String(packets) as '64' } }],
  }),
  used('config', {
    pattern: 'crypto ipsec security-association replay disable',
    help: 'No anti-replay check',
    section: SECTION,
    params: {},
    example: 'crypto ipsec security-association replay disable',
    set(target) {
      target.device.replayWindow = 0;
    },
    unset(target) {
      target.device.replayWindow = REPLAY_WINDOW;
    },
    print: (device) => (device.replayWindow === 0 ? [{ values: {} }] : []),
  }),
  used('config', {
    pattern: 'crypto ipsec security-association pmtu-aging / {<minutes>|<never>}',
    help: 'How long a lowered path MTU is believed; ten minutes by default',
    section: SECTION,
    params: {
      minutes: optional(number(10, 30, 'Minutes')),
      never: optional(choice('Never forgotten', { infinite: 'As long as the security association lives' })),
    },
    example: [
      'crypto ipsec security-association pmtu-aging infinite',
      'crypto ipsec security-association pmtu-aging 15',
    ],
    set({ device }, { minutes }) {
      device.pathMtuAgeMs = minutes === undefined ? 'never' : minutes * 60_000;
    },
    unset({ device }) {
      delete device.pathMtuAgeMs;
    },
    print({ pathMtuAgeMs: age }) {
      if (age === undefined) return [];
      return [{ values: age === 'never' ? { never: 'infinite' as const } : { minutes: age / 60_000 } }];
    },
  }),
  used('config', {
    pattern: 'crypto ipsec df-bit <what> / <interface>',
    help: "Don't-fragment bit of the outer packets that leave by an interface",
    section: SECTION,
    params: {
      what: choice('Bit', { 'clear-df': 'Cleared', 'copy-df': 'As the inner one', 'set-df': 'Set' }),
      interface: nameif('Interface'),
    },
    example: {
      line: 'crypto ipsec df-bit clear-df outside',
      within: ['interface GigabitEthernet0/0', 'nameif outside', 'exit'],
    },
    set(target, args, place) {
      const df = ({ 'clear-df': 'clear', 'copy-df': 'copy', 'set-df': 'set' } as const)[args.what];
      target.withInterface(args.interface, place, (found) => {
        found.df = df;
        found.written.attributes['df'] = place.position;
      });
    },
    unset(target, args) {
      delete target.byAlias(args.interface ?? '')?.df;
    },
    print: (device) =>
      device.interfaces.flatMap(({ alias, df }) =>
        alias === undefined || df === undefined ? [] : [{ values: { what: `${df}-df` as const, interface: alias } }],
      ),
  }),
  used('config', {
    pattern: 'crypto ipsec fragmentation <when> / <interface>',
    help: 'Whether packets too large are cut before or after encryption',
    section: SECTION,
    params: {
      when: choice('When', {
        'before-encryption': 'Each fragment is a packet of its own',
        'after-encryption': 'The outer packet is cut',
      }),
      interface: nameif('Interface'),
    },
    example: {
      line: 'crypto ipsec fragmentation after-encryption outside',
      within: ['interface GigabitEthernet0/0', 'nameif outside', 'exit'],
    },
    set(target, args, place) {
      target.withInterface(args.interface, place, (found) => {
        found.fragmentation = args.when === 'before-encryption' ? 'before' : 'after';
        found.written.attributes['fragmentation'] = place.position;
      });
    },
    unset(target, args) {
      delete target.byAlias(args.interface ?? '')?.fragmentation;
    },
    print: (device) =>
      device.interfaces.flatMap(({ alias, fragmentation: when }) =>
        alias === undefined || when === undefined
          ? []
          : [{ values: { when: `${when}-encryption` as const, interface: alias } }],
      ),
  }),
  harmless('config', {
    pattern: 'crypto ipsec inner-routing-lookup',
    help: 'Route decrypted packets by their own destination; tunnels always do',
    section: SECTION,
    example: 'crypto ipsec inner-routing-lookup',
  }),
  unsupported('config', {
    pattern: 'crypto {map|dynamic-map} <name> <rest>',
    help: 'Policy-based tunnels',
    section: 'crypto-map',
    params: { name: name('Crypto map'), rest: text('Attribute') },
    example: { line: 'crypto map OUTSIDE 10 set peer 192.0.2.7', prints: 'crypto map OUTSIDE 10 set peer 192.0.2.7' },
  }),
  harmless('config', {
    pattern: 'crypto {engine|key|large-cert-acceleration} [<rest>]',
    help: 'Hardware and own keys',
    section: 'crypto-ca',
    params: { rest: optional(text('Setting')) },
    example: { line: 'crypto engine accelerator-bias balanced', prints: 'crypto engine accelerator-bias balanced' },
  }),
];

function volume(bytes: number | 'unlimited'): { kilobytes?: number; unlimited?: 'unlimited' } {
  return bytes === 'unlimited' ? { unlimited: 'unlimited' } : { kilobytes: Math.round(bytes / 1000) };
}
