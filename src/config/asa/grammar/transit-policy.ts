/** What happens to traffic in transit: policies of classes, where they hold, and access lists on interfaces. */
import type { Draft } from '../../draft.ts';
import type { ServicePolicyModel, TransitClassModel } from '../../model.ts';
import { named } from '../../named.ts';
import { name, nameif, number, optional, refers, text, words } from '../../parameters.ts';
import { type AsaRow, harmless, unsupported, used } from '../row.ts';

const SECTION = 'policy-map';
const inClass = { within: ['class-map CM', 'match any', 'policy-map P', 'class CM'] };

export const transitPolicyRows: readonly AsaRow[] = [
  used('config', {
    pattern: 'policy-map <name>',
    help: 'What to do with traffic in transit',
    section: SECTION,
    enters: 'policy-map',
    params: { name: name('Policy', 40) },
    example: 'policy-map global_policy',
    set({ device }, args, place) {
      device.transitPolicies ??= [];
      return named(device.transitPolicies, args.name, () => ({
        name: args.name,
        classes: [],
        written: place.written(),
      }));
    },
    unset({ device }, args) {
      const left = (device.transitPolicies ?? []).filter((one) => one.name !== args.name);
      if (left.length > 0) device.transitPolicies = left;
      else delete device.transitPolicies;
    },
    print: ({ transitPolicies = [] }) => transitPolicies.map((one) => ({ values: { name: one.name }, view: one })),
  }),
  used('policy-map', {
    pattern: 'class <name>',
    help: 'Traffic that the following lines are about; all classes count in their order',
    enters: 'policy-map-class',
    params: { name: refers('class', name('Class')) },
    example: { line: 'class CM_BGP', within: ['policy-map global_policy'] },
    set(target, args, place) {
      const known = target.classes.find((one) => one.trafficClass === args.name);
      if (known !== undefined) return known;
      const made: Draft<TransitClassModel> = { trafficClass: args.name, written: place.written() };
      const last = target.classes.findIndex((one) => one.trafficClass === 'class-default');
      target.classes.splice(last < 0 ? target.classes.length : last, 0, made);
      return made;
    },
    unset(target, args) {
      target.classes = target.classes.filter((one) => one.trafficClass !== args.name);
    },
    print: ({ classes }) => classes.map((one) => ({ values: { name: one.trafficClass }, view: one })),
  }),
  harmless('policy-map', {
    pattern: 'description <text>',
    help: 'Describe the policy',
    params: { text: text('Any text') },
    example: { line: 'description what we do to others', within: ['policy-map global_policy'] },
  }),
  used('policy-map-class', {
    pattern: 'set connection random-sequence-number / <state>',
    help: 'Whether TCP gets other initial sequence numbers',
    attribute: 'randomSequenceNumbers',
    params: { state: words('Random or kept', 'enable', 'disable') },
    example: { line: 'set connection random-sequence-number disable', ...inClass },
    set(target, args) {
      target.randomSequenceNumbers = args.state === 'enable';
    },
    unset(target) {
      delete target.randomSequenceNumbers;
    },
    print: ({ randomSequenceNumbers: random }) =>
      random === undefined ? [] : [{ values: { state: random ? ('enable' as const) : ('disable' as const) } }],
  }),
  used('policy-map-class', {
    pattern: 'set connection advanced-options / <name>',
    help: 'How TCP is cleaned',
    attribute: 'tcpMap',
    params: { name: name('tcp-map') },
    example: { line: 'set connection advanced-options TM', ...inClass },
    set(target, args) {
      target.tcpMap = args.name;
    },
    unset(target) {
      delete target.tcpMap;
    },
    print: ({ tcpMap }) => (tcpMap === undefined ? [] : [{ values: { name: tcpMap } }]),
  }),
  limitRow('conn-max', 'maxConnections', 'Most connections at once; 0: any number'),
  limitRow('embryonic-conn-max', 'maxEmbryonic', 'Most connections at once that nobody answered yet; 0: any number'),
  timeoutRow('idle', 'idleMs', 'Time without packets after which a connection is forgotten'),
  timeoutRow('half-closed', 'halfClosedMs', 'Time after which one that one side has ended is forgotten'),
  timeoutRow('embryonic', 'embryonicMs', 'Time after which one that nobody answered is forgotten'),
  unsupported('policy-map-class', {
    pattern:
      '{set connection {per-client-max|per-client-embryonic-max|decrement-ttl} [<rest>]|police <rest>|shape <rest>}',
    help: 'Limits of clients and of rates',
    params: { rest: optional(text('Setting')) },
    example: { line: 'police output 1000000', ...inClass },
  }),
  harmless('policy-map-class', {
    pattern:
      '{inspect <rest>|priority|ips <rest>|user-statistics <rest>|flow-export <rest>|description <rest>|set connection timeout {dcd|reset|tcp} [<rest>]|sfr <rest>|cxsc <rest>}',
    help: 'Inspections and the like, which are not made',
    params: { rest: optional(text('Action')) },
    example: { line: 'inspect icmp', ...inClass },
  }),
  used('config', {
    pattern: 'service-policy <name> {<global>|interface <interface>} [<option>]',
    help: 'Where a policy holds',
    section: SECTION,
    params: {
      name: refers('policy-map', name('Policy')),
      global: optional(words('Everywhere', 'global')),
      interface: optional(refers('interface', nameif('Interface'))),
      option: optional(words('Option', 'fail-close')),
    },
    example: [
      { line: 'service-policy P global', within: ['policy-map P', 'class class-default', 'exit', 'exit'] },
      { line: 'service-policy P interface outside', within: ['policy-map P', 'class class-default', 'exit', 'exit'] },
    ],
    set({ device }, args, place) {
      const list = device.servicePolicies ?? [];
      const known = list.find((one) => one.interface === args.interface);
      const where = args.interface === undefined ? 'global' : `interface ${args.interface}`;
      if (known !== undefined && known.policy !== args.name)
        return place.error('contradiction', `service-policy ${known.policy} ${where} is there: take it back first`);
      const made: Draft<ServicePolicyModel> = { policy: args.name, written: place.written() };
      if (args.interface !== undefined) made.interface = args.interface;
      if (known === undefined) list.push(made);
      device.servicePolicies = list;
      return undefined;
    },
    unset({ device }, args) {
      const left = (device.servicePolicies ?? []).filter(
        (one) => one.policy !== args.name || one.interface !== args.interface,
      );
      if (left.length > 0) device.servicePolicies = left;
      else delete device.servicePolicies;
    },
    print: ({ servicePolicies = [] }) =>
      servicePolicies.map((one) => ({
        values: {
          name: one.policy,
          interface: one.interface,
          global: one.interface === undefined ? ('global' as const) : undefined,
        },
      })),
  }),
  used('config', {
    pattern: 'timeout conn / <idle> [half-closed <half>] [<rest>]',
    help: 'Time without packets after which TCP connections between others are forgotten',
    section: SECTION,
    params: {
      idle: name('H:MM:SS; 0:00:00 never'),
      half: optional(name('The same for those that one side has ended')),
      rest: optional(text('Times of other protocols, which are not changed')),
    },
    example: [
      'timeout conn 1:00:00 half-closed 0:10:00',
      {
        line: 'timeout conn 1:00:00 half-closed 0:10:00 udp 0:02:00',
        prints: 'timeout conn 1:00:00 half-closed 0:10:00',
      },
    ],
    set({ device }, args, place) {
      const [idleMs, halfClosedMs] = [clockMs(args.idle), args.half === undefined ? undefined : clockMs(args.half)];
      if (idleMs === undefined) return place.error('malformed', EXPECTED_CLOCK, { param: 'idle' });
      if (args.half !== undefined && halfClosedMs === undefined)
        return place.error('malformed', EXPECTED_CLOCK, { param: 'half' });
      if (args.rest !== undefined && !OTHER_TIMES.test(args.rest))
        place.warn('unsupported', 'connections of other protocols keep the times of an ASA as it comes', {
          param: 'rest',
        });
      device.connectionTimeouts = { idleMs, ...(halfClosedMs === undefined ? {} : { halfClosedMs }) };
      return undefined;
    },
    unset({ device }) {
      delete device.connectionTimeouts;
    },
    print: ({ connectionTimeouts: timeouts }) =>
      timeouts === undefined
        ? []
        : [
            {
              values: {
                idle: clockText(timeouts.idleMs),
                half: timeouts.halfClosedMs === undefined ? undefined : clockText(timeouts.halfClosedMs),
              },
            },
          ],
  }),
  used('config', {
    pattern: 'access-group <list> {<direction> interface <interface>|<global>} [<option>]',
    help: 'Filter the traffic that passes an interface, or comes in by any; it goes before security levels',
    section: 'access-group',
    params: {
      list: refers('access list', name('Access list')),
      direction: optional(words('Direction', 'in', 'out')),
      interface: optional(refers('interface', nameif('Interface'))),
      global: optional(words('Every interface, inward', 'global')),
      option: optional(words('Option', 'per-user-override', 'control-plane')),
    },
    example: ['access-group OUTSIDE_IN in interface outside', 'access-group A global'],
    set({ device }, args, place) {
      if (args.option === 'control-plane') {
        place.warn('unsupported', 'traffic to this device itself is not filtered', { param: 'option' });
        return;
      }
      const direction = args.direction ?? 'in';
      device.accessGroups = (device.accessGroups ?? []).filter(
        (one) => one.direction !== direction || one.interface !== args.interface,
      );
      const common = { accessList: args.list, direction, written: place.written() };
      device.accessGroups.push(args.interface === undefined ? common : { ...common, interface: args.interface });
    },
    unset({ device }, args) {
      const left = (device.accessGroups ?? []).filter(
        (one) =>
          one.accessList !== args.list ||
          one.interface !== args.interface ||
          one.direction !== (args.direction ?? 'in'),
      );
      if (left.length > 0) device.accessGroups = left;
      else delete device.accessGroups;
    },
    print: ({ accessGroups = [] }) =>
      accessGroups.map((one) => ({
        values:
          one.interface === undefined
            ? { list: one.accessList, global: 'global' as const }
            : { list: one.accessList, direction: one.direction, interface: one.interface },
      })),
  }),
];

