/** Lines of one BGP neighbour. They all stand in an address family, also those of the session as a whole. */
import type { IpAddress } from '../../../base/index.ts';
import type { BgpNeighborFamilyModel, BgpNeighborModel } from '../../model.ts';
import type { Args, Parameters } from '../../parameters.ts';
import { address, asNumber, choice, name, nameif, number, optional, secret, text, words } from '../../parameters.ts';
import type { Draft, Place } from '../assembly.ts';
import { emptyNeighborFamily } from '../defaults.ts';
import { type AsaRow, type BgpFamilyScope, type BgpFamilyView, harmless, unsupported, used } from '../row.ts';
import { timersOf } from './bgp.ts';
import { isReadable } from './tunnel-group.ts';

const FAMILIES = ['bgp-ipv4', 'bgp-ipv6'] as const;
const GROUP = 'neighbor';
const N = '10.0.0.9';
const within = ['router bgp 65000', 'address-family ipv4 unicast', `neighbor ${N} remote-as 65001`];
const within6 = ['router bgp 65000', 'address-family ipv6 unicast', 'neighbor 2001:db8::9 remote-as 65001'];
const peer = address('Neighbour');

type Neighbor = Draft<BgpNeighborModel>;
type FamilyPart = Draft<BgpNeighborFamilyModel>;

/** The neighbour of a line; it must have its AS first. */
function neighborOf({ bgp }: BgpFamilyScope, wanted: IpAddress, place: Place): Neighbor | undefined {
  const found = bgp.neighbors.find((one) => one.address.equals(wanted));
  if (found !== undefined) return found;
  return place.error('missing-remote-as', `neighbor ${wanted} has no AS yet: remote-as must come first`, {
    param: 'peer',
    expected: `neighbor ${wanted} remote-as <asn>`,
    suggestion: `neighbor ${wanted} remote-as ${bgp.asn}`,
  });
}

function familyOf(scope: BgpFamilyScope, wanted: IpAddress, place: Place): FamilyPart | undefined {
  const neighbor = neighborOf(scope, wanted, place);
  if (neighbor === undefined) return undefined;
  const part = neighbor.families[scope.which] ?? (emptyNeighborFamily(false) as FamilyPart);
  neighbor.families[scope.which] = part;
  return part;
}

/** Neighbours whose session lines are printed in this family: the first that they are in. */
function atHome(view: BgpFamilyView): readonly BgpNeighborModel[] {
  return view.bgp.neighbors.filter((one) => homeOf(one) === view.which);
}

function homeOf(neighbor: BgpNeighborModel): 4 | 6 {
  if (neighbor.families[4] !== undefined) return 4;
  return neighbor.families[6] !== undefined ? 6 : neighbor.address.family;
}

type PartOf = Readonly<{ neighbor: BgpNeighborModel; part: BgpNeighborFamilyModel }>;

function partsOf({ bgp, which }: BgpFamilyView): readonly PartOf[] {
  return bgp.neighbors.flatMap((neighbor) => {
    const part = neighbor.families[which];
    return part === undefined ? [] : [{ neighbor, part }];
  });
}

/** A row that switches something of the family on. */
function familySwitch(
  word: string,
  key: 'nextHopSelf' | 'routeReflectorClient' | 'removePrivateAs',
  help: string,
): AsaRow {
  return used(FAMILIES, {
    pattern: `neighbor <peer> ${word}`,
    help,
    group: GROUP,
    params: { peer },
    example: { line: `neighbor ${N} ${word}`, within },
    set(scope, args, place) {
      const part = familyOf(scope, args.peer, place);
      if (part !== undefined) part[key] = true;
    },
    unset(scope, args, place) {
      const part = args.peer === undefined ? undefined : familyOf(scope, args.peer, place);
      if (part !== undefined) part[key] = false;
    },
    print: (view) =>
      partsOf(view)
        .filter(({ part }) => part[key])
        .map(({ neighbor }) => ({ values: { peer: neighbor.address }, key: String(neighbor.address) })),
  });
}

