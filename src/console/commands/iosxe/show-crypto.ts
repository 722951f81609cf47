/** `show crypto …` of a router. */
import { parameters } from '../../../config/index.ts';
import { cryptoIkev2SaSchema } from '../../show/crypto-ikev2-sa.ts';
import { cryptoIkev2StatsSchema } from '../../show/crypto-ikev2-stats.ts';
import { cryptoIpsecSaSchema } from '../../show/crypto-ipsec-sa.ts';
import { type Ikev2SaFilter, showIkev2Sa, showIkev2Session } from '../../show/iosxe/crypto-ikev2-sa.ts';
import { showIosIkev2Stats } from '../../show/iosxe/crypto-ikev2-stats.ts';
import { type IpsecSaFilter, showIosIpsecSa, showIosIpsecSaCount } from '../../show/iosxe/crypto-ipsec-sa.ts';
import { cryptoSessionSchema, type SessionFilter, showCryptoSession } from '../../show/iosxe/crypto-session.ts';
import {
  ikev2PolicySchema,
  ikev2ProfileSchema,
  ikev2ProposalSchema,
  ipsecProfileListSchema,
  showIkev2Policy,
  showIkev2Profile,
  showIkev2Proposal,
  showIpsecProfile,
  showTransformSet,
  transformSetListSchema,
} from '../../show/iosxe/crypto-settings.ts';
import { anyInterface, withInterface } from '../arguments.ts';
import { type ExecDevice, type Row, type RowResult, shown, type Words } from '../row.ts';

const detailed = parameters.choice('How much', { detailed: 'With everything', detail: 'With everything' });
const ikev2Params = { detailed, vrf: parameters.name('VRF') };

/** Selections that `show crypto ikev2 sa` has; each may be followed by `detailed`. */
const IKEV2 = [
  ['', 'IKEv2 SAs'],
  [' remote <address>', 'IKEv2 SAs with one peer'],
  [' local <address>', 'IKEv2 SAs from one of our addresses'],
  [' fvrf <vrf>', 'IKEv2 SAs in one front VRF'],
] as const;

function ikev2Filter(pattern: string, { arguments: given }: Words): Ikev2SaFilter {
  const address = given['address'];
  return {
    ...(given['vrf'] === undefined ? {} : { frontVrf: given['vrf'] }),
    ...(address === undefined ? {} : pattern.includes('remote') ? { remote: address } : { local: address }),
  };
}

const ikev2Sas: readonly Row[] = IKEV2.map(([end, help]) => ({
  pattern: `show crypto ikev2 sa${end} [<detailed>]`,
  help,
  params: ikev2Params,
  schema: cryptoIkev2SaSchema,
  run: (device, words) => {
    const isDetailed = words.arguments['detailed'] !== undefined;
    return shown(showIkev2Sa(device.snapshot(), ikev2Filter(end, words), isDetailed));
  },
}));

const manner = parameters.choice('How much', { detail: 'With counters and capabilities', brief: 'A line for each' });

function session(device: ExecDevice, { arguments: given }: Words, filter: SessionFilter): RowResult {
  const how = given['manner'] === 'detail' || given['manner'] === 'brief' ? given['manner'] : 'plain';
  return shown(showCryptoSession(device.snapshot(), filter, how));
}

const sessions: readonly Row[] = [
  {
    pattern: 'show crypto session [<manner>]',
    help: 'tunnels, their IKE SAs and what they carry',
    params: { manner },
    schema: cryptoSessionSchema,
    run: (device, words) => session(device, words, {}),
  },
  {
    pattern: 'show crypto session remote <address> [<manner>]',
    help: 'those with one peer',
    params: { manner },
    schema: cryptoSessionSchema,
    run: (device, words) => session(device, words, { remote: words.arguments['address'] ?? '' }),
  },
  {
    pattern: 'show crypto session fvrf <vrf> [<manner>]',
    help: 'those in one front VRF',
    params: { manner, vrf: parameters.name('VRF') },
    schema: cryptoSessionSchema,
    run: (device, words) => session(device, words, { frontVrf: words.arguments['vrf'] ?? '' }),
  },
  {
    pattern: 'show crypto session interface <interface> [<manner>]',
    help: 'that of one tunnel',
    params: { manner, interface: anyInterface },
    schema: cryptoSessionSchema,
    run: (device, words) =>
      withInterface(device.snapshot(), words.arguments['interface'], (name) =>
        session(device, words, { interface: name }),
      ),
  },
];

