/** `crypto ikev2 profile`: how peers are recognised, authenticated and served. */
import type { IpAddress } from '../../../base/index.ts';
import type { Draft } from '../../draft.ts';
import type { IkeProfileModel, LocalIdentityModel } from '../../model.ts';
import { named } from '../../named.ts';
import {
  address,
  choice,
  hardwareInterface,
  name,
  number,
  optional,
  refers,
  secret,
  text,
  words,
} from '../../parameters.ts';
import { DEFAULT, IKE_LIFETIME_MS } from '../defaults.ts';
import { harmless, type IosxeRow, unsupported, used } from '../row.ts';
import { identityRow } from './identity.ts';

const METHODS = {
  'pre-share': 'A key that both know',
  'rsa-sig': 'Certificate with an RSA key',
  'ecdsa-sig': 'Certificate with an elliptic-curve key',
} as const;
const keyForm = optional(words('Form of the key: 0 in clear, 6 encrypted', '0', '6'));
const PROFILE = { within: ['crypto ikev2 profile P'] } as const;

export const ikev2ProfileRows: readonly IosxeRow[] = [
  used('config', {
    pattern: 'crypto ikev2 profile <name>',
    help: 'How peers are recognised, authenticated and served',
    section: 'ikev2-profile',
    enters: 'ikev2-profile',
    params: { name: name('Profile') },
    example: 'crypto ikev2 profile PROF',
    set(target, args, place) {
      return named<Draft<IkeProfileModel>>(target.device.ikeProfiles, args.name, () => ({
        name: args.name,
        localAddresses: [],
        remoteIdentities: [],
        certificateMaps: [],
        remoteAuthentications: [],
        trustpoints: [],
        lifetimeMs: IKE_LIFETIME_MS,
        configExchange: { request: true, setAccept: true, setSend: true },
        forceEncapsulation: false,
        initialContactForce: false,
        shutdown: false,
        written: place.written(),
      }));
    },
    unset(target, args) {
      target.device.ikeProfiles = target.device.ikeProfiles.filter((one) => one.name !== args.name);
    },
    print: (device) => device.ikeProfiles.map((one) => ({ values: { name: one.name }, view: one })),
  }),
  used('ikev2-profile', {
    pattern: 'description / <text>',
    help: 'Describe the profile',
    params: { text: text('Any text') },
    example: 'description head offices',
    set(target, args) {
      target.description = args.text;
    },
    unset(target) {
      delete target.description;
    },
    print: (view) => (view.description === undefined ? [] : [{ values: { text: view.description } }]),
  }),
  used('ikev2-profile', {
    pattern: 'match fvrf / <vrf>',
    help: 'Front VRF that the peer comes in by; the global table by default',
    attribute: 'frontVrf',
    params: { vrf: refers('VRF', name('VRF, or any', 32)) },
    example: ['match fvrf INET', 'match fvrf any'],
    set(target, args) {
      target.frontVrf = args.vrf === 'any' ? { kind: 'any' } : { kind: 'vrf', vrf: args.vrf };
    },
    unset(target) {
      delete target.frontVrf;
    },
    print: ({ frontVrf }) =>
      frontVrf === undefined ? [] : [{ values: { vrf: frontVrf.kind === 'any' ? 'any' : frontVrf.vrf } }],
  }),
  used('ikev2-profile', {
    pattern: 'match address local {<address>|interface <interface>}',
    help: 'Own address that the peer speaks to',
    attribute: 'localAddresses',
    params: {
      address: optional(address('Own address')),
      interface: optional(refers('interface', hardwareInterface('Interface whose address it is'))),
    },
    example: ['match address local 192.0.2.1', 'match address local interface GigabitEthernet0/0/1'],
    set(target, args) {
      if (args.address !== undefined) target.localAddresses.push({ address: args.address });
      else if (args.interface !== undefined) target.localAddresses.push({ interface: args.interface });
    },
    unset(target, args) {
      target.localAddresses = target.localAddresses.filter((one) =>
        'address' in one ? args.address?.equals(one.address) !== true : one.interface !== args.interface,
      );
    },
    print: (view) =>
      view.localAddresses.map((one) => ({
        values: 'address' in one ? { address: one.address } : { interface: one.interface },
      })),
  }),
  ...identityRow(
    'ikev2-profile',
    'match identity remote',
    (target) => target.remoteIdentities,
    (view) => view.remoteIdentities,
  ),
  used('ikev2-profile', {
    pattern: 'match certificate <map>',
    help: 'Peers whose certificate a map knows',
    attribute: 'certificateMaps',
    params: { map: refers('certificate map', name('Certificate map')) },
    example: 'match certificate SPOKES',
    set(target, args) {
      if (!target.certificateMaps.includes(args.map)) target.certificateMaps.push(args.map);
    },
    unset(target, args) {
      target.certificateMaps = target.certificateMaps.filter((one) => one !== args.map);
    },
    print: (view) => view.certificateMaps.map((one) => ({ values: { map: one } })),
  }),
  used('ikev2-profile', {
    pattern: 'identity local / {address <address>|<kind> <text>|<dn>}',
    help: 'What we call ourselves; the address in use by default',
    attribute: 'localIdentity',
    params: {
      address: optional(address('Own address')),
      kind: optional(
        choice('Kind of identity', { fqdn: 'Host name', email: 'Mail address', 'key-id': 'Text of our own' }),
      ),
      text: optional(name('Text')),
      dn: optional(choice('Distinguished name', { dn: 'Subject of the certificate' })),
    },
    example: ['identity local address 192.0.2.1', 'identity local fqdn hub.example.net', 'identity local dn'],
    set(target, args) {
      target.localIdentity = localIdentity(args.address, args.kind, args.text);
    },
    unset(target) {
      delete target.localIdentity;
    },
    print({ localIdentity: own }) {
      if (own === undefined) return [];
      if (own.kind === 'address') return [{ values: { address: own.address } }];
      return own.kind === 'dn' ? [{ values: { dn: 'dn' as const } }] : [{ values: { kind: own.kind, text: own.text } }];
    },
  }),
  used('ikev2-profile', {
    pattern: 'authentication local <method>',
    help: 'How we prove who we are',
    attribute: 'localAuthentication',
    params: { method: choice('Method', METHODS) },
    example: 'authentication local rsa-sig',
    set(target, args) {
      target.localAuthentication = args.method;
      delete target.localKey;
    },
    unset(target) {
      delete target.localAuthentication;
      delete target.localKey;
    },
    print: ({ localAuthentication: method, localKey }) =>
      method === undefined || method === 'eap' || localKey !== undefined ? [] : [{ values: { method } }],
  }),
  used('ikev2-profile', {
    pattern: 'authentication remote <method>',
    help: 'How the peer proves who it is; one of those given',
    attribute: 'remoteAuthentication',
    params: { method: choice('Method', METHODS) },
    example: 'authentication remote ecdsa-sig',
    set(target, args) {
      if (!target.remoteAuthentications.includes(args.method)) target.remoteAuthentications.push(args.method);
    },
    unset(target, args) {
      target.remoteAuthentications = target.remoteAuthentications.filter((one) => one !== args.method);
    },
    print: ({ remoteAuthentications, remoteKey }) =>
      remoteAuthentications.flatMap((method) =>
        method === 'eap' || (method === 'pre-share' && remoteKey !== undefined) ? [] : [{ values: { method } }],
      ),
  }),
  used('ikev2-profile', {
    pattern: 'authentication <side> pre-share key [<form>] <key>',
    help: 'A key that both know, in the profile itself',
    attribute: 'key',
    params: {
      side: choice('Whose', { local: 'Ours', remote: "The peer's" }),
      form: keyForm,
      key: secret('Key'),
    },
    example: ['authentication local pre-share key one', 'authentication remote pre-share key two'],
    set(target, args, place) {
      if (args.form === '6') return place.error('unsupported', 'encrypted keys can not be read: give the key in clear');
      if (args.side === 'local') {
        target.localAuthentication = 'pre-share';
        target.localKey = args.key;
        return undefined;
      }
      if (!target.remoteAuthentications.includes('pre-share')) target.remoteAuthentications.push('pre-share');
      target.remoteKey = args.key;
      return undefined;
    },
    unset(target, args) {
      if (args.side === 'local') delete target.localKey;
      else delete target.remoteKey;
    },
    print: ({ localKey, remoteKey }) => [
      ...(localKey === undefined ? [] : [{ values: { side: 'local' as const, key: localKey } }]),
      ...(remoteKey === undefined ? [] : [{ values: { side: 'remote' as const, key: remoteKey } }]),
    ],
  }),
  unsupported('ikev2-profile', {
    pattern: 'authentication {local|remote} {eap [<rest>]|anyconnect-eap <rest>}',
    help: 'EAP',
    params: { rest: optional(text('Setting')) },
    example: 'authentication remote eap query-identity',
  }),
  used('ikev2-profile', {
    pattern: 'keyring local / <name>',
    help: 'Keyring of its peers',
    attribute: 'keyring',
    params: { name: refers('keyring', name('Keyring')) },
    example: 'keyring local KR',
    set(target, args) {
      target.keyring = args.name;
    },
    unset(target) {
      delete target.keyring;
    },
    print: (view) => (view.keyring === undefined ? [] : [{ values: { name: view.keyring } }]),
  }),
  unsupported('ikev2-profile', {
    pattern: 'keyring aaa <rest>',
    help: 'Keys from a server',
    params: { rest: text('List') },
    example: 'keyring aaa LIST',
  }),
  used('ikev2-profile', {
    pattern: 'pki trustpoint <name> [<use>]',
    help: 'Trustpoint of its certificates',
    attribute: 'trustpoints',
    params: {
      name: refers('trustpoint', name('Trustpoint')),
      use: optional(choice('For what', { sign: 'Our own certificate', verify: "The peer's certificate" })),
    },
    example: ['pki trustpoint TP', 'pki trustpoint CA verify'],
    set(target, args) {
      target.trustpoints = target.trustpoints.filter((one) => one.name !== args.name || one.use !== args.use);
      target.trustpoints.push({ name: args.name, ...(args.use === undefined ? {} : { use: args.use }) });
    },
    unset(target, args) {
      target.trustpoints = target.trustpoints.filter((one) => one.name !== args.name);
    },
    print: (view) => view.trustpoints.map((one) => ({ values: { name: one.name, use: one.use } })),
  }),
  used('ikev2-profile', {
    pattern: 'lifetime / <seconds>',
    help: 'Life of an IKE SA',
    attribute: 'lifetime',
    params: { seconds: number(120, 86400, 'Seconds; 86400 by default') },
    example: 'lifetime 7200',
    set(target, args) {
      target.lifetimeMs = args.seconds * 1000;
    },
    unset(target) {
      target.lifetimeMs = IKE_LIFETIME_MS;
    },
    print: ({ lifetimeMs }, all) =>
      lifetimeMs === IKE_LIFETIME_MS && !all ? [] : [{ values: { seconds: lifetimeMs / 1000 } }],
  }),
  used('ikev2-profile', {
    pattern: 'dpd / <idle> <retry> <mode>',
    help: 'Dead peer detection',
    attribute: 'dpd',
    params: {
      idle: number(10, 3600, 'Seconds without proof of life'),
      retry: number(2, 60, 'Seconds between retries'),
      mode: choice('When', { 'on-demand': 'When there is something to send', periodic: 'Always' }),
    },
    example: 'dpd 10 2 on-demand',
    set(target, args) {
      target.dpd = { idleMs: args.idle * 1000, retryMs: args.retry * 1000, mode: args.mode };
    },
    unset(target) {
      delete target.dpd;
    },
    print: ({ dpd }) =>
      dpd === undefined ? [] : [{ values: { idle: dpd.idleMs / 1000, retry: dpd.retryMs / 1000, mode: dpd.mode } }],
  }),
  used('ikev2-profile', {
    pattern: 'nat keepalive / <seconds>',
    help: 'Keep the mapping of a NAT alive',
    attribute: 'natKeepalive',
    params: { seconds: number(5, 3600, 'Seconds between keepalives') },
    example: 'nat keepalive 20',
    set(target, args) {
      target.natKeepaliveMs = args.seconds * 1000;
    },
    unset(target) {
      delete target.natKeepaliveMs;
    },
    print: ({ natKeepaliveMs }) =>
      natKeepaliveMs === undefined ? [] : [{ values: { seconds: natKeepaliveMs / 1000 } }],
  }),
  used('ikev2-profile', {
    pattern: 'nat force-encap',
    help: 'ESP in UDP even where no NAT is',
    attribute: 'forceEncapsulation',
    params: {},
    example: 'nat force-encap',
    set(target) {
      target.forceEncapsulation = true;
    },
    unset(target) {
      target.forceEncapsulation = false;
    },
    print: (view) => (view.forceEncapsulation ? [{ values: {} }] : []),
  }),
  used('ikev2-profile', {
    pattern: 'ivrf / <vrf>',
    help: "Inner VRF of crypto-map users; a tunnel's own VRF wins",
    attribute: 'innerVrf',
    params: { vrf: refers('VRF', name('VRF', 32)) },
    example: 'ivrf RED',
    set(target, args) {
      target.innerVrf = args.vrf;
    },
    unset(target) {
      delete target.innerVrf;
    },
    print: (view) => (view.innerVrf === undefined ? [] : [{ values: { vrf: view.innerVrf } }]),
  }),
  used('ikev2-profile', {
    pattern: 'virtual-template / <number> [mode <mode>]',
    help: 'Template whose clones its peers get',
    attribute: 'virtualTemplate',
    params: {
      number: number(1, 4095, 'Virtual template'),
      mode: optional(choice('Mode', { auto: 'Whatever the peer offers' })),
    },
    example: ['virtual-template 1', { line: 'virtual-template 1 mode auto', prints: 'virtual-template 1' }],
    set(target, args) {
      target.virtualTemplate = args.number;
    },
    unset(target) {
      delete target.virtualTemplate;
    },
    print: (view) => (view.virtualTemplate === undefined ? [] : [{ values: { number: view.virtualTemplate } }]),
  }),
  used('ikev2-profile', {
    pattern: 'aaa authorization <scope> [<override>] <kind> list <list> [<policy>]',
    help: 'Authorization policy of its peers',
    attribute: 'authorization',
    params: {
      scope: choice('Whose', { group: 'Of all of them', user: 'Of each' }),
      override: optional(choice('Which wins', { override: "The group's" })),
      kind: choice('Authenticated by', { psk: 'Key', cert: 'Certificate', eap: 'EAP' }),
      list: name('List of aaa authorization network'),
      policy: optional(refers('authorization policy', name('Authorization policy'))),
    },
    example: {
      line: 'aaa authorization group psk list FLEX default',
      prints: 'aaa authorization group psk list FLEX default',
    },
    set(target, args) {
      target.authorization = { list: args.list, policy: args.policy ?? DEFAULT };
    },
    unset(target) {
      delete target.authorization;
    },
    print: ({ authorization: own, localAuthentication }) =>
      own === undefined
        ? []
        : [
            {
              values: {
                scope: 'group' as const,
                kind:
                  localAuthentication === 'rsa-sig' || localAuthentication === 'ecdsa-sig'
                    ? ('cert' as const)
                    : ('psk' as const),
                list: own.list,
                policy: own.policy,
              },
            },
          ],
  }),
  used('ikev2-profile', {
    pattern: 'config-exchange request',
    help: 'Ask for what the peer has to tell; on by default',
    attribute: 'configExchange',
    negatable: true,
    params: {},
    example: { line: 'no config-exchange request' },
    set(target) {
      target.configExchange.request = true;
    },
    unset(target) {
      target.configExchange.request = false;
    },
    print: ({ configExchange }) => (configExchange.request ? [] : [{ values: {}, negated: true }]),
  }),
  used('ikev2-profile', {
    pattern: 'config-exchange set <what>',
    help: 'What is set by configuration payloads; all is on by default',
    attribute: 'configExchange',
    negatable: true,
    params: { what: choice('Which way', { accept: 'Take what the peer sets', send: 'Set what the peer shall take' }) },
    example: [{ line: 'no config-exchange set send' }, { line: 'no config-exchange set accept' }],
    set(target, args) {
      if (args.what === 'send') target.configExchange.setSend = true;
      else target.configExchange.setAccept = true;
    },
    unset(target, args) {
      if (args.what === 'send') target.configExchange.setSend = false;
      else target.configExchange.setAccept = false;
    },
    print: ({ configExchange: { setSend, setAccept } }) => [
      ...(setSend ? [] : [{ values: { what: 'send' as const }, negated: true }]),
      ...(setAccept ? [] : [{ values: { what: 'accept' as const }, negated: true }]),
    ],
  }),
  used('ikev2-profile', {
    pattern: 'initial-contact force',
    help: 'Take a new IKE SA of a peer for its only one',
    params: {},
    example: 'initial-contact force',
    set(target) {
      target.initialContactForce = true;
    },
    unset(target) {
      target.initialContactForce = false;
    },
    print: (view) => (view.initialContactForce ? [{ values: {} }] : []),
  }),
  used('ikev2-profile', {
    pattern: 'shutdown',
    help: 'Take no notice of this profile',
    attribute: 'shutdown',
    params: {},
    example: { line: 'shutdown', ...PROFILE },
    set(target) {
      target.shutdown = true;
    },
    unset(target) {
      target.shutdown = false;
    },
    print: (view) => (view.shutdown ? [{ values: {} }] : []),
  }),
  harmless('ikev2-profile', {
    pattern: '{reconnect [timeout <seconds>]|lifetime certificate|anyconnect profile <rest>}',
    help: 'Remote access and certificates',
    params: { seconds: optional(number(600, 86400, 'Seconds')), rest: optional(text('Profile')) },
    example: 'reconnect timeout 900',
  }),
  unsupported('ikev2-profile', {
    pattern: 'redirect gateway auth',
    help: 'Send peers elsewhere',
    example: 'redirect gateway auth',
  }),
];

function localIdentity(
  own: IpAddress | undefined,
  kind: 'fqdn' | 'email' | 'key-id' | undefined,
  called: string | undefined,
): LocalIdentityModel {
  if (own !== undefined) return { kind: 'address', address: own };
  return kind === undefined || called === undefined ? { kind: 'dn' } : { kind, text: called };
}
