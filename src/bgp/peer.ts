/** One neighbour as a whole: its configuration, session, Adj-RIB-In, and its places in update groups. */
import { type Instant, IpAddress } from '../base/index.ts';
import { AdjRibIn } from './adj-rib-in.ts';
import type { GroupMember, UpdateGroup } from './adj-rib-out.ts';
import type { BgpFamily } from './evpn.ts';
import type { InboundTerms } from './inbound.ts';
import { isExternal, localAsnOf, type Speaker } from './negotiation.ts';
import type { Treatment } from './outbound.ts';
import type { PathSource } from './path.ts';
import type { BgpConfig, BgpNeighbor, NeighborPolicy } from './policy.ts';
import { Session, type SessionHost } from './session.ts';

export class Peer {
  neighbor: BgpNeighbor;
  readonly session: Session;
  readonly source: PathSource;
  readonly member: GroupMember;
  readonly adjRibIn: Readonly<Record<BgpFamily, AdjRibIn>> = {
    4: new AdjRibIn(),
    6: new AdjRibIn(),
    evpn: new AdjRibIn(),
  };
  readonly groups = new Map<BgpFamily, UpdateGroup>();
  /** The maximum-prefix warning was given since the count was last below it. */
  hasWarned = false;

  constructor(neighbor: BgpNeighbor, speaker: Speaker, host: (peer: Peer) => SessionHost, clock: () => Instant) {
    this.neighbor = neighbor;
    this.source = {
      address: neighbor.address,
      external: isExternal(neighbor, speaker),
      routerId: IpAddress.any(4),
      isClient: clientFlags(neighbor),
    };
    const session = new Session(neighbor, speaker, host(this));
    this.session = session;
    this.member = {
      source: this.source,
      sendUpdates: (messages) => session.sendUpdates(messages, clock()),
    };
  }

  configure(neighbor: BgpNeighbor, speaker: Speaker, now: Instant): void {
    this.neighbor = neighbor;
    this.source.external = isExternal(neighbor, speaker);
    this.source.isClient = clientFlags(neighbor);
    this.session.configure(neighbor, speaker, now);
  }
}

function clientFlags(neighbor: BgpNeighbor): PathSource['isClient'] {
  return {
    4: neighbor.families[4]?.routeReflectorClient === true,
    6: neighbor.families[6]?.routeReflectorClient === true,
    evpn: neighbor.families.evpn?.routeReflectorClient === true,
  };
}

/** How this neighbour's routes are judged. */
export function inboundTerms(peer: Peer, config: BgpConfig, family: BgpFamily): InboundTerms {
  const { neighbor } = peer;
  const external = peer.source.external;
  const local = localAsnOf(neighbor, config);
  return {
    external,
    remoteAsn: peer.session.negotiated?.remoteAsn ?? neighbor.remoteAsn,
    ownAsns: local === config.asn ? [local] : [local, config.asn],
    allowAsIn: neighbor.families[family]?.allowAsIn ?? 0,
    enforceFirstAs: config.enforceFirstAs,
    routerId: config.routerId,
    clusterId: config.clusterId ?? config.routerId,
    localAddress: peer.session.local?.address,
  };
}

/** The `local-as` of an external neighbour, which also shows in what we hear from it. */
export function receivedThrough({ neighbor, source }: Peer, config: BgpConfig): number | undefined {
  return source.external && neighbor.localAsn !== config.asn ? neighbor.localAsn : undefined;
}

/** How routes are changed on the way to this neighbour; undefined while there is no session in that family. */
export function treatmentOf(peer: Peer, config: BgpConfig, family: BgpFamily): Treatment | undefined {
  const { neighbor, session } = peer;
  const { negotiated, local } = session;
  const settings = neighbor.families[family];
  if (settings === undefined || local === undefined || negotiated?.families.includes(family) !== true) return undefined;
  const asn = localAsnOf(neighbor, config);
  return {
    family,
    external: peer.source.external,
    ownAsns: asn === config.asn ? [asn] : [asn, config.asn],
    routerId: config.routerId,
    clusterId: config.clusterId ?? config.routerId,
    localAddress: local.address,
    nextHopSelf: settings.nextHopSelf,
    isClient: settings.routeReflectorClient,
    sendCommunity: settings.sendCommunity,
    sendExtendedCommunity: settings.sendExtendedCommunity ?? settings.sendCommunity,
    removePrivateAs: settings.removePrivateAs,
    defaultOriginate: settings.defaultOriginate,
    policy: settings.out,
    fourOctetAs: negotiated.fourOctetAs,
    intervalMs: neighbor.advertisementIntervalMs,
    defaultLocalPreference: config.defaultLocalPreference,
  };
}

const fingerprints = new WeakMap<object, string>();

/** A policy's content as text, worked out once for each object. */
export function fingerprint(policy: NeighborPolicy): string {
  return [policy.prefixList, policy.routeMap]
    .map((part) => {
      if (part === undefined) return '';
      const known = fingerprints.get(part);
      if (known !== undefined) return known;
      const text = JSON.stringify(part);
      fingerprints.set(part, text);
      return text;
    })
    .join('\n');
}

/** Equal keys mean equal treatment: the neighbours share an update group. */
export function groupKey(treatment: Treatment): string {
  return `${JSON.stringify({ ...treatment, policy: undefined })}\n${fingerprint(treatment.policy)}`;
}

/** Whether a running session cannot go on under the new configuration. */
export function needsReset(old: BgpNeighbor, next: BgpNeighbor): boolean {
  const samePassword =
    old.password === undefined || next.password === undefined
      ? old.password === next.password
      : old.password.equals(next.password);
  return !samePassword || sessionTerms(old) !== sessionTerms(next);
}

function sessionTerms(neighbor: BgpNeighbor): string {
  const { families, description, advertisementIntervalMs, password, ...rest } = neighbor;
  const clients = Object.entries(families).map(([family, settings]) => [family, settings?.routeReflectorClient]);
  return JSON.stringify({ ...rest, clients });
}
