/** Host name, logging, sysopt, leaving modes, and what an ASA has besides that does not concern a VPN gateway. */
import { address, choice, name, nameif, number, optional, secretText, text, words } from '../../parameters.ts';
import type { Assembly } from '../assembly.ts';
import { CLAMP_MSS, emptyAsaModel } from '../defaults.ts';
import { type AsaRow, harmless, unsupported, used } from '../row.ts';

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
const level = words('Level: 0 emergencies to 7 debugging', ...LEVELS, '0', '1', '2', '3', '4', '5', '6', '7');

/** `logging buffered`, `trap`, `console`, `monitor`. */
function levelRow(
  word: string,
  key: 'bufferedLevel' | 'trapLevel' | 'consoleLevel' | 'monitorLevel',
  help: string,
): AsaRow {
  return used('config', {
    pattern: `logging ${word} / <level>`,
    help,
    section: 'logging',
    params: { level },
    example: [`logging ${word} informational`, { line: `logging ${word} 7`, prints: `logging ${word} debugging` }],
    set(target, args) {
      const named = LEVELS.indexOf(args.level as (typeof LEVELS)[number]);
      target.device.logging[key] = named < 0 ? Number(args.level) : named;
    },
    unset(target) {
      delete target.device.logging[key];
    },
    print: ({ logging }) => (logging[key] === undefined ? [] : [{ values: { level: LEVELS[logging[key]] } }]),
  });
}

export const hostRows: readonly AsaRow[] = [
  harmless('config', {
    pattern: 'ASA Version <text>',
    help: 'Release that saved the configuration',
    section: 'hostname',
    kept: false,
    params: { text: text('Release') },
    example: 'ASA Version 9.20(2)',
  }),
  used('config', {
    pattern: 'hostname / <name>',
    help: 'Name of the device',
    section: 'hostname',
    params: { name: name('Name', 63) },
    example: 'hostname HUB1',
    set(target, args) {
      target.device.hostname = args.name;
    },
    unset(target) {
      target.device.hostname = 'ciscoasa';
    },
    print: ({ hostname }) => [{ values: { name: hostname } }],
  }),
];

