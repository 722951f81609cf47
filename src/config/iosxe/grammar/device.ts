/** What a router has besides that does not concern a VPN gateway, so that a whole configuration of one is read. */
import { name, optional, secretText, text, words } from '../../parameters.ts';
import { harmless, type IosxeRow, unsupported } from '../row.ts';

const rest = optional(text('Rest of the line'));

export const deviceRows: readonly IosxeRow[] = [
  harmless('config', {
    pattern: '{platform|boot-start-marker|boot-end-marker|boot|card|fabric} [<rest>]',
    help: 'Hardware and start of the device',
    section: 'platform',
    params: { rest },
    example: ['boot-start-marker', 'platform qfp utilization monitor load 80'],
  }),
  harmless('config', {
    pattern:
      '{enable secret|enable password|username <name>|snmp-server|tacacs-server|radius-server|key config-key} <secret>',
    help: 'Passwords, users and communities of the device itself',
    section: 'user',
    exact: true,
    params: { name: optional(name('User')), secret: secretText('Value, never shown') },
    example: [
      { line: 'enable secret 9 $9$abc', prints: 'enable secret *****' },
      { line: 'username admin privilege 15 secret 9 $9$abc', prints: 'username admin *****' },
      { line: 'snmp-server community public RO', prints: 'snmp-server *****' },
    ],
  }),
  harmless('config', {
    pattern: '<what> [<rest>]',
    help: 'Management of the device',
    section: 'management',
    params: {
      what: words(
        'What',
        ...([
          'alias',
          'buffers',
          'cdp',
          'clock',
          'cns',
          'config-register',
          'cts',
          'default-value',
          'diagnostic',
        ] as const),
        ...([
          'errdisable',
          'exception',
          'facility-alarm',
          'file',
          'hw-module',
          'install',
          'license',
          'lldp',
          'login',
        ] as const),
        ...([
          'mac',
          'macro',
          'memory',
          'memory-size',
          'mib',
          'module',
          'monitor',
          'multilink',
          'netconf-yang',
        ] as const),
        ...([
          'netconf',
          'nhrp',
          'ntp',
          'parser',
          'password',
          'power',
          'privilege',
          'process',
          'prompt',
          'restconf',
        ] as const),
        ...([
          'scheduler',
          'security',
          'sntp',
          'spanning-tree',
          'stack-mac',
          'stack-power',
          'subscriber',
          'switch',
        ] as const),
        ...(['system', 'terminal', 'tftp-server', 'upgrade', 'udld', 'vlan', 'vtp', 'warm-reboot', 'wsma'] as const),
        ...(['snmp', 'cli', 'avb', 'ptp', 'network-clock', 'call', 'vstack', 'aqm-register-fnf'] as const),
      ),
      rest,
    },
    example: [
      'ntp server 10.0.0.1',
      'clock timezone CET 1 0',
      'license boot level network-advantage',
      'subscriber templating',
    ],
  }),
  harmless('config', {
    pattern: 'ip <what> [<rest>]',
    help: 'Names, management and small services over IP',
    section: 'management',
    params: {
      what: words(
        'What',
        ...(['accounting', 'arp', 'bootp', 'default-gateway', 'domain', 'domain-list', 'domain-lookup'] as const),
        ...(['domain-name', 'finger', 'forward-protocol', 'ftp', 'host', 'host-routing', 'http'] as const),
        ...(['icmp', 'identd', 'local', 'name-server', 'options', 'radius', 'rcmd', 'scp', 'source', 'ssh'] as const),
        ...([
          'tacacs',
          'tcp',
          'telnet',
          'tftp',
          'udp',
          'flow-cache',
          'flow-export',
          'flow-top-talkers',
          'gratuitous-arps',
        ] as const),
        ...(['address-pool', 'dns', 'drp', 'device', 'igmp', 'mfib', 'spd', 'rtcp', 'flow'] as const),
      ),
      rest,
    },
    example: ['ip domain name example.com', 'no ip http server', 'ip ssh version 2', 'ip forward-protocol nd'],
  }),
  harmless('config', {
    pattern: 'ipv6 <what> [<rest>]',
    help: 'Neighbours and small services over IPv6',
    section: 'management',
    params: {
      what: words(
        'What',
        ...(['dhcp', 'flow', 'general-prefix', 'hop-limit', 'host', 'icmp', 'local', 'nd', 'neighbor'] as const),
        ...(['source-route', 'spd', 'mfib', 'mld', 'source'] as const),
      ),
      rest,
    },
    example: ['ipv6 icmp error-interval 100', 'ipv6 hop-limit 64'],
  }),
  unsupported('config', {
    pattern: 'ip <what> [<rest>]',
    help: 'Features of the IP layer that are not here',
    section: 'management',
    params: {
      what: words(
        'Feature',
        ...([
          'nat',
          'multicast-routing',
          'multicast',
          'pim',
          'mroute',
          'msdp',
          'nbar',
          'inspect',
          'urlfilter',
        ] as const),
        ...([
          'rsvp',
          'wccp',
          'policy-list',
          'default-network',
          'as-path-list',
          'mobile',
          'nhrp',
          'verify',
          'admission',
        ] as const),
      ),
      rest,
    },
    example: 'ip nat inside source list 1 interface GigabitEthernet0/0/1 overload',
  }),
  unsupported('config', {
    pattern:
      '{mpls|multicast|rsvp|xconnect|frame-relay|bfd map|bfd slow-timers|zone|zone-pair|cef|lisp|pfr|qos|performance} [<rest>]',
    help: 'Further features that are not here',
    section: 'management',
    params: { rest },
    example: 'mpls label protocol ldp',
  }),
  section('management', harmless, {
    pattern:
      '{call-home|archive|transceiver <rest>|event manager <rest>|telemetry <rest>|flow <rest>|monitor session <rest>|dial-peer <rest>|voice <rest>|controller <rest>|ip dhcp pool <rest>|gnxi|guestshell|iox|app-hosting <rest>|utd <rest>|flowspec <rest>|radius server <rest>|tacacs server <rest>|aaa group server <rest>|radius|ldap server <rest>|wireless <rest>|template <rest>|sampler <rest>|policy-list <rest>}',
    help: 'Sections about management, addresses for others, and counting of traffic',
    example: ['archive', 'flow monitor M', 'radius server R1', 'ip dhcp pool LAN'],
  }),
  harmless('config', {
    pattern: 'ip dhcp <what> [<rest>]',
    help: 'Addresses for others',
    section: 'management',
    params: { what: words('What', 'excluded-address', 'bootp', 'database', 'snooping', 'relay', 'binding'), rest },
    example: 'ip dhcp excluded-address 10.0.0.1 10.0.0.9',
  }),
  section('redundancy', harmless, {
    pattern: '{redundancy [<rest>]}',
    help: 'Second processor of the device',
    example: 'redundancy',
  }),
  section('track', unsupported, {
    pattern: '{track <rest>|ip sla <rest>}',
    help: 'Tracking of reachability',
    example: ['track 1 ip sla 1 reachability', 'ip sla 1'],
  }),
  unsupported('config', {
    pattern: 'ip sla <what> [<rest>]',
    help: 'When to measure',
    section: 'track',
    params: { what: words('What', 'schedule', 'responder', 'enable', 'reaction-configuration', 'logging'), rest },
    example: 'ip sla schedule 1 life forever start-time now',
  }),
  section('qos', unsupported, {
    pattern: '{class-map <rest>|policy-map <rest>|parameter-map <rest>|table-map <rest>}',
    help: 'Quality of service and inspection',
    example: ['class-map match-any VOICE', 'policy-map SHAPE'],
  }),
  section('router', unsupported, {
    pattern:
      '{router ospfv3 <rest>|router eigrp <rest>|router rip [<rest>]|router isis [<rest>]|router lisp [<rest>]|ipv6 router <rest>|bfd-template <rest>}',
    help: 'Interior routing protocols, and detection of faults by BFD',
    example: ['router ospfv3 1', 'router eigrp WAN', 'bfd-template single-hop FAST'],
  }),
  section('qos', unsupported, {
    pattern: '{l2vpn <rest>|pseudowire-class <rest>}',
    help: 'Bridging',
    example: 'l2vpn evpn',
  }),
  section('control-plane', unsupported, {
    pattern: '{control-plane [<rest>]}',
    help: 'Policing of what is for the device itself',
    example: 'control-plane',
  }),
  section('line', harmless, {
    pattern: '{line <rest>}',
    help: 'Terminals',
    example: { line: 'line vty 0 4' },
  }),
  harmless('config', {
    pattern: 'banner <what> <text>',
    help: 'Text before and after a login; it may stand in several lines, between two equal marks',
    section: 'banner',
    params: {
      what: words('When', 'exec', 'incoming', 'login', 'motd', 'prompt-timeout', 'slip-ppp', 'config-save'),
      text: text('Mark, text, mark'),
    },
    example: 'banner motd ^CKeep out^C',
  }),
  {
    ...harmless('section', {
      pattern: '<line>',
      help: 'Line of a section that is not read',
      params: { line: text('Line') },
      example: { line: 'transport input ssh' },
    }),
    lastResort: true,
  },
];

/** A line that opens a section which is not read. */
function section(
  where: string,
  kind: typeof harmless | typeof unsupported,
  spec: Readonly<{ pattern: string; help: string; example: Parameters<typeof harmless>[1]['example'] }>,
): IosxeRow {
  return kind('config', { ...spec, section: where, enters: 'section', params: { rest } });
}
