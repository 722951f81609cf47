/** Identities of peers and which peer of the policy they mean, RFC 7296 section 3.5. */
import { bytesEqual, fromUtf8, IpAddress, toHex, utf8 } from '../base/index.ts';
import { type Certificate, nameText } from '../crypto/index.ts';
import { ruleFits } from './certificate-rules.ts';
import { GLOBAL_VRF, type Identity, type IdentityRule, type IkePath, type IkePeer, vrfOf } from './policy.ts';
import { encodeIdentity } from './wire/identification.ts';
import type { Payload } from './wire/message.ts';

export { decodeIdentity, encodeIdentity } from './wire/identification.ts';

/** The ID payload that tells an identity. */
export function identityPayload(kind: 'idi' | 'idr', identity: Identity): Extract<Payload, { kind: 'idi' | 'idr' }> {
  return { kind, identity, body: encodeIdentity(identity) };
}

/** The identity of an address. */
export function addressIdentity(address: IpAddress): Identity {
  return { type: address.family === 4 ? 'ipv4' : 'ipv6', address };
}

/**
 * The identity as text: what is compared with the names of tunnel groups, and what operators read. Whoever has not
 * authenticated itself chooses it too, so what is not plain text, or too long for a name, is hexadecimal.
 */
export function identityText(identity: Identity): string {
  switch (identity.type) {
    case 'ipv4':
    case 'ipv6':
      return identity.address.toString();
    case 'fqdn':
    case 'rfc822':
      return isPlain(identity.name) ? identity.name : `0x${toHex(utf8(identity.name))}`;
    case 'key-id': {
      const text = fromUtf8(identity.data);
      return isPlain(text) ? text : `0x${toHex(identity.data)}`;
    }
    case 'der-asn1-dn': {
      const text = nameText(identity.data);
      return text !== undefined && text !== '' && isPlain(text) ? text : `0x${toHex(identity.data)}`;
    }
    default:
      return `0x${toHex(identity.data)}`;
  }
}

/** RFC 1035 section 2.3.4. */
const MAX_NAME = 255;
const SHOWN = 128;

/** The identity for notices and causes: what is long is cut, as it must not be where identities are compared. */
export function identityInShort(identity: Identity): string {
  const text = identityText(identity);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}

/** Neither control characters nor invisible ones that change how the rest is read. */
function isPlain(text: string): boolean {
  return text.length <= MAX_NAME && /^[^\p{Cc}\p{Cf}\u2028\u2029\ufffd]*$/u.test(text);
}

/** Whether two identities are the same: same type and value; domain names without regard to case. */
export function identitiesEqual(a: Identity, b: Identity): boolean {
  if ('address' in a) return 'address' in b && a.address.equals(b.address);
  if ('name' in a) return 'name' in b && a.type === b.type && a.name.toLowerCase() === b.name.toLowerCase();
  return 'data' in b && a.type === b.type && bytesEqual(a.data, b.data);
}

/**
 * The peer that a remote end belongs to: the group named like its identity, else the group named like its address,
 * else the default group; or one of whose identities or certificates it has one. A peer whose addresses are set is only
 * for those, and comes before one without.
 */
export function selectPeer(
  peers: readonly IkePeer[],
  identity: Identity | undefined,
  path: IkePath,
  { certificate, group: chosen, groups = [], defaultGroup }: Shown = {},
): IkePeer | undefined {
  const [remote, local] = [path.remote.address, path.local.address];
  const idText = identity === undefined ? undefined : identityText(identity);
  const address = remote.toString();
  let best: IkePeer | undefined;
  let bestRank = 0;
  for (const peer of peers) {
    if (vrfOf(peer) !== vrfOf(path)) continue;
    if (peer.remote !== undefined && !peer.remote.equals(remote)) continue;
    if (peer.local !== undefined && !peer.local.equals(local)) continue;
    if (peer.localAddresses?.some((one) => one.equals(local)) === false) continue;
    const named =
      peer.identities !== undefined
        ? mayBe(peer, identity, remote, certificate)
          ? 3
          : 0
        : chosen !== undefined && peer.group === chosen
          ? 4
          : peer.group === idText || groups.includes(peer.group)
            ? 3
            : peer.group === address
              ? 2
              : peer.isDefault || peer.group === defaultGroup
                ? 1
                : 0;
    if (named === 0) continue;
    const rank = 4 * named + (peer.remote === undefined ? 0 : 2) + (peer.local === undefined ? 0 : 1);
    if (rank <= bestRank) continue;
    best = peer;
    bestRank = rank;
  }
  return best;
}

