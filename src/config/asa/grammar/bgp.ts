/** The BGP process and its address families; neighbours are in `bgp-session.ts` and `bgp-neighbor.ts`. */
import { Prefix } from '../../../base/index.ts';
import type { Draft } from '../../draft.ts';
import type { BgpFamilyModel } from '../../model.ts';
import {
  address,
  asNumber,
  interfacing,
  mask,
  name,
  network,
  number,
  optional,
  refers,
  text,
  words,
} from '../../parameters.ts';
import type { Place } from '../../place.ts';
import { BGP_DISTANCES, BGP_TIMERS, classLength, emptyBgpFamily, timersOf } from '../../rows/bgp.ts';
import { type AsaRow, type BgpFamilyScope, harmless, unsupported, used } from '../row.ts';
import { prefixOf } from './routing.ts';

const V4 = { within: ['router bgp 65000', 'address-family ipv4 unicast'] };
const V6 = { within: ['router bgp 65000', 'address-family ipv6 unicast'] };
const FAMILIES = ['bgp-ipv4', 'bgp-ipv6'] as const;

/** Row that enters an address family. */
function familyRow(which: 4 | 6): AsaRow {
  const word = which === 4 ? 'ipv4' : 'ipv6';
  return used('router-bgp', {
    pattern: `address-family ${word} [<unicast>]`,
    help: `Neighbours and networks of IPv${which}`,
    enters: which === 4 ? 'bgp-ipv4' : 'bgp-ipv6',
    closes: 'exit-address-family',
    opener: () => ({ unicast: 'unicast' }),
    params: { unicast: optional(words('Unicast', 'unicast')) },
    example: { line: `address-family ${word} unicast` },
    set(bgp) {
      const family = bgp.families[which] ?? (emptyBgpFamily() as Draft<BgpFamilyModel>);
      bgp.families[which] = family;
      return { bgp, family, which };
    },
    unset(bgp) {
      delete bgp.families[which];
      for (const neighbor of bgp.neighbors) delete neighbor.families[which];
      bgp.neighbors = bgp.neighbors.filter((one) => Object.keys(one.families).length > 0);
    },
    print(bgp) {
      const family = bgp.families[which];
      return family === undefined ? [] : [{ values: { unicast: 'unicast' as const }, view: { bgp, family, which } }];
    },
  });
}

