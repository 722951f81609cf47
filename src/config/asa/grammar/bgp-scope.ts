/** What the rows of BGP neighbours share: finding the neighbour of a line, and what to print where. */
import type { IpAddress } from '../../../base/index.ts';
import type { Draft } from '../../draft.ts';
import type { BgpNeighborFamilyModel, BgpNeighborModel } from '../../model.ts';
import { address } from '../../parameters.ts';
import type { Place } from '../../place.ts';
import { emptyNeighborFamily, noteFamilyLine } from '../../rows/bgp.ts';
import type { BgpFamilyScope, BgpFamilyView } from '../row.ts';

/** Modes in which neighbours stand. */
export const FAMILIES = ['bgp-ipv4', 'bgp-ipv6'] as const;
/** Lines of one neighbour are printed together. */
export const GROUP = 'neighbor';
/** The neighbour of the examples, and what stands before them. */
export const N = '10.0.0.9';
export const within = ['router bgp 65000', 'address-family ipv4 unicast', `neighbor ${N} remote-as 65001`];
export const within6 = ['router bgp 65000', 'address-family ipv6 unicast', 'neighbor 2001:db8::9 remote-as 65001'];
export const peer = address('Neighbour');

/** A neighbour, and its part in one family, while they are put together. */
export type Neighbor = Draft<BgpNeighborModel>;
export type FamilyPart = Draft<BgpNeighborFamilyModel>;

/** The neighbour of a line; it must have its AS first. */
export function neighborOf({ bgp }: BgpFamilyScope, wanted: IpAddress, place: Place): Neighbor | undefined {
  const found = bgp.neighbors.find((one) => one.address.equals(wanted));
  if (found !== undefined) return found;
  return place.error('missing-remote-as', `neighbor ${wanted} has no AS yet: remote-as must come first`, {
    param: 'peer',
    expected: `neighbor ${wanted} remote-as <asn>`,
    suggestion: `neighbor ${wanted} remote-as ${bgp.asn}`,
  });
}

/** The neighbour's part in the family that the line stands in. */
export function familyOf(scope: BgpFamilyScope, wanted: IpAddress, place: Place): FamilyPart | undefined {
  const neighbor = neighborOf(scope, wanted, place);
  if (neighbor === undefined) return undefined;
  const part = neighbor.families[scope.which] ?? (emptyNeighborFamily(false) as FamilyPart);
  neighbor.families[scope.which] = part;
  noteFamilyLine(neighbor.written, scope.which, place);
  return part;
}

/** Neighbours whose session lines are printed in this family: the first that they are in. */
export function atHome(view: BgpFamilyView): readonly BgpNeighborModel[] {
  return view.bgp.neighbors.filter((one) => homeOf(one) === view.which);
}

function homeOf(neighbor: BgpNeighborModel): 4 | 6 {
  if (neighbor.families[4] !== undefined) return 4;
  return neighbor.families[6] !== undefined ? 6 : neighbor.address.family;
}

export type PartOf = Readonly<{ neighbor: BgpNeighborModel; part: BgpNeighborFamilyModel }>;

/** All neighbours of a family with their part in it. */
export function partsOf({ bgp, which }: BgpFamilyView): readonly PartOf[] {
  return bgp.neighbors.flatMap((neighbor) => {
    const part = neighbor.families[which];
    return part === undefined ? [] : [{ neighbor, part }];
  });
}

/** Whether it is the neighbour of the line. */
export function isPeer(neighbor: BgpNeighborModel, wanted: IpAddress | undefined): boolean {
  return wanted !== undefined && neighbor.address.equals(wanted);
}
