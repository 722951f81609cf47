/** What routing names that does not exist: VRFs, lists, route maps, peer groups and interfaces. */
import type {
  BgpFamilyModel,
  BgpModel,
  BgpNeighborModel,
  BgpVrfModel,
  DeviceModel,
  NveModel,
  Position,
  RouteMapModel,
  Written,
} from '../model.ts';
import { groupOf } from './bgp-groups.ts';

export type RoutingReference =
  | 'VRF'
  | 'interface'
  | 'access list'
  | 'prefix list'
  | 'route map'
  | 'AS path list'
  | 'community list'
  | 'peer group';

/** Asks for something by its name, undefined when nothing was named; `position` is the place of the reference. */
export type Need = (kind: RoutingReference, wanted: string | undefined, position: Position) => void;

export function checkRouting(model: DeviceModel, need: Need): void {
  for (const route of model.staticRoutes) {
    if (route.vrf !== '') need('VRF', route.vrf, route.written.start);
    need('interface', route.interface, route.written.start);
  }
  for (const { clauses } of model.routeMaps) for (const clause of clauses) checkClause(clause, need);
  if (model.bgp !== undefined) checkBgp(model.bgp, need);
  if (model.nve !== undefined) checkNve(model.nve, need);
}

function checkNve({ sourceInterface, members, written }: NveModel, need: Need): void {
  need('interface', sourceInterface, placeOf(written, 'sourceInterface'));
  for (const member of members) need('VRF', member.vrf, member.written.start);
}

function checkClause(clause: RouteMapModel['clauses'][number], need: Need): void {
  const at = (attribute: string): Position => placeOf(clause.written, attribute);
  for (const wanted of clause.matchPrefixLists) need('prefix list', wanted, at('matchPrefixLists'));
  for (const wanted of clause.matchNextHopPrefixLists) need('prefix list', wanted, at('matchNextHopPrefixLists'));
  for (const wanted of clause.matchAccessLists) need('access list', wanted, at('matchAccessLists'));
  for (const wanted of clause.matchAsPathLists) need('AS path list', String(wanted), at('matchAsPathLists'));
  for (const wanted of clause.matchCommunityLists) need('community list', wanted, at('matchCommunityLists'));
}

function checkBgp(bgp: BgpModel, need: Need): void {
  for (const table of [bgp, ...(bgp.vrfs ?? [])]) {
    if ('vrf' in table) need('VRF', table.vrf, placeOf(bgp.written, `vrf ${table.vrf}`));
    for (const family of Object.values(table.families)) checkFamily(family, need);
    for (const range of table.listenRanges ?? [])
      if (groupOf(bgp, table, range.peerGroup) === undefined) need('peer group', range.peerGroup, range.written.start);
    for (const { peer } of table.peerGroups ?? []) checkNeighbor(peer, need);
    // What a member has from its group was told of the group already.
    for (const one of ownOnly(bgp, table)) checkNeighbor(one, need);
  }
}

function checkFamily(family: BgpFamilyModel, need: Need): void {
  for (const one of [...family.networks, ...family.redistribute]) need('route map', one.routeMap, one.written.start);
}

type Subject = Omit<BgpNeighborModel, 'address'>;

function ownOnly(bgp: BgpModel, table: BgpModel | BgpVrfModel): readonly Subject[] {
  return table.neighbors.map((one) => {
    const group = groupOf(bgp, table, one.peerGroup)?.peer;
    const { updateSource, ...rest } = one;
    if (group === undefined || updateSource === undefined || updateSource !== group.updateSource) return one;
    return rest;
  });
}

function checkNeighbor(one: Subject, need: Need): void {
  need('interface', one.updateSource, placeOf(one.written, 'updateSource'));
  for (const which of [4, 6] as const) {
    const part = one.families[which];
    if (part === undefined) continue;
    // Only what this neighbour's own lines named: its group's names were looked at with the group.
    const own = (word: string, wanted: string | undefined, kind: 'prefix list' | 'route map'): void => {
      const position = one.written.attributes[`ipv${which} ${word}`];
      if (position !== undefined) need(kind, wanted, position);
    };
    own('prefix-list in', part.prefixListIn, 'prefix list');
    own('prefix-list out', part.prefixListOut, 'prefix list');
    own('route-map in', part.routeMapIn, 'route map');
    own('route-map out', part.routeMapOut, 'route map');
  }
}

function placeOf(written: Written, attribute: string): Position {
  return written.attributes[attribute] ?? written.start;
}
