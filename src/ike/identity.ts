/** Identities of peers and which peer of the policy they mean, RFC 7296 section 3.5. */
import { bytesEqual, fromUtf8, IpAddress, toHex, utf8 } from '../base/index.ts';
import { nameText } from '../crypto/index.ts';
import type { Identity, IkePeer } from './policy.ts';
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
 * else the default group. `groups` are groups that its certificate names. A peer whose addresses are set is only for those, and comes before one without.
 */
export function selectPeer(
  peers: readonly IkePeer[],
  identity: Identity | undefined,
  remote: IpAddress,
  local: IpAddress,
  groups: readonly string[] = [],
): IkePeer | undefined {
  const idText = identity === undefined ? undefined : identityText(identity);
  const address = remote.toString();
  let best: IkePeer | undefined;
  let bestRank = 0;
  for (const peer of peers) {
    if (peer.remote !== undefined && !peer.remote.equals(remote)) continue;
    if (peer.local !== undefined && !peer.local.equals(local)) continue;
    const named =
      peer.group === idText || groups.includes(peer.group) ? 3 : peer.group === address ? 2 : peer.isDefault ? 1 : 0;
    if (named === 0) continue;
    const rank = 4 * named + (peer.remote === undefined ? 0 : 2) + (peer.local === undefined ? 0 : 1);
    if (rank <= bestRank) continue;
    best = peer;
    bestRank = rank;
  }
  return best;
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
  if (peer.validateIdentity === 'none' || peer.isDefault) return true;
  if (identityText(identity) === peer.group) return true;
  if (!('address' in identity)) return false;
  const expected = peer.remote ?? IpAddress.parse(peer.group);
  if (expected === undefined) return false;
  return identity.address.equals(expected) || (remoteIsTranslated && expected.equals(remote));
}