/** A row that names a policy for one direction. */
function policyRow(
  word: 'prefix-list' | 'route-map',
  inKey: 'prefixListIn' | 'routeMapIn',
  outKey: 'prefixListOut' | 'routeMapOut',
): AsaRow {
  return used(FAMILIES, {
    pattern: `neighbor <peer> ${word} <policy> <way>`,
    help: `Filter routes by a ${word}`,
    group: GROUP,
    params: {
      peer,
      policy: name(word === 'prefix-list' ? 'Prefix list' : 'Route map'),
      way: choice('Direction', { in: 'What it tells us', out: 'What we tell it' }),
    },
    example: [
      { line: `neighbor ${N} ${word} P in`, within },
      { line: `neighbor ${N} ${word} P out`, within },
    ],
    set(scope, args, place) {
      const part = familyOf(scope, args.peer, place);
      if (part !== undefined) part[args.way === 'in' ? inKey : outKey] = args.policy;
    },
    unset(scope, args, place) {
      const part = args.peer === undefined ? undefined : familyOf(scope, args.peer, place);
      if (part !== undefined) delete part[args.way === 'in' ? inKey : outKey];
    },
    print: (view) =>
      partsOf(view).flatMap(({ neighbor, part }) => {
        const line = (policy: string | undefined, way: 'in' | 'out') =>
          policy === undefined
            ? []
            : [{ values: { peer: neighbor.address, policy, way }, key: String(neighbor.address) }];
        return [...line(part[inKey], 'in'), ...line(part[outKey], 'out')];
      }),
  });
}

