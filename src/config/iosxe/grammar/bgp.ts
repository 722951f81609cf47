/** The BGP process and its address families; neighbours are in `bgp-session.ts` and `bgp-neighbor.ts`. */
import { Prefix } from '../../../base/index.ts';
import type { Draft } from '../../draft.ts';
import type { BgpFamilyModel, BgpModel, BgpVrfModel } from '../../model.ts';
import {
  address,
  asNumber,
  choice,
  mask,
  name,
  network,
  number,
  optional,
  prefix,
  refers,
  text,
  words,
} from '../../parameters.ts';
import type { Place } from '../../place.ts';
import { BGP_DISTANCES, BGP_TIMERS, classLength, emptyBgpFamily, timersOf } from '../../rows/bgp.ts';
import { BGP_LISTEN_LIMIT } from '../defaults.ts';
import { type BgpScope, type BgpView, harmless, type IosxeRow, unsupported, used } from '../row.ts';

const PROCESS = ['router bgp 65000'];
const V4 = { within: [...PROCESS, 'address-family ipv4'] };
const V6 = { within: [...PROCESS, 'address-family ipv6'] };
const FAMILIES = ['bgp-ipv4', 'bgp-ipv6'] as const;
/** Lines about IPv4 may stand in the process itself. */
const IPV4_MODES = ['router-bgp', 'bgp-ipv4'] as const;
const ANY = ['router-bgp', ...FAMILIES] as const;

/** Row that enters an address family, of the global table or of a VRF. */
function familyRow(which: 4 | 6): IosxeRow {
  const word = which === 4 ? 'ipv4' : 'ipv6';
  return used('router-bgp', {
    pattern: `address-family ${word} [{<unicast>|vrf <vrf>}]`,
    help: `Neighbours and networks of IPv${which}`,
    enters: which === 4 ? 'bgp-ipv4' : 'bgp-ipv6',
    closes: 'exit-address-family',
    opener: ({ vrf }) => ({ vrf }),
    params: { unicast: optional(words('Unicast', 'unicast')), vrf: optional(refers('VRF', name('VRF', 32))) },
    example: [
      { line: `address-family ${word}` },
      { line: `address-family ${word} unicast`, prints: `address-family ${word}` },
      { line: `address-family ${word} vrf RED` },
    ],
    set({ bgp }, args, place) {
      const table = args.vrf === undefined ? bgp : vrfTable(bgp, args.vrf, place);
      table.families[which] ??= emptyBgpFamily() as Draft<BgpFamilyModel>;
      return { bgp, table, vrf: args.vrf ?? '', family: which };
    },
    unset({ bgp }, args) {
      const table = args.vrf === undefined ? bgp : bgp.vrfs?.find(({ vrf }) => vrf === args.vrf);
      if (table === undefined) return;
      delete table.families[which];
      for (const neighbor of table.neighbors) delete neighbor.families[which];
      if (table === bgp) return;
      table.neighbors = table.neighbors.filter((one) => Object.keys(one.families).length > 0);
      const left = (bgp.vrfs ?? []).filter((one) => Object.keys(one.families).length > 0);
      if (left.length > 0) bgp.vrfs = left;
      else delete bgp.vrfs;
    },
    print: ({ bgp }) =>
      [bgp, ...(bgp.vrfs ?? [])].flatMap((table) => {
        if (table.families[which] === undefined) return [];
        const vrf = 'vrf' in table ? table.vrf : undefined;
        return [{ values: { vrf }, view: { bgp, table, vrf: vrf ?? '', family: which } }];
      }),
  });
}

/** The table of a VRF, made when nothing runs in it yet. */
function vrfTable(bgp: Draft<BgpModel>, vrf: string, place: Place): Draft<BgpVrfModel> {
  const known = bgp.vrfs?.find((one) => one.vrf === vrf);
  if (known !== undefined) return known;
  const made: Draft<BgpVrfModel> = { vrf, neighbors: [], families: {} };
  bgp.vrfs = [...(bgp.vrfs ?? []), made];
  bgp.written.attributes[`vrf ${vrf}`] ??= place.position;
  return made;
}

