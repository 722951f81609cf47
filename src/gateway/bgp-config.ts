/** From the model to what BGP needs: neighbours with their policies, compiled once. */
import type { IpAddress } from '../base/index.ts';
import { Prefix } from '../base/index.ts';
import type {
  BgpConfig,
  BgpFamily,
  BgpNeighbor,
  NeighborFamily,
  NeighborPolicy,
  PrefixList,
  RouteMap,
  RouteMapMatch,
  RouteMapSet,
} from '../bgp/index.ts';
import type {
  BgpNeighborFamilyModel,
  BgpNeighborModel,
  BgpVrfModel,
  DeviceModel,
  EvpnNeighborModel,
  RouteMapModel,
} from '../config/index.ts';
import type { ListenRange } from './listen-ranges.ts';
import type { ModelIndex } from './model-index.ts';

/** What BGP runs by; undefined when the model has no BGP. */
export function bgpConfig(index: ModelIndex, vrf = ''): BgpConfig | undefined {
  const { model } = index;
  const { bgp } = model;
  const part = bgpIn(model, vrf);
  if (bgp === undefined || part === undefined) return undefined;
  const families = [part.families[4], part.families[6]];
  return {
    asn: bgp.asn,
    routerId: part.routerId ?? bgp.routerId ?? automaticRouterId(index, vrf),
    neighbors: part.neighbors.flatMap((one) => neighbor(index, one) ?? []),
    maximumPaths: {
      ebgp: Math.max(1, ...families.map((family) => family?.maximumPaths.ebgp ?? 1)),
      ibgp: Math.max(1, ...families.map((family) => family?.maximumPaths.ibgp ?? 1)),
    },
    enforceFirstAs: bgp.enforceFirstAs,
    alwaysCompareMed: bgp.alwaysCompareMed,
    defaultLocalPreference: 100,
  };
}

/** Highest loopback address, then highest address of another interface (semantics section 13). */
function automaticRouterId({ model }: ModelIndex, vrf: string): IpAddress {
  const highest = (loopback: boolean): IpAddress | undefined =>
    model.interfaces
      .filter((one) => one.vrf === vrf && (one.kind === 'loopback') === loopback && !one.shutdown)
      .flatMap((one) => one.addresses)
      .map(({ address }) => address)
      .filter(({ family }) => family === 4)
      .sort((a, b) => b.compare(a))[0];
  // RFC 6286: any non-zero number serves where there is no IPv4 address.
  return highest(true) ?? highest(false) ?? Prefix.all(4).address.plus(1);
}

/** What a model says of BGP in one VRF. */
function bgpIn({ bgp }: DeviceModel, vrf: string): BgpVrfModel | undefined {
  if (bgp === undefined) return undefined;
  if (vrf !== '') return bgp.vrfs?.find((one) => one.vrf === vrf);
  const { neighbors, listenRanges = [], families, routerId } = bgp;
  return { vrf, neighbors, listenRanges, families, ...(routerId === undefined ? {} : { routerId }) };
}

/** Address families of BGP in one VRF. */
export function familiesIn(model: DeviceModel | undefined, vrf: string): BgpVrfModel['families'] | undefined {
  return model === undefined ? undefined : bgpIn(model, vrf)?.families;
}

/** Ranges that neighbours may come from in one VRF. What such a neighbour is like, its peer group says. */
export function listenRanges(index: ModelIndex, vrf: string): ListenRange[] {
  return (bgpIn(index.model, vrf)?.listenRanges ?? []).flatMap(({ prefix, peerGroup, alternateAsns, peer }) => {
    const made = neighbor(index, { ...peer, address: prefix.address });
    if (made === undefined) return [];
    const { address: _, ...rest } = made;
    // Who comes from anywhere is waited for.
    const others = alternateAsns.length === 0 ? {} : { alternateAsns };
    return [{ prefix, peerGroup, peer: { ...rest, ...others, connectionMode: 'passive' as const } }];
  });
}

/** VRFs that BGP runs in, the global table first. */
export function bgpVrfs({ bgp }: DeviceModel): string[] {
  return bgp === undefined ? [] : ['', ...(bgp.vrfs ?? []).map(({ vrf }) => vrf)];
}

function neighbor(index: ModelIndex, one: BgpNeighborModel): BgpNeighbor | undefined {
  const { model } = index;
  const { bgp } = model;
  if (one.remoteAsn === undefined || bgp === undefined) return undefined;
  const source = one.updateSource === undefined ? undefined : index.interface(one.updateSource);
  const localAddress = source === undefined ? undefined : index.sourceAddress(source, one.address.family);
  const timers = one.timers ?? bgp.timers;
  const families: Partial<Record<BgpFamily, NeighborFamily>> = {};
  if (one.evpn?.activate === true) families.evpn = evpnFamily(one.evpn);
  for (const family of [4, 6] as const) {
    const settings = one.families[family];
    if (settings?.activate) families[family] = neighborFamily(model, settings);
  }
  return {
    address: one.address,
    remoteAsn: one.remoteAsn,
    ...(one.localAsn === undefined ? {} : { localAsn: one.localAsn }),
    ...(one.description === undefined ? {} : { description: one.description }),
    shutdown: one.shutdown,
    ...(one.password === undefined ? {} : { password: one.password }),
    keepaliveMs: timers.keepaliveMs,
    holdMs: timers.holdMs,
    minimumHoldMs: timers.minimumHoldMs,
    ...(one.ebgpMultihop === undefined ? {} : { ebgpMultihop: one.ebgpMultihop }),
    disableConnectedCheck: one.disableConnectedCheck,
    ...(one.ttlSecurityHops === undefined ? {} : { ttlSecurityHops: one.ttlSecurityHops }),
    ...(localAddress === undefined ? {} : { localAddress }),
    connectionMode: one.connectionMode,
    advertisementIntervalMs: one.advertisementIntervalMs ?? 0,
    families,
  };
}

