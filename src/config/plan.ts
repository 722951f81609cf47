/**
 * What differs between two configurations, told by what an operator thinks in: each tunnel, interface, neighbour and
 * route is added, removed, changed or untouched. A tunnel is changed as well when something that it refers to is. Where
 * a line stands makes no difference.
 */
import type { BgpModel, BgpNeighborModel, DeviceModel, InterfaceModel, IpsecProfileModel } from './model.ts';

export type PlanChange = 'added' | 'removed' | 'changed' | 'untouched';
export type PlanKind = 'interface' | 'tunnel' | 'bgp' | 'neighbor' | 'route' | 'settings';

export type PlanItem = Readonly<{
  kind: PlanKind;
  name: string;
  change: PlanChange;
  /** What of it, or of what it refers to, is different. */
  because: readonly string[];
}>;

/** Everything there is before or after, in the order of the later configuration; what is removed comes first. */
export function planOf(before: DeviceModel, after: DeviceModel): readonly PlanItem[] {
  const [old, wanted] = [thingsOf(before), thingsOf(after)];
  const removed = [...old.values()].filter(({ key }) => !wanted.has(key));
  return [
    ...removed.map(({ kind, name }): PlanItem => ({ kind, name, change: 'removed', because: [] })),
    ...[...wanted.values()].map(({ key, kind, name, parts }): PlanItem => {
      const known = old.get(key);
      if (known === undefined) return { kind, name, change: 'added', because: [] };
      const because = differing(known.parts, parts);
      return { kind, name, change: because.length === 0 ? 'untouched' : 'changed', because };
    }),
  ];
}

/** One thing with all that it is made of, by what an operator calls that. */
type Thing = Readonly<{ key: string; kind: PlanKind; name: string; parts: Parts }>;
type Parts = ReadonlyMap<string, unknown>;

function thingsOf(model: DeviceModel): ReadonlyMap<string, Thing> {
  const things = new Map<string, Thing>();
  const add = (kind: PlanKind, name: string, parts: Parts): void => {
    const key = `${kind} ${name}`;
    things.set(key, { key, kind, name, parts });
  };
  for (const one of model.interfaces) {
    if (one.tunnel === undefined) add('interface', one.name, new Map(fieldsOf(one)));
    else add('tunnel', one.name, tunnelParts(model, one));
  }
  if (model.bgp !== undefined) addBgp(model, model.bgp, add);
  for (const route of model.staticRoutes) {
    const way = route.nullRoute ? 'Null0' : [route.interface, route.gateway].join(' ').trim();
    const vrf = route.vrf === '' ? '' : ` vrf ${route.vrf}`;
    add('route', `${route.prefix} ${way}${vrf}`, new Map(fieldsOf(route)));
  }
  for (const [name, value] of Object.entries(model)) {
    if (TOLD_ELSEWHERE.has(name) || value === undefined) continue;
    if (!Array.isArray(value)) add('settings', wordsOf(name), new Map([[wordsOf(name), value]]));
    else if (value.length > 0) add('settings', wordsOf(name), elementsOf(value));
  }
  return things;
}

/** Fields of the model that the things above are made of. */
const TOLD_ELSEWHERE: ReadonlySet<string> = new Set(['interfaces', 'bgp', 'staticRoutes', 'kept']);

function tunnelParts(model: DeviceModel, { tunnel, ...own }: InterfaceModel): Parts {
  const parts = new Map<string, unknown>([...fieldsOf(own), ...fieldsOf(tunnel ?? {})]);
  const profile = named(model.ipsecProfiles, tunnel?.profile);
  if (profile !== undefined) addProfile(model, profile, parts);
  const ikeProfile = named(model.ikeProfiles, tunnel?.ikeProfile ?? profile?.ikeProfile);
  if (ikeProfile !== undefined) parts.set(`IKE profile ${ikeProfile.name}`, [ikeProfile, model.keyrings]);
  const { destination } = tunnel ?? {};
  const number = own.name.replace(/^\D+/, '');
  for (const group of model.tunnelGroups) {
    const isOfTemplate = own.kind === 'virtual-template' && group.virtualTemplate === Number(number);
    if (isOfTemplate || group.name === destination?.toString()) parts.set(`tunnel-group ${group.name}`, group);
  }
  const { sourceInterface } = tunnel ?? {};
  const source = model.interfaces.find(({ alias, name }) => [alias, name].includes(sourceInterface ?? ''));
  if (source !== undefined) parts.set(`interface ${sourceInterface}`, source);
  const { ikePolicies, ikeProposals, ikeSelections, ikeIdentity, ikeEnabled } = model;
  parts.set('IKE policies', [ikePolicies, ikeProposals, ikeSelections]);
  parts.set('IKE identity', ikeIdentity);
  if (sourceInterface !== undefined)
    parts.set(
      'IKE on its source',
      ikeEnabled.some((one) => one.interface === sourceInterface),
    );
  return parts;
}