export const bgpNeighborRows: readonly AsaRow[] = [
  used(FAMILIES, {
    pattern: 'neighbor <peer> / remote-as / <asn>',
    help: 'Make a neighbour',
    group: GROUP,
    params: { peer, asn: asNumber("The neighbour's AS") },
    example: [
      { line: `neighbor ${N} remote-as 65001`, within: within.slice(0, 2) },
      { line: 'neighbor 2001:db8::9 remote-as 65001', within: within6.slice(0, 2) },
    ],
    set({ bgp, which }, args, place) {
      const known = bgp.neighbors.find((one) => one.address.equals(args.peer));
      if (args.peer.isMulticast || args.peer.isUnspecified)
        return place.error('bad-address', `${args.peer} is not the address of a neighbour`, { param: 'peer' });
      const neighbor: Neighbor = known ?? {
        address: args.peer,
        shutdown: false,
        disableConnectedCheck: false,
        connectionMode: 'both',
        families: {},
        written: place.written(),
      };
      neighbor.remoteAsn = args.asn;
      neighbor.written.attributes['remoteAsn'] = place.position;
      // A new IPv4 neighbour exchanges IPv4 routes without being told; others are activated by hand.
      neighbor.families[which] ??= emptyNeighborFamily(which === 4 && args.peer.family === 4) as FamilyPart;
      if (known === undefined) bgp.neighbors.push(neighbor);
      return undefined;
    },
    unset({ bgp, which }, args) {
      for (const one of bgp.neighbors) if (isPeer(one, args.peer)) delete one.families[which];
      bgp.neighbors = bgp.neighbors.filter((one) => Object.keys(one.families).length > 0);
    },
    print: (view) =>
      atHome(view).flatMap((one) =>
        one.remoteAsn === undefined
          ? []
          : [{ values: { peer: one.address, asn: one.remoteAsn }, key: String(one.address) }],
      ),
  }),
  session({
    pattern: 'description / <text>',
    help: 'Describe the neighbour',
    attribute: 'description',
    params: { peer, text: text('Any text') },
    line: 'description hub 1',
    set: (neighbor, args) => {
      neighbor.description = args.text;
    },
    unset: (neighbor) => {
      delete neighbor.description;
    },
    print: (one) => (one.description === undefined ? undefined : { text: one.description }),
  }),
  session({
    pattern: 'shutdown',
    help: 'Keep the session down',
    attribute: 'shutdown',
    params: { peer },
    line: 'shutdown',
    set: (neighbor) => {
      neighbor.shutdown = true;
    },
    unset: (neighbor) => {
      neighbor.shutdown = false;
    },
    print: (one) => (one.shutdown ? {} : undefined),
  }),
  session({
    pattern: 'password / [<form>] <key>',
    help: 'Sign the session with TCP MD5 (RFC 2385)',
    attribute: 'password',
    params: {
      peer,
      form: optional(words('Form of the password: 0 as it is', '0', '1', '2', '3', '4', '5', '6', '7')),
      key: secret('Password'),
    },
    line: 'password cisco',
    set: (neighbor, args, place) => {
      if (isReadable(args, place)) neighbor.password = args.key;
    },
    unset: (neighbor) => {
      delete neighbor.password;
    },
    print: (one) => (one.password === undefined ? undefined : { key: one.password }),
  }),
  session({
    pattern: 'timers / <keepalive> <hold> [<minimum>]',
    help: 'Timers of this neighbour',
    attribute: 'timers',
    params: {
      peer,
      keepalive: number(0, 65535, 'Seconds between keepalives'),
      hold: number(0, 65535, 'Hold time'),
      minimum: optional(number(0, 65535, 'Least hold time taken from the neighbour')),
    },
    line: 'timers 5 15 0',
    set: (neighbor, args, place) => {
      const timers = timersOf(args, place);
      if (timers !== undefined) neighbor.timers = timers;
    },
    unset: (neighbor) => {
      delete neighbor.timers;
    },
    print: ({ timers: t }) =>
      t === undefined
        ? undefined
        : { keepalive: t.keepaliveMs / 1000, hold: t.holdMs / 1000, minimum: t.minimumHoldMs / 1000 },
  }),
  session({
    pattern: 'ebgp-multihop / [<hops>]',
    help: 'Neighbour of another AS that is not on the link',
    attribute: 'ebgpMultihop',
    params: { peer, hops: optional(number(1, 255, 'Hops; 255 by default')) },
    line: 'ebgp-multihop 2',
    set: (neighbor, args, place) => {
      if (neighbor.ttlSecurityHops !== undefined)
        place.error('contradiction', 'ttl-security and ebgp-multihop exclude each other');
      else neighbor.ebgpMultihop = args.hops ?? 255;
    },
    unset: (neighbor) => {
      delete neighbor.ebgpMultihop;
    },
    print: (one) => (one.ebgpMultihop === undefined ? undefined : { hops: one.ebgpMultihop }),
  }),
  session({
    pattern: 'ttl-security hops / <hops>',
    help: 'Only packets that come from this near (RFC 5082)',
    attribute: 'ttlSecurityHops',
    params: { peer, hops: number(1, 254, 'Hops') },
    line: 'ttl-security hops 2',
    set: (neighbor, args, place) => {
      if (neighbor.ebgpMultihop !== undefined)
        place.error('contradiction', 'ttl-security and ebgp-multihop exclude each other');
      else neighbor.ttlSecurityHops = args.hops;
    },
    unset: (neighbor) => {
      delete neighbor.ttlSecurityHops;
    },
    print: (one) => (one.ttlSecurityHops === undefined ? undefined : { hops: one.ttlSecurityHops }),
  }),
  session({
    pattern: 'disable-connected-check',
    help: 'Neighbour one hop away with an address off the link',
    attribute: 'disableConnectedCheck',
    params: { peer },
    line: 'disable-connected-check',
    set: (neighbor) => {
      neighbor.disableConnectedCheck = true;
    },
    unset: (neighbor) => {
      neighbor.disableConnectedCheck = false;
    },
    print: (one) => (one.disableConnectedCheck ? {} : undefined),
  }),
  session({
    pattern: 'update-source / <interface>',
    help: 'Interface whose address we speak from',
    attribute: 'updateSource',
    params: { peer, interface: nameif('Interface') },
    line: 'update-source LOOP',
    set: (neighbor, args) => {
      neighbor.updateSource = args.interface;
    },
    unset: (neighbor) => {
      delete neighbor.updateSource;
    },
    print: (one) => (one.updateSource === undefined ? undefined : { interface: one.updateSource }),
  }),
  session({
    pattern: 'local-as / <asn> [<prepend>] [<replace>] [<dual>]',
    help: 'Our AS as this neighbour sees it',
    attribute: 'localAsn',
    params: {
      peer,
      asn: asNumber('AS'),
      prepend: optional(words('Paths', 'no-prepend')),
      replace: optional(words('Paths', 'replace-as')),
      dual: optional(words('Both', 'dual-as')),
    },
    line: 'local-as 65100',
    set: (neighbor, args, place) => {
      neighbor.localAsn = args.asn;
      for (const param of ['prepend', 'replace', 'dual'] as const)
        if (args[param] !== undefined) place.warn('unsupported', `${args[param]} is not supported`, { param });
    },
    unset: (neighbor) => {
      delete neighbor.localAsn;
    },
    print: (one) => (one.localAsn === undefined ? undefined : { asn: one.localAsn }),
  }),
  session({
    pattern: 'advertisement-interval / <seconds>',
    help: 'Least time between announcements',
    attribute: 'advertisementInterval',
    params: { peer, seconds: number(0, 600, 'Seconds') },
    line: 'advertisement-interval 5',
    set: (neighbor, args) => {
      neighbor.advertisementIntervalMs = args.seconds * 1000;
    },
    unset: (neighbor) => {
      delete neighbor.advertisementIntervalMs;
    },
    print: ({ advertisementIntervalMs: ms }) => (ms === undefined ? undefined : { seconds: ms / 1000 }),
  }),
  session({
    pattern: 'transport connection-mode / <mode>',
    help: 'Who opens the connection',
    attribute: 'connectionMode',
    params: { peer, mode: choice('Who', { active: 'We', passive: 'The neighbour' }) },
    line: 'transport connection-mode passive',
    set: (neighbor, args) => {
      neighbor.connectionMode = args.mode;
    },
    unset: (neighbor) => {
      neighbor.connectionMode = 'both';
    },
    print: ({ connectionMode: mode }) => (mode === 'both' ? undefined : { mode }),
  }),
  used(FAMILIES, {
    pattern: 'neighbor <peer> activate',
    help: 'Exchange routes of this family',
    group: GROUP,
    negatable: true,
    params: { peer },
    example: [
      { line: `neighbor ${N} activate`, within },
      { line: `no neighbor ${N} activate`, within },
    ],
    set(scope, args, place) {
      const part = familyOf(scope, args.peer, place);
      if (part !== undefined) part.activate = true;
    },
    unset(scope, args, place) {
      const part = args.peer === undefined ? undefined : familyOf(scope, args.peer, place);
      if (part !== undefined) part.activate = false;
    },
    print: (view) =>
      partsOf(view).map(({ neighbor, part }) => ({
        values: { peer: neighbor.address },
        negated: !part.activate,
        key: String(neighbor.address),
      })),
  }),
  familySwitch('next-hop-self', 'nextHopSelf', 'Give ourselves as the next hop'),
  familySwitch('route-reflector-client', 'routeReflectorClient', 'Pass iBGP routes on to this neighbour'),
  used(FAMILIES, {
    pattern: 'neighbor <peer> remove-private-as / [<all>] [<replace>]',
    help: 'Take private AS numbers out of paths',
    group: GROUP,
    params: {
      peer,
      all: optional(words('Which', 'all')),
      replace: optional(words('How', 'replace-as')),
    },
    example: { line: `neighbor ${N} remove-private-as`, within },
    set(scope, args, place) {
      const part = familyOf(scope, args.peer, place);
      if (part !== undefined) part.removePrivateAs = true;
      if (args.replace !== undefined)
        place.warn('unsupported', 'replace-as is not supported: private numbers are removed', { param: 'replace' });
    },
    unset(scope, args, place) {
      const part = args.peer === undefined ? undefined : familyOf(scope, args.peer, place);
      if (part !== undefined) part.removePrivateAs = false;
    },
    print: (view) =>
      partsOf(view)
        .filter(({ part }) => part.removePrivateAs)
        .map(({ neighbor }) => ({ values: { peer: neighbor.address }, key: String(neighbor.address) })),
  }),
  used(FAMILIES, {
    pattern: 'neighbor <peer> send-community / [<kind>]',
    help: 'Pass communities on',
    group: GROUP,
    params: { peer, kind: optional(words('Kind', 'both', 'extended', 'standard')) },
    example: { line: `neighbor ${N} send-community`, within },
    set(scope, args, place) {
      const part = familyOf(scope, args.peer, place);
      if (part === undefined) return;
      if (args.kind === 'extended' || args.kind === 'both')
        place.warn('unsupported', 'extended communities are not supported', { param: 'kind' });
      part.sendCommunity = args.kind !== 'extended' || part.sendCommunity;
    },
    unset(scope, args, place) {
      const part = args.peer === undefined ? undefined : familyOf(scope, args.peer, place);
      if (part !== undefined) part.sendCommunity = false;
    },
    print: (view) =>
      partsOf(view)
        .filter(({ part }) => part.sendCommunity)
        .map(({ neighbor }) => ({ values: { peer: neighbor.address }, key: String(neighbor.address) })),
  }),
  used(FAMILIES, {
    pattern: 'neighbor <peer> default-originate / [route-map <map>]',
    help: 'Announce a default route',
    group: GROUP,
    params: { peer, map: optional(name('Route map')) },
    example: { line: `neighbor ${N} default-originate`, within },
    set(scope, args, place) {
      const part = familyOf(scope, args.peer, place);
      if (part !== undefined) part.defaultOriginate = true;
      if (args.map !== undefined)
        place.warn('unsupported', 'the default route is announced without condition', { param: 'map' });
    },
    unset(scope, args, place) {
      const part = args.peer === undefined ? undefined : familyOf(scope, args.peer, place);
      if (part !== undefined) part.defaultOriginate = false;
    },
    print: (view) =>
      partsOf(view)
        .filter(({ part }) => part.defaultOriginate)
        .map(({ neighbor }) => ({ values: { peer: neighbor.address }, key: String(neighbor.address) })),
  }),
  used(FAMILIES, {
    pattern: 'neighbor <peer> weight / <weight>',
    help: 'Weight of its routes',
    group: GROUP,
    params: { peer, weight: number(0, 65535, 'Weight') },
    example: { line: `neighbor ${N} weight 100`, within },
    set(scope, args, place) {
      const part = familyOf(scope, args.peer, place);
      if (part !== undefined) part.weight = args.weight;
    },
    unset(scope, args, place) {
      const part = args.peer === undefined ? undefined : familyOf(scope, args.peer, place);
      if (part !== undefined) part.weight = 0;
    },
    print: (view) =>
      partsOf(view)
        .filter(({ part }) => part.weight !== 0)
        .map(({ neighbor, part }) => ({
          values: { peer: neighbor.address, weight: part.weight },
          key: String(neighbor.address),
        })),
  }),
  used(FAMILIES, {
    pattern: 'neighbor <peer> allowas-in / [<times>]',
    help: 'Accept paths that contain our own AS',
    group: GROUP,
    params: { peer, times: optional(number(1, 10, 'Times at most; 3 by default')) },
    example: { line: `neighbor ${N} allowas-in 2`, within },
    set(scope, args, place) {
      const part = familyOf(scope, args.peer, place);
      if (part !== undefined) part.allowAsIn = args.times ?? 3;
    },
    unset(scope, args, place) {
      const part = args.peer === undefined ? undefined : familyOf(scope, args.peer, place);
      if (part !== undefined) part.allowAsIn = 0;
    },
    print: (view) =>
      partsOf(view)
        .filter(({ part }) => part.allowAsIn !== 0)
        .map(({ neighbor, part }) => ({
          values: { peer: neighbor.address, times: part.allowAsIn },
          key: String(neighbor.address),
        })),
  }),
  used(FAMILIES, {
    pattern: 'neighbor <peer> maximum-prefix / <count> [<percent>] [{<only>|restart <minutes>}]',
    help: 'Prefixes it may announce',
    group: GROUP,
    params: {
      peer,
      count: number(1, 2147483647, 'Prefixes'),
      percent: optional(number(1, 100, 'Percent of it at which to warn; 75 by default')),
      only: optional(words('Warn', 'warning-only')),
      minutes: optional(number(1, 65535, 'Minutes until the session may return')),
    },
    example: [
      { line: `neighbor ${N} maximum-prefix 1000`, within, prints: `neighbor ${N} maximum-prefix 1000 75` },
      { line: `neighbor ${N} maximum-prefix 1000 80 warning-only`, within },
    ],
    set(scope, args, place) {
      const part = familyOf(scope, args.peer, place);
      if (part === undefined) return;
      const warningPercent = args.percent ?? 75;
      part.maximumPrefix = { count: args.count, warningPercent, warningOnly: args.only !== undefined };
      if (args.minutes !== undefined)
        place.warn('unsupported', 'the session stays down until cleared', { param: 'minutes' });
    },
    unset(scope, args, place) {
      const part = args.peer === undefined ? undefined : familyOf(scope, args.peer, place);
      if (part !== undefined) delete part.maximumPrefix;
    },
    print: (view) =>
      partsOf(view).flatMap(({ neighbor, part: { maximumPrefix: m } }) =>
        m === undefined
          ? []
          : [
              {
                values: {
                  peer: neighbor.address,
                  count: m.count,
                  percent: m.warningPercent,
                  only: m.warningOnly ? ('warning-only' as const) : undefined,
                },
                key: String(neighbor.address),
              },
            ],
      ),
  }),
  policyRow('prefix-list', 'prefixListIn', 'prefixListOut'),
  policyRow('route-map', 'routeMapIn', 'routeMapOut'),
  harmless(FAMILIES, {
    pattern: 'neighbor <peer> {transport path-mtu-discovery|soft-reconfiguration inbound|version 4} [<rest>]',
    help: 'Path MTU discovery and keeping received routes, which we do anyway',
    params: { peer, rest: optional(text('Value')) },
    example: {
      line: `neighbor ${N} transport path-mtu-discovery disable`,
      within,
    },
  }),
  unsupported(FAMILIES, {
    pattern: 'neighbor <peer> <what> [<rest>]',
    help: 'Further features of a neighbour',
    params: {
      peer,
      what: words(
        'Feature',
        'advertise-map',
        'as-override',
        'distribute-list',
        'fall-over',
        'filter-list',
        'ha-mode',
        'unsuppress-map',
      ),
      rest: optional(text('Setting')),
    },
    example: { line: `neighbor ${N} fall-over bfd`, within },
  }),
];