export const bgpRows: readonly AsaRow[] = [
  used('config', {
    pattern: 'router bgp / <asn>',
    help: 'BGP process',
    section: 'router',
    enters: 'router-bgp',
    params: { asn: asNumber('Own AS') },
    example: ['router bgp 65000', { line: 'router bgp 1.10', prints: 'router bgp 65546' }],
    set(target, args, place) {
      const known = target.device.bgp;
      if (known !== undefined && known.asn !== args.asn)
        return place.error('contradiction', `BGP runs as AS ${known.asn} already`, { param: 'asn' });
      const made: NonNullable<typeof known> = known ?? {
        asn: args.asn,
        logNeighborChanges: true,
        enforceFirstAs: true,
        alwaysCompareMed: false,
        timers: { ...BGP_TIMERS },
        neighbors: [],
        families: {},
        written: place.written(),
      };
      target.device.bgp = made;
      return made;
    },
    unset(target) {
      delete target.device.bgp;
    },
    print: ({ bgp }) => (bgp === undefined ? [] : [{ values: { asn: bgp.asn }, view: bgp }]),
  }),
  used('router-bgp', {
    pattern: 'bgp log-neighbor-changes',
    help: 'Log when a neighbour comes or goes',
    negatable: true,
    attribute: 'logNeighborChanges',
    params: {},
    example: ['bgp log-neighbor-changes', 'no bgp log-neighbor-changes'],
    set(bgp) {
      bgp.logNeighborChanges = true;
    },
    unset(bgp) {
      bgp.logNeighborChanges = false;
    },
    print: (bgp) => [{ values: {}, negated: !bgp.logNeighborChanges }],
  }),
  used('router-bgp', {
    pattern: 'bgp router-id / <address>',
    help: 'BGP identifier',
    attribute: 'routerId',
    params: { address: address('Identifier', 4) },
    example: 'bgp router-id 10.254.1.1',
    set(bgp, args, place) {
      if (args.address.isUnspecified) place.error('bad-address', 'the identifier is not zero', { param: 'address' });
      else bgp.routerId = args.address;
    },
    unset(bgp) {
      delete bgp.routerId;
    },
    print: ({ routerId }) => (routerId === undefined ? [] : [{ values: { address: routerId } }]),
  }),
  used(FAMILIES, {
    pattern: 'bgp router-id / <address>',
    help: 'BGP identifier',
    params: { address: address('Identifier', 4) },
    example: { line: 'bgp router-id 10.254.1.1', ...V4 },
    set({ bgp }, args) {
      bgp.routerId = args.address;
    },
    unset({ bgp }) {
      delete bgp.routerId;
    },
  }),
  used('router-bgp', {
    pattern: 'bgp enforce-first-as',
    help: 'An eBGP path must begin with the neighbour’s AS; on by default',
    attribute: 'enforceFirstAs',
    negatable: true,
    params: {},
    example: ['no bgp enforce-first-as', { line: 'bgp enforce-first-as' }],
    set(bgp) {
      bgp.enforceFirstAs = true;
    },
    unset(bgp) {
      bgp.enforceFirstAs = false;
    },
    print: (bgp, all) => (bgp.enforceFirstAs && !all ? [] : [{ values: {}, negated: !bgp.enforceFirstAs }]),
  }),
  used('router-bgp', {
    pattern: 'bgp always-compare-med',
    help: 'Compare MED between paths of different ASes',
    attribute: 'alwaysCompareMed',
    params: {},
    example: 'bgp always-compare-med',
    set(bgp) {
      bgp.alwaysCompareMed = true;
    },
    unset(bgp) {
      bgp.alwaysCompareMed = false;
    },
    print: (bgp) => (bgp.alwaysCompareMed ? [{ values: {} }] : []),
  }),
  unsupported('router-bgp', {
    pattern: 'bgp <what> [<rest>]',
    help: 'Further settings of the process',
    params: {
      what: words(
        'Setting',
        'bestpath',
        'default',
        'deterministic-med',
        'fast-external-fallover',
        'graceful-restart',
        'inject-map',
        'maxas-limit',
        'transport',
        'asnotation',
        'aggregate-timer',
      ),
      rest: optional(text('Value')),
    },
    example: 'bgp bestpath compare-routerid',
  }),
  used('router-bgp', {
    pattern: 'timers bgp / <keepalive> <hold> [<minimum>]',
    help: 'Timers of all neighbours',
    attribute: 'timers',
    params: {
      keepalive: number(0, 65535, 'Seconds between keepalives; 60 by default'),
      hold: number(0, 65535, 'Hold time; 180 by default'),
      minimum: optional(number(0, 65535, 'Least hold time taken from a neighbour')),
    },
    example: ['timers bgp 5 15 0', { line: 'timers bgp 10 30', prints: 'timers bgp 10 30 0' }],
    set(bgp, args, place) {
      const timers = timersOf(args, place);
      if (timers !== undefined) bgp.timers = timers;
    },
    unset(bgp) {
      bgp.timers = { ...BGP_TIMERS };
    },
    print({ timers }, all) {
      const { keepaliveMs, holdMs, minimumHoldMs } = timers;
      const same = keepaliveMs === BGP_TIMERS.keepaliveMs && holdMs === BGP_TIMERS.holdMs && minimumHoldMs === 0;
      if (same && !all) return [];
      return [{ values: { keepalive: keepaliveMs / 1000, hold: holdMs / 1000, minimum: minimumHoldMs / 1000 } }];
    },
  }),
  familyRow(4),
  familyRow(6),
];

