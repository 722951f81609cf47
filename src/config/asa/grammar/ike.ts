/** IKEv2 policies and global IKE settings; IKEv1 is known and not supported. */

import { isAeadCipher } from '../../algorithm-words.ts';
import type { Draft } from '../../draft.ts';
import type { DeviceModel, IkePolicyModel } from '../../model.ts';
import { choice, many, name, nameif, number, optional, refers, text, words } from '../../parameters.ts';
import type { Place } from '../../place.ts';
import {
  cipherName,
  cipherOf,
  DEFAULT_ENCRYPTION,
  DEFAULT_GROUP,
  GROUPS,
  IKE_ENCRYPTION,
  IKE_INTEGRITY,
  IKE_PRF,
  integrityIds,
  notOffered,
  prfIds,
  SHA1,
} from '../algorithms.ts';
import { COOKIE_PERCENT, HALF_OPEN_LIMIT, IKE_LIFETIME_MS, NAT_KEEPALIVE_MS } from '../defaults.ts';
import { type AsaRow, harmless, unsupported, used } from '../row.ts';

const POLICY = 'crypto-ikev2-policy';
const GLOBAL = 'crypto-ikev2';
const ISAKMP = 'crypto-isakmp';

/** Says which of the words are understood but never offered to a peer. */
export function warnNotOffered(given: readonly string[], param: string, place: Place): void {
  const found = notOffered(given);
  if (found.length > 0) place.warn('unsupported-algorithm', `not offered to peers: ${found.join(', ')}`, { param });
}