function addProfile(model: DeviceModel, profile: IpsecProfileModel, parts: Map<string, unknown>): void {
  parts.set(`IPsec profile ${profile.name}`, profile);
  for (const name of profile.proposals) parts.set(`IPsec proposal ${name}`, named(model.espProposals, name));
}

function addBgp(model: DeviceModel, bgp: BgpModel, add: (kind: PlanKind, name: string, parts: Parts) => void): void {
  const { neighbors, vrfs = [], ...rest } = bgp;
  add('bgp', `AS ${bgp.asn}`, new Map(fieldsOf(rest)));
  for (const one of neighbors) add('neighbor', one.address.toString(), neighborParts(model, bgp, one));
  for (const { vrf, neighbors: inside, ...others } of vrfs) {
    add('bgp', `vrf ${vrf}`, new Map(fieldsOf(others)));
    for (const one of inside) add('neighbor', `${one.address} vrf ${vrf}`, neighborParts(model, bgp, one));
  }
}

function neighborParts(model: DeviceModel, { asn }: BgpModel, neighbor: BgpNeighborModel): Parts {
  const parts = new Map<string, unknown>([...fieldsOf(neighbor), ['own AS', asn]]);
  for (const family of Object.values(neighbor.families)) {
    for (const name of [family.prefixListIn, family.prefixListOut])
      if (name !== undefined) parts.set(`prefix-list ${name}`, named(model.prefixLists, name));
    for (const name of [family.routeMapIn, family.routeMapOut]) {
      const map = named(model.routeMaps, name);
      if (name !== undefined) parts.set(`route-map ${name}`, map);
      for (const clause of map?.clauses ?? []) {
        for (const list of clause.matchPrefixLists) parts.set(`prefix-list ${list}`, named(model.prefixLists, list));
        for (const list of clause.matchAccessLists) parts.set(`access-list ${list}`, named(model.accessLists, list));
      }
    }
  }
  return parts;
}

function named<T extends Readonly<{ name: string }>>(all: readonly T[], name: string | undefined): T | undefined {
  return all.find((one) => one.name === name);
}

function fieldsOf(value: object): [string, unknown][] {
  return Object.entries(value)
    .filter(([name, one]) => one !== undefined && name !== 'written')
    .map(([name, one]) => [wordsOf(name), one]);
}

/** A list's elements by what they are called; those without a name together. */
function elementsOf(list: readonly unknown[]): Parts {
  const parts = new Map<string, unknown[]>();
  for (const one of list) {
    const { name, interface: link, priority, number } = one as Readonly<Record<string, unknown>>;
    const label = String(name ?? link ?? priority ?? number ?? 'entries');
    parts.set(label, [...(parts.get(label) ?? []), one]);
  }
  return parts;
}

/** `securityLevel` as people read it. */
function wordsOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace(/ ms$/, '');
}

function differing(before: Parts, after: Parts): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => !isSame(before.get(name), after.get(name)));
}

type Comparable = Readonly<{ equals: (other: unknown) => boolean }>;

/** Whether two parts of models mean the same. Addresses, prefixes and keys know that themselves. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((one, i) => isSame(one, b[i]));
  if (a.constructor !== b.constructor) return false;
  if ('equals' in a && typeof a.equals === 'function') return (a as Comparable).equals(b);
  const [left, right] = [new Map(fieldsOf(a)), new Map(fieldsOf(b))];
  return left.size === right.size && [...left].every(([name, one]) => right.has(name) && isSame(one, right.get(name)));
}
