/** What is configured of IKEv2 and IPsec, with the defaults that nobody wrote (show-output B6). */
import type {
  DeviceModel,
  EspProposalModel,
  FrontVrfMatch,
  IdentityMatch,
  IkeProfileModel,
} from '../../../config/index.ts';
import {
  defaultEspProposal,
  defaultIkeProposal,
  defaultIkeSelection,
  defaultIpsecProfile,
} from '../../../config/index.ts';
import type { GatewaySnapshot } from '../../../gateway/index.ts';
import { hashName, prfName } from '../names.ts';
import { count, flag, list, object, optional, publish, text, type Value } from '../schema.ts';
import { lines, type Shown } from '../shown.ts';
import { cipherText, groupName, transformSetText } from './words.ts';

type Named = Readonly<{ name: string }>;

/** What is configured, and the default that everybody has unless they wrote one of their own. */
function named<T extends Named>(
  configured: readonly T[],
  byDefault: T | undefined,
  only: string | undefined,
): readonly T[] {
  const isWritten = byDefault === undefined || configured.some(({ name }) => name === byDefault.name);
  const all = isWritten ? configured : [...configured, byDefault];
  return only === undefined ? all : all.filter(({ name }) => name === only);
}

const proposalSchema = object({
  name: text('name'),
  encryption: list(text('cipher, such as AES-CBC-256'), 'in order of preference'),
  integrity: list(text('HMAC'), 'in order of preference; none for AEAD ciphers'),
  prf: list(text('pseudorandom function'), 'in order of preference'),
  groups: list(count('Diffie-Hellman group'), 'in order of preference'),
});

export const ikev2ProposalSchema = publish(
  'show-crypto-ikev2-proposal',
  'show crypto ikev2 proposal [NAME]',
  object({ proposals: list(proposalSchema, 'in the order of the configuration') }),
);
export type Ikev2Proposals = Value<typeof ikev2ProposalSchema.schema>;

export function showIkev2Proposal({ model }: GatewaySnapshot, only?: string): Shown<Ikev2Proposals> {
  const proposals = named(model.ikeProposals, defaultIkeProposal(), only).map((one) => ({
    name: one.name,
    encryption: one.encryption.map(cipherText),
    integrity: one.integrity.map(hashName),
    prf: (one.prf.length > 0 ? one.prf.map(prfName) : one.integrity.map(hashName)).map((word) =>
      word.replace('SHA96', 'SHA1'),
    ),
    groups: one.groups,
  }));
  const blocks = proposals.flatMap((one) => [
    ` IKEv2 proposal: ${one.name} `,
    `     Encryption : ${one.encryption.join(' ')}`,
    `     Integrity  : ${one.integrity.length === 0 ? 'none' : one.integrity.join(' ')}`,
    `     PRF        : ${one.prf.join(' ')}`,
    `     DH Group   : ${one.groups.map(groupName).join(' ')}`,
  ]);
  return { value: { proposals }, text: lines(blocks) };
}

const policySchema = object({
  name: text('name'),
  frontVrf: text('VRF that it holds for; empty for the global one, `any` for all'),
  localAddresses: list(text('own address'), 'addresses that it holds for; none: all'),
  proposals: list(text('name'), 'proposals in order of preference'),
});

export const ikev2PolicySchema = publish(
  'show-crypto-ikev2-policy',
  'show crypto ikev2 policy [NAME]',
  object({ policies: list(policySchema, 'in the order of the configuration') }),
);
export type Ikev2Policies = Value<typeof ikev2PolicySchema.schema>;

export function showIkev2Policy({ model }: GatewaySnapshot, only?: string): Shown<Ikev2Policies> {
  const policies = named(model.ikeSelections, defaultIkeSelection(), only).map((one) => ({
    name: one.name,
    frontVrf: one.frontVrf.kind === 'any' ? 'any' : one.frontVrf.vrf,
    localAddresses: one.localAddresses.map(String),
    proposals: one.proposals,
  }));
  const blocks = policies.flatMap((one) => [
    ` IKEv2 policy : ${one.name}`,
    // With one blank less for any.
    one.frontVrf === 'any' ? '      Match fvrf : any' : `      Match fvrf  : ${one.frontVrf || 'global'}`,
    ...(one.localAddresses.length === 0
      ? ['      Match address local : any']
      : one.localAddresses.map((own) => `      Match address local : ${own}`)),
    ...one.proposals.map((name) => `      Proposal    : ${name}`),
  ]);
  return { value: { policies }, text: lines(blocks) };
}