export const ikeRows: readonly AsaRow[] = [
  used('config', {
    pattern: 'crypto isakmp identity / {<kind>|key-id <id>}',
    help: 'What we call ourselves toward peers',
    section: ISAKMP,
    params: {
      kind: optional(
        choice('Kind of identity', {
          auto: 'Address with keys, distinguished name with certificates',
          address: 'Address in use',
          hostname: 'Own name',
        }),
      ),
      id: optional(name('Any text')),
    },
    example: ['crypto isakmp identity address', 'crypto isakmp identity key-id branch-7'],
    set(target, args) {
      if (args.kind !== undefined) target.device.ikeIdentity = { kind: args.kind };
      else if (args.id !== undefined) target.device.ikeIdentity = { kind: 'key-id', text: args.id };
    },
    unset(target) {
      target.device.ikeIdentity = { kind: 'auto' };
    },
    print({ ikeIdentity: own }, all) {
      if (own.kind === 'key-id') return [{ values: { id: own.text } }];
      return own.kind === 'auto' && !all ? [] : [{ values: { kind: own.kind } }];
    },
  }),
  used('config', {
    pattern: 'crypto isakmp nat-traversal / [<seconds>]',
    help: 'Detect NAT and keep its mapping alive',
    section: ISAKMP,
    params: { seconds: optional(number(10, 3600, 'Seconds between keepalives; 20 by default')) },
    example: [
      { line: 'crypto isakmp nat-traversal 30' },
      { line: 'no crypto isakmp nat-traversal', prints: 'no crypto isakmp nat-traversal' },
    ],
    set(target, args) {
      target.device.natKeepaliveMs = (args.seconds ?? NAT_KEEPALIVE_MS / 1000) * 1000;
    },
    unset(target) {
      delete target.device.natKeepaliveMs;
    },
    print({ natKeepaliveMs }, all) {
      if (natKeepaliveMs === undefined) return [{ values: {}, negated: true }];
      return natKeepaliveMs === NAT_KEEPALIVE_MS && !all ? [] : [{ values: { seconds: natKeepaliveMs / 1000 } }];
    },
  }),
  harmless('config', {
    pattern: 'crypto isakmp {disconnect-notify|am-disable|reload-wait}',
    help: 'Notices to peers of a restart; aggressive mode of IKEv1',
    section: ISAKMP,
    example: 'crypto isakmp disconnect-notify',
  }),
  used('config', {
    pattern: 'crypto ikev2 policy <priority>',
    help: 'Choices for IKE SAs; all policies are offered, the lowest number first',
    section: POLICY,
    enters: 'ikev2-policy',
    params: { priority: number(1, 65535, 'Priority') },
    example: 'crypto ikev2 policy 10',
    set(target, args, place) {
      const known = target.device.ikePolicies.find((one) => one.priority === args.priority);
      return known ?? addPolicy(target.device, args.priority, place);
    },
    unset(target, args) {
      target.device.ikePolicies = target.device.ikePolicies.filter((one) => one.priority !== args.priority);
    },
    print: (device) => device.ikePolicies.map((one) => ({ values: { priority: one.priority }, view: one })),
  }),
  used('ikev2-policy', {
    pattern: 'encryption / <ciphers>...',
    help: 'Ciphers, most wanted first',
    attribute: 'encryption',
    params: { ciphers: many(choice('Ciphers', IKE_ENCRYPTION)) },
    example: ['encryption aes-256', 'encryption aes-gcm-256 aes-256 aes'],
    set(target, args, place) {
      warnNotOffered(args.ciphers, 'ciphers', place);
      target.encryption = args.ciphers.map((word) => ({ ...cipherOf(word) }));
    },
    unset(target) {
      target.encryption = [{ ...DEFAULT_ENCRYPTION }];
    },
    print: (view) => [{ values: { ciphers: view.encryption.map((one) => cipherName(one)) } }],
  }),
  used('ikev2-policy', {
    pattern: 'integrity / <algorithms>...',
    help: 'Integrity algorithms, most wanted first; null with AES-GCM',
    attribute: 'integrity',
    params: { algorithms: many(choice('Algorithms', IKE_INTEGRITY)) },
    example: [
      'integrity sha384',
      'integrity sha512 sha256',
      { line: 'integrity null', within: ['crypto ikev2 policy 10', 'encryption aes-gcm-256'] },
    ],
    set(target, args, place) {
      warnNotOffered(args.algorithms, 'algorithms', place);
      target.integrity = integrityIds.ids(args.algorithms);
    },
    unset(target) {
      target.integrity = [SHA1];
    },
    print: ({ integrity }) => [
      { values: { algorithms: integrity.length === 0 ? ['null' as const] : integrityIds.words(integrity) } },
    ],
  }),
  used('ikev2-policy', {
    pattern: 'group / <groups>...',
    help: 'Diffie-Hellman groups, most wanted first',
    attribute: 'groups',
    params: { groups: many(choice('Groups', GROUPS)) },
    example: ['group 19', 'group 21 20 14'],
    set(target, args, place) {
      warnNotOffered(args.groups, 'groups', place);
      target.groups = args.groups.map(Number);
    },
    unset(target) {
      target.groups = [DEFAULT_GROUP];
    },
    print: (view) => [{ values: { groups: view.groups.map((one) => String(one) as keyof typeof GROUPS) } }],
  }),
  used('ikev2-policy', {
    pattern: 'prf / <algorithms>...',
    help: 'Pseudorandom functions, most wanted first',
    attribute: 'prf',
    params: { algorithms: many(choice('Functions', IKE_PRF)) },
    example: ['prf sha384', 'prf sha512 sha'],
    set(target, args, place) {
      warnNotOffered(args.algorithms, 'algorithms', place);
      target.prf = prfIds.ids(args.algorithms);
    },
    unset(target) {
      target.prf = [SHA1];
    },
    print: (view) => [{ values: { algorithms: prfIds.words(view.prf) } }],
  }),
  used('ikev2-policy', {
    pattern: 'lifetime / {seconds <seconds>|<seconds>|seconds <none>|<none>}',
    help: 'Life of an IKE SA; each side keeps its own',
    attribute: 'lifetime',
    params: {
      seconds: optional(number(120, 2147483647, 'Seconds; 86400 by default')),
      none: optional(choice('No end', { none: 'Lives until deleted' })),
    },
    example: [
      'lifetime seconds 86400',
      { line: 'lifetime 3600', prints: 'lifetime seconds 3600' },
      { line: 'lifetime none', prints: 'lifetime seconds none' },
    ],
    set(target, args) {
      if (args.seconds === undefined) delete target.lifetimeMs;
      else target.lifetimeMs = args.seconds * 1000;
    },
    unset(target) {
      target.lifetimeMs = IKE_LIFETIME_MS;
    },
    print: ({ lifetimeMs }) => [
      { values: lifetimeMs === undefined ? { none: 'none' as const } : { seconds: lifetimeMs / 1000 } },
    ],
  }),
  unsupported('ikev2-policy', {
    pattern: 'additional-key-exchange <rest>',
    help: 'Further key exchanges (RFC 9370)',
    params: { rest: text('Methods') },
    example: 'additional-key-exchange 1 mlkem768',
  }),
  used('config', {
    pattern: 'crypto ikev2 enable <interface> / [client-services [port <port>]]',
    help: 'Answer and start IKEv2 on an interface',
    section: GLOBAL,
    params: {
      interface: refers('interface', nameif('Interface')),
      port: optional(number(1, 65535, 'Port of client services')),
    },
    example: 'crypto ikev2 enable outside',
    set(target, args, place) {
      target.device.ikeEnabled = target.device.ikeEnabled.filter((one) => one.interface !== args.interface);
      target.device.ikeEnabled.push({ interface: args.interface, written: place.written() });
      if (args.port !== undefined) place.warn('unsupported', 'client services are not supported', { param: 'port' });
    },
    unset(target, args) {
      target.device.ikeEnabled = target.device.ikeEnabled.filter((one) => one.interface !== args.interface);
    },
    print: (device) => device.ikeEnabled.map((one) => ({ values: { interface: one.interface } })),
  }),
  used('config', {
    pattern: 'crypto ikev2 cookie-challenge / {<percent>|<when>}',
    help: 'When strangers must first return a cookie',
    section: GLOBAL,
    params: {
      percent: optional(number(0, 100, 'Percent of the limit of half-open SAs; 50 by default')),
      when: optional(choice('When', { always: 'From the first stranger on', never: 'Never' })),
    },
    example: ['crypto ikev2 cookie-challenge 30', 'crypto ikev2 cookie-challenge never'],
    set(target, args) {
      target.device.cookieChallengePercent = args.percent ?? (args.when === 'always' ? 0 : 100);
    },
    unset(target) {
      target.device.cookieChallengePercent = COOKIE_PERCENT;
    },
    print({ cookieChallengePercent: percent }, all) {
      if (percent === 0) return [{ values: { when: 'always' as const } }];
      if (percent === 100) return [{ values: { when: 'never' as const } }];
      return percent === COOKIE_PERCENT && !all ? [] : [{ values: { percent } }];
    },
  }),
  used('config', {
    pattern: 'crypto ikev2 limit max-in-negotiation-sa / <percent>',
    help: 'Half-open IKE SAs at most',
    section: GLOBAL,
    params: { percent: number(1, 100, `Percent of ${HALF_OPEN_LIMIT}; 100 by default`) },
    example: 'crypto ikev2 limit max-in-negotiation-sa 40',
    set(target, args) {
      target.device.maxHalfOpen = Math.round((HALF_OPEN_LIMIT * args.percent) / 100);
    },
    unset(target) {
      target.device.maxHalfOpen = HALF_OPEN_LIMIT;
    },
    print({ maxHalfOpen }, all) {
      const percent = Math.max(1, Math.round((maxHalfOpen * 100) / HALF_OPEN_LIMIT));
      return percent === 100 && !all ? [] : [{ values: { percent } }];
    },
  }),
  used('config', {
    pattern: 'crypto ikev2 limit max-sa / <count>',
    help: 'IKE SAs at most',
    section: GLOBAL,
    params: { count: number(1, 100_000, 'Established at one time; as many as come by default') },
    example: 'crypto ikev2 limit max-sa 100',
    set(target, args) {
      target.device.maxIkeSas = args.count;
    },
    unset(target) {
      delete target.device.maxIkeSas;
    },
    print: ({ maxIkeSas }) => (maxIkeSas === undefined ? [] : [{ values: { count: maxIkeSas } }]),
  }),
  used('config', {
    pattern: 'crypto ikev2 fragmentation / [mtu <mtu>] [preferred-method <method>]',
    help: 'Cut large IKE messages instead of leaving it to IP; on by default',
    section: GLOBAL,
    params: {
      mtu: optional(number(68, 1500, 'Largest IP packet; 576 by default, 1280 over IPv6')),
      method: optional(choice('Method', { ietf: 'RFC 7383', cisco: 'An older one, of which nothing is left here' })),
    },
    example: [
      { line: 'crypto ikev2 fragmentation mtu 1400' },
      { line: 'no crypto ikev2 fragmentation', prints: 'no crypto ikev2 fragmentation' },
    ],
    set(target, args, place) {
      target.device.ikeFragmentation = args.mtu === undefined ? {} : { mtu: args.mtu };
      if (args.method !== 'cisco') return;
      place.warn('unsupported', 'only the method of RFC 7383 is known: that one is used', { param: 'method' });
    },
    unset(target) {
      delete target.device.ikeFragmentation;
    },
    print({ ikeFragmentation }, all) {
      if (ikeFragmentation === undefined) return [{ values: {}, negated: true }];
      const { mtu } = ikeFragmentation;
      return mtu === undefined && !all ? [] : [{ values: { mtu } }];
    },
  }),
  unsupported('config', {
    pattern: 'crypto ikev2 {limit queue sa_init|redirect|remote-access} [<rest>]',
    help: 'Limits of queues, redirection and remote access',
    section: GLOBAL,
    params: { rest: optional(text('Setting')) },
    example: { line: 'crypto ikev2 limit queue sa_init 100', prints: 'crypto ikev2 limit queue sa_init 100' },
  }),
  harmless('config', {
    pattern: 'crypto ikev1 am-disable',
    help: 'No aggressive mode',
    section: GLOBAL,
    example: 'crypto ikev1 am-disable',
  }),
  unsupported('config', {
    pattern: 'crypto ikev1 enable <interface>',
    help: 'IKEv1 on an interface',
    section: GLOBAL,
    params: { interface: nameif('Interface') },
    example: 'crypto ikev1 enable outside',
  }),
  unsupported('config', {
    pattern: 'crypto ikev1 policy <priority>',
    help: 'Choices for IKEv1',
    section: POLICY,
    enters: 'ikev1-policy',
    params: { priority: number(1, 65535, 'Priority') },
    example: 'crypto ikev1 policy 10',
  }),
  harmless('ikev1-policy', {
    pattern: '{authentication <method>|encryption <cipher>|hash <hash>|group <group>|lifetime <lifetime>}',
    help: 'Choice of an IKEv1 policy',
    params: {
      method: optional(words('Method', 'pre-share', 'rsa-sig', 'crack')),
      cipher: optional(words('Cipher', 'des', '3des', 'aes', 'aes-192', 'aes-256')),
      hash: optional(words('Hash', 'md5', 'sha')),
      group: optional(words('Group', '1', '2', '5', '7', '14')),
      lifetime: optional(name('Seconds, or none')),
    },
    example: ['authentication pre-share', 'encryption aes-256', 'hash sha', 'group 14', 'lifetime 86400'],
  }),
];

function addPolicy(device: Draft<DeviceModel>, priority: number, place: Place): Draft<IkePolicyModel> {
  const made: Draft<IkePolicyModel> = {
    priority,
    encryption: [{ ...DEFAULT_ENCRYPTION }],
    integrity: [SHA1],
    prf: [SHA1],
    groups: [DEFAULT_GROUP],
    lifetimeMs: IKE_LIFETIME_MS,
    written: place.written(),
  };
  device.ikePolicies.push(made);
  device.ikePolicies.sort((a, b) => a.priority - b.priority);
  return made;
}

/** What a policy or proposal says against itself, once it is whole. */
export function checkAlgorithms(
  target: Readonly<{ encryption: readonly Readonly<{ encr: number; keyBits: number }>[] }> & { integrity: number[] },
  isWritten: boolean,
): 'no-integrity' | 'ignored' | undefined {
  const aead = target.encryption.filter(isAeadCipher).length;
  if (aead === target.encryption.length) {
    const said = target.integrity.length > 0;
    // Combined-mode ciphers carry no integrity transform, RFC 7296 section 3.3.
    target.integrity = [];
    return said && isWritten ? 'ignored' : undefined;
  }
  return target.integrity.length === 0 ? 'no-integrity' : undefined;
}
