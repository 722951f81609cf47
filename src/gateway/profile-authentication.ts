/** How an IKE profile has us prove who we are, and what it accepts of the peer. */
import type { IpAddress } from '../base/index.ts';
import { utf8 } from '../base/index.ts';
import type { IkeProfileModel, KeyringModel } from '../config/index.ts';
import { type IkePeer, type KeyringEntry, keyFor, type LocalSignature } from '../ike/index.ts';
import type { ModelIndex } from './model-index.ts';
import type { Trustpoints } from './trustpoints.ts';

type Authentication = Pick<IkePeer, 'localKey' | 'remoteKey' | 'ppk' | 'keyring' | 'localSignature' | 'trust'>;

/** Keys and certificates of a profile toward one peer, or toward whoever comes; or the first thing it lacks. */
export function profileAuthentication(
  index: ModelIndex,
  profile: IkeProfileModel,
  trustpoints: Trustpoints,
  destination: IpAddress | undefined,
): Authentication | string {
  const { name, localAuthentication: method, remoteAuthentications: methods, localKey, remoteKey } = profile;
  if (method === undefined) return `IKEv2 profile ${name} has no authentication local`;
  if (methods.length === 0) return `IKEv2 profile ${name} has no authentication remote`;
  if (method === 'eap' || methods.every((one) => one === 'eap')) {
    return `IKEv2 profile ${name} authenticates by EAP, which is not supported`;
  }
  const [proves, accepts] = [method === 'pre-share', methods.includes('pre-share')];
  const signature = proves ? undefined : signatureOf(profile, trustpoints);
  if (typeof signature === 'string') return signature;
  const certificates = methods.some((one) => one === 'rsa-sig' || one === 'ecdsa-sig');
  const anchors = certificates ? anchorsOf(profile, trustpoints) : [];
  if (certificates && !accepts && anchors.length === 0) {
    return `IKEv2 profile ${name} wants a certificate of the peer, but no trustpoint has one of an authority`;
  }
  const keys = sharedKeys(index, profile, { proves, accepts }, destination);
  if (typeof keys === 'string') return keys;
  return {
    ...keys,
    ...(proves && localKey !== undefined ? { localKey } : {}),
    ...(accepts && remoteKey !== undefined ? { remoteKey } : {}),
    ...(signature === undefined ? {} : { localSignature: signature }),
    ...(anchors.length === 0 ? {} : { trust: { anchors, permitWeak: false, identity: 'if-present' } }),
  };
}

type Use = Readonly<{ proves: boolean; accepts: boolean }>;

/** The keyring's keys as far as the profile uses any; toward a known address the one that is for it. */
function sharedKeys(
  { model }: ModelIndex,
  profile: IkeProfileModel,
  { proves, accepts }: Use,
  destination: IpAddress | undefined,
): Pick<Authentication, 'keyring' | 'localKey' | 'remoteKey' | 'ppk'> | string {
  const { name, keyring: ringName, localKey, remoteKey } = profile;
  const needsRing = (proves && localKey === undefined) || (accepts && remoteKey === undefined);
  if (!needsRing) return {};
  if (ringName === undefined) return `IKEv2 profile ${name} has neither a keyring nor a key of its own`;
  const ring = model.keyrings.find((one) => one.name === ringName);
  if (ring === undefined) return `keyring ${ringName} of IKEv2 profile ${name} is not configured`;
  const keyring = ring.peers.map((peer) => entryOf(peer, profile, { proves, accepts }));
  if (keyring.length === 0) return `keyring ${ringName} has no peer`;
  if (destination === undefined) return { keyring };
  const found = keyFor(keyring, undefined, destination);
  const byName = keyring.some(({ hostname, identities }) => hostname !== undefined || identities.length > 0);
  if (found === undefined && !byName) return `keyring ${ringName} has no peer with address ${destination}`;
  if (found !== undefined && proves && found.localKey === undefined) {
    return `peer ${found.name} of keyring ${ringName} has no pre-shared-key to prove ourselves with`;
  }
  if (found !== undefined && accepts && found.remoteKey === undefined) {
    return `peer ${found.name} of keyring ${ringName} has no pre-shared-key of the peer`;
  }
  return {
    keyring,
    ...(found?.localKey === undefined ? {} : { localKey: found.localKey }),
    ...(found?.remoteKey === undefined ? {} : { remoteKey: found.remoteKey }),
    ...(found?.ppk === undefined ? {} : { ppk: found.ppk }),
  };
}

/** A key in the profile itself goes before that of the keyring. */
function entryOf(
  peer: KeyringModel['peers'][number],
  profile: IkeProfileModel,
  { proves, accepts }: Use,
): KeyringEntry {
  const { name, address, hostname, identities, ppk } = peer;
  const localKey = profile.localKey ?? peer.localKey;
  const remoteKey = profile.remoteKey ?? peer.remoteKey;
  return {
    name,
    identities,
    ...(address === undefined ? {} : { address }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(proves && localKey !== undefined ? { localKey } : {}),
    ...(accepts && remoteKey !== undefined ? { remoteKey } : {}),
    ...(ppk === undefined ? {} : { ppk: { ...ppk, id: utf8(ppk.id), type: 'fixed' as const } }),
  };
}

/** The first trustpoint of the profile that is there to sign with. */
function signatureOf({ name, trustpoints: named }: IkeProfileModel, trustpoints: Trustpoints): LocalSignature | string {
  const own = named.find(({ use }) => use !== 'verify');
  if (own === undefined) return `IKEv2 profile ${name} has no pki trustpoint to sign with`;
  const credential = trustpoints.credential(own.name);
  return typeof credential === 'string' ? credential : { credential, sendChain: true };
}

/** Authorities of the profile's trustpoints; where it names none, of all. */
function anchorsOf({ trustpoints: named }: IkeProfileModel, trustpoints: Trustpoints) {
  const trusted = named.filter(({ use }) => use !== 'sign').map(({ name }) => name);
  const anchors = trustpoints.anchors();
  return trusted.length === 0 ? anchors : anchors.filter(({ name }) => trusted.includes(name));
}