const profileSchema = object({
  name: text('name'),
  frontVrf: text('VRF that it holds for; empty for the global one, `any` for all'),
  localAddresses: list(text('address or interface'), 'what it holds for; none: all'),
  remoteIdentities: list(text('identity'), 'who a peer may be'),
  localIdentity: text('who we say that we are; DN and address are by the authentication when nothing is written'),
  localAuthentication: optional(text('how we prove it')),
  remoteAuthentications: list(text('method'), 'how peers may prove it'),
  keyring: optional(text('keyring')),
  lifetimeSeconds: count('of IKE SAs'),
  dpd: optional(object({ idleSeconds: count('silence'), retrySeconds: count('between checks'), mode: text('when') })),
  innerVrf: text('VRF of what it protects; empty for the global one'),
  virtualTemplate: optional(count('whose clones its peers get')),
  isShutdown: flag('switched off'),
});

export const ikev2ProfileSchema = publish(
  'show-crypto-ikev2-profile',
  'show crypto ikev2 profile [NAME]',
  object({ profiles: list(profileSchema, 'in the order of the configuration') }),
);
export type Ikev2Profiles = Value<typeof ikev2ProfileSchema.schema>;

export function showIkev2Profile({ model }: GatewaySnapshot, only?: string): Shown<Ikev2Profiles> {
  const profiles = named(model.ikeProfiles, undefined, only).map((one) => profileValue(model, one));
  const blocks = profiles.flatMap((one) => [
    '',
    `IKEv2 profile: ${one.name}`,
    ` Ref Count: ${1 + users(model, one.name)}`,
    ' Match criteria: ',
    `  Fvrf: ${one.frontVrf === '' ? 'global' : one.frontVrf}`,
    '  Local address/interface: ',
    ...(one.localAddresses.length === 0 ? ['   none'] : one.localAddresses.map((own) => `   ${own}`)),
    '  Identities: ',
    ...(one.remoteIdentities.length === 0 ? ['   none'] : one.remoteIdentities.map((identity) => `   ${identity}`)),
    '  Certificate maps: none',
    ` Local identity: ${one.localIdentity}`,
    ' Remote identity: none',
    ` Local authentication method: ${one.localAuthentication ?? 'none'}`,
    ` Remote authentication method(s): ${one.remoteAuthentications.length === 0 ? 'none' : one.remoteAuthentications.join(' ')}`,
    ` Keyring: ${one.keyring ?? 'none'}`,
    ` Lifetime: ${one.lifetimeSeconds} seconds`,
    one.dpd === undefined
      ? ' DPD: disabled'
      : ` DPD: interval ${one.dpd.idleSeconds}, retry-interval ${one.dpd.retrySeconds}, ${one.dpd.mode}`,
    ` Ivrf: ${one.innerVrf === '' ? 'none' : one.innerVrf}`,
    ` Virtual-template: ${one.virtualTemplate ?? 'none'}`,
    ...(one.isShutdown ? [' Shutdown: yes'] : []),
  ]);
  return { value: { profiles }, text: lines(blocks) };
}

function profileValue({ dpd: everywhere }: DeviceModel, one: IkeProfileModel): Ikev2Profiles['profiles'][number] {
  const dpd = one.dpd ?? everywhere;
  return {
    name: one.name,
    frontVrf: vrfText(one.frontVrf),
    localAddresses: one.localAddresses.map((own) => ('address' in own ? String(own.address) : own.interface)),
    remoteIdentities: one.remoteIdentities.map(identityText),
    localIdentity: localIdentity(one),
    ...(one.localAuthentication === undefined ? {} : { localAuthentication: one.localAuthentication }),
    remoteAuthentications: one.remoteAuthentications,
    ...(one.keyring === undefined ? {} : { keyring: one.keyring }),
    lifetimeSeconds: one.lifetimeMs / 1000,
    ...(dpd === undefined
      ? {}
      : { dpd: { idleSeconds: dpd.idleMs / 1000, retrySeconds: dpd.retryMs / 1000, mode: dpd.mode } }),
    innerVrf: one.innerVrf ?? '',
    ...(one.virtualTemplate === undefined ? {} : { virtualTemplate: one.virtualTemplate }),
    isShutdown: one.shutdown,
  };
}

function users(model: DeviceModel, profile: string): number {
  const direct = model.interfaces.filter(({ tunnel }) => tunnel?.ikeProfile === profile).length;
  return direct + model.ipsecProfiles.filter(({ ikeProfile }) => ikeProfile === profile).length;
}

function vrfText(match: FrontVrfMatch | undefined): string {
  if (match === undefined) return '';
  return match.kind === 'any' ? 'any' : match.vrf;
}

