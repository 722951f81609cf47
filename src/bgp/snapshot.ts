/** What `show` sees of the speaker. */
import { IpAddress } from '../base/index.ts';
import { asPathText } from './as-path.ts';
import { type DecisionRules, explain } from './decision.ts';
import type { BgpNeighborSnapshot, BgpPathSnapshot, BgpSnapshot, EvpnPathSnapshot } from './events.ts';
import { type BgpFamily, compareNlri, EvpnPrefix, overlayCommunities, prefixOf } from './evpn.ts';
import type { LocRib } from './loc-rib.ts';
import type { Destination, Path } from './path.ts';
import type { PathAttributes } from './path-attributes.ts';
import type { Peer } from './peer.ts';
import type { BgpConfig } from './policy.ts';

type Fate = Readonly<{ valid: boolean; best: boolean; multipath: boolean; reason: string }>;

export function speakerSnapshot(config: BgpConfig | undefined, peers: readonly Peer[], locRib: LocRib): BgpSnapshot {
  const attributeSets = new Set<PathAttributes>();
  let paths = 0;
  const evpn = { prefixes: 0, paths: 0 };
  for (const destination of locRib.destinations()) {
    const isEvpn = destination.prefix.family === 'evpn';
    if (isEvpn) evpn.prefixes++;
    for (const { attributes } of destination.paths) {
      if (attributes === undefined) continue;
      attributeSets.add(attributes);
      if (isEvpn) evpn.paths++;
      else paths++;
    }
  }
  const counts = new Map([...new Set(peers.flatMap((peer) => [...peer.groups.values()]))].map((g) => [g, g.counts()]));
  return {
    asn: config?.asn ?? 0,
    routerId: config?.routerId ?? IpAddress.any(4),
    tableVersion: locRib.tableVersion,
    neighbors: peers.map((peer) => {
      const sent = { 4: 0, 6: 0, evpn: 0 };
      for (const [family, group] of peer.groups) {
        const count = counts.get(group);
        sent[family] = (count?.total ?? 0) - (count?.of.get(peer.source) ?? 0);
      }
      return neighborSnapshot(peer, sent, locRib.tableVersion);
    }),
    prefixes: locRib.size - evpn.prefixes,
    paths,
    ...(peers.some(({ neighbor }) => neighbor.families.evpn !== undefined) && { evpn }),
    attributeSets: attributeSets.size,
    ...distinct(attributeSets),
    activity: { ...locRib.activity },
  };
}

function neighborSnapshot(
  peer: Peer,
  sent: Readonly<Record<BgpFamily, number>>,
  tableVersion: number,
): BgpNeighborSnapshot {
  const { neighbor, session, adjRibIn } = peer;
  const { negotiated, local, since, lastReset, lastError } = session;
  return {
    address: neighbor.address,
    remoteAsn: negotiated?.remoteAsn ?? neighbor.remoteAsn,
    ...(negotiated !== undefined && {
      remoteRouterId: negotiated.routerId,
      holdMs: negotiated.holdMs,
      keepaliveMs: negotiated.keepaliveMs,
    }),
    ...(neighbor.description !== undefined && { description: neighbor.description }),
    state: session.state,
    shutdown: neighbor.shutdown,
    ...(since !== undefined && { since }),
    messagesReceived: session.messagesReceived,
    messagesSent: session.messagesSent,
    updatesReceived: session.updatesReceived,
    updatesSent: session.updatesSent,
    prefixesReceived: adjRibIn[4].accepted + adjRibIn[6].accepted,
    prefixesSent: sent[4] + sent[6],
    families: {
      ...(neighbor.families[4] !== undefined && { 4: familyCounts(peer, 4, sent) }),
      ...(neighbor.families[6] !== undefined && { 6: familyCounts(peer, 6, sent) }),
      ...(neighbor.families.evpn !== undefined && { evpn: familyCounts(peer, 'evpn', sent) }),
    },
    tableVersion: session.state === 'Established' ? tableVersion : 1,
    outQueue: session.outQueue,
    ...(local !== undefined && { local }),
    capabilities: negotiated?.capabilities ?? [],
    ...(lastReset !== undefined && { lastReset }),
    ...(lastError !== undefined && { lastError }),
    establishedCount: session.establishedCount,
    maximumPrefixExceeded: session.isHeldDown,
    faults: Object.fromEntries(session.faults),
  };
}

