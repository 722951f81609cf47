/** Route maps of both dialects. */
import { address, asNumber, choice, many, name, number, optional, refers, text, words } from '../parameters.ts';
import { communityNumber, communityParam, communityText } from './communities.ts';
import { harmless, type SharedRow, unsupported, used } from './row.ts';

const action = words('What to do', 'permit', 'deny');
const inMap = { within: ['route-map RM permit 10'] };

export const routeMapRows: readonly SharedRow[] = [
  used('config', {
    pattern: 'route-map <name> / [<action> [<sequence>]]',
    help: 'Clause of a route map',
    section: 'route-map',
    enters: 'route-map',
    params: {
      name: name('Route map'),
      action: optional(action),
      sequence: optional(number(0, 65535, 'Order; 10 by default')),
    },
    example: [
      'route-map RM permit 10',
      'route-map RM deny 20',
      { line: 'route-map RM', prints: 'route-map RM permit 10' },
    ],
    opener: (values) => ({ action: 'permit', sequence: 10, ...values }),
    set(target, args, place) {
      const { routeMaps } = target.device;
      const map = routeMaps.find((one) => one.name === args.name) ?? { name: args.name, clauses: [] };
      if (!routeMaps.includes(map)) routeMaps.push(map);
      const sequence = args.sequence ?? 10;
      const known = map.clauses.find((one) => one.sequence === sequence);
      if (known !== undefined) {
        known.action = args.action ?? known.action;
        return known;
      }
      const made: (typeof map.clauses)[number] = {
        sequence,
        action: args.action ?? 'permit',
        matchPrefixLists: [],
        matchAccessLists: [],
        matchNextHopPrefixLists: [],
        matchAsPathLists: [],
        matchCommunityLists: [],
        matchTags: [],
        setAsPathPrepend: [],
        written: place.written(),
      };
      map.clauses.push(made);
      map.clauses.sort((a, b) => a.sequence - b.sequence);
      return made;
    },
    unset(target, args) {
      const map = target.device.routeMaps.find((one) => one.name === args.name);
      if (map === undefined) return;
      map.clauses = map.clauses.filter((one) => args.sequence !== undefined && one.sequence !== args.sequence);
      target.device.routeMaps = target.device.routeMaps.filter((one) => one.clauses.length > 0);
    },
    print: (device) =>
      device.routeMaps.flatMap((map) =>
        map.clauses.map((one) => ({
          values: { name: map.name, action: one.action, sequence: one.sequence },
          view: one,
        })),
      ),
  }),
  namesRow('match ip address', 'matchAccessLists', 'Prefixes that an access list permits'),
  namesRow('match ip address prefix-list', 'matchPrefixLists', 'Prefixes that a prefix list permits'),
  used('route-map', {
    pattern: 'match ipv6 address prefix-list / <lists>...',
    help: 'Prefixes that an IPv6 prefix list permits',
    attribute: 'matchPrefixLists',
    params: { lists: many(refers('prefix list', name('Lists, any of which may match'))) },
    example: { line: 'match ipv6 address prefix-list A B', ...inMap },
    set(target, args) {
      target.matchPrefixLists = [...new Set([...target.matchPrefixLists, ...args.lists])];
      target.matchIpv6PrefixLists = [...new Set([...(target.matchIpv6PrefixLists ?? []), ...args.lists])];
    },
    unset(target, args) {
      const gone = new Set(args.lists ?? target.matchIpv6PrefixLists);
      target.matchPrefixLists = target.matchPrefixLists.filter((one) => !gone.has(one));
      const left = (target.matchIpv6PrefixLists ?? []).filter((one) => !gone.has(one));
      if (left.length > 0) target.matchIpv6PrefixLists = left;
      else delete target.matchIpv6PrefixLists;
    },
    print: ({ matchIpv6PrefixLists: lists }) => (lists === undefined ? [] : [{ values: { lists } }]),
  }),
  namesRow('match ip next-hop prefix-list', 'matchNextHopPrefixLists', 'Next hops that a prefix list permits'),
  used('route-map', {
    pattern: 'match as-path / <lists>...',
    help: 'AS paths that a list permits',
    attribute: 'matchAsPathLists',
    params: { lists: many(number(1, 500, 'AS path lists')) },
    example: { line: 'match as-path 1 2', ...inMap },
    set(target, args) {
      target.matchAsPathLists = [...new Set([...target.matchAsPathLists, ...args.lists])];
    },
    unset(target, args) {
      target.matchAsPathLists =
        args.lists === undefined ? [] : target.matchAsPathLists.filter((one) => args.lists?.includes(one) !== true);
    },
    print: ({ matchAsPathLists: lists }) => (lists.length === 0 ? [] : [{ values: { lists } }]),
  }),
  used('route-map', {
    pattern: 'match community / <lists>... [<exact>]',
    help: 'Communities that a list permits',
    attribute: 'matchCommunityLists',
    params: {
      lists: many(refers('community list', name('Lists, any of which may match'))),
      exact: optional(words('No others', 'exact-match')),
    },
    example: { line: 'match community A B', ...inMap },
    set(target, args, place) {
      target.matchCommunityLists = [...new Set([...target.matchCommunityLists, ...args.lists])];
      if (args.exact !== undefined)
        place.warn('unsupported', 'a route may have other communities as well', { param: 'exact' });
    },
    unset(target, args) {
      const gone = new Set(args.lists ?? target.matchCommunityLists);
      target.matchCommunityLists = target.matchCommunityLists.filter((one) => !gone.has(one));
    },
    print: ({ matchCommunityLists: lists }) => (lists.length === 0 ? [] : [{ values: { lists } }]),
  }),
  numberRow('match metric', 'matchMetric', 'MED of the route', 4294967295),
  used('route-map', {
    pattern: 'match tag / <tags>...',
    help: 'Tag of the route',
    attribute: 'matchTags',
    params: { tags: many(number(0, 4294967295, 'Tags')) },
    example: { line: 'match tag 10 20', ...inMap },
    set(target, args) {
      target.matchTags = [...new Set([...target.matchTags, ...args.tags])];
    },
    unset(target) {
      target.matchTags = [];
    },
    print: ({ matchTags: tags }) => (tags.length === 0 ? [] : [{ values: { tags } }]),
  }),
  unsupported('route-map', {
    pattern: 'match <what> <rest>',
    help: 'Other matches',
    params: { what: words('What', 'interface', 'route-type', 'policy-list', 'mpls-label'), rest: text('Value') },
    example: { line: 'match interface inside', ...inMap },
  }),
  numberRow('set local-preference', 'setLocalPreference', 'Preference within the AS', 4294967295),
  numberRow('set metric', 'setMetric', 'MED', 4294967295),
  numberRow('set weight', 'setWeight', 'Weight on this device', 65535),
  used('route-map', {
    pattern: 'set as-path prepend / <asns>...',
    help: 'Lengthen the AS path',
    attribute: 'setAsPathPrepend',
    params: { asns: many(asNumber('AS numbers')) },
    example: { line: 'set as-path prepend 65000 65000', ...inMap },
    set(target, args) {
      target.setAsPathPrepend = [...args.asns];
    },
    unset(target) {
      target.setAsPathPrepend = [];
    },
    print: ({ setAsPathPrepend: asns }) => (asns.length === 0 ? [] : [{ values: { asns } }]),
  }),
  used('route-map', {
    pattern: 'set community / <communities>... [<additive>]',
    help: 'Communities',
    attribute: 'setCommunities',
    params: {
      communities: many(communityParam('Communities, such as 65000:100 or no-export')),
      additive: optional(choice('Keep the others', { additive: 'Keep those that the route has' })),
    },
    example: { line: 'set community 65000:100 no-export additive', ...inMap },
    set(target, args) {
      target.setCommunities = {
        communities: args.communities.map(communityNumber),
        additive: args.additive !== undefined,
      };
    },
    unset(target) {
      delete target.setCommunities;
    },
    print: ({ setCommunities: set }) =>
      set === undefined || set.communities.length === 0
        ? []
        : [
            {
              values: {
                communities: set.communities.map(communityText),
                additive: set.additive ? ('additive' as const) : undefined,
              },
            },
          ],
  }),
  used('route-map', {
    pattern: 'set community none',
    help: 'Take all communities away',
    attribute: 'setCommunities',
    params: {},
    example: { line: 'set community none', ...inMap },
    set(target) {
      target.setCommunities = { communities: [], additive: false };
    },
    unset(target) {
      delete target.setCommunities;
    },
    print: ({ setCommunities: set }) => (set?.communities.length === 0 ? [{ values: {} }] : []),
  }),
  used('route-map', {
    pattern: 'set ip next-hop / <address>',
    help: 'Next hop',
    attribute: 'setNextHop',
    params: { address: address('Next hop', 4) },
    example: { line: 'set ip next-hop 10.0.0.1', ...inMap },
    set(target, args) {
      target.setNextHop = args.address;
    },
    unset(target) {
      delete target.setNextHop;
    },
    print: ({ setNextHop: hop }) => (hop?.family === 4 ? [{ values: { address: hop } }] : []),
  }),
  used('route-map', {
    pattern: 'set ipv6 next-hop / <address>',
    help: 'IPv6 next hop',
    attribute: 'setNextHop',
    params: { address: address('Next hop', 6) },
    example: { line: 'set ipv6 next-hop 2001:db8::1', ...inMap },
    set(target, args) {
      target.setNextHop = args.address;
    },
    unset(target) {
      delete target.setNextHop;
    },
    print: ({ setNextHop: hop }) => (hop?.family === 6 ? [{ values: { address: hop } }] : []),
  }),
  used('route-map', {
    pattern: 'set origin / <origin>',
    help: 'Origin attribute',
    attribute: 'setOrigin',
    params: { origin: words('Origin', 'igp', 'egp', 'incomplete') },
    example: { line: 'set origin igp', ...inMap },
    set(target, args) {
      target.setOrigin = args.origin;
    },
    unset(target) {
      delete target.setOrigin;
    },
    print: ({ setOrigin: origin }) => (origin === undefined ? [] : [{ values: { origin } }]),
  }),
  unsupported('route-map', {
    pattern: 'set <what> [<rest>]',
    help: 'Other settings',
    params: {
      what: words('What', 'automatic-tag', 'metric-type', 'level', 'interface', 'adaptive-interface', 'comm-list'),
      rest: optional(text('Value')),
    },
    example: { line: 'set metric-type internal', ...inMap },
  }),
  harmless('route-map', {
    pattern: 'description <text>',
    help: 'Describe the clause',
    params: { text: text('Any text') },
    example: { line: 'description own routes', ...inMap },
  }),
];