function identityText(match: IdentityMatch): string {
  switch (match.kind) {
    case 'address':
      return `address ${match.prefix}`;
    case 'fqdn':
    case 'email':
      return `${match.kind} ${match.domain ? 'domain ' : ''}${match.name}`;
    case 'key-id':
      return `key-id ${match.text}`;
    case 'any':
      return 'any';
    default:
      return match satisfies never;
  }
}

function localIdentity({ localIdentity: own }: IkeProfileModel): string {
  if (own === undefined) return 'none';
  if (own.kind === 'address') return `address ${own.address}`;
  return own.kind === 'dn' ? 'DN' : `${own.kind} ${own.text}`;
}

const ipsecProfileSchema = object({
  name: text('name'),
  ikeProfile: optional(text('IKE profile')),
  lifetimeKilobytes: optional(count('of child SAs; absent: no limit')),
  lifetimeSeconds: count('of child SAs'),
  isResponderOnly: flag('never asks for a child SA'),
  pfsGroup: optional(count('Diffie-Hellman group of each child SA')),
  transformSets: list(object({ name: text('name'), transforms: text('what it holds') }), 'in order of preference'),
});

export const ipsecProfileListSchema = publish(
  'show-crypto-ipsec-profile',
  'show crypto ipsec profile [tag NAME]',
  object({ profiles: list(ipsecProfileSchema, 'in the order of the configuration') }),
);
export type IpsecProfiles = Value<typeof ipsecProfileListSchema.schema>;

export function showIpsecProfile({ model }: GatewaySnapshot, only?: string): Shown<IpsecProfiles> {
  const profiles = named(model.ipsecProfiles, defaultIpsecProfile(), only).map((one) => {
    const bytes = one.lifetimeBytes ?? model.childLifetimeBytes;
    return {
      name: one.name,
      ...(one.ikeProfile === undefined ? {} : { ikeProfile: one.ikeProfile }),
      ...(bytes === 'unlimited' ? {} : { lifetimeKilobytes: Math.floor(bytes / 1000) }),
      lifetimeSeconds: (one.lifetimeMs ?? model.childLifetimeMs) / 1000,
      isResponderOnly: one.responderOnly,
      ...(one.pfsGroup === undefined ? {} : { pfsGroup: one.pfsGroup }),
      transformSets: one.proposals.map((name) => ({ name, transforms: transformsOf(model, name) })),
    };
  });
  const blocks = profiles.flatMap((one) => [
    `IPSEC profile ${one.name}`,
    ...(one.ikeProfile === undefined ? [] : [`\tIKEv2 Profile: ${one.ikeProfile}`]),
    one.lifetimeKilobytes === undefined
      ? `\tSecurity association lifetime: ${one.lifetimeSeconds} seconds`
      : `\tSecurity association lifetime: ${one.lifetimeKilobytes} kilobytes/${one.lifetimeSeconds} seconds`,
    '\tDualstack (Y/N): N',
    `\tResponder-Only (Y/N): ${one.isResponderOnly ? 'Y' : 'N'}`,
    `\tPFS (Y/N): ${one.pfsGroup === undefined ? 'N' : 'Y'}`,
    ...(one.pfsGroup === undefined ? [] : [`\tDH group:  group${one.pfsGroup}`]),
    '\tMixed-mode : Disabled',
    '\tTransform sets={ ',
    ...one.transformSets.map(({ name, transforms }) => `\t\t${name}:  { ${transforms}  } , `),
    '\t}',
    '',
  ]);
  return { value: { profiles }, text: lines(blocks) };
}

function transformsOf({ espProposals }: DeviceModel, wanted: string): string {
  const [found] = named<EspProposalModel>(espProposals, defaultEspProposal(), wanted);
  return found === undefined ? '' : transformSetText(found);
}

const transformSetSchema = object({
  name: text('name'),
  transforms: text('what it holds'),
  mode: text('Tunnel or Transport'),
});

export const transformSetListSchema = publish(
  'show-crypto-ipsec-transform-set',
  'show crypto ipsec transform-set [tag NAME]',
  object({ transformSets: list(transformSetSchema, 'in the order of the configuration') }),
);
export type TransformSets = Value<typeof transformSetListSchema.schema>;

export function showTransformSet({ model }: GatewaySnapshot, only?: string): Shown<TransformSets> {
  const transformSets = named<EspProposalModel>(model.espProposals, defaultEspProposal(), only).map((one) => ({
    name: one.name,
    transforms: transformSetText(one),
    mode: one.mode === 'transport' ? 'Transport' : 'Tunnel',
  }));
  const blocks = transformSets.flatMap(({ name, transforms, mode }) => [
    `Transform set ${name}: { ${transforms}  } `,
    `   will negotiate = { ${mode},  }, `,
    '',
  ]);
  return { value: { transformSets }, text: lines(blocks) };
}
