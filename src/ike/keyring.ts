/** Which key of a keyring is a peer's: by its identity, else by the name or the address where it is. */
import type { IpAddress } from '../base/index.ts';
import { fits } from './identity.ts';
import type { Identity, IdentityRule, IkePeer, KeyringEntry } from './policy.ts';

/** The peer with the keys that its keyring has for this identity at this address, where it has a keyring. */
export function withKeys(peer: IkePeer, identity: Identity | undefined, address: IpAddress): IkePeer {
  const { keyring } = peer;
  if (keyring === undefined) return peer;
  const { localKey, remoteKey, ppk } = keyFor(keyring, identity, address) ?? {};
  const { localKey: _, remoteKey: __, ppk: ___, ...rest } = peer;
  return {
    ...rest,
    ...(localKey === undefined ? {} : { localKey }),
    ...(remoteKey === undefined ? {} : { remoteKey }),
    ...(ppk === undefined ? {} : { ppk }),
  };
}

/** The most specific entry: an identity before a name, this before an address, and the longest prefix. */
export function keyFor(
  keyring: readonly KeyringEntry[],
  identity: Identity | undefined,
  address: IpAddress,
): KeyringEntry | undefined {
  let best: KeyringEntry | undefined;
  let bestRank = 0;
  for (const entry of keyring) {
    const rank = rankOf(entry, identity, address);
    if (rank <= bestRank) continue;
    best = entry;
    bestRank = rank;
  }
  return best;
}

/** Above every length of a prefix. */
const BY_NAME = 200;
const BY_IDENTITY = 1_000;

function rankOf(entry: KeyringEntry, identity: Identity | undefined, address: IpAddress): number {
  const byAddress = entry.address?.contains(address) === true ? 1 + entry.address.length : 0;
  if (identity === undefined) return byAddress;
  const rules = entry.identities.filter((rule) => fits(rule, identity)).map(specificity);
  if (rules.length > 0) return BY_IDENTITY + Math.max(...rules);
  const isNamed = identity.type === 'fqdn' && entry.hostname?.toLowerCase() === identity.name.toLowerCase();
  return isNamed ? BY_NAME : byAddress;
}

function specificity(rule: IdentityRule): number {
  if (rule.kind === 'any') return 0;
  if (rule.kind === 'address') return 1 + rule.prefix.length;
  return 'domain' in rule && rule.domain ? rule.name.length : 500;
}