export const miscRows: readonly AsaRow[] = [
  used('config', {
    pattern: 'logging enable',
    help: 'Log at all',
    section: 'logging',
    params: {},
    example: 'logging enable',
    set(target) {
      target.device.logging.enabled = true;
    },
    unset(target) {
      target.device.logging.enabled = false;
    },
    print: ({ logging }) => (logging.enabled ? [{ values: {} }] : []),
  }),
  used('config', {
    pattern: 'logging timestamp / [<format>]',
    help: 'Begin messages with date and time',
    section: 'logging',
    params: { format: optional(choice('Form of it', { rfc5424: 'RFC 5424, for log hosts with structured data' })) },
    example: ['logging timestamp', 'logging timestamp rfc5424'],
    set(target, args) {
      const { logging } = target.device;
      logging.timestamp = true;
      if (args.format === undefined) delete logging.timestampFormat;
      else logging.timestampFormat = args.format;
    },
    unset(target) {
      target.device.logging.timestamp = false;
      delete target.device.logging.timestampFormat;
    },
    print: ({ logging }) => (logging.timestamp ? [{ values: { format: logging.timestampFormat } }] : []),
  }),
  used('config', {
    pattern: 'logging device-id / {<own>|ipaddress <interface>|string <text>}',
    help: 'What messages call this device',
    section: 'logging',
    params: {
      own: choice('Its name', { hostname: 'Its host name' }),
      interface: nameif('Interface whose address it is called by'),
      text: name('Text', 16),
    },
    example: ['logging device-id hostname', 'logging device-id ipaddress inside', 'logging device-id string edge-7'],
    set(target, args) {
      const { logging } = target.device;
      if (args.interface !== undefined) logging.deviceId = { kind: 'interface', interface: args.interface };
      else if (args.text !== undefined) logging.deviceId = { kind: 'text', text: args.text };
      else logging.deviceId = { kind: 'hostname' };
    },
    unset(target) {
      delete target.device.logging.deviceId;
    },
    print({ logging: { deviceId } }) {
      if (deviceId === undefined) return [];
      const byInterface = deviceId.kind === 'interface' ? deviceId.interface : undefined;
      const byText = deviceId.kind === 'text' ? deviceId.text : undefined;
      const own = deviceId.kind === 'hostname' ? deviceId.kind : undefined;
      return [{ values: { own, interface: byInterface, text: byText } }];
    },
  }),
  levelRow('buffered', 'bufferedLevel', 'Keep messages in memory'),
  levelRow('trap', 'trapLevel', 'Send messages to the log hosts'),
  levelRow('console', 'consoleLevel', 'Show messages on the console'),
  levelRow('monitor', 'monitorLevel', 'Show messages to terminals'),
  used('config', {
    pattern: 'logging host <interface> <address> / [<transport>]',
    help: 'Host that takes messages',
    section: 'logging',
    params: {
      interface: nameif('Interface toward it'),
      address: address('Host'),
      transport: optional(text('Protocol and port; udp/514 by default')),
    },
    example: 'logging host inside 10.0.0.5',
    set(target, args, place) {
      const { logging } = target.device;
      logging.hosts = logging.hosts.filter((one) => !one.address.equals(args.address));
      logging.hosts.push({ interface: args.interface, address: args.address });
      if (args.transport !== undefined && args.transport !== 'udp/514')
        place.warn('unsupported', 'messages go to UDP port 514', { param: 'transport' });
    },
    unset(target, args) {
      const { logging } = target.device;
      logging.hosts = logging.hosts.filter((one) => args.address !== undefined && !one.address.equals(args.address));
    },
    print: ({ logging }) =>
      logging.hosts.map((one) => ({ values: { interface: one.interface, address: one.address } })),
  }),
  harmless('config', {
    pattern: 'logging <what> [<rest>]',
    help: 'Further settings of logging',
    section: 'logging',
    params: {
      what: words(
        'Setting',
        'asdm',
        'buffer-size',
        'class',
        'debug-trace',
        'device-id',
        'emblem',
        'facility',
        'flash-bufferwrap',
        'from-address',
        'ftp-bufferwrap',
        'hide',
        'history',
        'list',
        'mail',
        'message',
        'permit-hostdown',
        'queue',
        'rate-limit',
        'recipient-address',
        'standby',
        'asdm-buffer-size',
        'flow-export-syslogs',
      ),
      rest: optional(text('Value')),
    },
    example: ['logging buffer-size 65536', 'no logging message 106015'],
  }),
  used('config', {
    pattern: 'sysopt connection tcpmss / <bytes>',
    help: 'Largest TCP segment let through',
    section: 'sysopt',
    params: { bytes: number(0, 65535, 'Bytes; 1380 by default, 0 for no limit') },
    example: 'sysopt connection tcpmss 1350',
    set(target, args, place) {
      if (args.bytes !== 0 && args.bytes < 48)
        place.error('out-of-range', 'a limit is 0 or at least 48', { param: 'bytes' });
      else target.device.clampMss = args.bytes;
    },
    unset(target) {
      target.device.clampMss = CLAMP_MSS;
    },
    print: ({ clampMss }, all) => (clampMss === CLAMP_MSS && !all ? [] : [{ values: { bytes: clampMss } }]),
  }),
  used('config', {
    pattern: 'sysopt connection permit-vpn',
    help: 'Decrypted traffic passes whatever the security levels; without it, it obeys them',
    section: 'sysopt',
    negatable: true,
    params: {},
    example: 'sysopt connection permit-vpn',
    set(target) {
      delete target.device.decryptedObeysLevels;
    },
    unset(target) {
      target.device.decryptedObeysLevels = true;
    },
    print: ({ decryptedObeysLevels }, all) => {
      if (decryptedObeysLevels === true) return [{ values: {}, negated: true }];
      return all ? [{ values: {} }] : [];
    },
  }),
  unsupported('config', {
    pattern:
      'sysopt {connection reclassify-vpn|connection preserve-vpn-flows|connection timewait|connection tcpmss minimum <bytes>|noproxyarp <interface>|nodnsalias <rest>|radius <rest>|traffic <rest>}',
    help: 'Further system options',
    section: 'sysopt',
    params: {
      bytes: optional(number(0, 65535, 'Bytes')),
      interface: optional(nameif('Interface')),
      rest: optional(text('Option')),
    },
    example: 'sysopt connection reclassify-vpn',
  }),
  harmless('config', {
    pattern: '{enable password|passwd|password|username <name>|snmp-server|aaa|tacacs-server|radius-server} <secret>',
    help: 'Passwords and users of the device itself',
    section: 'hostname',
    exact: true,
    params: { name: optional(name('User')), secret: secretText('Value, never shown') },
    example: [
      { line: 'enable password cisco', prints: 'enable password *****' },
      { line: 'username admin password cisco', prints: 'username admin *****' },
    ],
  }),
  harmless('config', {
    pattern: 'aaa-server <rest>',
    help: 'Server that knows users',
    section: 'management',
    enters: 'section',
    params: { rest: text('Server') },
    example: 'aaa-server RADIUS protocol radius',
  }),
  harmless('config', {
    pattern: '<what> [<rest>]',
    help: 'Management of the device',
    section: 'management',
    params: {
      what: words(
        'What',
        'app-agent',
        'arp',
        'asdm',
        'auth-prompt',
        'banner',
        'boot',
        'checkheaps',
        'client-update',
        'clock',
        'compression',
        'configuration',
        'console',
        'ctl-file',
        'cts',
        'dhcp-client',
        'dhcpd',
        'dhcprelay',
        'dns',
        'dns-group',
        'domain-name',
        'dynamic-filter',
        'file',
        'firewall',
        'fragment',
        'ftp',
        'hpm',
        'http',
        'icmp',
        'jumbo-frame',
        'license',
        'lisp',
        'mac-address',
        'mac-address-table',
        'management-access',
        'monitor-interface',
        'mop',
        'name',
        'names',
        'ntp',
        'pager',
        'privilege',
        'prompt',
        'quota',
        'regex',
        'scansafe',
        'service',
        'smtp-server',
        'snmp-map',
        'ssh',
        'ssl',
        'subject-name-default',
        'telnet',
        'terminal',
        'tftp-server',
        'threat-detection',
        'time-range',
        'timeout',
        'tls-proxy',
        'unmanaged',
        'user-identity',
        'vpn-addr-assign',
        'wccp',
        'xlate',
        'zonelabs-integrity',
        'virtual',
      ),
      rest: optional(text('Setting')),
    },
    example: ['ftp mode passive', 'names', 'pager lines 24', 'timeout xlate 3:00:00'],
  }),
  harmless('config', {
    pattern: '{ip verify|ip audit|ip local|ipv6 icmp|ipv6 neighbor|ipv6 local|ipv6 dhcp} <rest>',
    help: 'Checks, pools and neighbours',
    section: 'management',
    params: { rest: text('Setting') },
    example: 'ip verify reverse-path interface outside',
  }),
  unsupported('config', {
    pattern: 'ipv6 access-list <rest>',
    help: 'Old form of IPv6 access lists',
    section: 'access-list',
    params: { rest: text('Entry') },
    example: 'ipv6 access-list A permit ip any any',
  }),
  harmless('config', {
    pattern: '{webvpn|call-home|dynamic-access-policy-record <rest>}',
    help: 'Sections about remote users and reports',
    section: 'management',
    enters: 'section',
    params: { rest: optional(text('Name')) },
    example: 'webvpn',
  }),
  unsupported('config', {
    pattern: 'nat <pair> {[{<line>|after-auto [<line>]}] source <rest>|<line> <rest>}',
    help: 'Translation of addresses',
    section: 'nat',
    params: {
      pair: name('Interfaces, as (inside,outside)'),
      line: optional(number(0, 2147483647, 'Place, or old identifier')),
      rest: text('Rule'),
    },
    example: 'nat (inside,outside) source dynamic any interface',
  }),
  unsupported('config', {
    pattern: '<what> [<rest>]',
    help: 'Failover, contexts and other features of a firewall',
    section: 'nat',
    params: {
      what: words(
        'Feature',
        'global',
        'static',
        'failover',
        'cluster',
        'context',
        'admin-context',
        'vpn-sessiondb',
        'vpdn',
        'vpnclient',
        'conn',
        'ldap',
        'vxlan',
        'nve',
        'flow-export',
        'shun',
        'set-connection',
        'uauth-prompt',
      ),
      rest: optional(text('Setting')),
    },
    example: 'failover lan unit primary',
  }),
  clearRow(),
  {
    ...harmless('section', {
      pattern: '<line>',
      help: 'Line of a section that is not read',
      params: { line: text('Line') },
      example: { line: 'network 10.0.0.0 255.0.0.0 area 0', within: ['router ospf 1'] },
    }),
    lastResort: true,
  },
  leaving('exit', 'one', 'Leave this mode'),
  leaving('quit', 'one', 'Leave this mode'),
  leaving('end', 'all', 'Leave configuration'),
];

