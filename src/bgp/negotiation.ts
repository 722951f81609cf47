/** What two OPEN messages agree on: RFC 4271 section 6.2, RFC 5492, RFC 6793, RFC 6286. */
import { fail, type IpAddress, ok, type Result, writeU16 } from '../base/index.ts';
import { type BgpFamily, FAMILIES } from './evpn.ts';
import type { BgpFault } from './faults.ts';
import type { BgpNeighbor } from './policy.ts';
import { AFI, type Capability, familyOf, type Open, SAFI, shortAsn } from './wire/open.ts';

/** What a session needs to know of the speaker it belongs to. */
export type Speaker = Readonly<{ asn: number; routerId: IpAddress }>;

export type Negotiated = Readonly<{
  /** What the neighbour says its autonomous system is. */
  remoteAsn: number;
  routerId: IpAddress;
  asn: number;
  /** Zero: neither hold timer nor keepalives. */
  holdMs: number;
  keepaliveMs: number;
  fourOctetAs: boolean;
  routeRefresh: boolean;
  families: readonly BgpFamily[];
  /** The neighbour's capabilities in words. */
  capabilities: readonly string[];
}>;

const VERSION = 4;

/** The AS number that we are toward this neighbour. */
export function localAsnOf(neighbor: BgpNeighbor, speaker: Speaker): number {
  return neighbor.localAsn ?? speaker.asn;
}

export function isExternal(neighbor: BgpNeighbor, speaker: Speaker): boolean {
  return neighbor.remoteAsn !== localAsnOf(neighbor, speaker);
}

export function familiesOf(neighbor: BgpNeighbor): readonly BgpFamily[] {
  return FAMILIES.filter((family) => neighbor.families[family] !== undefined);
}

/** An external neighbour has to be on a connected network unless the operator says otherwise. */
export function needsConnected(neighbor: BgpNeighbor, speaker: Speaker): boolean {
  const { disableConnectedCheck, ebgpMultihop = 1, ttlSecurityHops = 1 } = neighbor;
  const isExempt = disableConnectedCheck || ebgpMultihop > 1 || ttlSecurityHops > 1;
  return !isExempt && isExternal(neighbor, speaker);
}

/** TTL of our packets. RFC 5082 section 3: with GTSM they leave with 255, and the receiver counts down from there. */
export function connectTtl(neighbor: BgpNeighbor, speaker: Speaker): number {
  const hasFullTtl = neighbor.ttlSecurityHops !== undefined || !isExternal(neighbor, speaker);
  return hasFullTtl ? 255 : (neighbor.ebgpMultihop ?? 1);
}

export function ourOpen(neighbor: BgpNeighbor, speaker: Speaker): Open {
  const asn = localAsnOf(neighbor, speaker);
  return {
    version: VERSION,
    asn: shortAsn(asn),
    holdSeconds: Math.min(0xffff, Math.round(neighbor.holdMs / 1000)),
    routerId: speaker.routerId,
    capabilities: ourCapabilities(neighbor, asn),
  };
}

function ourCapabilities(neighbor: BgpNeighbor, asn: number): readonly Capability[] {
  const families = familiesOf(neighbor).map(
    (family): Capability => ({ kind: 'multiprotocol', afi: AFI[family], safi: SAFI[family] }),
  );
  return [...families, { kind: 'route-refresh' }, { kind: 'four-octet-as', asn }];
}

/** Judges a neighbour's OPEN and settles the terms of the session. */
export function negotiate(open: Open, neighbor: BgpNeighbor, speaker: Speaker): Result<Negotiated, BgpFault> {
  const fourOctet = open.capabilities.find((capability) => capability.kind === 'four-octet-as');
  const asn = fourOctet?.asn ?? open.asn;
  const isExpected = asn === neighbor.remoteAsn || neighbor.alternateAsns?.includes(asn) === true;
  if (!isExpected || asn === 0) {
    const data = new Uint8Array(2);
    writeU16(data, 0, open.asn);
    return fail({ kind: 'bad-peer-as', data });
  }
  // RFC 6286 section 2.2: not zero, and among internal neighbours not our own.
  const isOurs = open.routerId.equals(speaker.routerId) && !isExternal(neighbor, speaker);
  if (open.routerId.isUnspecified || isOurs) {
    return fail({ kind: 'bad-bgp-identifier', data: open.routerId.toBytes() });
  }
  const offered = open.holdSeconds * 1000;
  const isTooShort = open.holdSeconds === 1 || open.holdSeconds === 2;
  if (isTooShort || (offered !== 0 && offered < neighbor.minimumHoldMs)) {
    return fail({ kind: 'unacceptable-hold-time' });
  }
  const families = commonFamilies(open, neighbor);
  if (families.length === 0) return fail({ kind: 'unsupported-capability', data: wantedFamilies(neighbor) });
  // RFC 4271 section 4.2: the smaller of both; section 4.4: keepalives at no more than a third of it.
  const holdMs = Math.min(offered, Math.round(neighbor.holdMs / 1000) * 1000);
  return ok({
    remoteAsn: asn,
    routerId: open.routerId,
    asn,
    holdMs,
    keepaliveMs: holdMs === 0 ? 0 : Math.max(1000, Math.min(neighbor.keepaliveMs || holdMs, Math.floor(holdMs / 3))),
    fourOctetAs: fourOctet !== undefined,
    routeRefresh: open.capabilities.some((capability) => capability.kind === 'route-refresh'),
    families,
    capabilities: open.capabilities.map(capabilityText),
  });
}

/** A speaker that does not mention families speaks IPv4 unicast, RFC 4760 section 8. */
function commonFamilies(open: Open, neighbor: BgpNeighbor): readonly BgpFamily[] {
  const offered = open.capabilities.filter((capability) => capability.kind === 'multiprotocol');
  const theirs: readonly (BgpFamily | undefined)[] =
    offered.length === 0 ? [4] : offered.map(({ afi, safi }) => familyOf(afi, safi));
  return familiesOf(neighbor).filter((family) => theirs.includes(family));
}

/** RFC 5492 section 5: the NOTIFICATION lists the capabilities that we miss. */
function wantedFamilies(neighbor: BgpNeighbor): Uint8Array {
  return Uint8Array.from(familiesOf(neighbor).flatMap((family) => [1, 4, 0, AFI[family], 0, SAFI[family]]));
}

function capabilityText(capability: Capability): string {
  switch (capability.kind) {
    case 'multiprotocol': {
      const family = familyOf(capability.afi, capability.safi);
      if (family === undefined) return `Address family ${capability.afi}/${capability.safi}`;
      return family === 'evpn' ? 'Address family L2VPN EVPN' : `Address family IPv${family} Unicast`;
    }
    case 'route-refresh':
      return 'Route refresh';
    case 'four-octet-as':
      return 'Four-octets ASN';
    case 'unknown':
      return `Capability ${capability.code}`;
    default:
      return capability satisfies never;
  }
}