/** `set connection WORD N`; several of them may stand in one line. */
function limitRow(word: string, key: 'maxConnections' | 'maxEmbryonic', help: string): AsaRow {
  const other = key === 'maxConnections' ? 'maxEmbryonic' : 'maxConnections';
  const otherWord = key === 'maxConnections' ? 'embryonic-conn-max' : 'conn-max';
  return used('policy-map-class', {
    pattern: `set connection ${word} / <max> [${otherWord} <other>] [random-sequence-number <state>]`,
    help,
    attribute: key,
    params: {
      max: number(0, 2_000_000, 'Connections'),
      other: optional(number(0, 2_000_000, 'Connections')),
      state: optional(words('Random or kept', 'enable', 'disable')),
    },
    example: { line: `set connection ${word} 1000`, ...inClass },
    set(target, args) {
      target[key] = args.max;
      if (args.other !== undefined) target[other] = args.other;
      if (args.state !== undefined) target.randomSequenceNumbers = args.state === 'enable';
    },
    unset(target) {
      delete target[key];
    },
    print: (view) => (view[key] === undefined ? [] : [{ values: { max: view[key] } }]),
  });
}

/** `set connection timeout WORD H:MM:SS`. */
function timeoutRow(word: string, key: 'idleMs' | 'halfClosedMs' | 'embryonicMs', help: string): AsaRow {
  return used('policy-map-class', {
    pattern: `set connection timeout ${word} / <time>`,
    help,
    attribute: key,
    params: { time: name('H:MM:SS; 0:00:00 never') },
    example: { line: `set connection timeout ${word} 0:05:00`, ...inClass },
    set(target, args, place) {
      const ms = clockMs(args.time);
      if (ms === undefined) return place.error('malformed', EXPECTED_CLOCK, { param: 'time' });
      target[key] = ms;
      return undefined;
    },
    unset(target) {
      delete target[key];
    },
    print: (view) => (view[key] === undefined ? [] : [{ values: { time: clockText(view[key]) } }]),
  });
}

/** As an ASA prints them when nobody has changed them. */
const OTHER_TIMES = /^(?:(?:udp|sctp) 0:02:00|icmp 0:00:02|\s)+$/;

const EXPECTED_CLOCK = 'expected hours, minutes and seconds, such as 1:00:00';

/** `H:MM:SS`; undefined: it is no such time. */
function clockMs(time: string): number | undefined {
  const [, hours, minutes, seconds] = /^(\d{1,4}):(\d{1,2}):(\d{1,2})$/.exec(time) ?? [];
  if (hours === undefined || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}

function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
