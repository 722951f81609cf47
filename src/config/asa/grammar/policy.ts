/** Routing policy: prefix lists, route maps, AS path lists and community lists. */
import { Prefix } from '../../../base/index.ts';
import type { PrefixListModel } from '../../model.ts';
import { address, asNumber, choice, interfacing, many, name, number, optional, text, words } from '../../parameters.ts';
import type { Assembly } from '../assembly.ts';
import { communityNumber, communityParam, communityText } from '../communities.ts';
import { type AsaRow, harmless, unsupported, used } from '../row.ts';

const action = words('What to do', 'permit', 'deny');
const inMap = { within: ['route-map RM permit 10'] };

type Entry = PrefixListModel['entries'][number];

/** Rows of one family's prefix lists. */
function prefixListRows(family: 4 | 6): readonly AsaRow[] {
  const word = family === 4 ? 'prefix-list' : 'ipv6 prefix-list';
  const bits = family === 4 ? 32 : 128;
  const sample = family === 4 ? '10.0.0.0/8' : '2001:db8::/32';
  return [
    used('config', {
      pattern: `${word} <name> / [seq <sequence>] <action> <prefix> {[ge <ge>] [le <le>]|le <le> ge <ge>}`,
      help: `Entry of a list of IPv${family} prefixes`,
      section: 'prefix-list',
      params: {
        name: name('Prefix list'),
        sequence: optional(number(1, 4294967294, 'Order; 5 past the last by default')),
        action,
        prefix: interfacing(family, 'Prefix'),
        ge: optional(number(0, bits, 'Least length')),
        le: optional(number(0, bits, 'Greatest length')),
      },
      example: [
        `${word} PL seq 5 permit ${sample}`,
        `${word} PL seq 10 deny ${sample} ge ${bits - 2} le ${bits}`,
        { line: `${word} PL permit ${sample} le ${bits}`, prints: `${word} PL seq 5 permit ${sample} le ${bits}` },
      ],
      set(target, args, place) {
        const { ge, le } = args;
        const { length } = args.prefix;
        if (ge !== undefined && ge <= length)
          return place.error('contradiction', `ge must be more than the prefix's length ${length}`, { param: 'ge' });
        if (le !== undefined && le <= (ge === undefined ? length : ge - 1))
          return place.error('contradiction', 'le must not be less than ge, and more than the length', { param: 'le' });
        const list = listOf(target, args.name, family);
        const sequence = args.sequence ?? 5 + 5 * Math.floor((list.entries.at(-1)?.sequence ?? 0) / 5);
        const entry = {
          sequence,
          action: args.action,
          prefix: new Prefix(args.prefix.address, length),
          ...(ge === undefined ? {} : { ge }),
          ...(le === undefined ? {} : { le }),
          written: place.written(),
        };
        list.entries = [...list.entries.filter((one) => one.sequence !== sequence), entry];
        list.entries.sort((a, b) => a.sequence - b.sequence);
        return undefined;
      },
      unset(target, args) {
        const { prefixLists } = target.device;
        const list = prefixLists.find((one) => one.name === args.name && one.family === family);
        if (list === undefined) return;
        const { prefix: wanted } = args;
        const hit = (one: Entry): boolean =>
          wanted === undefined ||
          (args.sequence === undefined
            ? one.prefix.equals(new Prefix(wanted.address, wanted.length)) && one.action === args.action
            : one.sequence === args.sequence);
        list.entries = list.entries.filter((one) => !hit(one));
        if (list.entries.length === 0) target.device.prefixLists = prefixLists.filter((one) => one !== list);
      },
      print: (device) =>
        device.prefixLists
          .filter((one) => one.family === family)
          .flatMap((list) => list.entries.map((one) => ({ values: { ...one, name: list.name, prefix: one.prefix } }))),
    }),
    harmless('config', {
      pattern: `${word} <name> description <text>`,
      help: 'Describe the list',
      section: 'prefix-list',
      params: { name: name('Prefix list'), text: text('Any text') },
      example: `${word} PL description own networks`,
    }),
    harmless('config', {
      pattern: `${word} sequence-number`,
      help: 'Number entries by themselves',
      section: 'prefix-list',
      example: `${word} sequence-number`,
    }),
  ];
}

function listOf(target: Assembly, wanted: string, family: 4 | 6) {
  const known = target.device.prefixLists.find((one) => one.name === wanted && one.family === family);
  if (known !== undefined) return known;
  const made = { name: wanted, family, entries: [] };
  target.device.prefixLists.push(made);
  return listOfLast(target);
}