const detail = parameters.choice('How much', { detail: 'With every counter' });

function ipsecSa(device: ExecDevice, { arguments: given }: Words, filter: IpsecSaFilter): RowResult {
  return shown(showIosIpsecSa(device.snapshot(), filter, given['detail'] !== undefined));
}

const ipsecSas: readonly Row[] = [
  {
    pattern: 'show crypto ipsec sa [<detail>]',
    help: 'IPsec SAs with their counters',
    params: { detail },
    schema: cryptoIpsecSaSchema,
    run: (device, words) => ipsecSa(device, words, {}),
  },
  {
    pattern: 'show crypto ipsec sa peer <address> [<detail>]',
    help: 'those with one peer',
    params: { detail },
    schema: cryptoIpsecSaSchema,
    run: (device, words) => ipsecSa(device, words, { peer: words.arguments['address'] ?? '' }),
  },
  {
    pattern: 'show crypto ipsec sa vrf <vrf> [<detail>]',
    help: 'those whose inner packets are in one VRF',
    params: { detail, vrf: parameters.name('VRF') },
    schema: cryptoIpsecSaSchema,
    run: (device, words) => ipsecSa(device, words, { vrf: words.arguments['vrf'] ?? '' }),
  },
  {
    pattern: 'show crypto ipsec sa interface <interface> [<detail>]',
    help: 'those of one interface',
    params: { detail, interface: anyInterface },
    schema: cryptoIpsecSaSchema,
    run: (device, words) =>
      withInterface(device.snapshot(), words.arguments['interface'], (name) =>
        ipsecSa(device, words, { interface: name }),
      ),
  },
  {
    pattern: 'show crypto ipsec sa count',
    help: 'how many there are',
    schema: cryptoIpsecSaSchema,
    run: (device) => shown(showIosIpsecSaCount(device.snapshot())),
  },
];

const wanted = parameters.name('Name');

/** What is configured, all of it or what bears a name. */
const settings: readonly Row[] = [
  {
    pattern: 'show crypto ikev2 proposal [<name>]',
    help: 'IKEv2 proposals, defaults included',
    params: { name: wanted },
    schema: ikev2ProposalSchema,
    run: (device, { arguments: given }) => shown(showIkev2Proposal(device.snapshot(), given['name'])),
  },
  {
    pattern: 'show crypto ikev2 policy [<name>]',
    help: 'IKEv2 policies, defaults included',
    params: { name: wanted },
    schema: ikev2PolicySchema,
    run: (device, { arguments: given }) => shown(showIkev2Policy(device.snapshot(), given['name'])),
  },
  {
    pattern: 'show crypto ikev2 profile [<name>]',
    help: 'IKEv2 profiles',
    params: { name: wanted },
    schema: ikev2ProfileSchema,
    run: (device, { arguments: given }) => shown(showIkev2Profile(device.snapshot(), given['name'])),
  },
  ...(['', ' tag <name>'] as const).flatMap((end): Row[] => [
    {
      pattern: `show crypto ipsec profile${end}`,
      help: 'IPsec profiles',
      params: { name: wanted },
      schema: ipsecProfileListSchema,
      run: (device, { arguments: given }) => shown(showIpsecProfile(device.snapshot(), given['name'])),
    },
    {
      pattern: `show crypto ipsec transform-set${end}`,
      help: 'transform sets',
      params: { name: wanted },
      schema: transformSetListSchema,
      run: (device, { arguments: given }) => shown(showTransformSet(device.snapshot(), given['name'])),
    },
  ]),
];

export const iosShowCrypto: readonly Row[] = [
  ...ikev2Sas,
  {
    pattern: 'show crypto ikev2 session [<detailed>]',
    help: 'sessions with their child SAs',
    params: ikev2Params,
    schema: cryptoIkev2SaSchema,
    run: (device, { arguments: given }) => shown(showIkev2Session(device.snapshot(), given['detailed'] !== undefined)),
  },
  {
    pattern: 'show crypto ikev2 stats',
    help: 'figures over all IKE SAs since the start',
    schema: cryptoIkev2StatsSchema,
    run: (device) => shown(showIosIkev2Stats(device.snapshot())),
  },
  ...sessions,
  ...ipsecSas,
  ...settings,
];