type SessionParams = Readonly<{ peer: typeof peer }>;

type SessionSpec<P extends SessionParams & Parameters> = Readonly<{
  pattern: string;
  help: string;
  attribute: string;
  params: P;
  line: string;
  set(neighbor: Neighbor, args: Args<P>, place: Place): void;
  unset(neighbor: Neighbor): void;
  print(neighbor: BgpNeighborModel): { readonly [K in keyof P]?: Args<P>[K] | undefined } | undefined;
}>;

/** A row about the session as a whole: it finds its neighbour, and prints where the neighbour is at home. */
function session<P extends SessionParams & Parameters>(spec: SessionSpec<P>): AsaRow {
  return used(FAMILIES, {
    pattern: `neighbor <peer> ${spec.pattern}`,
    help: spec.help,
    group: GROUP,
    params: spec.params,
    example: { line: `neighbor ${N} ${spec.line}`, within },
    set(scope, args, place) {
      const neighbor = neighborOf(scope, args.peer as IpAddress, place);
      if (neighbor === undefined) return;
      spec.set(neighbor, args, place);
      if (!place.failed) neighbor.written.attributes[spec.attribute] = place.position;
    },
    unset({ bgp }, args) {
      for (const one of bgp.neighbors) if (isPeer(one, args.peer as IpAddress | undefined)) spec.unset(one);
    },
    print: (view) =>
      atHome(view).flatMap((one) => {
        const values = spec.print(one);
        return values === undefined
          ? []
          : [{ values: { ...values, peer: one.address as Args<P>['peer'] }, key: String(one.address) }];
      }),
  });
}

function isPeer(neighbor: BgpNeighborModel, wanted: IpAddress | undefined): boolean {
  return wanted !== undefined && neighbor.address.equals(wanted);
}
