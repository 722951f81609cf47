/** Lines about the session with a BGP neighbour, or with all of a peer group. */
import { fromUtf8, type IpAddress, SecretKey, utf8 } from '../../../base/index.ts';
import type { Draft } from '../../draft.ts';
import type { BgpNeighborModel } from '../../model.ts';
import {
  asNumber,
  choice,
  hardwareInterface,
  many,
  name,
  number,
  optional,
  prefix,
  refers,
  secret,
  text,
  words,
} from '../../parameters.ts';
import type { Place } from '../../place.ts';
import { emptyNeighborFamily, timersOf } from '../../rows/bgp.ts';
import { MASK } from '../../secrets.ts';
import { emptySubject, groupOf, type Subject } from '../bgp-groups.ts';
import { type BgpScope, harmless, type IosxeRow, unsupported, used } from '../row.ts';
import { decodeType7 } from '../type-7.ts';
import { atHome, GROUP, MODES, missingGroup, N, PROCESS, peer, session, subjectOf } from './bgp-scope.ts';

type Family = NonNullable<Draft<Subject>['families'][4]>;

/** The neighbour of an address, made when it is not there yet. */
function neighborAt({ bgp, table, vrf, family }: BgpScope, address: IpAddress, place: Place): Draft<BgpNeighborModel> {
  const known = table.neighbors.find((one) => one.address.equals(address));
  if (known !== undefined) return known;
  const made: Draft<BgpNeighborModel> = { address, ...emptySubject(place.written()) };
  // A new neighbour exchanges IPv4 routes without being told, unless the process says otherwise.
  const isOn = bgp.ipv4ByDefault !== false;
  if (vrf === '') {
    if (isOn) made.families[4] = emptyNeighborFamily(true) as Family;
  } else {
    const which = family ?? 4;
    made.families[which] = emptyNeighborFamily(isOn && which === 4) as Family;
  }
  table.neighbors.push(made);
  return made;
}

