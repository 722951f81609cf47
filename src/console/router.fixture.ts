/** A router with a static VTI to an ASA behind a NAT, as its console sees it: a model that was read, and what runs of it. */
import assert from 'node:assert/strict';
import { at, IpAddress, Prefix } from '../base/index.ts';
import { type EvpnPathSnapshot, EvpnPrefix } from '../bgp/index.ts';
import { type DeviceModel, formatDiagnostic, loadConfiguration } from '../config/index.ts';
import type { GatewayLogEvent, GatewaySnapshot, InterfaceSnapshot } from '../gateway/index.ts';
import type { IkeSaSnapshot } from '../ike/index.ts';
import type { InstalledRoute } from '../routing/index.ts';
import type { ExecDevice } from './exec.ts';

export const ROUTER_KEY = 'oars-and-wheels';

export const ROUTER_TEXT = `hostname ASR-WAN01
!
vrf definition INET
 rd 65000:1
 !
 address-family ipv4
 exit-address-family
!
vrf definition BLU
 rd 65001:50001
 route-target export 65000:50001 stitching
 route-target import 65000:50001 stitching
 !
 address-family ipv4
 exit-address-family
!
bridge-domain 101
 member vni 50001
!
crypto ikev2 proposal PH1_PROP
 encryption aes-gcm-256
 prf sha512
 group 21
!
crypto ikev2 policy PH1_PLCY
 match fvrf INET
 proposal PH1_PROP
!
crypto ikev2 keyring KR
 peer ASA
  address 203.0.113.10
  pre-shared-key local ${ROUTER_KEY}
  pre-shared-key remote ${ROUTER_KEY}
!
crypto ikev2 profile PH2_PROF
 match fvrf INET
 match identity remote address 203.0.113.10 255.255.255.255
 authentication local pre-share
 authentication remote pre-share
 keyring local KR
 dpd 10 2 on-demand
!
crypto ipsec transform-set GCM256 esp-gcm 256
 mode tunnel
!
crypto ipsec profile IPSEC_PROF
 set transform-set GCM256
 set ikev2-profile PH2_PROF
 set pfs group21
 set security-association replay window-size 512
!
interface Loopback0
 ip address 10.255.0.1 255.255.255.255
!
interface GigabitEthernet0/0/1
 description to the internet
 vrf forwarding INET
 ip address 198.51.100.2 255.255.255.0
 no shutdown
!
interface GigabitEthernet0/0/2
 ip address 10.20.0.1 255.255.255.0
 ipv6 address 2001:db8:20::1/64
 no shutdown
!
interface BDI101
 vrf forwarding BLU
 ip unnumbered GigabitEthernet0/0/3
 ip tcp adjust-mss 1348
!
interface GigabitEthernet0/0/3
 vrf forwarding BLU
 ip address 192.168.20.1 255.255.255.0
 no shutdown
!
interface nve1
 no ip address
 source-interface Loopback0
 host-reachability protocol bgp
 member vni 50001 vrf BLU
!
interface Tunnel10
 description TUN > ASA - Tun10
 ip address 172.16.10.2 255.255.255.252
 tunnel source GigabitEthernet0/0/1
 tunnel mode ipsec ipv4
 tunnel destination 203.0.113.10
 tunnel vrf INET
 tunnel protection ipsec profile IPSEC_PROF
!
interface Tunnel11
 ip address 172.16.11.2 255.255.255.252
 tunnel source GigabitEthernet0/0/1
 tunnel mode ipsec ipv4
 tunnel destination 203.0.113.11
 tunnel vrf INET
 tunnel protection ipsec profile IPSEC_PROF
!
end
`;

export function ip(text: string): IpAddress {
  const parsed = IpAddress.parse(text);
  assert.ok(parsed, text);
  return parsed;
}

function prefix(text: string): Prefix {
  const parsed = Prefix.parse(text);
  assert.ok(parsed, text);
  return parsed;
}

export function routerModel(text = ROUTER_TEXT): DeviceModel {
  const { model, diagnostics } = loadConfiguration(text, 'asr-wan01.cfg', 'iosxe');
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  assert.deepEqual(
    errors.map((one) => formatDiagnostic(one, text)),
    [],
  );
  return model;
}

const LOCAL = { address: ip('198.51.100.2'), port: 4500 };
const REMOTE = { address: ip('203.0.113.10'), port: 4500 };
const NOW = at(3_725_000);
const ANY = { protocol: 0, startPort: 0, endPort: 65_535, start: ip('0.0.0.0'), end: ip('255.255.255.255') };