/** A neighbour's part in EVPN; what it tells is sorted by route targets alone. */
function evpnFamily({ routeReflectorClient, sendStandard, sendExtended }: EvpnNeighborModel): NeighborFamily {
  return {
    nextHopSelf: false,
    routeReflectorClient,
    in: {},
    out: {},
    sendCommunity: sendStandard,
    sendExtendedCommunity: sendExtended,
    weight: 0,
    defaultOriginate: false,
    allowAsIn: 0,
    removePrivateAs: false,
  };
}

function neighborFamily(model: DeviceModel, one: BgpNeighborFamilyModel): NeighborFamily {
  return {
    nextHopSelf: one.nextHopSelf,
    routeReflectorClient: one.routeReflectorClient,
    in: policy(model, one.prefixListIn, one.routeMapIn),
    out: policy(model, one.prefixListOut, one.routeMapOut),
    sendCommunity: one.sendCommunity,
    weight: one.weight,
    defaultOriginate: one.defaultOriginate,
    allowAsIn: one.allowAsIn,
    removePrivateAs: one.removePrivateAs,
    ...(one.maximumPrefix === undefined ? {} : { maximumPrefix: one.maximumPrefix }),
  };
}

function policy(model: DeviceModel, list: string | undefined, map: string | undefined): NeighborPolicy {
  return {
    ...(list === undefined ? {} : { prefixList: prefixList(model, list) }),
    ...(map === undefined ? {} : { routeMap: routeMap(model, map) }),
  };
}

/** A prefix list by name; one that is not configured permits everything, as on the platform. */
function prefixList(model: DeviceModel, name: string): PrefixList {
  const found = model.prefixLists.find((one) => one.name === name);
  return { name, entries: found?.entries.map(({ written: _, ...entry }) => entry) ?? [] };
}

/** A route map by name; one that is not configured has no clause and so denies everything. */
export function routeMap(model: DeviceModel, name: string): RouteMap {
  const found = model.routeMaps.find((one) => one.name === name);
  return {
    name,
    clauses: (found?.clauses ?? []).map((clause) => ({
      sequence: clause.sequence,
      action: clause.action,
      match: matches(model, clause),
      set: sets(clause),
    })),
  };
}

type Clause = RouteMapModel['clauses'][number];

function matches(model: DeviceModel, clause: Clause): RouteMapMatch[] {
  const all: RouteMapMatch[] = [];
  const prefixes = [
    ...clause.matchPrefixLists.map((name) => prefixList(model, name)),
    ...clause.matchAccessLists.map((name) => accessListAsPrefixList(model, name)),
  ];
  if (prefixes.length > 0) all.push({ kind: 'prefix-list', lists: prefixes });
  const nextHops = clause.matchNextHopPrefixLists.map((name) => prefixList(model, name));
  if (nextHops.length > 0) all.push({ kind: 'next-hop', lists: nextHops });
  for (const number of clause.matchAsPathLists) {
    const entries = model.asPathLists.find((one) => one.number === number)?.entries ?? [];
    all.push({ kind: 'as-path', entries });
  }
  for (const name of clause.matchCommunityLists) {
    const entries = model.communityLists.find((one) => one.name === name)?.entries ?? [];
    for (const { communities } of entries) all.push({ kind: 'community', communities, exact: false });
  }
  if (clause.matchMetric !== undefined) all.push({ kind: 'metric', value: clause.matchMetric });
  if (clause.matchTags.length > 0) all.push({ kind: 'tag', values: clause.matchTags });
  return all;
}

/** An access list that matches routes: a standard entry names the prefix, or everything within it. */
function accessListAsPrefixList(model: DeviceModel, name: string): PrefixList {
  const entries = model.accessLists.find((one) => one.name === name)?.entries ?? [];
  return {
    name,
    entries: entries
      .filter(({ inactive }) => !inactive)
      .flatMap(({ action, source }, i) =>
        source.map((prefix) => ({ sequence: i + 1, action, prefix, le: prefix.address.bits })),
      ),
  };
}

function sets(clause: Clause): RouteMapSet[] {
  const all: RouteMapSet[] = [];
  if (clause.setLocalPreference !== undefined) all.push({ kind: 'local-preference', value: clause.setLocalPreference });
  if (clause.setMetric !== undefined) all.push({ kind: 'metric', value: clause.setMetric });
  if (clause.setWeight !== undefined) all.push({ kind: 'weight', value: clause.setWeight });
  if (clause.setAsPathPrepend.length > 0) all.push({ kind: 'as-path-prepend', asns: clause.setAsPathPrepend });
  if (clause.setCommunities !== undefined) all.push({ kind: 'community', ...clause.setCommunities });
  if (clause.setNextHop !== undefined) all.push({ kind: 'next-hop', address: clause.setNextHop });
  if (clause.setOrigin !== undefined) all.push({ kind: 'origin', origin: clause.setOrigin });
  return all;
}