/** The family that a line is about, with its table. */
function familyOf({ table, family }: BgpScope): Draft<BgpFamilyModel> {
  const which = family ?? 4;
  const known = table.families[which];
  if (known !== undefined) return known;
  const made = emptyBgpFamily() as Draft<BgpFamilyModel>;
  table.families[which] = made;
  return made;
}

function seen({ table, family }: BgpView): BgpFamilyModel | undefined {
  return family === undefined ? undefined : table.families[family];
}

export const bgpRows: readonly IosxeRow[] = [
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
      const bgp: Draft<BgpModel> = known ?? {
        asn: args.asn,
        logNeighborChanges: true,
        enforceFirstAs: true,
        alwaysCompareMed: false,
        timers: { ...BGP_TIMERS },
        neighbors: [],
        families: {},
        written: place.written(),
      };
      target.device.bgp = bgp;
      return { bgp, table: bgp, vrf: '' };
    },
    unset(target) {
      delete target.device.bgp;
    },
    print: ({ bgp }) => (bgp === undefined ? [] : [{ values: { asn: bgp.asn }, view: { bgp, table: bgp, vrf: '' } }]),
  }),
  used(ANY, {
    pattern: 'bgp router-id / <address>',
    help: 'BGP identifier',
    attribute: 'routerId',
    params: { address: address('Identifier', 4) },
    example: [
      { line: 'bgp router-id 10.254.1.1', within: PROCESS },
      { line: 'bgp router-id 10.254.1.2', within: [...PROCESS, 'address-family ipv4 vrf RED'] },
    ],
    set({ table }, args, place) {
      if (args.address.isUnspecified) place.error('bad-address', 'the identifier is not zero', { param: 'address' });
      else table.routerId = args.address;
    },
    unset({ table }) {
      delete table.routerId;
    },
    print({ table: { routerId, families }, vrf, family }) {
      const isHere = vrf === '' ? family === undefined : family === 4 || families[4] === undefined;
      return routerId === undefined || !isHere ? [] : [{ values: { address: routerId } }];
    },
  }),
  used('router-bgp', {
    pattern: 'bgp log-neighbor-changes',
    help: 'Log when a neighbour comes or goes',
    negatable: true,
    params: {},
    example: ['bgp log-neighbor-changes', 'no bgp log-neighbor-changes'],
    set({ bgp }) {
      bgp.logNeighborChanges = true;
    },
    unset({ bgp }) {
      bgp.logNeighborChanges = false;
    },
    print: ({ bgp }) => [{ values: {}, negated: !bgp.logNeighborChanges }],
  }),
  used('router-bgp', {
    pattern: 'bgp listen limit / <count>',
    help: 'Neighbours of listen ranges at most',
    params: { count: number(1, 10000, `Neighbours; ${BGP_LISTEN_LIMIT} by default`) },
    example: 'bgp listen limit 500',
    set({ bgp }, args) {
      bgp.listenLimit = args.count;
    },
    unset({ bgp }) {
      delete bgp.listenLimit;
    },
    print: ({ bgp }) => (bgp.listenLimit === undefined ? [] : [{ values: { count: bgp.listenLimit } }]),
  }),
  used('router-bgp', {
    pattern: 'bgp default ipv4-unicast',
    help: 'A new neighbour exchanges IPv4 routes without being told; on by default',
    negatable: true,
    params: {},
    example: 'no bgp default ipv4-unicast',
    set({ bgp }) {
      delete bgp.ipv4ByDefault;
    },
    unset({ bgp }) {
      bgp.ipv4ByDefault = false;
    },
    print: ({ bgp }) => (bgp.ipv4ByDefault === false ? [{ values: {}, negated: true }] : []),
  }),
  used('router-bgp', {
    pattern: 'bgp enforce-first-as',
    help: 'An eBGP path must begin with the neighbour’s AS; on by default',
    negatable: true,
    params: {},
    example: 'no bgp enforce-first-as',
    set({ bgp }) {
      bgp.enforceFirstAs = true;
    },
    unset({ bgp }) {
      bgp.enforceFirstAs = false;
    },
    print: ({ bgp }, all) => (bgp.enforceFirstAs && !all ? [] : [{ values: {}, negated: !bgp.enforceFirstAs }]),
  }),
  used('router-bgp', {
    pattern: 'bgp always-compare-med',
    help: 'Compare MED between paths of different ASes',
    params: {},
    example: 'bgp always-compare-med',
    set({ bgp }) {
      bgp.alwaysCompareMed = true;
    },
    unset({ bgp }) {
      bgp.alwaysCompareMed = false;
    },
    print: ({ bgp }) => (bgp.alwaysCompareMed ? [{ values: {} }] : []),
  }),
  unsupported(ANY, {
    pattern: 'bgp <what> [<rest>]',
    help: 'Further settings of the process',
    params: {
      what: words(
        'Setting',
        ...(['additional-paths', 'advertise-best-external', 'aggregate-timer', 'asnotation', 'bestpath'] as const),
        ...(['client-to-client', 'cluster-id', 'confederation', 'dampening', 'default', 'deterministic-med'] as const),
        ...(['fast-external-fallover', 'graceful-restart', 'graceful-shutdown', 'inject-map', 'maxas-limit'] as const),
        ...(['nexthop', 'nopeerup-delay', 'rpki', 'slow-peer', 'soft-reconfig-backup', 'transport'] as const),
        ...(['update-delay', 'update-group', 'upgrade-cli', 'recursion', 'always-propagate'] as const),
      ),
      rest: optional(text('Value')),
    },
    example: { line: 'bgp bestpath compare-routerid', within: PROCESS },
  }),
  harmless(ANY, {
    pattern: '{bgp scan-time|bgp redistribute-internal|bgp suppress-inactive|auto-summary|synchronization} [<rest>]',
    help: 'Timers of the scanner, and old behaviours that are off',
    params: { rest: optional(text('Value')) },
    example: { line: 'no auto-summary', within: PROCESS },
  }),
  used('router-bgp', {
    pattern: 'timers bgp / <keepalive> <hold> [<minimum>]',
    help: 'Timers of all neighbours',
    params: {
      keepalive: number(0, 65535, 'Seconds between keepalives; 60 by default'),
      hold: number(0, 65535, 'Hold time; 180 by default'),
      minimum: optional(number(0, 65535, 'Least hold time taken from a neighbour')),
    },
    example: ['timers bgp 5 15', 'timers bgp 10 30 20'],
    set({ bgp }, args, place) {
      const timers = timersOf(args, place);
      if (timers !== undefined) bgp.timers = timers;
    },
    unset({ bgp }) {
      bgp.timers = { ...BGP_TIMERS };
    },
    print({ bgp: { timers } }, all) {
      const { keepaliveMs, holdMs, minimumHoldMs } = timers;
      const same = keepaliveMs === BGP_TIMERS.keepaliveMs && holdMs === BGP_TIMERS.holdMs && minimumHoldMs === 0;
      if (same && !all) return [];
      const minimum = minimumHoldMs === 0 ? undefined : minimumHoldMs / 1000;
      return [{ values: { keepalive: keepaliveMs / 1000, hold: holdMs / 1000, minimum } }];
    },
  }),
  unsupported('router-bgp', {
    pattern: 'template <kind> <name>',
    help: 'Settings that neighbours may inherit',
    enters: 'section',
    params: { kind: words('Of what', 'peer-session', 'peer-policy'), name: name('Template') },
    example: { line: 'template peer-session IBGP', within: PROCESS },
  }),
];