/** A row of a route map that holds one number. */
function numberRow(
  pattern: string,
  key: 'matchMetric' | 'setLocalPreference' | 'setMetric' | 'setWeight',
  help: string,
  highest: number,
): SharedRow {
  return used('route-map', {
    pattern: `${pattern} / <value>`,
    help,
    attribute: key,
    params: { value: number(0, highest, 'Value') },
    example: { line: `${pattern} 100`, ...inMap },
    set(target, args) {
      target[key] = args.value;
    },
    unset(target) {
      delete target[key];
    },
    print: (view) => (view[key] === undefined ? [] : [{ values: { value: view[key] } }]),
  });
}

/** A row of a route map that holds names. */
function namesRow(
  pattern: string,
  key: 'matchPrefixLists' | 'matchAccessLists' | 'matchNextHopPrefixLists',
  help: string,
): SharedRow {
  return used('route-map', {
    pattern: `${pattern} / <lists>...`,
    help,
    attribute: key,
    params: {
      lists: many(
        refers(key === 'matchAccessLists' ? 'access list' : 'prefix list', name('Lists, any of which may match')),
      ),
    },
    example: { line: `${pattern} A B`, ...inMap },
    set(target, args) {
      target[key] = [...new Set([...target[key], ...args.lists])];
    },
    unset(target, args) {
      target[key] = args.lists === undefined ? [] : target[key].filter((one) => args.lists?.includes(one) !== true);
    },
    print(view) {
      // Those of IPv6 have a line of their own.
      const others = new Set(key === 'matchPrefixLists' ? view.matchIpv6PrefixLists : []);
      const lists = view[key].filter((one) => !others.has(one));
      return lists.length === 0 ? [] : [{ values: { lists } }];
    },
  });
}