function familyCounts({ adjRibIn }: Peer, family: BgpFamily, sent: Readonly<Record<BgpFamily, number>>) {
  return { received: adjRibIn[family].size, accepted: adjRibIn[family].accepted, sent: sent[family] };
}

function distinct(sets: Iterable<PathAttributes>): Readonly<{ asPaths: number; communitySets: number }> {
  const asPaths = new Set<string>();
  const communities = new Set<string>();
  for (const attributes of sets) {
    asPaths.add(asPathText(attributes.asPath));
    if (attributes.communities.length > 0) communities.add(attributes.communities.join(' '));
  }
  asPaths.delete('');
  return { asPaths: asPaths.size, communitySets: communities.size };
}

/** Paths that inbound policy permitted, by prefix, the best one of each first. */
export function pathsOf(destinations: readonly Destination[], rules: DecisionRules): readonly BgpPathSnapshot[] {
  return [...destinations]
    .filter(({ prefix }) => !(prefix instanceof EvpnPrefix))
    .sort((a, b) => compareNlri(a.prefix, b.prefix))
    .flatMap((destination) => {
      const shown = explain(destination.paths, rules)
        .filter(({ path }) => path.attributes !== undefined)
        .map(({ path, valid, reason }) =>
          pathSnapshot(path, path.attributes ?? path.received, fate(path, valid, reason)),
        );
      return shown.sort((a, b) => Number(b.best) - Number(a.best));
    });
}

/** The same of EVPN routes. */
export function evpnPathsOf(destinations: Iterable<Destination>, rules: DecisionRules): readonly EvpnPathSnapshot[] {
  const all: { nlri: EvpnPrefix; destination: Destination }[] = [];
  for (const destination of destinations) {
    if (destination.prefix instanceof EvpnPrefix) all.push({ nlri: destination.prefix, destination });
  }
  return all
    .sort((a, b) => a.nlri.compare(b.nlri))
    .flatMap(({ nlri, destination }) =>
      explain(destination.paths, rules)
        .flatMap(({ path, valid, reason }) => {
          const { attributes } = path;
          if (attributes === undefined) return [];
          const shown = pathSnapshot(path, attributes, fate(path, valid, reason));
          const overlay = overlayCommunities(attributes.others);
          return [{ ...shown, nlri, fields: attributes.evpn ?? nlri.fields, overlay }];
        })
        .sort((a, b) => Number(b.best) - Number(a.best)),
    );
}

export function advertisedPaths(peer: Peer): readonly BgpPathSnapshot[] {
  return [...peer.groups.values()]
    .filter(({ treatment }) => treatment.family !== 'evpn')
    .flatMap((group) => group.advertised(peer.source))
    .map(({ path, attributes }) =>
      pathSnapshot(path, attributes, { valid: true, best: true, multipath: false, reason: 'best path' }),
    )
    .sort((a, b) => a.prefix.compare(b.prefix));
}

export function receivedPaths(peer: Peer, rules: DecisionRules): readonly BgpPathSnapshot[] {
  return [...peer.adjRibIn[4].paths(), ...peer.adjRibIn[6].paths()]
    .map((path) => {
      const verdict = explain(path.destination.paths, rules).find((candidate) => candidate.path === path);
      return pathSnapshot(path, path.received, fate(path, verdict?.valid === true, verdict?.reason ?? ''));
    })
    .sort((a, b) => a.prefix.compare(b.prefix));
}

function fate(path: Path, valid: boolean, reason: string): Fate {
  const { best, multipath } = path.destination;
  return { valid, best: best === path, multipath: multipath.includes(path), reason };
}

function pathSnapshot(path: Path, attributes: PathAttributes, outcome: Fate): BgpPathSnapshot {
  const { source } = path;
  return {
    prefix: prefixOf(path.destination.prefix),
    nextHop: attributes.nextHop,
    ...(source !== undefined && { from: source.address, fromRouterId: source.routerId }),
    ...(path.destination.version !== undefined && { version: path.destination.version }),
    ...(path.attributes === undefined && { denied: true }),
    source: source === undefined ? 'local' : source.external ? 'ebgp' : 'ibgp',
    asPath: asPathText(attributes.asPath),
    origin: attributes.origin,
    ...(attributes.med !== undefined && { med: attributes.med }),
    ...(attributes.localPreference !== undefined && { localPreference: attributes.localPreference }),
    weight: path.weight,
    communities: attributes.communities,
    ...outcome,
  };
}
