/** Lines about the session with a BGP neighbour as a whole; they stand in an address family all the same. */
import type { IpAddress } from '../../../base/index.ts';
import type { BgpNeighborModel } from '../../model.ts';
import {
  type Args,
  asNumber,
  choice,
  nameif,
  number,
  optional,
  type Parameters,
  refers,
  secret,
  text,
  words,
} from '../../parameters.ts';
import type { Place } from '../../place.ts';
import { emptyNeighborFamily, timersOf } from '../../rows/bgp.ts';
import { type AsaRow, used } from '../row.ts';
import {
  atHome,
  FAMILIES,
  type FamilyPart,
  GROUP,
  isPeer,
  N,
  type Neighbor,
  neighborOf,
  peer,
  within,
  within6,
} from './bgp-scope.ts';
import { isReadable } from './tunnel-group.ts';

export const bgpSessionRows: readonly AsaRow[] = [
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
    params: { peer, interface: refers('interface', nameif('Interface')) },
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
