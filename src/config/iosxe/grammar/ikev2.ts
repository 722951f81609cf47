/** IKEv2 proposals, policies and keyrings, and the global settings of IKEv2. */
import { isAeadCipher } from '../../algorithm-words.ts';
import type { Draft } from '../../draft.ts';
import type { IkeProposalModel, KeyringModel } from '../../model.ts';
import { named } from '../../named.ts';
import { address, choice, many, mask, name, number, optional, refers, secret, text, words } from '../../parameters.ts';
import type { Place } from '../../place.ts';
import {
  cipherOf,
  cipherWord,
  GROUPS,
  HASHES,
  IKE_ENCRYPTION,
  integrityIds,
  notOffered,
  prfIds,
} from '../algorithms.ts';
import { DEFAULT, HALF_OPEN_LIMIT } from '../defaults.ts';
import { harmless, type IosxeRow, unsupported, used } from '../row.ts';
import { identityRow, prefixOf } from './identity.ts';

/** Says which of the words are understood but never offered to a peer. */
export function warnNotOffered(given: readonly string[], param: string, place: Place): void {
  const found = notOffered(given);
  if (found.length > 0) place.warn('unsupported-algorithm', `not offered to peers: ${found.join(', ')}`, { param });
}

const keyForm = optional(words('Form of the key: 0 in clear, 6 encrypted', '0', '6'));
const direction = optional(choice('Which way', { local: 'We show it', remote: 'The peer shows it' }));