/** The list just added, with the draft's own type. */
function listOfLast(target: Assembly): Assembly['device']['prefixLists'][number] {
  const last = target.device.prefixLists.at(-1);
  if (last === undefined) throw new Error('a list was just added');
  return last;
}

/** A row of a route map that holds one number. */
function numberRow(
  pattern: string,
  key: 'matchMetric' | 'setLocalPreference' | 'setMetric' | 'setWeight',
  help: string,
  highest: number,
): AsaRow {
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
  key: 'matchPrefixLists' | 'matchAccessLists' | 'matchNextHopPrefixLists' | 'matchCommunityLists',
  help: string,
): AsaRow {
  return used('route-map', {
    pattern: `${pattern} / <lists>...`,
    help,
    attribute: key,
    params: { lists: many(name('Lists, any of which may match')) },
    example: { line: `${pattern} A B`, ...inMap },
    set(target, args) {
      target[key] = [...new Set([...target[key], ...args.lists])];
    },
    unset(target, args) {
      target[key] = args.lists === undefined ? [] : target[key].filter((one) => args.lists?.includes(one) !== true);
    },
    print: (view) => (view[key].length === 0 ? [] : [{ values: { lists: view[key] } }]),
  });
}

export const policyRows: readonly AsaRow[] = [
  ...prefixListRows(4),
  ...prefixListRows(6),
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
  {
    ...namesRow('match ipv6 address prefix-list', 'matchPrefixLists', 'Prefixes that an IPv6 prefix list permits'),
    // Lists of both families share one place in the model; they print as the line above.
    print: () => [],
    examples: [{ line: 'match ipv6 address prefix-list A', ...inMap, prints: 'match ip address prefix-list A' }],
  },
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
  namesRow('match community', 'matchCommunityLists', 'Communities that a list permits'),
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
  used('config', {
    pattern: 'as-path access-list <number> / <action> <expression>',
    help: 'Entry of a list of AS path expressions',
    section: 'as-path',
    params: { number: number(1, 500, 'List'), action, expression: text('Regular expression') },
    example: 'as-path access-list 1 permit ^65001_',
    set(target, args) {
      const { asPathLists } = target.device;
      const list = asPathLists.find((one) => one.number === args.number) ?? { number: args.number, entries: [] };
      if (!asPathLists.includes(list)) asPathLists.push(list);
      list.entries.push({ action: args.action, expression: args.expression });
    },
    unset(target, args) {
      const { asPathLists } = target.device;
      const list = asPathLists.find((one) => one.number === args.number);
      if (list === undefined) return;
      list.entries = list.entries.filter(
        (one) => args.expression !== undefined && (one.expression !== args.expression || one.action !== args.action),
      );
      target.device.asPathLists = asPathLists.filter((one) => one.entries.length > 0);
    },
    print: (device) =>
      device.asPathLists.flatMap((list) => list.entries.map((one) => ({ values: { number: list.number, ...one } }))),
  }),
  used('config', {
    pattern: 'community-list {<number>|standard <name>} / <action> <communities>...',
    help: 'Entry of a list of communities',
    section: 'community-list',
    params: {
      number: optional(number(1, 99, 'List')),
      name: optional(name('List')),
      action,
      communities: many(communityParam('Communities, all of which must be there')),
    },
    example: ['community-list 1 permit 65000:100', 'community-list standard CL deny no-export 65000:1'],
    set(target, args) {
      const wanted = args.name ?? String(args.number ?? 0);
      const { communityLists } = target.device;
      const list = communityLists.find((one) => one.name === wanted) ?? { name: wanted, entries: [] };
      if (!communityLists.includes(list)) communityLists.push(list);
      list.entries.push({ action: args.action, communities: args.communities.map(communityNumber) });
    },
    unset(target, args) {
      const wanted = args.name ?? String(args.number ?? 0);
      const list = target.device.communityLists.find((one) => one.name === wanted);
      if (list === undefined) return;
      const given = args.communities?.map(communityNumber).join(' ');
      list.entries = list.entries.filter((one) => given !== undefined && one.communities.join(' ') !== given);
      target.device.communityLists = target.device.communityLists.filter((one) => one.entries.length > 0);
    },
    print: (device) =>
      device.communityLists.flatMap((list) =>
        list.entries.map((one) => ({
          values: {
            ...(/^[1-9]\d?$/.test(list.name) ? { number: Number(list.name) } : { name: list.name }),
            action: one.action,
            communities: one.communities.map(communityText),
          },
        })),
      ),
  }),
  unsupported('config', {
    pattern: 'community-list expanded <rest>',
    help: 'List of expressions over communities',
    section: 'community-list',
    params: { rest: text('Entry') },
    example: 'community-list expanded CL permit 65000:.*',
  }),
];
