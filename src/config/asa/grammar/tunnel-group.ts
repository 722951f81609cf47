/** Tunnel-groups: one peer, or class of peers, with its keys. */

import type { SecretKey } from '../../../base/index.ts';
import { fromUtf8 } from '../../../base/index.ts';
import type { Draft } from '../../draft.ts';
import type { DeviceModel, TunnelGroupModel } from '../../model.ts';
import { choice, name, number, optional, refers, secret, secretText, text, words } from '../../parameters.ts';
import type { Place } from '../../place.ts';
import type { Printed } from '../../row.ts';
import { MASK } from '../../secrets.ts';
import type { Assembly } from '../assembly.ts';
import { BUILT_IN_GROUPS, DEFAULT_GROUP_POLICY, KEEPALIVE } from '../defaults.ts';
import { type AsaRow, harmless, unsupported, used } from '../row.ts';
import { tunnelGroupMapRows } from './tunnel-group-map.ts';

const SECTION = 'tunnel-group';
const GROUP = 'tunnel-group';
const within = ['tunnel-group 10.0.0.253 type ipsec-l2l'];
const inGeneral = { within: [...within, 'tunnel-group 10.0.0.253 general-attributes'] };
const inIpsec = { within: [...within, 'tunnel-group 10.0.0.253 ipsec-attributes'] };
const keyParams = {
  form: optional(words('Form of the key: 0 as it is, 8 encrypted', '0', '8')),
  key: secret('Pre-shared key'),
};
const groupName = name('Address of the peer, or the identity it presents');