function leaving(word: string, leaves: 'one' | 'all', help: string): AsaRow {
  return { ...harmless('*', { pattern: word, help, kept: false, example: word }), leaves };
}

/** `clear configure`: whole families at once. */
function clearRow(): AsaRow {
  return used('config', {
    pattern: 'clear configure <section> [<name>]',
    help: 'Forget a whole section',
    params: {
      section: choice('Section', {
        all: 'Everything but the host name',
        interface: 'All interfaces, or one',
        'access-list': 'All access lists, or one',
        'prefix-list': 'All IPv4 prefix lists, or one',
        'route-map': 'All route maps, or one',
        route: 'All static routes',
        router: 'BGP',
        crypto: 'All of IKE and IPsec',
        'tunnel-group': 'All tunnel-groups, or one',
        'group-policy': 'All group policies, or one',
        logging: 'Logging',
        sysopt: 'System options',
      }),
      name: optional(text('One of them')),
    },
    example: { line: 'clear configure route', prints: '' },
    set(target, args) {
      clearSection(target, args.section, args.name);
    },
  });
}

function clearSection(target: Assembly, section: string, wanted: string | undefined): void {
  const { device } = target;
  const empty = emptyAsaModel(device.hostname) as unknown as typeof device;
  const others = <T extends { name: string }>(list: T[]): T[] =>
    wanted === undefined ? [] : list.filter((one) => one.name !== wanted);
  const clear: Readonly<Record<string, () => void>> = {
    all: () => target.clear(),
    interface: () => (wanted === undefined ? target.clearInterfaces() : target.removeInterface(wanted)),
    'access-list': () => (device.accessLists = others(device.accessLists)),
    'prefix-list': () => (device.prefixLists = others(device.prefixLists)),
    'route-map': () => (device.routeMaps = others(device.routeMaps)),
    route: () => (device.staticRoutes = []),
    router: () => delete device.bgp,
    'tunnel-group': () => (device.tunnelGroups = others(device.tunnelGroups)),
    'group-policy': () => (device.groupPolicies = others(device.groupPolicies)),
    logging: () => (device.logging = empty.logging),
    sysopt: () => {
      device.clampMss = empty.clampMss;
      delete device.decryptedObeysLevels;
    },
    crypto: () => {
      const { ikeEnabled, ikePolicies, ikeIdentity, cookieChallengePercent, maxHalfOpen } = empty;
      const { espProposals, ipsecProfiles, childLifetimeMs, childLifetimeBytes, replayWindow } = empty;
      Object.assign(device, { ikeEnabled, ikePolicies, ikeIdentity, cookieChallengePercent, maxHalfOpen });
      Object.assign(device, { espProposals, ipsecProfiles, childLifetimeMs, childLifetimeBytes, replayWindow });
      Object.assign(device, { natKeepaliveMs: empty.natKeepaliveMs, ikeFragmentation: empty.ikeFragmentation });
      delete device.maxIkeSas;
      for (const name of ['trustpoints', 'certificateChains', 'permitWeakCrypto'] as const) delete device[name];
    },
  };
  clear[section]?.();
}
