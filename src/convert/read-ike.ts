/** IKE and ESP of one tunnel as its configuration has them: choices, lifetimes, keys, identities. */
import type { Family, IpAddress, SecretKey } from '../base/index.ts';
import {
  type DeviceModel,
  type DpdModel,
  defaultEspProposal,
  defaultIkeProposal,
  defaultIkeSelection,
  defaultIpsecProfile,
  type EspProposalModel,
  type IdentityMatch,
  type InterfaceModel,
  type IpsecProfileModel,
} from '../config/index.ts';
import type { Report } from './fault.ts';
import type { Cipher, EspOffer, Identity, IkeOffer } from './link.ts';

/** What both ends know of one another: each shows its key and its identity. */
export type Authentication = Readonly<{
  ownKey: SecretKey;
  peerKey: SecretKey;
  own: Identity;
  /** Absent: its address. */
  peer?: Identity;
  dpd?: DpdModel;
  ikeLifetimeMs?: number;
}>;

export type Protection = Readonly<{
  profile: IpsecProfileModel;
  esp: readonly EspOffer[];
  transport: boolean;
}>;

const PRF_OF: Readonly<Record<number, number>> = { 1: 1, 2: 2, 12: 5, 13: 6, 14: 7 };
const AES_GCM = 20;
const AES_GMAC = 21;

export function isAead({ encr }: Cipher): boolean {
  return encr === AES_GCM || encr === AES_GMAC;
}

/** Choices of the IKE SA, the most wanted first. AEADs have no integrity, so they are an offer of their own. */
export function ikeOffers(model: DeviceModel, frontVrf: string, local: IpAddress): readonly IkeOffer[] {
  if (model.dialect === 'asa') {
    const policies = [...model.ikePolicies].sort((a, b) => a.priority - b.priority);
    return policies.flatMap(apart);
  }
  const all = model.ikeSelections.length > 0 ? model.ikeSelections : [defaultIkeSelection()];
  const fitting = all
    .filter(({ frontVrf: wanted }) => wanted.kind === 'any' || wanted.vrf === frontVrf)
    .filter(({ localAddresses }) => localAddresses.length === 0 || localAddresses.some((one) => one.equals(local)))
    .map((one) => ({ one, rank: one.localAddresses.length > 0 ? 2 : one.frontVrf.kind === 'vrf' ? 1 : 0 }))
    .sort((a, b) => b.rank - a.rank);
  const proposals = [...model.ikeProposals, defaultIkeProposal()];
  return (fitting[0]?.one.proposals ?? []).flatMap((name) => {
    const found = proposals.find((one) => one.name === name);
    return found === undefined ? [] : apart(found);
  });
}

function apart({ encryption, integrity, prf, groups }: IkeOffer): readonly IkeOffer[] {
  const implied = integrity.flatMap((id) => PRF_OF[id] ?? []);
  const functions = prf.length > 0 ? prf : implied;
  const [aead, plain] = [encryption.filter(isAead), encryption.filter((one) => !isAead(one))];
  return [
    ...(aead.length === 0 ? [] : [{ encryption: aead, integrity: [], prf: functions, groups }]),
    ...(plain.length === 0 ? [] : [{ encryption: plain, integrity, prf: functions, groups }]),
  ];
}

/** The IPsec profile of a tunnel with its ESP choices. */
export function protectionOf(model: DeviceModel, one: InterfaceModel, report: Report): Protection | undefined {
  const at = { position: one.written.start };
  const name = one.tunnel?.profile;
  if (name === undefined) return report.fail('incomplete', `${one.name} has no tunnel protection`, at);
  const isRouter = model.dialect === 'iosxe';
  const profiles = [...model.ipsecProfiles, ...(isRouter ? [defaultIpsecProfile()] : [])];
  const profile = profiles.find((known) => known.name === name);
  if (profile === undefined) return report.fail('incomplete', `IPsec profile ${name} is not defined`, at);
  const known = [...model.espProposals, ...(isRouter ? [defaultEspProposal()] : [])];
  const names = profile.proposals.length === 0 && isRouter ? ['default'] : profile.proposals;
  const proposals = names.flatMap((wanted) => known.find((other) => other.name === wanted) ?? []);
  if (proposals.length === 0) {
    const message = `IPsec profile ${name} has no proposal that is defined`;
    return report.fail('incomplete', message, { position: profile.written.start });
  }
  const transport = proposals.every(({ mode }) => mode === 'transport');
  return { profile, esp: proposals.flatMap(espApart), transport };
}

function espApart({ encryption, integrity, esn }: EspProposalModel): readonly EspOffer[] {
  const [aead, plain] = [encryption.filter(isAead), encryption.filter((one) => !isAead(one))];
  const wide = esn === true;
  return [
    ...(aead.length === 0 ? [] : [{ encryption: aead, integrity: [], esn: wide }]),
    ...(plain.length === 0 ? [] : [{ encryption: plain, integrity, esn: wide }]),
  ];
}

/** Keys by direction and identities, of the peer at this address. */
export function authenticationOf(
  model: DeviceModel,
  one: InterfaceModel,
  ends: Readonly<{ local: IpAddress; remote: IpAddress; profile: IpsecProfileModel; ikeProfile?: string }>,
  report: Report,
): Authentication | undefined {
  return model.dialect === 'asa' ? byGroup(model, one, ends, report) : byProfile(model, one, ends, report);
}

