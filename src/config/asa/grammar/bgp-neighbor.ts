/** What a BGP neighbour does in one address family. */
import { choice, name, number, optional, refers, text, words } from '../../parameters.ts';
import { noteFamilyLine } from '../../rows/bgp.ts';
import { type AsaRow, harmless, unsupported, used } from '../row.ts';
import { FAMILIES, familyOf, GROUP, N, partsOf, peer, within } from './bgp-scope.ts';

/** A row that switches something of the family on. */
function familySwitch(word: string, key: 'nextHopSelf' | 'routeReflectorClient', help: string): AsaRow {
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
      policy: refers(
        word === 'prefix-list' ? 'prefix list' : 'route map',
        name(word === 'prefix-list' ? 'Prefix list' : 'Route map'),
      ),
      way: choice('Direction', { in: 'What it tells us', out: 'What we tell it' }),
    },
    example: [
      { line: `neighbor ${N} ${word} P in`, within },
      { line: `neighbor ${N} ${word} P out`, within },
    ],
    set(scope, args, place) {
      const part = familyOf(scope, args.peer, place);
      if (part === undefined) return;
      part[args.way === 'in' ? inKey : outKey] = args.policy;
      const neighbor = scope.bgp.neighbors.find((one) => one.address.equals(args.peer));
      if (neighbor !== undefined) noteFamilyLine(neighbor.written, scope.which, place);
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
