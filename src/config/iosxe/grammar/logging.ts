/** Logging: where messages go, how they begin, and which of them are said at all. */
import { address, choice, name, number, optional, refers, text, words } from '../../parameters.ts';
import { harmless, type IosxeRow, used } from '../row.ts';

const LEVELS = [
  'emergencies',
  'alerts',
  'critical',
  'errors',
  'warnings',
  'notifications',
  'informational',
  'debugging',
] as const;
const DEBUGGING = 7;
const level = optional(words('Level: 0 emergencies to 7 debugging', ...LEVELS, '0', '1', '2', '3', '4', '5', '6', '7'));

function levelOf(word: string | undefined): number {
  const named = LEVELS.indexOf(word as (typeof LEVELS)[number]);
  return word === undefined ? DEBUGGING : named < 0 ? Number(word) : named;
}

/** `logging buffered`, `trap`, `console`, `monitor`. */
function levelRow(
  word: 'buffered' | 'trap' | 'console' | 'monitor',
  key: 'bufferedLevel' | 'trapLevel' | 'consoleLevel' | 'monitorLevel',
  help: string,
): IosxeRow {
  const isBuffer = word === 'buffered';
  return used('config', {
    pattern: `logging ${word} / [<bytes>] [<level>]`,
    help,
    section: isBuffer ? 'logging-buffered' : 'logging',
    params: { bytes: optional(number(4096, 2147483647, 'Size of the buffer')), level },
    example: [
      `logging ${word} informational`,
      { line: `logging ${word}`, prints: `logging ${word} debugging` },
      ...(isBuffer ? [{ line: 'logging buffered 65536 6', prints: 'logging buffered informational' }] : []),
    ],
    set(target, args) {
      target.device.logging[key] = levelOf(args.level);
    },
    unset(target) {
      delete target.device.logging[key];
    },
    print: ({ logging }) => (logging[key] === undefined ? [] : [{ values: { level: LEVELS[logging[key]] } }]),
  });
}

/** `crypto logging session`, `crypto logging ikev2`. */
function cryptoRow(word: 'session' | 'ikev2', key: 'cryptoSessions' | 'ikeExchanges', help: string): IosxeRow {
  return used('config', {
    pattern: `crypto logging ${word}`,
    help,
    section: 'logging',
    params: {},
    example: `crypto logging ${word}`,
    set(target) {
      target.device.logging[key] = true;
    },
    unset(target) {
      delete target.device.logging[key];
    },
    print: ({ logging }) => (logging[key] === true ? [{ values: {} }] : []),
  });
}