export const bgpSessionRows: readonly IosxeRow[] = [
  used(MODES, {
    pattern: 'neighbor <peer> peer-group',
    help: 'Make a peer group',
    group: GROUP,
    params: { peer },
    example: { line: 'neighbor SPOKES peer-group', within: PROCESS.slice(0, 1) },
    set({ bgp, table, vrf, family }, args, place) {
      if (typeof args.peer !== 'string')
        return place.error('malformed', 'a peer group is called by a name', { param: 'peer' });
      if (groupOf(bgp, table, args.peer) !== undefined) return undefined;
      const made = {
        name: args.peer,
        alternateAsns: [],
        peer: emptySubject(place.written()),
        written: place.written(),
      };
      const which = vrf === '' ? 4 : (family ?? 4);
      if (bgp.ipv4ByDefault !== false && which === 4) made.peer.families[4] = emptyNeighborFamily(true) as Family;
      table.peerGroups = [...(table.peerGroups ?? []), made];
      return undefined;
    },
    unset({ table }, args) {
      const left = (table.peerGroups ?? []).filter((one) => one.name !== args.peer);
      if (left.length > 0) table.peerGroups = left;
      else delete table.peerGroups;
      table.neighbors = table.neighbors.filter((one) => one.peerGroup === undefined || one.peerGroup !== args.peer);
    },
    print: (view) =>
      atHome(view).flatMap(({ ref }) => (typeof ref === 'string' ? [{ values: { peer: ref }, key: ref }] : [])),
  }),
  used(MODES, {
    pattern: 'neighbor <peer> / remote-as / <asn> [alternate-as <others>...]',
    help: 'Make a neighbour',
    group: GROUP,
    params: {
      peer,
      asn: asNumber("The neighbour's AS"),
      others: optional(many(asNumber('Further ones that peers of a listen range may be of'))),
    },
    example: [
      { line: `neighbor ${N} remote-as 65001`, within: PROCESS.slice(0, 1) },
      {
        line: 'neighbor SPOKES remote-as 65001 alternate-as 65002 65003',
        within: [...PROCESS, 'neighbor SPOKES peer-group'],
      },
    ],
    set(scope, args, place) {
      if (typeof args.peer !== 'string' && (args.peer.isMulticast || args.peer.isUnspecified))
        return place.error('bad-address', `${args.peer} is not the address of a neighbour`, { param: 'peer' });
      const subject =
        typeof args.peer === 'string' ? subjectOf(scope, args.peer, place) : neighborAt(scope, args.peer, place);
      if (subject === undefined) return undefined;
      subject.remoteAsn = args.asn;
      subject.written.attributes['remoteAsn'] = place.position;
      const group = (scope.table.peerGroups ?? []).find(({ name: called }) => called === args.peer);
      if (group !== undefined) group.alternateAsns = [...(args.others ?? [])];
      return undefined;
    },
    unset(scope, args) {
      const { table } = scope;
      const wanted = args.peer;
      if (wanted === undefined) return;
      for (const group of table.peerGroups ?? []) if (group.name === wanted) delete group.peer.remoteAsn;
      table.neighbors = table.neighbors.filter((one) => typeof wanted === 'string' || !one.address.equals(wanted));
    },
    print: (view) =>
      atHome(view).flatMap(({ ref, subject, base }) => {
        if (subject.remoteAsn === undefined || subject.remoteAsn === base?.remoteAsn) return [];
        const group = (view.table.peerGroups ?? []).find(({ name: called }) => called === ref);
        const others = group === undefined || group.alternateAsns.length === 0 ? undefined : group.alternateAsns;
        return [{ values: { peer: ref, asn: subject.remoteAsn, others }, key: peer.write(ref) }];
      }),
  }),
  used(MODES, {
    pattern: 'neighbor <peer> peer-group / <name>',
    help: 'What this neighbour has in common with others',
    group: GROUP,
    params: { peer, name: refers('peer group', name('Peer group')) },
    example: {
      line: 'neighbor 10.0.0.8 peer-group SPOKES',
      within: [...PROCESS, 'neighbor SPOKES peer-group', 'neighbor SPOKES remote-as 65001'],
    },
    set(scope, args, place) {
      if (typeof args.peer === 'string')
        return place.error('contradiction', 'a peer group is not a member of another', { param: 'peer' });
      if (groupOf(scope.bgp, scope.table, args.name) === undefined)
        return missingGroup(scope, args.name, 'name', place);
      const neighbor = neighborAt(scope, args.peer, place);
      neighbor.peerGroup = args.name;
      neighbor.written.attributes['peerGroup'] = place.position;
      return undefined;
    },
    unset(scope, args) {
      for (const one of scope.table.neighbors)
        if (typeof args.peer === 'object' && one.address.equals(args.peer)) delete one.peerGroup;
    },
    print: (view) =>
      atHome(view).flatMap(({ ref, subject: { peerGroup } }) =>
        peerGroup === undefined ? [] : [{ values: { peer: ref, name: peerGroup }, key: peer.write(ref) }],
      ),
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
    set: (subject, args, place) => {
      subject.localAsn = args.asn;
      for (const param of ['prepend', 'replace', 'dual'] as const)
        if (args[param] !== undefined) place.warn('unsupported', `${args[param]} is not supported`, { param });
    },
    unset: (subject) => {
      delete subject.localAsn;
    },
    print: ({ localAsn: asn }) => (asn === undefined ? undefined : { asn }),
  }),
  session({
    pattern: 'description / <text>',
    help: 'Describe the neighbour',
    attribute: 'description',
    params: { peer, text: text('Any text') },
    line: 'description hub 1',
    set: (subject, args) => {
      subject.description = args.text;
    },
    unset: (subject) => {
      delete subject.description;
    },
    print: ({ description }) => (description === undefined ? undefined : { text: description }),
  }),
  session({
    pattern: 'shutdown',
    help: 'Keep the session down',
    attribute: 'shutdown',
    params: { peer },
    line: 'shutdown',
    set: (subject) => {
      subject.shutdown = true;
    },
    unset: (subject) => {
      subject.shutdown = false;
    },
    print: ({ shutdown }) => (shutdown ? {} : undefined),
  }),
  session({
    pattern: 'password / [<form>] <key>',
    help: 'Sign the session with TCP MD5 (RFC 2385)',
    attribute: 'password',
    params: {
      peer,
      form: optional(words('Form of the password: 0 as it is, 7 hidden from a glance', '0', '7')),
      key: secret('Password'),
    },
    line: 'password cisco',
    set: (subject, args, place) => {
      const key = plainPassword(args.key, args.form, place);
      if (key !== undefined) subject.password = key;
    },
    unset: (subject) => {
      delete subject.password;
    },
    print: ({ password: key }) => (key === undefined ? undefined : { key }),
  }),
  session({
    pattern: 'ebgp-multihop / [<hops>]',
    help: 'Neighbour of another AS that is not on the link',
    attribute: 'ebgpMultihop',
    params: { peer, hops: optional(number(1, 255, 'Hops; 255 by default')) },
    line: 'ebgp-multihop 2',
    set: (subject, args, place) => {
      if (subject.ttlSecurityHops !== undefined)
        place.error('contradiction', 'ttl-security and ebgp-multihop exclude each other');
      else subject.ebgpMultihop = args.hops ?? 255;
    },
    unset: (subject) => {
      delete subject.ebgpMultihop;
    },
    print: ({ ebgpMultihop: hops }) => (hops === undefined ? undefined : { hops }),
  }),
  session({
    pattern: 'ttl-security hops / <hops>',
    help: 'Only packets that come from this near (RFC 5082)',
    attribute: 'ttlSecurityHops',
    params: { peer, hops: number(1, 254, 'Hops') },
    line: 'ttl-security hops 2',
    set: (subject, args, place) => {
      if (subject.ebgpMultihop !== undefined)
        place.error('contradiction', 'ttl-security and ebgp-multihop exclude each other');
      else subject.ttlSecurityHops = args.hops;
    },
    unset: (subject) => {
      delete subject.ttlSecurityHops;
    },
    print: ({ ttlSecurityHops: hops }) => (hops === undefined ? undefined : { hops }),
  }),
  session({
    pattern: 'disable-connected-check',
    help: 'Neighbour one hop away with an address off the link',
    attribute: 'disableConnectedCheck',
    params: { peer },
    line: 'disable-connected-check',
    set: (subject) => {
      subject.disableConnectedCheck = true;
    },
    unset: (subject) => {
      subject.disableConnectedCheck = false;
    },
    print: ({ disableConnectedCheck }) => (disableConnectedCheck ? {} : undefined),
  }),
  session({
    pattern: 'update-source / <interface>',
    help: 'Interface whose address we speak from',
    attribute: 'updateSource',
    params: { peer, interface: refers('interface', hardwareInterface('Interface')) },
    line: 'update-source Loopback0',
    set: (subject, args) => {
      subject.updateSource = args.interface;
    },
    unset: (subject) => {
      delete subject.updateSource;
    },
    print: ({ updateSource }) => (updateSource === undefined ? undefined : { interface: updateSource }),
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
    line: 'timers 5 15',
    set: (subject, args, place) => {
      const timers = timersOf(args, place);
      if (timers !== undefined) subject.timers = timers;
    },
    unset: (subject) => {
      delete subject.timers;
    },
    print: ({ timers: t }) =>
      t === undefined
        ? undefined
        : {
            keepalive: t.keepaliveMs / 1000,
            hold: t.holdMs / 1000,
            ...(t.minimumHoldMs === 0 ? {} : { minimum: t.minimumHoldMs / 1000 }),
          },
  }),
  session({
    pattern: 'advertisement-interval / <seconds>',
    help: 'Least time between announcements',
    attribute: 'advertisementInterval',
    params: { peer, seconds: number(0, 600, 'Seconds') },
    line: 'advertisement-interval 5',
    set: (subject, args) => {
      subject.advertisementIntervalMs = args.seconds * 1000;
    },
    unset: (subject) => {
      delete subject.advertisementIntervalMs;
    },
    print: ({ advertisementIntervalMs: ms }) => (ms === undefined ? undefined : { seconds: ms / 1000 }),
  }),
  session({
    pattern: 'transport connection-mode / <mode>',
    help: 'Who opens the connection',
    attribute: 'connectionMode',
    params: { peer, mode: choice('Who', { active: 'We', passive: 'The neighbour' }) },
    line: 'transport connection-mode passive',
    set: (subject, args) => {
      subject.connectionMode = args.mode;
    },
    unset: (subject) => {
      subject.connectionMode = 'both';
    },
    print: ({ connectionMode: mode }) => (mode === 'both' ? undefined : { mode }),
  }),
  harmless(MODES, {
    pattern:
      'neighbor <peer> {transport path-mtu-discovery|version 4|soft-reconfiguration inbound|dont-capability-negotiate|log-neighbor-changes} [<rest>]',
    help: 'What is done anyway, or makes no difference here',
    params: { peer, rest: optional(text('Value')) },
    example: { line: `neighbor ${N} soft-reconfiguration inbound`, within: PROCESS },
  }),
  used(MODES, {
    pattern: 'neighbor <peer> inherit {peer-session|peer-policy} <template>',
    help: 'Templates are not supported: the neighbour has nothing from them',
    group: GROUP,
    kept: true,
    params: { peer, template: name('Template') },
    example: { line: `neighbor ${N} inherit peer-session IBGP`, within: PROCESS, prints: '' },
    set(scope, args, place) {
      if (typeof args.peer !== 'string') neighborAt(scope, args.peer, place);
      place.warn('unsupported', 'templates are not supported: the neighbour has nothing from them', {
        param: 'template',
      });
    },
  }),
  unsupported(MODES, {
    pattern: 'neighbor <peer> <what> [<rest>]',
    help: 'Further features of a neighbour',
    params: {
      peer,
      what: words(
        'Feature',
        ...(['advertise', 'advertise-map', 'additional-paths', 'as-override', 'capability', 'cluster-id'] as const),
        ...(['distribute-list', 'dmzlink-bw', 'fall-over', 'filter-list', 'ha-mode', 'maximum-route'] as const),
        ...(['route-server-client', 'send-label', 'slow-peer', 'soo', 'suppress-signaling-protocol'] as const),
        ...(['translate-update', 'unsuppress-map', 'ao', 'path-attribute', 'internal-vpn-client'] as const),
      ),
      rest: optional(text('Setting')),
    },
    example: { line: `neighbor ${N} fall-over bfd`, within: PROCESS },
  }),
  used(MODES, {
    pattern: 'bgp listen range / <prefix> peer-group <name>',
    help: 'Neighbours that may come from anywhere in a network',
    params: { prefix: either(), name: refers('peer group', name('Peer group that says what they are')) },
    example: {
      line: 'bgp listen range 10.0.0.0/8 peer-group SPOKES',
      within: [...PROCESS, 'neighbor SPOKES peer-group', 'neighbor SPOKES remote-as 65001'],
    },
    set({ table }, args, place) {
      const written = place.written();
      const others = (table.listenRanges ?? []).filter((one) => !one.prefix.equals(args.prefix));
      const made = {
        prefix: args.prefix,
        peerGroup: args.name,
        alternateAsns: [],
        peer: emptySubject(written),
        written,
      };
      table.listenRanges = [...others, made];
    },
    unset({ table }, args) {
      const left = (table.listenRanges ?? []).filter((one) => args.prefix?.equals(one.prefix) !== true);
      if (left.length > 0) table.listenRanges = left;
      else delete table.listenRanges;
    },
    print: (view) => {
      const home = view.table.listenRanges ?? [];
      const isHere = view.vrf === '' ? view.family === undefined : true;
      const isOwn = ({ prefix: { family } }: (typeof home)[number]): boolean =>
        view.vrf === '' || (view.family ?? 4) === family;
      return isHere ? home.filter(isOwn).map((one) => ({ values: { prefix: one.prefix, name: one.peerGroup } })) : [];
    },
  }),
];

/** A network of either family. */
function either() {
  const [four, six] = [prefix(4, 'Network'), prefix(6, 'Network')];
  return { ...four, shape: 'A.B.C.D/<0-32>|X:X:X::X/<0-128>', read: readEither };
  function readEither(line: Parameters<typeof four.read>[0], index: number) {
    const reading = four.read(line, index);
    return reading.ok || line.tokens[index]?.text.includes(':') !== true ? reading : six.read(line, index);
  }
}

/** The password itself; undefined, with the reason told, when it can not be known. */
function plainPassword(key: SecretKey, form: '0' | '7' | undefined, place: Place): SecretKey | undefined {
  const given = fromUtf8(key.reveal());
  if (given === MASK)
    return place.error('unreadable-secret', 'the key is masked: write the key itself', { param: 'key' });
  if (form !== '7') return key;
  const plain = decodeType7(given);
  if (plain !== undefined) return new SecretKey(utf8(plain));
  return place.error('unreadable-secret', 'this is no password of type 7', { param: 'key' });
}