/** Rows that stand after the neighbours in print. */
export const bgpFamilyRows: readonly IosxeRow[] = [
  used(IPV4_MODES, {
    pattern: 'network <network> / [mask <mask>] [route-map <map>]',
    help: 'Announce a network that the routing table has',
    params: {
      network: network('Network'),
      mask: optional(mask('Its mask; that of its class by default')),
      map: optional(refers('route map', name('Route map'))),
    },
    example: [
      { line: 'network 10.1.0.0 mask 255.255.0.0', ...V4 },
      { line: 'network 10.0.0.0', ...V4, prints: 'network 10.0.0.0' },
      { line: 'network 10.1.0.0 mask 255.255.0.0 route-map RM', ...V4 },
    ],
    set(scope, args, place) {
      const length = args.mask ?? classLength(args.network.a);
      const wanted = new Prefix(args.network, length);
      if (!wanted.address.equals(args.network))
        return place.error('host-bits', `${args.network} has bits outside the mask; the network is ${wanted.address}`, {
          param: 'network',
          expected: String(wanted.address),
        });
      addNetwork(scope, wanted, args.map, place);
      return undefined;
    },
    unset(scope, args) {
      if (args.network === undefined) return;
      dropNetwork(scope, new Prefix(args.network, args.mask ?? classLength(args.network.a)));
    },
    print: (view) =>
      (view.family === 4 ? (seen(view)?.networks ?? []) : []).map(({ prefix: { address: own, length }, routeMap }) => ({
        values: { network: own, mask: length === classLength(own.a) ? undefined : length, map: routeMap },
      })),
  }),
  used('bgp-ipv6', {
    pattern: 'network <prefix> / [route-map <map>]',
    help: 'Announce a network that the routing table has',
    params: { prefix: prefix(6, 'Network'), map: optional(refers('route map', name('Route map'))) },
    example: [
      { line: 'network 2001:DB8:1::/48', ...V6 },
      { line: 'network 2001:DB8:2::/48 route-map RM', ...V6 },
    ],
    set: (scope, args, place) => addNetwork(scope, args.prefix, args.map, place),
    unset(scope, args) {
      if (args.prefix !== undefined) dropNetwork(scope, args.prefix);
    },
    print: (view) =>
      (seen(view)?.networks ?? []).map((one) => ({
        values: {},
        line: `network ${String(one.prefix).toUpperCase()}${one.routeMap === undefined ? '' : ` route-map ${one.routeMap}`}`,
      })),
  }),
  used(ANY, {
    pattern: 'redistribute <source> / {[metric <metric>] [route-map <map>]|route-map <map> metric <metric>}',
    help: 'Announce routes of another source',
    params: {
      source: choice('Source', { connected: 'Networks of interfaces', static: 'Static routes' }),
      metric: optional(number(0, 4294967295, 'MED')),
      map: optional(refers('route map', name('Route map'))),
    },
    example: [
      { line: 'redistribute connected', ...V4 },
      { line: 'redistribute static metric 100 route-map RM', ...V4 },
      { line: 'redistribute connected', ...V6 },
    ],
    set(scope, args, place) {
      const family = familyOf(scope);
      family.redistribute = family.redistribute.filter((one) => one.source !== args.source);
      family.redistribute.push({
        source: args.source,
        ...(args.metric === undefined ? {} : { metric: args.metric }),
        ...(args.map === undefined ? {} : { routeMap: args.map }),
        written: place.written(),
      });
    },
    unset(scope, args) {
      const family = familyOf(scope);
      family.redistribute = family.redistribute.filter((one) => one.source !== args.source);
    },
    print: (view) =>
      (seen(view)?.redistribute ?? []).flatMap((one) =>
        one.source === 'connected' || one.source === 'static'
          ? [{ values: { source: one.source, metric: one.metric, map: one.routeMap } }]
          : [],
      ),
  }),
  unsupported(ANY, {
    pattern: 'redistribute <source> [<rest>]',
    help: 'Announce routes of an interior protocol',
    params: {
      source: words('Source', 'ospf', 'ospfv3', 'eigrp', 'rip', 'isis', 'lisp', 'nhrp', 'mobile', 'odr', 'omp'),
      rest: optional(text('Process and metric')),
    },
    example: { line: 'redistribute ospf 1', ...V4 },
  }),
  pathsRow('ebgp', 'maximum-paths', 'eBGP'),
  pathsRow('ibgp', 'maximum-paths ibgp', 'iBGP'),
  used(ANY, {
    pattern: 'distance bgp / <external> <internal> <local>',
    help: 'Administrative distances',
    params: {
      external: number(1, 255, 'Of eBGP routes; 20 by default'),
      internal: number(1, 255, 'Of iBGP routes; 200 by default'),
      local: number(1, 255, 'Of local routes; 200 by default'),
    },
    example: { line: 'distance bgp 30 210 210', ...V4 },
    set(scope, args) {
      familyOf(scope).distances = { ebgp: args.external, ibgp: args.internal, local: args.local };
    },
    unset(scope) {
      familyOf(scope).distances = { ...BGP_DISTANCES };
    },
    print(view, all) {
      const { ebgp, ibgp, local } = seen(view)?.distances ?? BGP_DISTANCES;
      const same = ebgp === BGP_DISTANCES.ebgp && ibgp === BGP_DISTANCES.ibgp && local === BGP_DISTANCES.local;
      if (view.family === undefined || (same && !all)) return [];
      return [{ values: { external: ebgp, internal: ibgp, local } }];
    },
  }),
  unsupported(ANY, {
    pattern:
      '{aggregate-address|default-information|default-metric|distance|table-map|maximum-paths eibgp|neighbor-map|import|export|snmp|segment-routing|sd-wan|rd} [<rest>]',
    help: 'Aggregates, default route and more',
    params: { rest: optional(text('Setting')) },
    example: { line: 'aggregate-address 10.0.0.0 255.0.0.0 summary-only', ...V4 },
  }),
  familyRow(4),
  familyRow(6),
  unsupported('router-bgp', {
    pattern: 'address-family <what> [<rest>]',
    help: 'Further families',
    enters: 'bgp-other',
    closes: 'exit-address-family',
    params: {
      what: words('Family', 'vpnv4', 'vpnv6', 'l2vpn', 'link-state', 'nsap', 'rtfilter', 'mvpn'),
      rest: optional(text('Kind')),
    },
    example: 'address-family vpnv4',
  }),
  unsupported('router-bgp', {
    pattern: 'address-family {ipv4|ipv6} <what> [<rest>]',
    help: 'Families that are not unicast',
    enters: 'bgp-other',
    closes: 'exit-address-family',
    params: {
      what: words('Kind', 'multicast', 'mdt', 'flowspec', 'mvpn', 'tunnel', 'labeled-unicast'),
      rest: optional(text('VRF')),
    },
    example: 'address-family ipv4 multicast',
  }),
  harmless('bgp-other', {
    pattern: '<what> [<rest>]',
    help: 'Line of a family that is not read',
    params: {
      what: words(
        'What',
        ...([
          'neighbor',
          'bgp',
          'network',
          'redistribute',
          'maximum-paths',
          'distance',
          'advertise',
          'retain',
        ] as const),
        ...(['import', 'export', 'nexthop', 'default-metric', 'rewrite-evpn-rt-asn', 'table-map', 'rd'] as const),
      ),
      rest: optional(text('Setting')),
    },
    example: { line: 'neighbor 10.0.0.9 activate' },
  }),
  harmless([...FAMILIES, 'bgp-other'], {
    pattern: 'exit-address-family',
    help: 'Leave the address family',
    leaves: 'one',
    kept: false,
    example: { line: 'exit-address-family', ...V4 },
  }),
];

function pathsRow(key: 'ebgp' | 'ibgp', pattern: string, kind: string): IosxeRow {
  return used(ANY, {
    pattern: `${pattern} / <paths>`,
    help: `Equal ${kind} paths to use at once`,
    params: { paths: number(1, 32, 'Paths; 1 by default') },
    example: { line: `${pattern} 4`, ...V4 },
    set(scope, args) {
      familyOf(scope).maximumPaths[key] = args.paths;
    },
    unset(scope) {
      familyOf(scope).maximumPaths[key] = 1;
    },
    print(view, all) {
      const paths = seen(view)?.maximumPaths[key];
      return paths === undefined || (paths === 1 && !all) ? [] : [{ values: { paths } }];
    },
  });
}

function addNetwork(scope: BgpScope, wanted: Prefix, routeMap: string | undefined, place: Place): void {
  dropNetwork(scope, wanted);
  const written = place.written();
  familyOf(scope).networks.push(
    routeMap === undefined ? { prefix: wanted, written } : { prefix: wanted, routeMap, written },
  );
}

function dropNetwork(scope: BgpScope, wanted: Prefix): void {
  const family = familyOf(scope);
  family.networks = family.networks.filter((one) => !one.prefix.equals(wanted));
}