/** What a certificate that is shown, and not yet believed, makes of who calls. */
export type Shown = Readonly<{
  certificate?: Certificate | undefined;
  /** Group that a rule over certificates chose. */
  group?: string | undefined;
  /** Groups that it names itself. */
  groups?: readonly string[];
  /** Where all with a certificate belong that belong nowhere else. */
  defaultGroup?: string | undefined;
}>;

/** Whether a peer with rules for its identity may be who calls; before it has said who it is, by its address alone. */
function mayBe(
  { identities = [], certificateRules = [], remote: place }: IkePeer,
  identity: Identity | undefined,
  remote: IpAddress,
  certificate: Certificate | undefined,
): boolean {
  if (identity === undefined && place !== undefined) return true;
  if (ruleFits(certificateRules, certificate)) return true;
  return identities.some((rule) => fits(rule, identity ?? addressIdentity(remote)));
}

/** Whether an identity is as a rule wants it. */
export function fits(rule: IdentityRule, identity: Identity): boolean {
  switch (rule.kind) {
    case 'any':
      return true;
    case 'address':
      return 'address' in identity && rule.prefix.contains(identity.address);
    case 'fqdn':
      return identity.type === 'fqdn' && hasName(identity.name, rule, '.');
    case 'email':
      return identity.type === 'rfc822' && hasName(identity.name, rule, '@');
    case 'key-id':
      return identity.type === 'key-id' && bytesEqual(identity.data, utf8(rule.text));
    default:
      return rule satisfies never;
  }
}

function hasName(name: string, rule: Readonly<{ name: string; domain: boolean }>, before: string): boolean {
  const [own, wanted] = [name.toLowerCase(), rule.name.toLowerCase()];
  return rule.domain ? own.endsWith(`${before}${wanted}`) : own === wanted;
}

/** Why nobody is configured for who calls, in words: the nearest that there is. */
export function whyUnknown(peers: readonly IkePeer[], identity: Identity, path: IkePath): string {
  const who = identityInShort(identity);
  const ruled = peers.filter(({ identities }) => identities !== undefined);
  if (ruled.length === 0) return `no tunnel group for identity ${who} or address ${path.remote.address}`;
  const from = `front VRF ${vrfText(path)}`;
  const fitting = ruled.filter(({ identities = [] }) => identities.some((rule) => fits(rule, identity)));
  const elsewhere = fitting.find((peer) => vrfOf(peer) !== vrfOf(path));
  const here = fitting.find((peer) => vrfOf(peer) === vrfOf(path));
  if (here !== undefined) {
    const { group, remote, local } = here;
    const place = remote === undefined ? `address ${local ?? ''} of ours` : `a peer at ${remote}`;
    return `profile ${group} matches identity ${who}, but it serves ${place}, not ${path.remote.address} to ${path.local.address}`;
  }
  if (elsewhere !== undefined) {
    return `profile ${elsewhere.group} matches identity ${who}, but in front VRF ${vrfText(elsewhere)}, not in ${vrfText(path)} (match fvrf)`;
  }
  const byCertificate = ruled.some(({ certificateRules }) => certificateRules !== undefined);
  const lines = byCertificate ? 'match identity remote, match certificate' : 'match identity remote';
  return `no profile matches identity ${who} in ${from} (${lines})`;
}

function vrfText(of: Readonly<{ vrf?: string }>): string {
  return vrfOf(of) === GLOBAL_VRF ? 'global' : vrfOf(of);
}

/**
 * Whether a peer that proved to know the key may call itself so. With `validateIdentity: 'required'` it must be the
 * group's name or the peer's address. A peer behind a NAT tells the address it has before translation, which we
 * cannot know: any address will do then, and so it does while `remoteIsTranslated` is not known to be false.
 */
export function peerIdentityAccepted(
  peer: IkePeer,
  identity: Identity,
  remote: IpAddress,
  remoteIsTranslated = true,
): boolean {
  if (peer.identities !== undefined) return peer.identities.some((rule) => fits(rule, identity));
  if (peer.validateIdentity === 'none' || peer.isDefault) return true;
  if (identityText(identity) === peer.group) return true;
  if (!('address' in identity)) return false;
  const expected = peer.remote ?? IpAddress.parse(peer.group);
  if (expected === undefined) return false;
  return identity.address.equals(expected) || (remoteIsTranslated && expected.equals(remote));
}
