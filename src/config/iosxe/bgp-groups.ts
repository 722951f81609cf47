/**
 * Peer groups: a neighbour's own lines go before those of its group. The model's neighbours hold the values in force, so
 * that nobody else need know of groups; what differs from the group is what a neighbour's own lines must have said.
 */
import type { Draft } from '../draft.ts';
import type {
  BgpListenRangeModel,
  BgpModel,
  BgpNeighborFamilyModel,
  BgpNeighborModel,
  BgpPeerGroupModel,
  BgpVrfModel,
} from '../model.ts';
import { emptyBgpFamily, emptyNeighborFamily } from '../rows/bgp.ts';

export type Subject = Omit<BgpNeighborModel, 'address'>;
type Table = Draft<BgpModel> | Draft<BgpVrfModel>;
type Part = Draft<BgpNeighborFamilyModel>;

/** Session settings that a group hands on, by the attribute that says where they were written. */
const SESSION = {
  remoteAsn: 'remoteAsn',
  localAsn: 'localAsn',
  description: 'description',
  shutdown: 'shutdown',
  password: 'password',
  timers: 'timers',
  ebgpMultihop: 'ebgpMultihop',
  ttlSecurityHops: 'ttlSecurityHops',
  disableConnectedCheck: 'disableConnectedCheck',
  updateSource: 'updateSource',
  connectionMode: 'connectionMode',
  advertisementInterval: 'advertisementIntervalMs',
} as const satisfies Record<string, keyof Subject>;

/** Settings of a family by the words of their lines. */
export const PART_WORDS = {
  activate: 'activate',
  'next-hop-self': 'nextHopSelf',
  'route-reflector-client': 'routeReflectorClient',
  'remove-private-as': 'removePrivateAs',
  'send-community': 'sendCommunity',
  'default-originate': 'defaultOriginate',
  weight: 'weight',
  'allowas-in': 'allowAsIn',
  'maximum-prefix': 'maximumPrefix',
  'prefix-list in': 'prefixListIn',
  'prefix-list out': 'prefixListOut',
  'route-map in': 'routeMapIn',
  'route-map out': 'routeMapOut',
} as const satisfies Record<string, keyof BgpNeighborFamilyModel>;

/** A neighbour or a group about which nothing has been said. */
export function emptySubject(written: Draft<BgpNeighborModel>['written']): Draft<Subject> {
  return { shutdown: false, disableConnectedCheck: false, connectionMode: 'both', families: {}, written };
}

/** The group of a name: that of the table, else one of the global table. */
export function groupOf(
  bgp: BgpModel,
  table: BgpModel | BgpVrfModel,
  name: string | undefined,
): BgpPeerGroupModel | undefined {
  if (name === undefined) return undefined;
  return [...(table.peerGroups ?? []), ...(bgp.peerGroups ?? [])].find((one) => one.name === name);
}

/** Gives every neighbour and listen range what its group says. Runs once, when all lines are read. */
export function settleGroups(bgp: Draft<BgpModel>): void {
  for (const table of [bgp, ...(bgp.vrfs ?? [])]) {
    for (const neighbor of table.neighbors) {
      const group = groupOf(bgp, table, neighbor.peerGroup);
      if (group !== undefined) inherit(neighbor, group.peer);
    }
    for (const range of table.listenRanges ?? []) settleRange(range, groupOf(bgp, table, range.peerGroup));
    if (table === bgp && bgp.ipv4ByDefault !== false)
      for (const one of bgp.neighbors) one.families[4] ??= emptyNeighborFamily(false) as Part;
    settleFamilies(table);
    const rank = (one: BgpNeighborModel): number => rankOf(one, groupOf(bgp, table, one.peerGroup));
    table.neighbors.sort((a, b) => rank(a) - rank(b));
  }
}

/** Neighbours in the order in which their first lines are printed. */
function rankOf(one: BgpNeighborModel, group: BgpPeerGroupModel | undefined): number {
  const home = one.families[4] === undefined && one.families[6] !== undefined ? 3 : 0;
  if (one.remoteAsn !== undefined && one.remoteAsn !== group?.peer.remoteAsn) return home;
  return home + (one.peerGroup === undefined ? 2 : 1);
}

function inherit(neighbor: Draft<Subject>, group: Subject): void {
  const { attributes } = neighbor.written;
  for (const [attribute, field] of Object.entries(SESSION))
    if (attributes[attribute] === undefined && group[field] !== undefined)
      Object.assign(neighbor, { [field]: group[field] });
  for (const which of [4, 6] as const) {
    const theirs = group.families[which];
    if (theirs === undefined) continue;
    const own = neighbor.families[which] ?? (emptyNeighborFamily(false) as Part);
    neighbor.families[which] = own;
    for (const [word, field] of Object.entries(PART_WORDS))
      if (attributes[`ipv${which} ${word}`] === undefined && theirs[field] !== undefined)
        Object.assign(own, { [field]: theirs[field] });
  }
}

function settleRange(range: Draft<BgpListenRangeModel>, group: BgpPeerGroupModel | undefined): void {
  if (group === undefined) return;
  range.peer = group.peer as Draft<Subject>;
  range.alternateAsns = [...group.alternateAsns];
}

/** A family that neighbours have is one that the table has. */
function settleFamilies(table: Table): void {
  const subjects = [...table.neighbors, ...(table.peerGroups ?? []).map(({ peer }) => peer)];
  for (const which of [4, 6] as const) {
    if (subjects.some(({ families }) => families[which] !== undefined))
      table.families[which] ??= emptyBgpFamily() as NonNullable<Table['families'][4]>;
  }
}