export const tunnelGroupRows: readonly AsaRow[] = [
  used('config', {
    pattern: 'tunnel-group <name> / type / <type>',
    help: 'Make a tunnel-group; it precedes its attributes',
    section: SECTION,
    group: GROUP,
    params: {
      name: groupName,
      type: choice('Kind of peers', {
        'ipsec-l2l': 'Gateways',
        'remote-access': 'Remote users (not supported)',
        'ipsec-ra': 'Remote users, old word (not supported)',
        webvpn: 'Browsers (not supported)',
      }),
    },
    example: [
      'tunnel-group 10.0.0.253 type ipsec-l2l',
      'tunnel-group 2001:db8::1 type ipsec-l2l',
      { line: 'tunnel-group branch.example.com type ipsec-l2l' },
    ],
    set(target, args, place) {
      const known = target.device.tunnelGroups.find((one) => one.name === args.name);
      const type = known?.type ?? BUILT_IN_GROUPS.get(args.name) ?? args.type;
      if (type !== args.type)
        return place.error('contradiction', `tunnel-group ${args.name} has type ${type} already`, { param: 'type' });
      if (args.type !== 'ipsec-l2l')
        place.warn('unsupported', `groups of type ${args.type} are not supported`, { param: 'type' });
      if (known === undefined) addGroup(target, args.name, args.type, place);
      return undefined;
    },
    unset(target, args) {
      target.device.tunnelGroups = target.device.tunnelGroups.filter((one) => one.name !== args.name);
    },
    print: (device) =>
      device.tunnelGroups.map((one) => ({
        values: { name: one.name, type: one.type as 'ipsec-l2l' },
        key: one.name,
        isHeader: BUILT_IN_GROUPS.has(one.name),
      })),
  }),
  used('config', {
    pattern: 'tunnel-group <name> general-attributes',
    help: 'Attributes of any group',
    section: SECTION,
    group: GROUP,
    enters: 'tunnel-group-general',
    params: { name: groupName },
    example: {
      line: 'tunnel-group 10.0.0.253 general-attributes',
      within,
      also: 'default-group-policy GP',
    },
    set: (target, args, place) => groupOf(target, args.name, place),
    unset(target, args) {
      delete target.device.tunnelGroups.find((one) => one.name === args.name)?.groupPolicy;
    },
    print: headersOf,
  }),
  used('tunnel-group-general', {
    pattern: 'default-group-policy / <policy>',
    help: 'Group policy of the peers',
    attribute: 'groupPolicy',
    params: { policy: refers('group policy', name('Group policy')) },
    example: { line: 'default-group-policy GP', ...inGeneral },
    set(target, args) {
      target.groupPolicy = args.policy;
    },
    unset(target) {
      delete target.groupPolicy;
    },
    print: (view, all) =>
      view.groupPolicy === undefined && !all ? [] : [{ values: { policy: view.groupPolicy ?? DEFAULT_GROUP_POLICY } }],
  }),
  harmless('tunnel-group-general', {
    pattern: 'annotation <text>',
    help: 'Note to other operators',
    params: { text: text('Any text') },
    example: { line: 'annotation branch office', ...inGeneral },
  }),
  unsupported('tunnel-group-general', {
    pattern: '<what> [<rest>]',
    help: 'Settings for remote users',
    params: {
      what: words(
        'Setting',
        'accounting-server-group',
        'address-pool',
        'authentication-server-group',
        'authentication-attr-from-server',
        'authorization-server-group',
        'authorization-required',
        'authorization-dn-attributes',
        'dhcp-server',
        'ipv6-address-pool',
        'nat-assigned-to-public-ip',
        'override-account-disable',
        'password-management',
        'scep-enrollment',
        'secondary-authentication-server-group',
        'strip-group',
        'strip-realm',
        'username-from-certificate',
      ),
      rest: optional(text('Value')),
    },
    example: { line: 'address-pool POOL', ...inGeneral },
  }),
  used('config', {
    pattern: 'tunnel-group <name> ipsec-attributes',
    help: 'Keys and IKE attributes of the group',
    section: SECTION,
    group: GROUP,
    enters: 'tunnel-group-ipsec',
    params: { name: groupName },
    example: {
      line: 'tunnel-group 10.0.0.253 ipsec-attributes',
      within,
      also: 'ikev2 local-authentication pre-shared-key cisco',
    },
    set: (target, args, place) => groupOf(target, args.name, place),
    unset(target, args) {
      const found = target.device.tunnelGroups.find((one) => one.name === args.name);
      if (found !== undefined) resetIpsec(found);
    },
    print: headersOf,
  }),
  unsupported('tunnel-group-ipsec', {
    pattern: 'ikev1 {pre-shared-key <key>|trust-point <trustpoint>|user-authentication <rest>|radius-sdi-xauth}',
    help: 'Authentication with IKEv1',
    params: {
      key: optional(secretText('Pre-shared key')),
      trustpoint: optional(refers('trustpoint', name('Trustpoint'))),
      rest: optional(text('Setting')),
    },
    example: { line: 'ikev1 pre-shared-key cisco', ...inIpsec, prints: 'ikev1 pre-shared-key *****' },
  }),
  used('tunnel-group-ipsec', {
    pattern: 'peer-id-validate / <how>',
    help: "Whether the peer's identity must fit the group",
    attribute: 'validateIdentity',
    params: {
      how: choice('How', {
        req: 'Always (default)',
        cert: 'When its certificate can say',
        nocheck: 'Never',
      }),
    },
    example: [
      { line: 'peer-id-validate nocheck', ...inIpsec },
      { line: 'peer-id-validate cert', ...inIpsec },
    ],
    set(target, args) {
      target.validateIdentity = ({ req: 'required', cert: 'certificate', nocheck: 'none' } as const)[args.how];
    },
    unset(target) {
      target.validateIdentity = 'required';
    },
    print({ validateIdentity: how }, all) {
      const word = ({ required: 'req', certificate: 'cert', none: 'nocheck' } as const)[how];
      return how === 'required' && !all ? [] : [{ values: { how: word } }];
    },
  }),
  used('tunnel-group-ipsec', {
    pattern: 'chain',
    help: 'Send the authorities above our certificate, too',
    attribute: 'sendChain',
    params: {},
    example: { line: 'chain', ...inIpsec },
    set(target) {
      target.sendChain = true;
    },
    unset(target) {
      delete target.sendChain;
    },
    print: ({ sendChain }) => (sendChain === true ? [{ values: {} }] : []),
  }),
  used('tunnel-group-ipsec', {
    pattern: 'isakmp keepalive / threshold {<seconds>|<infinite>} [retry <retry>]',
    help: 'Dead peer detection',
    attribute: 'keepalive',
    params: {
      seconds: optional(number(10, 3600, 'Seconds of silence before asking; 10 by default')),
      infinite: optional(choice('Only answer', { infinite: 'Never ask' })),
      retry: optional(number(2, 10, 'Seconds between questions; 2 by default')),
    },
    example: [
      { line: 'isakmp keepalive threshold 30 retry 5', ...inIpsec },
      { line: 'isakmp keepalive threshold infinite', ...inIpsec, prints: 'isakmp keepalive disable' },
    ],
    set(target, args) {
      const retryMs = (args.retry ?? KEEPALIVE.retryMs / 1000) * 1000;
      if (args.seconds === undefined) delete target.keepalive;
      else target.keepalive = { thresholdMs: args.seconds * 1000, retryMs };
    },
    unset(target) {
      target.keepalive = { ...KEEPALIVE };
    },
    print({ keepalive }, all) {
      if (keepalive === undefined) return [];
      const { thresholdMs, retryMs } = keepalive;
      if (!all && thresholdMs === KEEPALIVE.thresholdMs && retryMs === KEEPALIVE.retryMs) return [];
      return [{ values: { seconds: thresholdMs / 1000, retry: retryMs / 1000 } }];
    },
  }),
  used('tunnel-group-ipsec', {
    pattern: 'isakmp keepalive disable',
    help: 'No dead peer detection',
    attribute: 'keepalive',
    params: {},
    example: { line: 'isakmp keepalive disable', ...inIpsec },
    set(target) {
      delete target.keepalive;
    },
    unset(target) {
      target.keepalive = { ...KEEPALIVE };
    },
    print: (view) => (view.keepalive === undefined ? [{ values: {} }] : []),
  }),
  used('tunnel-group-ipsec', {
    pattern: 'ikev2 remote-authentication / pre-shared-key [<form>] <key>',
    help: 'Key that the peer must prove',
    attribute: 'remoteKey',
    params: keyParams,
    example: { line: 'ikev2 remote-authentication pre-shared-key cisco', ...inIpsec },
    set(target, args, place) {
      if (isReadable(args, place)) target.remoteKey = args.key;
    },
    unset(target, args) {
      delete target.remoteKey;
      // `no ikev2 remote-authentication` means every way.
      if (args.key === undefined) delete target.remoteCertificate;
    },
    print: (view) => (view.remoteKey === undefined ? [] : [{ values: { key: view.remoteKey } }]),
  }),
  used('tunnel-group-ipsec', {
    pattern: 'ikev2 local-authentication / pre-shared-key [<form>] <key>',
    help: 'Key that we prove',
    attribute: 'localKey',
    params: keyParams,
    example: [
      { line: 'ikev2 local-authentication pre-shared-key cisco', ...inIpsec },
      {
        line: 'ikev2 local-authentication pre-shared-key 0 cisco',
        ...inIpsec,
        prints: 'ikev2 local-authentication pre-shared-key cisco',
      },
    ],
    set(target, args, place) {
      if (!isReadable(args, place)) return;
      target.localKey = args.key;
      delete target.localTrustpoint;
    },
    unset(target, args) {
      delete target.localKey;
      if (args.key === undefined) delete target.localTrustpoint;
    },
    print: (view) => (view.localKey === undefined ? [] : [{ values: { key: view.localKey } }]),
  }),
  used('tunnel-group-ipsec', {
    pattern: 'ikev2 remote-authentication certificate',
    help: 'The peer may prove a certificate that leads to one of our trustpoints',
    attribute: 'remoteCertificate',
    params: {},
    example: { line: 'ikev2 remote-authentication certificate', ...inIpsec },
    set(target) {
      target.remoteCertificate = true;
    },
    unset(target) {
      delete target.remoteCertificate;
    },
    print: ({ remoteCertificate }) => (remoteCertificate === true ? [{ values: {} }] : []),
  }),
  used('tunnel-group-ipsec', {
    pattern: 'ikev2 local-authentication certificate / <trustpoint>',
    help: 'Trustpoint whose certificate we prove',
    attribute: 'localTrustpoint',
    params: { trustpoint: name('Trustpoint') },
    example: { line: 'ikev2 local-authentication certificate TP', ...inIpsec },
    set(target, args) {
      target.localTrustpoint = args.trustpoint;
      delete target.localKey;
    },
    unset(target) {
      delete target.localTrustpoint;
    },
    print: ({ localTrustpoint }) =>
      localTrustpoint === undefined ? [] : [{ values: { trustpoint: localTrustpoint } }],
  }),
  used('tunnel-group-ipsec', {
    pattern: 'ikev2 rsa-sig-hash sha1',
    help: 'RSA signatures with SHA-1, for peers without anything better',
    attribute: 'rsaSigHash',
    params: {},
    example: { line: 'ikev2 rsa-sig-hash sha1', ...inIpsec },
    set(target) {
      target.rsaSigHash = 'sha1';
    },
    unset(target) {
      delete target.rsaSigHash;
    },
    print: ({ rsaSigHash }) => (rsaSigHash === undefined ? [] : [{ values: {} }]),
  }),
  unsupported('tunnel-group-ipsec', {
    pattern: 'ikev2 <side> eap [<query>]',
    help: 'Authentication of users by EAP',
    params: {
      side: words('Side', 'remote-authentication', 'local-authentication'),
      query: optional(choice('Ask for the identity', { 'query-identity': 'Ask for the identity' })),
    },
    example: { line: 'ikev2 remote-authentication eap query-identity', ...inIpsec },
  }),
  used('tunnel-group-ipsec', {
    pattern: 'virtual-template / <number>',
    help: 'Template that each peer of the group gets a tunnel interface from',
    attribute: 'virtualTemplate',
    params: { number: number(1, 10413, 'Number of the Virtual-Template') },
    example: { line: 'virtual-template 1', ...inIpsec },
    set(target, args) {
      target.virtualTemplate = args.number;
    },
    unset(target) {
      delete target.virtualTemplate;
    },
    print: (view) => (view.virtualTemplate === undefined ? [] : [{ values: { number: view.virtualTemplate } }]),
  }),
  used('tunnel-group-ipsec', {
    pattern: 'ikev2 route set interface',
    help: 'Tell the peer the address of our tunnel interface',
    attribute: 'routeSetInterface',
    params: {},
    example: { line: 'ikev2 route set interface', ...inIpsec },
    set(target) {
      target.routeSetInterface = true;
    },
    unset(target) {
      target.routeSetInterface = false;
    },
    print: (view) => (view.routeSetInterface ? [{ values: {} }] : []),
  }),
  used('tunnel-group-ipsec', {
    pattern: 'ikev2 mobike-rrc',
    help: 'A peer that moved has to show that it is there before its traffic is sent there',
    attribute: 'mobikeReturnRoutability',
    params: {},
    example: { line: 'ikev2 mobike-rrc', ...inIpsec },
    set(target) {
      target.mobikeReturnRoutability = true;
    },
    unset(target) {
      delete target.mobikeReturnRoutability;
    },
    print: (view) => (view.mobikeReturnRoutability === true ? [{ values: {} }] : []),
  }),
  used('tunnel-group-ipsec', {
    pattern: 'ikev2 route accept any',
    help: 'Install the routes that the peer tells; on by default',
    attribute: 'routeAcceptAny',
    negatable: true,
    params: {},
    example: [
      { line: 'no ikev2 route accept any', ...inIpsec },
      { line: 'ikev2 route accept any', ...inIpsec },
    ],
    set(target) {
      target.routeAcceptAny = true;
    },
    unset(target) {
      target.routeAcceptAny = false;
    },
    print(view, all): readonly Printed<Record<never, never>>[] {
      if (!view.routeAcceptAny) return [{ values: {}, negated: true }];
      return all ? [{ values: {} }] : [];
    },
  }),
  unsupported('config', {
    pattern: 'tunnel-group <name> {ppp-attributes|webvpn-attributes}',
    help: 'Attributes for remote users',
    section: SECTION,
    enters: 'section',
    params: { name: groupName },
    example: { line: 'tunnel-group RA webvpn-attributes', prints: 'tunnel-group RA webvpn-attributes' },
  }),
  ...tunnelGroupMapRows,
];

