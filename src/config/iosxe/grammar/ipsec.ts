/** Transform sets, IPsec profiles and the global settings of child SAs; crypto maps are known and not supported. */
import type { Draft } from '../../draft.ts';
import type { EspProposalModel, IpsecProfileModel } from '../../model.ts';
import { named } from '../../named.ts';
import { choice, many, name, number, optional, refers, text, words } from '../../parameters.ts';
import { ESP_CIPHERS, ESP_HMACS, espCipherOf, espCipherWord, espHmacIds, PFS, PFS_GROUP } from '../algorithms.ts';
import { CHILD_LIFETIME_KB, CHILD_LIFETIME_MS, REPLAY_WINDOW } from '../defaults.ts';
import { harmless, type IosxeRow, unsupported, used } from '../row.ts';
import { warnNotOffered } from './ikev2.ts';

const SECTION = 'ipsec';
const WINDOWS = words('Packets', '64', '128', '256', '512', '1024');
const SIZES = words('Bits of the key', '128', '192', '256');
const DF = choice('What to do', { clear: 'Clear it', copy: 'As the inner packet has it', set: 'Set it' });

export const ipsecRows: readonly IosxeRow[] = [
  used('config', {
    pattern: 'crypto ipsec transform-set <name> <cipher> [<size>] [<hmac>] [<esn>]',
    help: 'Choice for child SAs',
    section: SECTION,
    enters: 'transform-set',
    params: {
      name: name('Transform set'),
      cipher: choice('Cipher', ESP_CIPHERS),
      size: optional(SIZES),
      hmac: optional(choice('Integrity; none with AES-GCM', ESP_HMACS)),
      esn: optional(choice('Sequence numbers', { esn: 'Of 64 bits' })),
    },
    example: [
      { line: 'crypto ipsec transform-set GCM esp-gcm 256' },
      { line: 'crypto ipsec transform-set CBC esp-aes esp-sha-hmac' },
      { line: 'crypto ipsec transform-set CBC esp-aes 256 esp-sha256-hmac' },
    ],
    opener: ({ name: called, cipher, size, hmac, esn }) => ({
      name: called,
      cipher,
      size: cipher === 'esp-gcm' ? (size ?? '128') : size === '128' ? undefined : size,
      hmac,
      esn,
    }),
    set(target, args, place) {
      const { espProposals } = target.device;
      warnNotOffered([args.cipher], 'cipher', place);
      if (args.hmac !== undefined) warnNotOffered([args.hmac], 'hmac', place);
      const isAead = args.cipher === 'esp-gcm' || args.cipher === 'esp-gmac';
      if (isAead && args.hmac !== undefined)
        place.warn('ignored', 'AES-GCM brings its own integrity: this one is ignored', { param: 'hmac' });
      const made: Draft<EspProposalModel> = {
        name: args.name,
        encryption: [espCipherOf(args.cipher, args.size === undefined ? undefined : Number(args.size))],
        integrity: isAead || args.hmac === undefined ? [] : espHmacIds.ids([args.hmac]),
        mode: 'tunnel',
        ...(args.esn === undefined ? {} : { esn: true }),
        written: place.written(),
      };
      const index = espProposals.findIndex((one) => one.name === args.name);
      if (index < 0) espProposals.push(made);
      else espProposals.splice(index, 1, made);
      return made;
    },
    unset(target, args) {
      target.device.espProposals = target.device.espProposals.filter((one) => one.name !== args.name);
    },
    print: (device) =>
      device.espProposals.map((one) => {
        const [cipher = { encr: 12, keyBits: 128 }] = one.encryption;
        const { word, size } = espCipherWord(cipher);
        const [hmac] = espHmacIds.words(one.integrity);
        return {
          values: {
            name: one.name,
            cipher: word,
            size: size === undefined ? undefined : (String(size) as '128'),
            hmac,
            esn: one.esn === true ? ('esn' as const) : undefined,
          },
          view: one,
        };
      }),
  }),
  used('transform-set', {
    pattern: 'mode <mode> [<require>]',
    help: 'Whether the whole packet is protected, or what it carries',
    attribute: 'mode',
    params: {
      mode: choice('Mode', { tunnel: 'The whole packet', transport: 'What it carries, where the peer agrees' }),
      require: optional(choice('Insist', { require: 'No SA otherwise' })),
    },
    example: ['mode tunnel', 'mode transport'],
    set(target, args) {
      target.mode = args.mode;
    },
    unset(target) {
      target.mode = 'tunnel';
    },
    print: ({ mode }) => [{ values: { mode: mode ?? 'tunnel' } }],
  }),
  used('transform-set', {
    pattern: 'esn',
    help: 'Sequence numbers of 64 bits',
    attribute: 'esn',
    params: {},
    example: { line: 'esn', prints: 'crypto ipsec transform-set T esp-gcm 256 esn' },
    set(target) {
      target.esn = true;
    },
    unset(target) {
      delete target.esn;
    },
  }),
  used('config', {
    pattern: 'crypto ipsec profile <name>',
    help: 'Policy of the child SAs of tunnels',
    section: SECTION,
    enters: 'ipsec-profile',
    params: { name: name('Profile') },
    example: 'crypto ipsec profile VTI',
    set(target, args, place) {
      return named<Draft<IpsecProfileModel>>(target.device.ipsecProfiles, args.name, () => ({
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
    pattern: 'set security-association lifetime seconds / <seconds>',
    help: 'Life of a child SA',
    attribute: 'lifetime',
    params: { seconds: number(120, 2592000, 'Seconds; the global value by default') },
    example: 'set security-association lifetime seconds 7200',
    set(target, args) {
      target.lifetimeMs = args.seconds * 1000;
    },
    unset(target) {
      delete target.lifetimeMs;
    },
    print: ({ lifetimeMs }) => (lifetimeMs === undefined ? [] : [{ values: { seconds: lifetimeMs / 1000 } }]),
  }),
  used('ipsec-profile', {
    pattern: 'set security-association lifetime kilobytes / {<kilobytes>|<disable>}',
    help: 'Traffic of a child SA',
    attribute: 'lifetimeBytes',
    params: {
      kilobytes: optional(number(2560, 4294967295, 'Kilobytes; the global value by default')),
      disable: optional(choice('No limit', { disable: 'As much as it likes' })),
    },
    example: [
      'set security-association lifetime kilobytes 1000000',
      'set security-association lifetime kilobytes disable',
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
    pattern: 'set security-association replay / {window-size <window>|<disable>}',
    help: 'How late a packet may come',
    attribute: 'replayWindow',
    params: {
      window: optional(WINDOWS),
      disable: optional(choice('No check', { disable: 'Take packets twice' })),
    },
    example: ['set security-association replay window-size 512', 'set security-association replay disable'],
    set(target, args) {
      target.replayWindow = args.window === undefined ? 0 : Number(args.window);
    },
    unset(target) {
      delete target.replayWindow;
    },
    print: ({ replayWindow }) => (replayWindow === undefined ? [] : [{ values: window(replayWindow) }]),
  }),
  used('ipsec-profile', {
    pattern: 'set security-association dfbit / <df>',
    help: 'Bit "do not fragment" of the outer packets',
    attribute: 'df',
    params: { df: DF },
    example: 'set security-association dfbit copy',
    set(target, args) {
      target.df = args.df;
    },
    unset(target) {
      delete target.df;
    },
    print: ({ df }) => (df === undefined ? [] : [{ values: { df } }]),
  }),
  used('ipsec-profile', {
    pattern: 'set transform-set / <sets>...',
    help: 'Transform sets to offer, most wanted first',
    attribute: 'proposals',
    params: { sets: many(refers('transform set', name('At most six transform sets'))) },
    example: 'set transform-set GCM CBC',
    set(target, args) {
      target.proposals = [...args.sets];
    },
    unset(target) {
      target.proposals = [];
    },
    print: ({ proposals }) => (proposals.length === 0 ? [] : [{ values: { sets: proposals } }]),
  }),
  used('ipsec-profile', {
    pattern: 'set pfs / [<group>]',
    help: 'Key exchange of its own for each further child SA',
    attribute: 'pfsGroup',
    params: { group: optional(PFS) },
    example: ['set pfs group21', { line: 'set pfs', prints: 'set pfs group14' }],
    set(target, args, place) {
      const group = args.group === undefined ? PFS_GROUP : Number(args.group.slice('group'.length));
      warnNotOffered([String(group)], 'group', place);
      target.pfsGroup = group;
    },
    unset(target) {
      delete target.pfsGroup;
    },
    print: ({ pfsGroup }) => (pfsGroup === undefined ? [] : [{ values: { group: `group${pfsGroup}` as 'group14' } }]),
  }),
  used('ipsec-profile', {
    pattern: 'set ikev2-profile / <name>',
    help: 'IKE profile of its tunnels',
    attribute: 'ikeProfile',
    params: { name: refers('IKEv2 profile', name('IKE profile')) },
    example: 'set ikev2-profile PROF',
    set(target, args) {
      target.ikeProfile = args.name;
    },
    unset(target) {
      delete target.ikeProfile;
    },
    print: ({ ikeProfile }) => (ikeProfile === undefined ? [] : [{ values: { name: ikeProfile } }]),
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
  harmless('ipsec-profile', {
    pattern: 'description <text>',
    help: 'Describe the profile',
    params: { text: text('Any text') },
    example: 'description tunnels of spokes',
  }),
  unsupported('ipsec-profile', {
    pattern:
      'set {isakmp-profile <rest>|identity <rest>|mixed-mode|security-policy <rest>|reverse-route <rest>|security-association <rest>}',
    help: 'IKEv1 and what is not here',
    params: { rest: optional(text('Setting')) },
    example: 'set isakmp-profile OLD',
  }),
  used('config', {
    pattern: 'crypto ipsec security-association lifetime seconds / <seconds>',
    help: 'Life of child SAs',
    section: SECTION,
    params: { seconds: number(120, 86400, 'Seconds; 3600 by default') },
    example: 'crypto ipsec security-association lifetime seconds 28800',
    set(target, args) {
      target.device.childLifetimeMs = args.seconds * 1000;
    },
    unset(target) {
      target.device.childLifetimeMs = CHILD_LIFETIME_MS;
    },
    print: ({ childLifetimeMs }, all) =>
      childLifetimeMs === CHILD_LIFETIME_MS && !all ? [] : [{ values: { seconds: childLifetimeMs / 1000 } }],
  }),
  used('config', {
    pattern: 'crypto ipsec security-association lifetime kilobytes / {<kilobytes>|<disable>}',
    help: 'Traffic of child SAs',
    section: SECTION,
    params: {
      kilobytes: optional(number(2560, 4294967295, 'Kilobytes; 4608000 by default')),
      disable: optional(choice('No limit', { disable: 'As much as they like' })),
    },
    example: [
      'crypto ipsec security-association lifetime kilobytes 100000',
      'crypto ipsec security-association lifetime kilobytes disable',
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
    pattern: 'crypto ipsec security-association replay / {window-size <window>|<disable>}',
    help: 'How late a packet may come',
    section: SECTION,
    params: {
      window: optional(WINDOWS),
      disable: optional(choice('No check', { disable: 'Take packets twice' })),
    },
    example: [
      'crypto ipsec security-association replay window-size 1024',
      'crypto ipsec security-association replay disable',
    ],
    set(target, args) {
      target.device.replayWindow = args.window === undefined ? 0 : Number(args.window);
    },
    unset(target) {
      target.device.replayWindow = REPLAY_WINDOW;
    },
    print: ({ replayWindow }, all) =>
      replayWindow === REPLAY_WINDOW && !all ? [] : [{ values: window(replayWindow) }],
  }),
  used('config', {
    pattern: 'crypto ipsec df-bit / <df>',
    help: 'Bit "do not fragment" of the outer packets of all interfaces that have no such line',
    section: SECTION,
    params: { df: choice('What to do', { clear: 'Clear it', copy: 'As the inner packet has it', set: 'Set it' }) },
    example: 'crypto ipsec df-bit clear',
    set({ device }, { df }) {
      device.df = df;
    },
    unset({ device }) {
      delete device.df;
    },
    print: ({ df }) => (df === undefined ? [] : [{ values: { df } }]),
  }),
  used('config', {
    pattern: 'crypto ipsec fragmentation / <when>',
    help: 'Fragment what is too long before or after it is encrypted, on all interfaces that have no such line',
    section: SECTION,
    params: {
      when: choice('When', { 'after-encryption': 'The outer packet', 'before-encryption': 'The inner packet' }),
    },
    example: 'crypto ipsec fragmentation after-encryption',
    set({ device }, { when }) {
      device.fragmentation = when === 'after-encryption' ? 'after' : 'before';
    },
    unset({ device }) {
      delete device.fragmentation;
    },
    print: ({ fragmentation: when }) =>
      when === undefined ? [] : [{ values: { when: `${when}-encryption` as const } }],
  }),
  unsupported('config', {
    pattern: 'crypto ipsec {nat-transparency <rest>|ipv4-deny <rest>|optional <rest>|security-association <rest>}',
    help: 'Global settings that are not here',
    section: SECTION,
    params: { rest: optional(text('Setting')) },
    example: 'crypto ipsec nat-transparency udp-encapsulation',
  }),
  unsupported('config', {
    pattern:
      'crypto {map <name> <sequence> <kind> <rest>|map ipv6 <name> <sequence> [<rest>]|dynamic-map <name> <sequence>|isakmp policy <sequence>|isakmp profile <name>|isakmp client configuration <rest>|keyring <name> [<rest>]|gdoi group <name>|gkm group <name>|ipsec client ezvpn <name>|ikev2 client flexvpn <name>|ikev2 cluster}',
    help: 'Crypto maps, IKEv1, group keys, clients and clusters',
    section: 'isakmp',
    enters: 'section',
    params: {
      name: name('Name'),
      sequence: number(1, 65535, 'Place'),
      kind: optional(
        choice('Kind', { 'ipsec-isakmp': 'Keys by IKE', 'ipsec-manual': 'Keys in the file', gdoi: 'Keys of a group' }),
      ),
      rest: optional(text('Setting')),
    },
    example: ['crypto map CM 10 ipsec-isakmp dynamic DYN', 'crypto isakmp policy 10', 'crypto keyring KR vrf INET'],
  }),
  unsupported('config', {
    pattern: 'crypto {map <name> <what> <rest>|isakmp <rest>}',
    help: 'Settings of crypto maps and of IKEv1',
    section: 'isakmp',
    params: {
      name: name('Map'),
      what: words('Setting', 'local-address', 'client', 'isakmp', 'isakmp-profile', 'redundancy', 'gdoi'),
      rest: text('Value'),
    },
    example: ['crypto map CM local-address Loopback0', 'crypto isakmp keepalive 10 periodic'],
  }),
];

function volume(bytes: number | 'unlimited'): Readonly<{ kilobytes?: number; disable?: 'disable' }> {
  return bytes === 'unlimited' ? { disable: 'disable' } : { kilobytes: bytes / 1000 };
}

function window(packets: number): Readonly<{ window?: '64'; disable?: 'disable' }> {
  return packets === 0 ? { disable: 'disable' } : { window: String(packets) as '64' };
}