const ikeSa: IkeSaSnapshot = {
  session: 1,
  peer: 'Tunnel10',
  status: 'established',
  role: 'initiator',
  path: { local: LOCAL, remote: REMOTE, vrf: 'INET' },
  localSpi: '26e77925771b44b1',
  remoteSpi: '4785c18db784c439',
  authentication: { local: 'psk', remote: 'psk' },
  localIdentity: { type: 'ipv4', address: LOCAL.address },
  remoteIdentity: { type: 'ipv4', address: ip('10.25.20.2') },
  encr: 20,
  keyBits: 256,
  integ: 0,
  prf: 7,
  group: 21,
  since: at(65_000),
  sessionSince: at(65_000),
  lifetimeMs: 86_400_000,
  natLocal: false,
  natRemote: true,
  localMessageId: 3,
  remoteMessageId: 5,
  peerRoutes: [],
  children: [
    {
      inboundSpi: 0x7a857081,
      outboundSpi: 0x6976013a,
      encr: 20,
      keyBits: 256,
      integ: 0,
      group: 21,
      esn: false,
      mode: 'tunnel',
      localSelectors: [ANY],
      remoteSelectors: [ANY],
      since: at(65_000),
      softAt: at(3_400_000),
      hardAt: at(3_900_000),
      rekeying: false,
    },
  ],
};

function interfaces(model: DeviceModel): InterfaceSnapshot[] {
  return model.interfaces.map(({ name, kind, description, addresses, vrf, tunnel }): InterfaceSnapshot => {
    const isUp = name !== 'Tunnel11';
    return {
      name,
      kind,
      ...(description === undefined ? {} : { description }),
      adminUp: true,
      lineProtocol: isUp,
      addresses,
      mtu: kind === 'tunnel' ? 1438 : 1500,
      vrf,
      securityLevel: 0,
      since: at(0),
      ...(tunnel?.destination === undefined
        ? {}
        : {
            tunnel: {
              sourceInterface: 'GigabitEthernet0/0/1',
              source: LOCAL.address,
              destination: tunnel.destination,
              mode: 4,
              profile: 'IPSEC_PROF',
              peer: name,
              ...(isUp ? { session: 1 } : { downReason: 'no answer' }),
            },
          }),
    };
  });
}

function connected(written: string, name: string): InstalledRoute[] {
  const [address = '', length = ''] = written.split('/');
  const own = ip(address);
  const nextHops = [{ interface: name }];
  const route = (to: Prefix, source: 'connected' | 'local'): InstalledRoute => ({
    prefix: to,
    candidate: { prefix: to, source, owner: name, distance: 0, metric: 0, nextHops },
    resolved: nextHops,
    since: at(0),
  });
  const network = new Prefix(own, Number(length));
  return [
    route(network, 'connected'),
    ...(Number(length) === own.bits ? [] : [route(new Prefix(own, own.bits), 'local')]),
  ];
}

function learned(to: string, gateway: string, name: string, source: 'bgp' | 'static'): InstalledRoute {
  const destination = prefix(to);
  const bgp = source === 'bgp' ? ({ bgpKind: 'ebgp' } as const) : {};
  const nextHops = [source === 'bgp' ? { gateway: ip(gateway) } : { interface: name, gateway: ip(gateway) }];
  const distance = source === 'bgp' ? 20 : 1;
  return {
    prefix: destination,
    candidate: { prefix: destination, source, owner: 'x', distance, metric: 0, nextHops, ...bgp },
    resolved: [{ interface: name, gateway: ip(gateway) }],
    since: at(125_000),
  };
}

