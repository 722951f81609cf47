/** What a BGP neighbour, or all of a peer group, does in one address family. */
import type { BgpNeighborFamilyModel } from '../../model.ts';
import { choice, name, number, optional, refers, words } from '../../parameters.ts';
import type { Place } from '../../place.ts';
import { emptyNeighborFamily } from '../../rows/bgp.ts';
import { type BgpScope, type IosxeRow, used } from '../row.ts';
import { FAMILY, familyRow, GROUP, listed, MODES, N, type PeerRef, peer, subjectOf } from './bgp-scope.ts';

/** A row that switches something on. */
function switchRow(
  word: 'next-hop-self' | 'route-reflector-client' | 'default-originate' | 'remove-private-as',
  key: 'nextHopSelf' | 'routeReflectorClient' | 'defaultOriginate' | 'removePrivateAs',
  help: string,
  more: Readonly<{ pattern: string; why: string }>,
): IosxeRow {
  return familyRow({
    pattern: `${word} / ${more.pattern}`,
    help,
    word: () => word,
    params: {
      peer,
      all: optional(words('Which', 'all')),
      replace: optional(words('How', 'replace-as')),
      map: optional(name('Route map')),
    },
    lines: [word],
    set(part, args, place) {
      part[key] = true;
      if (args.replace !== undefined || args.map !== undefined) place.warn('unsupported', more.why);
    },
    unset(part) {
      part[key] = false;
    },
    print: (part) => (part[key] ? [{}] : []),
  });
}

/** A row that names a policy for one direction. */
function policyRow(
  word: 'prefix-list' | 'route-map',
  keys: Readonly<Record<'in' | 'out', 'prefixListIn' | 'prefixListOut' | 'routeMapIn' | 'routeMapOut'>>,
): IosxeRow {
  return familyRow({
    pattern: `${word} <policy> <way>`,
    help: `Filter routes by a ${word}`,
    word: ({ way }) => `${word} ${way ?? ''}`,
    params: {
      peer,
      policy: refers(
        word === 'prefix-list' ? 'prefix list' : 'route map',
        name(word === 'prefix-list' ? 'Prefix list' : 'Route map'),
      ),
      way: choice('Direction', { in: 'What it tells us', out: 'What we tell it' }),
    },
    lines: [`${word} P in`, `${word} P out`],
    set(part, args) {
      part[keys[args.way]] = args.policy;
    },
    unset(part, args) {
      if (args.way !== undefined) delete part[keys[args.way]];
    },
    print(part: BgpNeighborFamilyModel) {
      return (['in', 'out'] as const).flatMap((way) => {
        const policy = part[keys[way]];
        return policy === undefined ? [] : [{ policy, way }];
      });
    },
  });
}