/** Rows of an address family that stand after its neighbours in print. */
export const bgpFamilyRows: readonly AsaRow[] = [
  used('bgp-ipv4', {
    pattern: 'network <network> / [mask <mask>] [route-map <map>]',
    help: 'Announce a network that the routing table has',
    params: {
      network: network('Network'),
      mask: optional(mask('Its mask; that of its class by default')),
      map: optional(refers('route map', name('Route map'))),
    },
    example: [
      { line: 'network 10.1.0.0 mask 255.255.0.0', ...V4 },
      { line: 'network 10.0.0.0', ...V4, prints: 'network 10.0.0.0 mask 255.0.0.0' },
      { line: 'network 10.1.0.0 mask 255.255.0.0 route-map RM', ...V4 },
    ],
    set({ family }, args, place) {
      const prefix = prefixOf(args.network, args.mask ?? classLength(args.network.a), place);
      if (prefix !== undefined) addNetwork(family, prefix, args.map, place);
    },
    unset({ family }, args) {
      if (args.network === undefined) return;
      const prefix = new Prefix(args.network, args.mask ?? classLength(args.network.a));
      family.networks = family.networks.filter((one) => !one.prefix.equals(prefix));
    },
    print: ({ family }) =>
      family.networks.map((one) => ({
        values: { network: one.prefix.address, mask: one.prefix.length, map: one.routeMap },
      })),
  }),
  used('bgp-ipv6', {
    pattern: 'network <prefix> / [route-map <map>]',
    help: 'Announce a network that the routing table has',
    params: { prefix: interfacing(6, 'Network'), map: optional(refers('route map', name('Route map'))) },
    example: [
      { line: 'network 2001:db8:1::/48', ...V6 },
      { line: 'network 2001:db8:2::/48 route-map RM', ...V6 },
    ],
    set({ family }, args, place) {
      const prefix = prefixOf(args.prefix.address, args.prefix.length, place);
      if (prefix !== undefined) addNetwork(family, prefix, args.map, place);
    },
    unset({ family }, args) {
      if (args.prefix === undefined) return;
      const prefix = new Prefix(args.prefix.address, args.prefix.length);
      family.networks = family.networks.filter((one) => !one.prefix.equals(prefix));
    },
    print: ({ family }) => family.networks.map((one) => ({ values: { prefix: one.prefix, map: one.routeMap } })),
  }),
  used(FAMILIES, {
    pattern: 'redistribute <source> / {[metric <metric>] [route-map <map>]|route-map <map> metric <metric>}',
    help: 'Announce routes of another source',
    params: {
      source: words('Source', 'connected', 'static'),
      metric: optional(number(0, 4294967295, 'MED')),
      map: optional(refers('route map', name('Route map'))),
    },
    example: [
      { line: 'redistribute connected', ...V4 },
      { line: 'redistribute static metric 100 route-map RM', ...V4 },
      { line: 'redistribute connected', ...V6 },
    ],
    set({ family }, args, place) {
      family.redistribute = family.redistribute.filter((one) => one.source !== args.source);
      family.redistribute.push({
        source: args.source,
        ...(args.metric === undefined ? {} : { metric: args.metric }),
        ...(args.map === undefined ? {} : { routeMap: args.map }),
        written: place.written(),
      });
    },
    unset({ family }, args) {
      family.redistribute = family.redistribute.filter((one) => one.source !== args.source);
    },
    print: ({ family }) =>
      family.redistribute.flatMap((one) =>
        one.source === 'connected' || one.source === 'static'
          ? [{ values: { source: one.source, metric: one.metric, map: one.routeMap } }]
          : [],
      ),
  }),
  unsupported(FAMILIES, {
    pattern: 'redistribute <source> [<rest>]',
    help: 'Announce routes of an interior protocol',
    params: { source: words('Source', 'ospf', 'eigrp', 'rip', 'isis'), rest: optional(text('Process and metric')) },
    example: { line: 'redistribute ospf 1', ...V4 },
  }),
  used(FAMILIES, {
    pattern: 'maximum-paths / <paths>',
    help: 'Equal eBGP paths to use at once',
    params: { paths: number(1, 8, 'Paths; 1 by default') },
    example: { line: 'maximum-paths 4', ...V4 },
    set({ family }, args) {
      family.maximumPaths.ebgp = args.paths;
    },
    unset({ family }) {
      family.maximumPaths.ebgp = 1;
    },
    print: ({ family }, all) =>
      family.maximumPaths.ebgp === 1 && !all ? [] : [{ values: { paths: family.maximumPaths.ebgp } }],
  }),
  used(FAMILIES, {
    pattern: 'maximum-paths ibgp / <paths>',
    help: 'Equal iBGP paths to use at once',
    params: { paths: number(1, 8, 'Paths; 1 by default') },
    example: { line: 'maximum-paths ibgp 2', ...V4 },
    set({ family }, args) {
      family.maximumPaths.ibgp = args.paths;
    },
    unset({ family }) {
      family.maximumPaths.ibgp = 1;
    },
    print: ({ family }, all) =>
      family.maximumPaths.ibgp === 1 && !all ? [] : [{ values: { paths: family.maximumPaths.ibgp } }],
  }),
  used(FAMILIES, {
    pattern: 'distance bgp / <external> <internal> <local>',
    help: 'Administrative distances',
    params: {
      external: number(1, 255, 'Of eBGP routes; 20 by default'),
      internal: number(1, 255, 'Of iBGP routes; 200 by default'),
      local: number(1, 255, 'Of local routes; 200 by default'),
    },
    example: { line: 'distance bgp 30 210 210', ...V4 },
    set({ family }, args) {
      family.distances = { ebgp: args.external, ibgp: args.internal, local: args.local };
    },
    unset({ family }) {
      family.distances = { ...BGP_DISTANCES };
    },
    print({ family }, all) {
      const { ebgp, ibgp, local } = family.distances;
      const same = ebgp === BGP_DISTANCES.ebgp && ibgp === BGP_DISTANCES.ibgp && local === BGP_DISTANCES.local;
      return same && !all ? [] : [{ values: { external: ebgp, internal: ibgp, local } }];
    },
  }),
  harmless(FAMILIES, {
    pattern: '{auto-summary|synchronization|bgp scan-time|bgp nexthop|bgp redistribute-internal} [<rest>]',
    help: 'Old behaviours that are off, and timers of the scanner',
    params: { rest: optional(text('Value')) },
    example: [
      { line: 'no auto-summary', ...V4 },
      { line: 'no synchronization', ...V4 },
    ],
  }),
  unsupported(FAMILIES, {
    pattern:
      '{aggregate-address|default-information|table-map|bgp dampening|bgp suppress-inactive|default-metric} [<rest>]',
    help: 'Aggregates, default route, dampening',
    params: { rest: optional(text('Setting')) },
    example: {
      line: 'aggregate-address 10.0.0.0 255.0.0.0 summary-only',
      ...V4,
    },
  }),
  {
    ...harmless(FAMILIES, {
      pattern: 'exit-address-family',
      help: 'Leave the address family',
      kept: false,
      example: { line: 'exit-address-family', ...V4 },
    }),
    leaves: 'one',
  },
];

function addNetwork(
  family: BgpFamilyScope['family'],
  prefix: Prefix,
  routeMap: string | undefined,
  place: Place,
): void {
  family.networks = family.networks.filter((one) => !one.prefix.equals(prefix));
  const written = place.written();
  family.networks.push(routeMap === undefined ? { prefix, written } : { prefix, routeMap, written });
}