const BGP: NonNullable<GatewaySnapshot['bgp']> = {
  asn: 65_001,
  routerId: ip('10.255.0.1'),
  tableVersion: 5,
  prefixes: 2,
  paths: 2,
  evpn: { prefixes: 2, paths: 2 },
  attributeSets: 2,
  asPaths: 1,
  communitySets: 0,
  activity: { prefixesAdded: 2, prefixesRemoved: 0, pathsAdded: 2, pathsRemoved: 0 },
  neighbors: [
    {
      address: ip('172.16.10.1'),
      remoteAsn: 65_000,
      remoteRouterId: ip('10.255.0.9'),
      state: 'Established',
      shutdown: false,
      since: at(125_000),
      messagesReceived: 66,
      messagesSent: 67,
      updatesReceived: 3,
      updatesSent: 2,
      prefixesReceived: 1,
      prefixesSent: 1,
      families: { 4: { received: 1, accepted: 1, sent: 1 } },
      tableVersion: 5,
      outQueue: 0,
      holdMs: 180_000,
      keepaliveMs: 60_000,
      local: { address: ip('172.16.10.2'), port: 40_001 },
      capabilities: ['Route refresh', 'Four-octets ASN Capability', 'Address family IPv4 Unicast'],
      establishedCount: 1,
    },
    {
      address: ip('10.255.0.9'),
      remoteAsn: 65_000,
      remoteRouterId: ip('10.255.0.9'),
      description: 'EVPN',
      state: 'Established',
      shutdown: false,
      since: at(125_000),
      messagesReceived: 65,
      messagesSent: 65,
      updatesReceived: 1,
      updatesSent: 1,
      prefixesReceived: 1,
      prefixesSent: 1,
      families: { evpn: { received: 1, accepted: 1, sent: 1 } },
      tableVersion: 5,
      outQueue: 0,
      holdMs: 180_000,
      keepaliveMs: 60_000,
      capabilities: ['Route refresh', 'Address family L2VPN EVPN'],
      establishedCount: 1,
    },
    {
      address: ip('2001:db8:20::9'),
      remoteAsn: 65_020,
      state: 'Idle',
      shutdown: true,
      messagesReceived: 0,
      messagesSent: 0,
      updatesReceived: 0,
      updatesSent: 0,
      prefixesReceived: 0,
      prefixesSent: 0,
      families: { 6: { received: 0, accepted: 0, sent: 0 } },
      tableVersion: 1,
      outQueue: 0,
      capabilities: [],
      establishedCount: 0,
    },
  ],
};

const PATHS = [
  {
    prefix: prefix('10.1.0.0/16'),
    nextHop: ip('172.16.10.1'),
    from: ip('172.16.10.1'),
    fromRouterId: ip('10.255.0.9'),
    source: 'ebgp',
    asPath: '65000 65100',
    origin: 'igp',
    med: 0,
    weight: 0,
    communities: [],
    valid: true,
    best: true,
    multipath: false,
    reason: 'only path',
    version: 5,
  },
  {
    prefix: prefix('192.168.7.0/24'),
    nextHop: ip('0.0.0.0'),
    source: 'local',
    asPath: '',
    origin: 'incomplete',
    weight: 32_768,
    communities: [],
    valid: true,
    best: true,
    multipath: false,
    reason: 'only path',
    version: 3,
  },
] as const;

export const LOG: readonly GatewayLogEvent[] = [
  { at: at(0), number: 1, severity: 5, code: 'restarted', text: 'System restarted' },
  {
    at: at(60_100),
    number: 2,
    severity: 4,
    code: 'line-up',
    text: 'up',
    details: { kind: 'line', interface: 'GigabitEthernet0/0/1', up: true },
  },
  {
    at: at(65_000),
    number: 3,
    severity: 5,
    code: 'ike-sa-up',
    text: 'up',
    details: { kind: 'ike', local: LOCAL, remote: REMOTE, group: 'PH2_PROF', role: 'initiator' },
  },
  {
    at: at(65_003),
    number: 4,
    severity: 4,
    code: 'line-up',
    text: 'up',
    details: { kind: 'line', interface: 'Tunnel10', up: true },
  },
  {
    at: at(125_000),
    number: 5,
    severity: 5,
    code: 'bgp-neighbor-up',
    text: 'up',
    details: { kind: 'bgp', neighbor: ip('172.16.10.1'), remoteAsn: 65_000 },
  },
  {
    at: at(200_000),
    number: 6,
    severity: 4,
    code: 'esp-dropped',
    text: 'replayed',
    details: { kind: 'esp', reason: 'too-old', spi: 0x7a857081, local: LOCAL.address, remote: REMOTE.address },
  },
];

const NATIVE = learned('192.168.10.0/24', '10.255.0.9', 'nve1.50001', 'bgp');
const VNI: InstalledRoute = { ...NATIVE, candidate: { ...NATIVE.candidate, nextHops: NATIVE.resolved } };

const OVERLAY: NonNullable<GatewaySnapshot['overlay']> = {
  interface: 'nve1',
  sourceInterface: 'Loopback0',
  source: ip('10.255.0.1'),
  routerMac: '0200.0aff.0001',
  up: true,
  vnis: [{ vni: 50_001, vrf: 'BLU', interface: 'nve1.50001', up: true, bridgeDomain: 101, bdi: 'BDI101' }],
  peers: [
    {
      vni: 50_001,
      remoteVni: 50_001,
      vtep: ip('10.255.0.9'),
      routerMac: '0200.0aff.0009',
      routes: 1,
      since: at(125_000),
    },
  ],
};

