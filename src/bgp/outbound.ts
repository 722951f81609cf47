/** What a route becomes on its way to a neighbour: RFC 4271 sections 5 and 9.2, RFC 4456. */
import { IpAddress } from '../base/index.ts';
import { prepend, withoutPrivate } from './as-path.ts';
import { type BgpFamily, prefixOf } from './evpn.ts';
import type { Path } from './path.ts';
import { COMMUNITY, NO_NUMBERS, type OtherAttribute, type PathAttributes } from './path-attributes.ts';
import type { NeighborPolicy } from './policy.ts';
import { applyPolicy } from './policy-evaluation.ts';
import { ATTRIBUTE, passedOn } from './wire/path-attributes.ts';

/** Everything the outcome depends on beside the route: neighbours with equal treatment share their messages. */
export type Treatment = Readonly<{
  family: BgpFamily;
  external: boolean;
  /** Numbers we put in front for an external neighbour, nearest first. */
  ownAsns: readonly number[];
  routerId: IpAddress;
  clusterId: IpAddress;
  /** Our end of the session: the next hop when we name ourselves. */
  localAddress: IpAddress;
  nextHopSelf: boolean;
  isClient: boolean;
  sendCommunity: boolean;
  sendExtendedCommunity: boolean;
  removePrivateAs: boolean;
  defaultOriginate: boolean;
  policy: NeighborPolicy;
  fourOctetAs: boolean;
  intervalMs: number;
  defaultLocalPreference: number;
}>;

/** The attributes to send; undefined: this route does not go to such a neighbour. */
export function outbound(path: Path, treatment: Treatment): PathAttributes | undefined {
  const { attributes, source } = path;
  if (attributes === undefined) return undefined;
  const { communities } = attributes;
  if (communities.length > 0) {
    if (communities.includes(COMMUNITY.noAdvertise)) return undefined;
    const staysInside = communities.includes(COMMUNITY.noExport) || communities.includes(COMMUNITY.noExportSubconfed);
    if (treatment.external && staysInside) return undefined;
  }
  const isInternal = source !== undefined && !source.external;
  // RFC 4456 section 6: from a client to all, from others to clients only; without clients RFC 4271 section 9.2.
  if (isInternal && !treatment.external && !treatment.isClient && source.isClient[treatment.family] !== true) {
    return undefined;
  }
  const permitted = applyPolicy(treatment.policy, prefixOf(path.destination.prefix), attributes);
  if (permitted === undefined) return undefined;
  const nextHop = chooseNextHop(path, permitted.attributes.nextHop, permitted.setsNextHop, treatment);
  if (nextHop === undefined) return undefined;
  const shared = withCommunities(permitted.attributes, treatment);
  return treatment.external
    ? toExternal(shared, nextHop, source === undefined || permitted.setsMed, treatment)
    : toInternal(shared, nextHop, path, treatment);
}

/** The route that `default-originate` makes up, whatever the table holds. */
export function defaultRoute(attributes: PathAttributes, treatment: Treatment): PathAttributes | undefined {
  const nextHop = inFamily(treatment.localAddress, treatment.family);
  if (nextHop === undefined) return undefined;
  const { ownAsns, defaultLocalPreference } = treatment;
  return treatment.external
    ? { ...attributes, nextHop, asPath: prepend([], ownAsns) }
    : { ...attributes, nextHop, localPreference: defaultLocalPreference };
}

function toExternal(from: PathAttributes, nextHop: IpAddress, keepsMed: boolean, treatment: Treatment): PathAttributes {
  const asPath = treatment.removePrivateAs ? withoutPrivate(from.asPath) : from.asPath;
  return {
    ...from,
    nextHop,
    asPath: prepend(asPath, treatment.ownAsns),
    // RFC 4271 section 5.1.4: another AS's MED goes no further.
    med: keepsMed ? from.med : undefined,
    localPreference: undefined,
    originatorId: undefined,
    clusterList: NO_NUMBERS,
  };
}

function toInternal(from: PathAttributes, nextHop: IpAddress, path: Path, treatment: Treatment): PathAttributes {
  const { source } = path;
  const localPreference = from.localPreference ?? treatment.defaultLocalPreference;
  if (source === undefined || source.external) return { ...from, nextHop, localPreference };
  // RFC 4456 section 8: name the originator once, and every cluster on the way.
  return {
    ...from,
    nextHop,
    localPreference,
    originatorId: from.originatorId ?? source.routerId,
    clusterList: [treatment.clusterId.a >>> 0, ...from.clusterList],
  };
}

/**
 * RFC 4271 section 5.1.3 allows a third party's next hop toward an external neighbour on the same subnet; we always name
 * ourselves there. Reflected routes keep theirs even with next-hop-self, RFC 4456 section 10.
 */
function chooseNextHop(
  path: Path,
  nextHop: IpAddress,
  isSetByPolicy: boolean,
  treatment: Treatment,
): IpAddress | undefined {
  const { source } = path;
  const { family } = treatment;
  if (isSetByPolicy) return inFamily(nextHop, family);
  // The next hop is the far end of a VXLAN tunnel (RFC 8365 section 5.1.3), and we would not be it for others' tenants.
  if (family === 'evpn' && !nextHop.isUnspecified && !treatment.nextHopSelf) return nextHop;
  const isReflected = source !== undefined && !source.external;
  const keeps = !treatment.external && !nextHop.isUnspecified && (isReflected || !treatment.nextHopSelf);
  return inFamily(keeps ? nextHop : treatment.localAddress, family);
}

/** IPv6 routes over an IPv4 session name us by our IPv4-mapped address; the other way round there is no name. */
function inFamily(address: IpAddress, family: BgpFamily): IpAddress | undefined {
  if (address.family === family || family === 'evpn') return address;
  return family === 6 ? IpAddress.v6(0, 0, 0xffff, address.a) : undefined;
}

function withCommunities(attributes: PathAttributes, treatment: Treatment): PathAttributes {
  const others = attributes.others.length === 0 ? attributes.others : carried(attributes.others, treatment);
  const communities = treatment.sendCommunity ? attributes.communities : NO_NUMBERS;
  if (communities === attributes.communities && others === attributes.others) return attributes;
  return { ...attributes, communities, others };
}

function carried(others: readonly OtherAttribute[], treatment: Treatment): readonly OtherAttribute[] {
  return others.flatMap((other) => {
    if (other.type === ATTRIBUTE.extendedCommunities && !treatment.sendExtendedCommunity) return [];
    if (other.type === ATTRIBUTE.largeCommunities && !treatment.sendCommunity) return [];
    return passedOn(other) ?? [];
  });
}