function byGroup(
  model: DeviceModel,
  one: InterfaceModel,
  { local, remote }: Readonly<{ local: IpAddress; remote: IpAddress }>,
  report: Report,
): Authentication | undefined {
  const groups = model.tunnelGroups;
  const group =
    groups.find(({ name }) => name === remote.toString()) ?? groups.find(({ name }) => name === 'DefaultL2LGroup');
  if (group === undefined)
    return report.fail('no-key', `there is no tunnel-group ${remote}`, { position: one.written.start });
  const { localKey, remoteKey, keepalive } = group;
  if (localKey === undefined || remoteKey === undefined) {
    const message =
      group.localTrustpoint === undefined
        ? `tunnel-group ${group.name} lacks a key`
        : `tunnel-group ${group.name} proves a certificate: a peer needs one of its own, which no configuration gives`;
    const code = group.localTrustpoint === undefined ? 'no-key' : 'unsupported';
    return report.fail(code, message, { position: group.written.start });
  }
  const lifetimes = model.ikePolicies.flatMap(({ lifetimeMs }) => lifetimeMs ?? []);
  const { ikeIdentity: own } = model;
  return {
    ownKey: localKey,
    peerKey: remoteKey,
    own:
      own.kind === 'hostname'
        ? { kind: 'fqdn', text: model.hostname }
        : own.kind === 'key-id'
          ? { kind: 'key-id', text: own.text }
          : { kind: 'address', address: local },
    ...(keepalive === undefined
      ? {}
      : { dpd: { idleMs: keepalive.thresholdMs, retryMs: keepalive.retryMs, mode: 'on-demand' as const } }),
    ...(lifetimes.length === 0 ? {} : { ikeLifetimeMs: Math.min(...lifetimes) }),
  };
}

function byProfile(
  model: DeviceModel,
  one: InterfaceModel,
  ends: Readonly<{ local: IpAddress; remote: IpAddress; profile: IpsecProfileModel; ikeProfile?: string }>,
  report: Report,
): Authentication | undefined {
  const name = ends.ikeProfile ?? one.tunnel?.ikeProfile ?? ends.profile.ikeProfile;
  const found = model.ikeProfiles.find((known) => known.name === name);
  if (found === undefined)
    return report.fail('incomplete', `${one.name} has no IKEv2 profile`, { position: one.written.start });
  const at = { position: found.written.start };
  if (found.localAuthentication !== 'pre-share' || !found.remoteAuthentications.includes('pre-share')) {
    const message = `IKEv2 profile ${found.name} does not use keys on both sides: a peer needs a certificate of its own`;
    return report.fail('unsupported', message, at);
  }
  const peers = model.keyrings.find((ring) => ring.name === found.keyring)?.peers ?? [];
  const fitting = peers
    .filter(({ address }) => address?.contains(ends.remote) === true)
    .sort((a, b) => (b.address?.length ?? 0) - (a.address?.length ?? 0));
  const identities = found.remoteIdentities.flatMap((match) => identityOf(match, ends.remote) ?? []);
  const byIdentity = peers.find((peer) => peer.identities.some((match) => identities.some((id) => fits(match, id))));
  const entry = fitting[0] ?? byIdentity;
  if (entry?.ppk?.required === true)
    return report.fail('unsupported', `peer ${entry.name} must use a post-quantum key, which is not carried over`, at);
  const [ownKey, peerKey] = [found.localKey ?? entry?.localKey, found.remoteKey ?? entry?.remoteKey];
  if (ownKey === undefined || peerKey === undefined)
    return report.fail('no-key', `IKEv2 profile ${found.name} finds no key for ${ends.remote}`, at);
  const own = found.localIdentity ?? { kind: 'address' as const, address: ends.local };
  if (own.kind === 'dn') return report.fail('unsupported', `IKEv2 profile ${found.name} calls itself by a DN`, at);
  const dpd = found.dpd ?? model.dpd;
  return {
    ownKey,
    peerKey,
    own,
    ...(identities[0] === undefined ? {} : { peer: identities[0] }),
    ...(dpd === undefined ? {} : { dpd }),
    ikeLifetimeMs: found.lifetimeMs,
  };
}

/** The one identity that a match stands for; one that many fit stands for the peer's address. */
function identityOf(match: IdentityMatch, remote: IpAddress): Identity | undefined {
  if (match.kind === 'key-id') return { kind: 'key-id', text: match.text };
  if (match.kind === 'fqdn' || match.kind === 'email')
    return match.domain ? undefined : { kind: match.kind, text: match.name };
  if (match.kind !== 'address') return { kind: 'address', address: remote };
  if (match.prefix.isHost) return { kind: 'address', address: match.prefix.address };
  return match.prefix.contains(remote) ? { kind: 'address', address: remote } : undefined;
}

function fits(match: IdentityMatch, identity: Identity): boolean {
  if (match.kind === 'any') return true;
  if (match.kind === 'address') return identity.kind === 'address' && match.prefix.contains(identity.address);
  if (identity.kind === 'address' || identity.kind !== match.kind) return false;
  return identity.text === (match.kind === 'key-id' ? match.text : match.name);
}

/** The outer family of a tunnel, and whether GRE is in it. */
export function modeOf(
  model: DeviceModel,
  { tunnel }: InterfaceModel,
): Readonly<{ mode: Family; isGre: boolean }> | undefined {
  if (tunnel?.mode !== undefined) return { mode: tunnel.mode, isGre: false };
  if (model.dialect === 'asa') return undefined;
  return { mode: tunnel?.greMode ?? 4, isGre: true };
}