function evpnPath(rd: string, to: string, mac: number, of: Partial<EvpnPathSnapshot>): EvpnPathSnapshot {
  const nlri = new EvpnPrefix(rd, 0, prefix(to), { label: 50_001 });
  return {
    prefix: nlri.prefix,
    nlri,
    fields: nlri.fields,
    overlay: {
      routeTargets: ['65000:50001'],
      isVxlan: true,
      routerMac: Uint8Array.of(2, 0, 10, 255, 0, mac),
    },
    nextHop: ip('10.255.0.1'),
    source: 'local',
    asPath: '',
    origin: 'incomplete',
    weight: 32_768,
    communities: [],
    valid: true,
    best: true,
    multipath: false,
    reason: 'only path',
    version: 4,
    ...of,
  };
}

const EVPN_PATHS: readonly EvpnPathSnapshot[] = [
  evpnPath('65000:50001', '192.168.10.0/24', 9, {
    nextHop: ip('10.255.0.9'),
    from: ip('10.255.0.9'),
    fromRouterId: ip('10.255.0.9'),
    source: 'ebgp',
    asPath: '65000',
    weight: 0,
  }),
  evpnPath('65001:50001', '192.168.20.0/24', 1, {}),
];

export function routerSnapshot(model = routerModel()): GatewaySnapshot {
  const global = [
    ...connected('10.255.0.1/32', 'Loopback0'),
    ...connected('10.20.0.1/24', 'GigabitEthernet0/0/2'),
    ...connected('2001:db8:20::1/64', 'GigabitEthernet0/0/2'),
    ...connected('172.16.10.2/30', 'Tunnel10'),
    learned('10.1.0.0/16', '172.16.10.1', 'Tunnel10', 'bgp'),
    learned('192.168.9.0/24', '172.16.10.1', 'Tunnel10', 'static'),
  ];
  return {
    now: NOW,
    startedAt: at(0),
    hostname: model.hostname,
    model,
    interfaces: interfaces(model),
    ike: { sas: [ikeSa], counters: { received: 9, sent: 9 }, waiting: [] },
    routes: [
      { vrf: '', routes: global },
      { vrf: 'BLU', routes: [...connected('192.168.20.1/24', 'GigabitEthernet0/0/3'), VNI] },
      {
        vrf: 'INET',
        routes: [
          ...connected('198.51.100.2/24', 'GigabitEthernet0/0/1'),
          learned('0.0.0.0/0', '198.51.100.1', 'GigabitEthernet0/0/1', 'static'),
        ],
      },
    ],
    bgp: BGP,
    ...(model.nve === undefined ? {} : { overlay: OVERLAY }),
    tcp: {
      connections: [
        {
          connection: 1,
          state: 'ESTABLISHED',
          local: { address: ip('172.16.10.2'), port: 40_001 },
          remote: { address: ip('172.16.10.1'), port: 179 },
          mss: 1398,
          rttMs: 12,
          retransmissions: 0,
          unacknowledged: 0,
          queued: 0,
        },
      ],
      counters: {},
    },
    plane: {
      childSas: [
        {
          id: 0x7a857081,
          interface: 'Tunnel10',
          inboundPackets: 131,
          inboundBytes: 15_000,
          outboundPackets: 144,
          outboundBytes: 17_000,
          replayed: 2,
          integrityFailed: 0,
          fragmentsCreated: 0,
          inboundDrops: { 'too-old': 2 },
          outboundDrops: {},
          outboundSequence: 145,
          highestInbound: 133,
          replayBitmap: Array.from({ length: 16 }, () => 0),
          pathMtu: 1500,
          innerMtu: 1438,
        },
      ],
      interfaces: [
        { name: 'Tunnel10', inPackets: 131, inBytes: 15_000, outPackets: 144, outBytes: 17_000, drops: {} },
        { name: 'nve1.50001', inPackets: 12, inBytes: 1008, outPackets: 11, outBytes: 924, drops: {} },
        { name: 'Tunnel11', inPackets: 0, inBytes: 0, outPackets: 0, outBytes: 0, drops: { 'no-sa': 7 } },
      ],
      drops: {},
    },
    log: LOG,
  };
}

export function routerDevice(text = ROUTER_TEXT): ExecDevice {
  const snapshot = routerSnapshot(routerModel(text));
  return {
    snapshot: () => snapshot,
    bgpPaths: () => PATHS,
    evpnPaths: () => (snapshot.overlay === undefined ? [] : EVPN_PATHS),
    epochMs: Date.UTC(2021, 0, 6, 9, 0, 0),
    captures: () => [],
  };
}