export const loggingRows: readonly IosxeRow[] = [
  used('config', {
    pattern: 'service timestamps log / {<uptime>|datetime [<msec>] [<localtime>] [<zone>] [<year>]}',
    help: 'How messages say when it was',
    section: 'service',
    params: {
      uptime: optional(choice('Since the start', { uptime: 'Time since the start' })),
      msec: optional(choice('Milliseconds', { msec: 'With milliseconds' })),
      localtime: optional(choice('Zone', { localtime: 'Time of the zone of the device, which is UTC here' })),
      zone: optional(choice('Name of the zone', { 'show-timezone': 'With the name of the zone' })),
      year: optional(choice('Year', { year: 'With the year' })),
    },
    example: [
      'service timestamps log datetime msec',
      'service timestamps log uptime',
      {
        line: 'service timestamps log datetime msec localtime show-timezone year',
        prints: 'service timestamps log datetime msec show-timezone year',
      },
    ],
    set(target, args) {
      const { logging } = target.device;
      logging.timestamp = true;
      logging.stamp =
        args.uptime !== undefined
          ? { kind: 'uptime' }
          : {
              kind: 'datetime',
              milliseconds: args.msec !== undefined,
              zone: args.zone !== undefined,
              year: args.year !== undefined,
            };
    },
    unset(target) {
      const { logging } = target.device;
      logging.timestamp = false;
      delete logging.stamp;
    },
    print({ logging: { stamp } }) {
      if (stamp === undefined) return [];
      if (stamp.kind === 'uptime') return [{ values: { uptime: 'uptime' as const } }];
      return [
        {
          values: {
            msec: stamp.milliseconds ? ('msec' as const) : undefined,
            zone: stamp.zone ? ('show-timezone' as const) : undefined,
            year: stamp.year ? ('year' as const) : undefined,
          },
          line: [
            'service timestamps log datetime',
            ...(stamp.milliseconds ? ['msec'] : []),
            ...(stamp.zone ? ['show-timezone'] : []),
            ...(stamp.year ? ['year'] : []),
          ].join(' '),
        },
      ];
    },
  }),
  used('config', {
    pattern: 'service sequence-numbers',
    help: 'Number messages',
    section: 'service',
    params: {},
    example: 'service sequence-numbers',
    set(target) {
      target.device.logging.sequenceNumbers = true;
    },
    unset(target) {
      delete target.device.logging.sequenceNumbers;
    },
    print: ({ logging }) => (logging.sequenceNumbers === true ? [{ values: {} }] : []),
  }),
  harmless('config', {
    pattern: 'service <what> [<rest>]',
    help: 'Services of the device itself; passwords are shown masked in any case',
    section: 'service',
    params: {
      what: words(
        'Service',
        ...(['call-home', 'compress-config', 'config', 'dhcp', 'disable-ip-fast-frag', 'finger', 'internal'] as const),
        ...(['nagle', 'pad', 'password-encryption', 'password-recovery', 'tcp-keepalives-in'] as const),
        ...([
          'tcp-keepalives-out',
          'tcp-small-servers',
          'timestamps',
          'udp-small-servers',
          'unsupported-transceiver',
        ] as const),
      ),
      rest: optional(text('Setting')),
    },
    example: ['service password-encryption', 'no service pad', 'service timestamps debug datetime msec'],
  }),
  levelRow('buffered', 'bufferedLevel', 'Keep messages in memory'),
  levelRow('console', 'consoleLevel', 'Show messages on the console'),
  levelRow('monitor', 'monitorLevel', 'Show messages to terminals'),
  levelRow('trap', 'trapLevel', 'Send messages to the log hosts'),
  used('config', {
    pattern: 'logging on',
    help: 'Log at all; on by default',
    section: 'logging',
    negatable: true,
    params: {},
    example: 'no logging on',
    set(target) {
      target.device.logging.enabled = true;
    },
    unset(target) {
      target.device.logging.enabled = false;
    },
    print: ({ logging }) => (logging.enabled ? [] : [{ values: {}, negated: true }]),
  }),
  used('config', {
    pattern: 'logging [host] <address> / [vrf <vrf>] [transport <transport>]',
    help: 'Host that takes messages',
    section: 'logging',
    params: {
      address: address('Host'),
      vrf: optional(refers('VRF', name('VRF it is in', 32))),
      transport: optional(text('Protocol and port; UDP port 514 by default')),
    },
    example: [
      'logging host 10.0.0.5',
      'logging host 10.0.0.6 vrf MGMT',
      { line: 'logging 10.0.0.7', prints: 'logging host 10.0.0.7' },
    ],
    set(target, args, place) {
      const { logging } = target.device;
      logging.hosts = logging.hosts.filter((one) => !one.address.equals(args.address) || one.vrf !== args.vrf);
      logging.hosts.push({
        interface: '',
        address: args.address,
        ...(args.vrf === undefined ? {} : { vrf: args.vrf }),
        written: place.written(),
      });
      if (args.transport !== undefined && !/^udp(?: port 514)?$/.test(args.transport))
        place.warn('unsupported', 'messages go to UDP port 514', { param: 'transport' });
    },
    unset(target, args) {
      const { logging } = target.device;
      logging.hosts = logging.hosts.filter(
        (one) => args.address !== undefined && (!one.address.equals(args.address) || one.vrf !== args.vrf),
      );
    },
    print: ({ logging }) =>
      logging.hosts.map((one) => ({
        values: {},
        line: `logging host ${one.address}${one.vrf === undefined ? '' : ` vrf ${one.vrf}`}`,
      })),
  }),
  cryptoRow('session', 'cryptoSessions', 'Tell when sessions of IPsec come and go'),
  cryptoRow('ikev2', 'ikeExchanges', 'Tell what becomes of IKEv2'),
  harmless('config', {
    pattern: 'crypto logging ezvpn',
    help: 'Messages about remote users',
    section: 'logging',
    example: 'crypto logging ezvpn',
  }),
  harmless('config', {
    pattern: 'logging <what> [<rest>]',
    help: 'Further settings of logging',
    section: 'logging',
    params: {
      what: words(
        'Setting',
        ...([
          'alarm',
          'count',
          'delimiter',
          'discriminator',
          'dmvpn',
          'esm',
          'event',
          'exception',
          'facility',
        ] as const),
        ...(['file', 'history', 'hostname-length', 'message-counter', 'origin-id', 'persistent', 'purge-log'] as const),
        ...(['queue-limit', 'rate-limit', 'reload', 'server-arp', 'snmp-authfail', 'snmp-trap'] as const),
        ...(['source-interface', 'trap-notify', 'userinfo'] as const),
      ),
      rest: optional(text('Value')),
    },
    example: ['logging source-interface Loopback0', 'logging origin-id hostname'],
  }),
];