export const bgpNeighborRows: readonly IosxeRow[] = [
  used(MODES, {
    pattern: 'neighbor <peer> activate',
    help: 'Exchange routes of this family',
    group: GROUP,
    negatable: true,
    params: { peer },
    example: [
      { line: `neighbor ${N} activate`, within: FAMILY },
      { line: `no neighbor ${N} activate`, within: FAMILY },
    ],
    set: (scope, args, place) => activate(scope, args.peer, true, place),
    unset: (scope, args, place) => activate(scope, args.peer, false, place),
    print(view) {
      const { family } = view;
      if (family === undefined) return [];
      return listed(view).flatMap(({ ref, subject, base }) => {
        const part = subject.families[family];
        if (part === undefined || part.activate === base?.families[family]?.activate) return [];
        return [{ values: { peer: ref }, negated: !part.activate, key: peer.write(ref) }];
      });
    },
  }),
  switchRow('next-hop-self', 'nextHopSelf', 'Give ourselves as the next hop', { pattern: '[<all>]', why: '' }),
  switchRow('route-reflector-client', 'routeReflectorClient', 'Pass iBGP routes on to this neighbour', {
    pattern: '',
    why: '',
  }),
  switchRow('remove-private-as', 'removePrivateAs', 'Take private AS numbers out of paths', {
    pattern: '[<all>] [<replace>]',
    why: 'replace-as is not supported: private numbers are removed',
  }),
  familyRow({
    pattern: 'send-community / [<kind>]',
    help: 'Pass communities on',
    word: () => 'send-community',
    params: { peer, kind: optional(words('Kind', 'both', 'extended', 'standard')) },
    lines: ['send-community', { line: 'send-community both', prints: 'send-community' }],
    set(part, args, place) {
      if (args.kind === 'extended')
        place.warn('unsupported', 'extended communities are not passed on', { param: 'kind' });
      else part.sendCommunity = true;
    },
    unset(part) {
      part.sendCommunity = false;
    },
    print: ({ sendCommunity }) => (sendCommunity ? [{}] : []),
  }),
  switchRow('default-originate', 'defaultOriginate', 'Announce a default route', {
    pattern: '[route-map <map>]',
    why: 'the default route is announced without condition',
  }),
  familyRow({
    pattern: 'weight / <weight>',
    help: 'Weight of its routes',
    word: () => 'weight',
    params: { peer, weight: number(0, 65535, 'Weight') },
    lines: ['weight 100'],
    set(part, args) {
      part.weight = args.weight;
    },
    unset(part) {
      part.weight = 0;
    },
    print: ({ weight }) => (weight === 0 ? [] : [{ weight }]),
  }),
  familyRow({
    pattern: 'allowas-in / [<times>]',
    help: 'Accept paths that contain our own AS',
    word: () => 'allowas-in',
    params: { peer, times: optional(number(1, 10, 'Times at most; 3 by default')) },
    lines: ['allowas-in 2'],
    set(part, args) {
      part.allowAsIn = args.times ?? 3;
    },
    unset(part) {
      part.allowAsIn = 0;
    },
    print: ({ allowAsIn: times }) => (times === 0 ? [] : [{ times }]),
  }),
  familyRow({
    pattern: 'maximum-prefix / <count> [<percent>] [{<only>|restart <minutes>}]',
    help: 'Prefixes it may announce',
    word: () => 'maximum-prefix',
    params: {
      peer,
      count: number(1, 2147483647, 'Prefixes'),
      percent: optional(number(1, 100, 'Percent of it at which to warn; 75 by default')),
      only: optional(words('Warn', 'warning-only')),
      minutes: optional(number(1, 65535, 'Minutes until the session may return')),
    },
    lines: ['maximum-prefix 1000', 'maximum-prefix 1000 80 warning-only'],
    set(part, args, place) {
      const warningPercent = args.percent ?? 75;
      part.maximumPrefix = { count: args.count, warningPercent, warningOnly: args.only !== undefined };
      if (args.minutes !== undefined)
        place.warn('unsupported', 'the session stays down until cleared', { param: 'minutes' });
    },
    unset(part) {
      delete part.maximumPrefix;
    },
    print: ({ maximumPrefix: m }) =>
      m === undefined
        ? []
        : [
            {
              count: m.count,
              percent: m.warningPercent === 75 ? undefined : m.warningPercent,
              only: m.warningOnly ? ('warning-only' as const) : undefined,
            },
          ],
  }),
  policyRow('prefix-list', { in: 'prefixListIn', out: 'prefixListOut' }),
  policyRow('route-map', { in: 'routeMapIn', out: 'routeMapOut' }),
];

function activate(scope: BgpScope, ref: PeerRef | undefined, isOn: boolean, place: Place): void {
  const subject = ref === undefined ? undefined : subjectOf(scope, ref, place);
  if (subject === undefined) return;
  const which = scope.family ?? 4;
  subject.families[which] = { ...(subject.families[which] ?? emptyNeighborFamily(false)), activate: isOn };
  subject.written.attributes[`ipv${which} activate`] = place.position;
}