export const ikev2Rows: readonly IosxeRow[] = [
  used('config', {
    pattern: 'crypto ikev2 proposal <name>',
    help: 'Choices for IKE SAs',
    section: 'ikev2-proposal',
    enters: 'ikev2-proposal',
    params: { name: name('Proposal') },
    example: 'crypto ikev2 proposal PH1',
    set(target, args, place) {
      return named<Draft<IkeProposalModel>>(target.device.ikeProposals, args.name, () => ({
        name: args.name,
        encryption: [],
        integrity: [],
        prf: [],
        groups: [],
        written: place.written(),
      }));
    },
    unset(target, args, place) {
      if (args.name === DEFAULT) place.warn('unsupported', 'the default proposal stays');
      target.device.ikeProposals = target.device.ikeProposals.filter((one) => one.name !== args.name);
    },
    print: (device) => device.ikeProposals.map((one) => ({ values: { name: one.name }, view: one })),
  }),
  used('ikev2-proposal', {
    pattern: 'encryption / <ciphers>...',
    help: 'Ciphers, most wanted first',
    attribute: 'encryption',
    params: { ciphers: many(choice('Ciphers', IKE_ENCRYPTION)) },
    example: ['encryption aes-gcm-256', 'encryption aes-cbc-256 aes-cbc-128'],
    set(target, args, place) {
      warnNotOffered(args.ciphers, 'ciphers', place);
      target.encryption = args.ciphers.map((word) => ({ ...cipherOf(word) }));
    },
    unset(target) {
      target.encryption = [];
    },
    print: ({ encryption }) =>
      encryption.length === 0 ? [] : [{ values: { ciphers: encryption.map((one) => cipherWord(one)) } }],
  }),
  used('ikev2-proposal', {
    pattern: 'integrity / <algorithms>...',
    help: 'Integrity algorithms, most wanted first; none with AES-GCM',
    attribute: 'integrity',
    params: { algorithms: many(choice('Algorithms', HASHES)) },
    example: 'integrity sha512 sha256',
    set(target, args, place) {
      warnNotOffered(args.algorithms, 'algorithms', place);
      target.integrity = integrityIds.ids(args.algorithms);
    },
    unset(target) {
      target.integrity = [];
    },
    print: ({ integrity }) =>
      integrity.length === 0 ? [] : [{ values: { algorithms: integrityIds.words(integrity) } }],
  }),
  used('ikev2-proposal', {
    pattern: 'prf / <algorithms>...',
    help: 'Pseudorandom functions, most wanted first; those of integrity by default',
    attribute: 'prf',
    params: { algorithms: many(choice('Functions', HASHES)) },
    example: 'prf sha512',
    set(target, args, place) {
      warnNotOffered(args.algorithms, 'algorithms', place);
      target.prf = prfIds.ids(args.algorithms);
    },
    unset(target) {
      target.prf = [];
    },
    print: ({ prf }) => (prf.length === 0 ? [] : [{ values: { algorithms: prfIds.words(prf) } }]),
  }),
  used('ikev2-proposal', {
    pattern: 'group / <groups>...',
    help: 'Diffie-Hellman groups, most wanted first',
    attribute: 'groups',
    params: { groups: many(choice('Groups', GROUPS)) },
    example: 'group 21 20',
    set(target, args, place) {
      warnNotOffered(args.groups, 'groups', place);
      target.groups = args.groups.map(Number);
    },
    unset(target) {
      target.groups = [];
    },
    print: ({ groups }) =>
      groups.length === 0 ? [] : [{ values: { groups: groups.map((one) => String(one) as keyof typeof GROUPS) } }],
  }),
  unsupported('ikev2-proposal', {
    pattern: '{pqc <rest>|ake <rest>}',
    help: 'Further key exchanges (RFC 9370)',
    params: { rest: optional(text('Methods')) },
    example: 'pqc ml-kem-768',
  }),
  used('config', {
    pattern: 'crypto ikev2 policy <name>',
    help: 'Which proposals hold for which front VRF and address',
    section: 'ikev2-policy',
    enters: 'ikev2-policy',
    params: { name: name('Policy') },
    example: { line: 'crypto ikev2 policy PLCY', also: 'proposal PH1' },
    set(target, args, place) {
      return named(target.device.ikeSelections, args.name, () => ({
        name: args.name,
        frontVrf: { kind: 'vrf' as const, vrf: '' },
        localAddresses: [],
        proposals: [],
        written: place.written(),
      }));
    },
    unset(target, args) {
      target.device.ikeSelections = target.device.ikeSelections.filter((one) => one.name !== args.name);
    },
    print: (device) => device.ikeSelections.map((one) => ({ values: { name: one.name }, view: one })),
  }),
  used('ikev2-policy', {
    pattern: 'match fvrf / <vrf>',
    help: 'Front VRF; the global table by default',
    attribute: 'frontVrf',
    params: { vrf: refers('VRF', name('VRF, or any', 32)) },
    example: ['match fvrf INET', 'match fvrf any'],
    set(target, args) {
      target.frontVrf = args.vrf === 'any' ? { kind: 'any' } : { kind: 'vrf', vrf: args.vrf };
    },
    unset(target) {
      target.frontVrf = { kind: 'vrf', vrf: '' };
    },
    print: ({ frontVrf }) => {
      if (frontVrf.kind === 'any') return [{ values: { vrf: 'any' } }];
      return frontVrf.vrf === '' ? [] : [{ values: { vrf: frontVrf.vrf } }];
    },
  }),
  used('ikev2-policy', {
    pattern: 'match address local <address>',
    help: 'Own address; any by default',
    attribute: 'localAddresses',
    params: { address: address('Own address') },
    example: 'match address local 192.0.2.1',
    set(target, args) {
      if (!target.localAddresses.some((one) => one.equals(args.address))) target.localAddresses.push(args.address);
    },
    unset(target, args) {
      target.localAddresses = target.localAddresses.filter((one) => args.address?.equals(one) === false);
    },
    print: (view) => view.localAddresses.map((one) => ({ values: { address: one } })),
  }),
  used('ikev2-policy', {
    pattern: 'proposal <name>',
    help: 'Proposal to offer and accept, in their order',
    attribute: 'proposals',
    params: { name: refers('IKEv2 proposal', name('Proposal')) },
    example: 'proposal PH1',
    set(target, args) {
      if (!target.proposals.includes(args.name)) target.proposals.push(args.name);
    },
    unset(target, args) {
      target.proposals = target.proposals.filter((one) => one !== args.name);
    },
    print: (view) => view.proposals.map((one) => ({ values: { name: one } })),
  }),
  used('config', {
    pattern: 'crypto ikev2 keyring <name>',
    help: 'Keys by peer',
    section: 'ikev2-keyring',
    enters: 'ikev2-keyring',
    params: { name: name('Keyring') },
    example: 'crypto ikev2 keyring KR',
    set(target, args, place) {
      const { keyrings } = target.device;
      return named<Draft<KeyringModel>>(keyrings, args.name, () => ({
        name: args.name,
        peers: [],
        written: place.written(),
      }));
    },
    unset(target, args) {
      target.device.keyrings = target.device.keyrings.filter((one) => one.name !== args.name);
    },
    print: (device) => device.keyrings.map((one) => ({ values: { name: one.name }, view: one })),
  }),
  used('ikev2-keyring', {
    pattern: 'peer <name>',
    help: 'A peer, or peers that share a key',
    enters: 'ikev2-keyring-peer',
    params: { name: name('Any name') },
    example: 'peer ASA-IFW02',
    set(target, args, place) {
      return named<Draft<KeyringModel['peers'][number]>>(target.peers, args.name, () => ({
        name: args.name,
        identities: [],
        written: place.written(),
      }));
    },
    unset(target, args) {
      target.peers = target.peers.filter((one) => one.name !== args.name);
    },
    print: (view) => view.peers.map((one) => ({ values: { name: one.name }, view: one })),
  }),
  used('ikev2-keyring-peer', {
    pattern: 'description / <text>',
    help: 'Describe the peer',
    params: { text: text('Any text') },
    example: 'description head office',
    set(target, args) {
      target.description = args.text;
    },
    unset(target) {
      delete target.description;
    },
    print: (view) => (view.description === undefined ? [] : [{ values: { text: view.description } }]),
  }),
  used('ikev2-keyring-peer', {
    pattern: 'address / <address> [<mask>]',
    help: 'Where the peer is',
    attribute: 'address',
    params: { address: address('Address or network', 4), mask: optional(mask('Mask; one host without it')) },
    example: ['address 203.0.113.10', 'address 10.0.0.0 255.0.0.0', 'address 0.0.0.0 0.0.0.0'],
    set(target, args) {
      target.address = prefixOf(args.address, args.mask);
    },
    unset(target) {
      delete target.address;
    },
    print: ({ address: own }) =>
      own === undefined || own.family !== 4
        ? []
        : [{ values: { address: own.address, mask: own.length === 32 ? undefined : own.length } }],
  }),
  used('ikev2-keyring-peer', {
    pattern: 'address / <address>',
    help: 'Where the peer is',
    attribute: 'address',
    params: { address: name('IPv6 address or prefix') },
    example: 'address 2001:db8::/32',
    set(target, args, place) {
      const read = prefixOf(args.address);
      if (read === undefined) return place.error('malformed', 'expected an address or a prefix', { param: 'address' });
      target.address = read;
      return undefined;
    },
    unset(target) {
      delete target.address;
    },
    print: ({ address: own }) => (own === undefined || own.family !== 6 ? [] : [{ values: { address: String(own) } }]),
  }),
  used('ikev2-keyring-peer', {
    pattern: 'hostname / <name>',
    help: 'Host name of the peer',
    attribute: 'hostname',
    params: { name: name('Host name') },
    example: 'hostname hub.example.net',
    set(target, args) {
      target.hostname = args.name;
    },
    unset(target) {
      delete target.hostname;
    },
    print: (view) => (view.hostname === undefined ? [] : [{ values: { name: view.hostname } }]),
  }),
  ...identityRow(
    'ikev2-keyring-peer',
    'identity',
    (target) => target.identities,
    (view) => view.identities,
  ),
  used('ikev2-keyring-peer', {
    pattern: 'pre-shared-key [<direction>] [<form>] <key>',
    help: 'Key; without a direction it is for both',
    attribute: 'key',
    params: { direction, form: keyForm, key: secret('Key') },
    example: ['pre-shared-key cisco123', 'pre-shared-key local one', 'pre-shared-key remote two'],
    set(target, args, place) {
      if (args.form === '6') return place.error('unsupported', 'encrypted keys can not be read: give the key in clear');
      if (args.direction !== 'remote') target.localKey = args.key;
      if (args.direction !== 'local') target.remoteKey = args.key;
      return undefined;
    },
    unset(target, args) {
      if (args.direction !== 'remote') delete target.localKey;
      if (args.direction !== 'local') delete target.remoteKey;
    },
    print({ localKey, remoteKey }) {
      if (localKey !== undefined && localKey === remoteKey) return [{ values: { key: localKey } }];
      return [
        ...(localKey === undefined ? [] : [{ values: { direction: 'local' as const, key: localKey } }]),
        ...(remoteKey === undefined ? [] : [{ values: { direction: 'remote' as const, key: remoteKey } }]),
      ];
    },
  }),
  used('ikev2-keyring-peer', {
    pattern: 'ppk manual id <id> key [<form>] <key> [<required>]',
    help: 'Post-quantum preshared key, RFC 8784',
    attribute: 'ppk',
    params: {
      id: name('Its identity'),
      form: keyForm,
      key: secret('Key'),
      required: optional(choice('Whether it must be used', { required: 'No SA without it' })),
    },
    example: ['ppk manual id site1 key secret', 'ppk manual id site1 key secret required'],
    set(target, args, place) {
      if (args.form === '6') return place.error('unsupported', 'encrypted keys can not be read: give the key in clear');
      target.ppk = { id: args.id, key: args.key, required: args.required !== undefined };
      return undefined;
    },
    unset(target) {
      delete target.ppk;
    },
    print: ({ ppk }) =>
      ppk === undefined
        ? []
        : [{ values: { id: ppk.id, key: ppk.key, required: ppk.required ? ('required' as const) : undefined } }],
  }),
  used('config', {
    pattern: 'crypto ikev2 dpd / <idle> <retry> <mode>',
    help: 'Dead peer detection where a profile has none of its own',
    section: 'ikev2',
    params: {
      idle: number(10, 3600, 'Seconds without proof of life'),
      retry: number(2, 60, 'Seconds between retries'),
      mode: choice('When', { 'on-demand': 'When there is something to send', periodic: 'Always' }),
    },
    example: 'crypto ikev2 dpd 30 5 periodic',
    set(target, args) {
      target.device.dpd = { idleMs: args.idle * 1000, retryMs: args.retry * 1000, mode: args.mode };
    },
    unset(target) {
      delete target.device.dpd;
    },
    print: ({ dpd }) =>
      dpd === undefined ? [] : [{ values: { idle: dpd.idleMs / 1000, retry: dpd.retryMs / 1000, mode: dpd.mode } }],
  }),
  used('config', {
    pattern: 'crypto ikev2 nat keepalive / <seconds>',
    help: 'Keep the mapping of a NAT alive',
    section: 'ikev2',
    params: { seconds: number(5, 3600, 'Seconds between keepalives') },
    example: 'crypto ikev2 nat keepalive 20',
    set(target, args) {
      target.device.natKeepaliveMs = args.seconds * 1000;
    },
    unset(target) {
      delete target.device.natKeepaliveMs;
    },
    print: ({ natKeepaliveMs }) =>
      natKeepaliveMs === undefined ? [] : [{ values: { seconds: natKeepaliveMs / 1000 } }],
  }),
  used('config', {
    pattern: 'crypto ikev2 limit max-in-negotiation-sa / <count> [<side>]',
    help: 'Half-open IKE SAs at most',
    section: 'ikev2',
    params: {
      count: number(1, 9999, `IKE SAs; ${HALF_OPEN_LIMIT} by default`),
      side: optional(choice('Which', { incoming: 'Those that peers begin', outgoing: 'Those that we begin' })),
    },
    example: 'crypto ikev2 limit max-in-negotiation-sa 200',
    set(target, args, place) {
      if (args.side === 'outgoing')
        place.warn('unsupported', 'IKE SAs that we begin are not limited', { param: 'side' });
      else target.device.maxHalfOpen = args.count;
    },
    unset(target) {
      target.device.maxHalfOpen = HALF_OPEN_LIMIT;
    },
    print: ({ maxHalfOpen }, all) =>
      maxHalfOpen === HALF_OPEN_LIMIT && !all ? [] : [{ values: { count: maxHalfOpen } }],
  }),
  harmless('config', {
    pattern: 'crypto ikev2 {diagnose error <number>|window <number>|http-url cert|certificate-cache <number>}',
    help: 'Memory for errors, window of requests, certificates by URL',
    section: 'ikev2',
    params: { number: optional(number(1, 1000, 'Number')) },
    example: ['crypto ikev2 diagnose error 100', 'crypto ikev2 window 5'],
  }),
  used('config', {
    pattern: 'crypto ikev2 limit max-sa / <count>',
    help: 'IKE SAs at most',
    section: 'ikev2',
    params: { count: number(1, 9999, 'Established at one time; as many as come by default') },
    example: 'crypto ikev2 limit max-sa 1000',
    set(target, args) {
      target.device.maxIkeSas = args.count;
    },
    unset(target) {
      delete target.device.maxIkeSas;
    },
    print: ({ maxIkeSas }) => (maxIkeSas === undefined ? [] : [{ values: { count: maxIkeSas } }]),
  }),
  used('config', {
    pattern: 'crypto ikev2 cookie-challenge / <count>',
    help: 'When strangers must first return a cookie; never by default',
    section: 'ikev2',
    params: { count: number(0, 1000, 'Half-open IKE SAs past which they must') },
    example: 'crypto ikev2 cookie-challenge 100',
    set(target, args) {
      target.device.cookieChallengeCount = args.count;
    },
    unset(target) {
      delete target.device.cookieChallengeCount;
    },
    print: ({ cookieChallengeCount: count }) => (count === undefined ? [] : [{ values: { count } }]),
  }),
  used('config', {
    pattern: 'crypto ikev2 fragmentation / [mtu <mtu>]',
    help: 'Cut large IKE messages instead of leaving it to IP; off by default',
    section: 'ikev2',
    params: { mtu: optional(number(68, 1500, 'Largest IP packet; 576 by default, 1280 over IPv6')) },
    example: ['crypto ikev2 fragmentation', 'crypto ikev2 fragmentation mtu 1400'],
    set(target, args) {
      target.device.ikeFragmentation = args.mtu === undefined ? {} : { mtu: args.mtu };
    },
    unset(target) {
      delete target.device.ikeFragmentation;
    },
    print: ({ ikeFragmentation }) =>
      ikeFragmentation === undefined ? [] : [{ values: { mtu: ikeFragmentation.mtu } }],
  }),
  unsupported('config', {
    pattern: 'crypto ikev2 {redirect <rest>|limit queue <rest>|name-mangler <rest>}',
    help: 'Redirection, limits of queues and name manglers',
    section: 'ikev2',
    params: { rest: optional(text('Setting')) },
    example: 'crypto ikev2 limit queue sa-init 1000',
  }),
];

/** What a proposal says against itself, once it is whole. */
export function proposalFault(proposal: IkeProposalModel): Readonly<{ attribute: string; text: string }> | undefined {
  const { encryption, integrity, prf, groups } = proposal;
  const isAllAead = encryption.length > 0 && encryption.every(isAeadCipher);
  if (encryption.length === 0) return { attribute: 'encryption', text: 'no encryption' };
  if (groups.length === 0) return { attribute: 'groups', text: 'no group' };
  if (!isAllAead && integrity.length === 0) return { attribute: 'integrity', text: 'no integrity' };
  if (isAllAead && prf.length === 0) return { attribute: 'prf', text: 'no prf, which AES-GCM alone does not imply' };
  return undefined;
}