/** The group of a section line; built-in ones exist already. */
function groupOf(target: Assembly, wanted: string, place: Place): Draft<TunnelGroupModel> | undefined {
  const known = target.device.tunnelGroups.find((one) => one.name === wanted);
  if (known !== undefined) return known;
  const type = BUILT_IN_GROUPS.get(wanted);
  if (type !== undefined) return addGroup(target, wanted, type, place);
  return place.error('missing-type', `tunnel-group ${wanted} has no type yet: the type line must come first`, {
    param: 'name',
    expected: `tunnel-group ${wanted} type ipsec-l2l`,
    suggestion: `tunnel-group ${wanted} type ipsec-l2l`,
  });
}

function addGroup(target: Assembly, wanted: string, type: string, place: Place): Draft<TunnelGroupModel> {
  const made: Draft<TunnelGroupModel> = {
    name: wanted,
    type,
    validateIdentity: 'required',
    keepalive: { ...KEEPALIVE },
    routeSetInterface: false,
    routeAcceptAny: true,
    written: place.written(),
  };
  target.device.tunnelGroups.push(made);
  return made;
}

function resetIpsec(group: Draft<TunnelGroupModel>): void {
  const optional = ['localKey', 'remoteKey', 'virtualTemplate', 'localTrustpoint', 'remoteCertificate'] as const;
  for (const key of [...optional, 'sendChain', 'rsaSigHash', 'mobikeReturnRoutability'] as const) delete group[key];
  Object.assign(group, { validateIdentity: 'required', keepalive: { ...KEEPALIVE } });
  Object.assign(group, { routeSetInterface: false, routeAcceptAny: true });
}

/** Section lines of all groups; those without attributes are left out by the printer. */
function headersOf(device: DeviceModel): Printed<{ name: string }>[] {
  return device.tunnelGroups.map((one) => ({ values: { name: one.name }, key: one.name, view: one, isHeader: true }));
}

/** A key that is stars or encrypted is of no use to us. */
export function isReadable(args: Readonly<{ form?: string | undefined; key: SecretKey }>, place: Place): boolean {
  if (args.form !== undefined && args.form !== '0') {
    place.error('unreadable-secret', 'the key is encrypted by another device: write the key itself', { param: 'form' });
    return false;
  }
  if (fromUtf8(args.key.reveal()) !== MASK) return true;
  place.error('unreadable-secret', 'the key is masked: write the key itself', { param: 'key' });
  return false;
}
