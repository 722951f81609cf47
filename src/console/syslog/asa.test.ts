/** Events and the exact lines that an ASA writes for them (reference: its message catalogue). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, IpAddress, Prefix } from '../../base/index.ts';
import type {
  ChildSaDetails,
  EspDetails,
  EventDetails,
  GatewayLogEvent,
  IkeDetails,
  PathMtuDetails,
} from '../../gateway/index.ts';
import type { Cause, TrafficSelector } from '../../ike/index.ts';
import { asaMessages } from './asa.ts';
import { tagOf } from './message.ts';

const address = (text: string): IpAddress => {
  const parsed = IpAddress.parse(text);
  assert.ok(parsed, text);
  return parsed;
};
const prefix = (text: string): Prefix => {
  const parsed = Prefix.parse(text);
  assert.ok(parsed, text);
  return parsed;
};

const local = { address: address('198.51.100.1'), port: 500 };
const remote = { address: address('203.0.113.9'), port: 500 };
const any: TrafficSelector = {
  protocol: 0,
  startPort: 0,
  endPort: 65535,
  start: address('0.0.0.0'),
  end: address('255.255.255.255'),
};
const ike: IkeDetails = { kind: 'ike', local, remote, group: '203.0.113.9', interface: 'Tunnel1', session: 3 };
const child: ChildSaDetails = {
  kind: 'child-sa',
  interface: 'Tunnel1',
  alias: 'VTI',
  local,
  remote,
  group: '203.0.113.9',
  session: 3,
  role: 'initiator',
  inboundSpi: 0x0142_3106,
  outboundSpi: 0x4cf0_3f52,
  localSelectors: [any],
  remoteSelectors: [any],
};
const esp: EspDetails = {
  kind: 'esp',
  reason: 'replayed',
  spi: 0x0142_3106,
  sequence: 26,
  local: local.address,
  remote: remote.address,
  group: 'spokes',
};
const narrow: PathMtuDetails = {
  kind: 'path-mtu',
  interface: 'Tunnel1',
  inboundSpi: 0x0142_3106,
  remote: remote.address,
  group: '203.0.113.9',
  pathMtu: 1400,
  innerMtu: 1330,
};

const WHO = 'Local:198.51.100.1:500 Remote:203.0.113.9:500 Username:203.0.113.9';
const MAP = 'Map Tag = __vti-crypto-map-Tunnel1-0-1. Map Sequence Number = 65280.';
const peerDead: Cause = {
  code: 'peer-dead',
  text: 'the peer is dead',
  because: { code: 'liveness-failed', text: 'no answer to liveness check 3' },
};
const failure = (code: string, from?: 'peer'): Cause => ({ code, text: `words of ${code}`, ...(from && { from }) });

const rows: readonly Readonly<{ code: string; details: EventDetails; cause?: Cause; lines: readonly string[] }>[] = [
  {
    code: 'line-up',
    details: { kind: 'line', interface: 'Tunnel1', alias: 'VTI', up: true },
    lines: ['%ASA-4-411001: Line protocol on Interface Tunnel1, changed state to up'],
  },
  {
    code: 'line-down',
    details: { kind: 'line', interface: 'Tunnel1', alias: 'VTI', up: false },
    lines: ['%ASA-4-411002: Line protocol on Interface Tunnel1, changed state to down'],
  },
  {
    code: 'route-installed',
    details: {
      kind: 'route',
      change: 'installed',
      vrf: '',
      prefix: prefix('10.1.2.0/24'),
      source: 'bgp',
      distance: 20,
      metric: 0,
      nextHops: [{ interface: 'Tunnel1', alias: 'VTI', gateway: address('172.16.1.1') }],
    },
    lines: ['%ASA-6-317007: Added B route 10.1.2.0 255.255.255.0 via 172.16.1.1 [20/0] on VTI B'],
  },
  {
    code: 'route-withdrawn',
    details: {
      kind: 'route',
      change: 'withdrawn',
      vrf: '',
      prefix: prefix('2001:db8:1::/48'),
      source: 'static',
      distance: 1,
      metric: 0,
      nextHops: [{ interface: 'GigabitEthernet0/0', gateway: address('2001:db8::1') }],
    },
    lines: ['%ASA-6-317008: Deleted S route 2001:db8:1::/48 via 2001:db8::1 [1/0] on GigabitEthernet0/0 S'],
  },
  {
    code: 'routes-changed',
    details: { kind: 'routes', source: 'bgp', installed: 992, withdrawn: 0 },
    lines: ['%WHEELWRIGHT-5-ROUTES_CHANGED: words'],
  },
  {
    code: 'ike-sa-initiated',
    details: { ...ike, localSelectors: [any], remoteSelectors: [any] },
    lines: [
      `%ASA-5-750001: ${WHO} IKEv2 Received request to establish an IPsec tunnel; local traffic selector = Address Range: 0.0.0.0-255.255.255.255 Protocol: 0 Port Range: 0-65535 ; remote traffic selector = Address Range: 0.0.0.0-255.255.255.255 Protocol: 0 Port Range: 0-65535`,
    ],
  },
  {
    code: 'ike-sa-requested',
    details: { kind: 'ike', local, remote },
    lines: [
      '%ASA-5-750002: Local:198.51.100.1:500 Remote:203.0.113.9:500 Username:Unknown IKEv2 Received a IKE_INIT_SA request',
    ],
  },
  {
    code: 'ike-failed',
    details: { kind: 'ike', local, remote, role: 'responder' },
    cause: failure('unknown-peer'),
    lines: [
      '%ASA-4-750003: Local:198.51.100.1:500 Remote:203.0.113.9:500 Username:Unknown IKEv2 Negotiation aborted due to ERROR: Failed to locate an item in the database',
      '%ASA-3-751009: Local:198.51.100.1:500 Remote:203.0.113.9:500 Username:Unknown Unable to find tunnel group for peer.',
    ],
  },
  {
    code: 'ike-failed',
    details: { ...ike, role: 'responder' },
    cause: failure('authentication-failed'),
    lines: [`%ASA-4-750003: ${WHO} IKEv2 Negotiation aborted due to ERROR: Failed to authenticate the IKE SA`],
  },
  {
    code: 'ike-failed',
    details: { ...ike, role: 'initiator' },
    cause: failure('authentication-failed', 'peer'),
    lines: [
      `%ASA-4-750003: ${WHO} IKEv2 Negotiation aborted due to ERROR: Auth exchange failed`,
      `%ASA-4-752012: IKEv2 was unsuccessful at setting up a tunnel. ${MAP}`,
      `%ASA-3-752015: Tunnel Manager has failed to establish an L2L SA. All configured IKE versions failed to establish the tunnel. ${MAP.replace('Tag =', 'Tag=')}`,
    ],
  },
  {
    code: 'ike-failed',
    details: { ...ike, role: 'responder' },
    cause: failure('no-proposal-chosen'),
    lines: [`%ASA-4-750003: ${WHO} IKEv2 Negotiation aborted due to ERROR: Failed to find a matching policy`],
  },
  {
    code: 'ike-failed',
    details: { ...ike, role: 'responder' },
    cause: { code: 'child-sa-failed', text: 'no child SA', because: failure('ts-unacceptable') },
    lines: [
      `%ASA-4-750003: ${WHO} IKEv2 Negotiation aborted due to ERROR: There was no IPSEC policy found for received TS`,
    ],
  },
  {
    code: 'ike-failed',
    details: { ...ike, role: 'responder' },
    cause: { code: 'child-sa-failed', text: 'no child SA', because: failure('no-proposal-chosen', 'peer') },
    lines: [`%ASA-4-750003: ${WHO} IKEv2 Negotiation aborted due to ERROR: Create child exchange failed`],
  },
  {
    code: 'ike-failed',
    details: { ...ike, role: 'responder' },
    cause: failure('no-response'),
    lines: [`%ASA-4-750003: ${WHO} IKEv2 Negotiation aborted due to ERROR: Maximum number of retransmissions reached`],
  },
  {
    code: 'ike-failed',
    details: { ...ike, role: 'responder' },
    cause: failure('no-key'),
    lines: [
      `%ASA-4-750003: ${WHO} IKEv2 Negotiation aborted due to ERROR: Failed to locate an item in the database`,
      `%ASA-3-751002: ${WHO} No preshared key or trustpoint configured for self in tunnel group 203.0.113.9`,
    ],
  },
  {
    code: 'ike-failed',
    details: { ...ike, role: 'responder' },
    cause: failure('invalid-syntax', 'peer'),
    lines: [`%ASA-4-750003: ${WHO} IKEv2 Negotiation aborted due to ERROR: words of invalid-syntax`],
  },
  {
    code: 'cookie-required',
    details: { kind: 'ike', local, remote },
    lines: [
      '%ASA-5-750004: Local:198.51.100.1:500 Remote:203.0.113.9:500 Username:Unknown IKEv2 Sending COOKIE challenge to throttle possible DoS',
    ],
  },
  {
    code: 'ike-sa-up',
    details: { ...ike, role: 'initiator' },
    lines: [`%ASA-5-750006: ${WHO} IKEv2 SA UP. Reason: New Connection Established`],
  },
  { code: 'ike-sa-rekeyed', details: ike, lines: [`%ASA-5-750006: ${WHO} IKEv2 SA UP. Reason: Rekey`] },
  {
    code: 'ike-sa-down',
    details: { ...ike, lived: { durationMs: 1_936_000, bytesSent: 500, bytesReceived: 400 } },
    cause: peerDead,
    lines: [
      `%ASA-5-750007: ${WHO} IKEv2 SA DOWN. Reason: peer lost`,
      '%ASA-4-113019: Group = 203.0.113.9, Username = 203.0.113.9, IP = 203.0.113.9, Session disconnected. Session Type: LAN-to-LAN, Duration: 0h:32m:16s, Bytes xmt: 500, Bytes rcv: 400, Reason: Lost Service',
    ],
  },
  {
    code: 'ike-sa-down',
    details: { kind: 'ike', local: { ...local, port: 4500 }, remote: { ...remote, port: 61_000 }, group: 'spokes' },
    cause: failure('cleared'),
    lines: [
      '%ASA-5-750007: Local:198.51.100.1:4500 Remote:203.0.113.9:61000 Username:spokes IKEv2 SA DOWN. Reason: administrative',
      '%ASA-4-113019: Group = spokes, Username = spokes, IP = 203.0.113.9, Session disconnected. Session Type: LAN-to-LANOverNatT, Duration: 0h:00m:00s, Bytes xmt: 0, Bytes rcv: 0, Reason: Administrator Reset',
    ],
  },
  {
    code: 'ike-sa-down',
    details: ike,
    cause: failure('peer-deleted'),
    lines: [
      `%ASA-5-750007: ${WHO} IKEv2 SA DOWN. Reason: peer request`,
      '%ASA-4-113019: Group = 203.0.113.9, Username = 203.0.113.9, IP = 203.0.113.9, Session disconnected. Session Type: LAN-to-LAN, Duration: 0h:00m:00s, Bytes xmt: 0, Bytes rcv: 0, Reason: Peer Terminate',
    ],
  },
  {
    code: 'peer-moved',
    details: {
      ...ike,
      remote: { ...remote, port: 61_001 },
      moved: {
        local,
        remote: { ...remote, port: 61_000 },
        initiatorSpi: '0123456789abcdef',
        responderSpi: 'fedcba9876543210',
      },
    },
    lines: [
      '%ASA-5-750013: IKEv2 SA (iSPI 0123456789abcdef rRSP fedcba9876543210) Peer Moved: Previous 203.0.113.9:61000/198.51.100.1:500. Updated 203.0.113.9:61001/198.51.100.1:500',
    ],
  },
  {
    code: 'child-sa-up',
    details: child,
    lines: [
      '%ASA-6-602303: IPSEC: An outbound LAN-to-LAN SA (SPI= 0x4CF03F52) between 198.51.100.1 and 203.0.113.9 (user= 203.0.113.9) has been created.',
      '%ASA-6-602303: IPSEC: An inbound LAN-to-LAN SA (SPI= 0x01423106) between 198.51.100.1 and 203.0.113.9 (user= 203.0.113.9) has been created.',
      `%ASA-5-752016: IKEv2 was successful at setting up a tunnel. ${MAP}`,
    ],
  },
  {
    code: 'child-sa-down',
    details: child,
    cause: peerDead,
    lines: [
      '%ASA-6-602304: IPSEC: An outbound LAN-to-LAN SA (SPI= 0x4CF03F52) between 198.51.100.1 and 203.0.113.9 (user= 203.0.113.9) has been deleted.',
      '%ASA-6-602304: IPSEC: An inbound LAN-to-LAN SA (SPI= 0x01423106) between 198.51.100.1 and 203.0.113.9 (user= 203.0.113.9) has been deleted.',
    ],
  },
  {
    code: 'bgp-neighbor-up',
    details: { kind: 'bgp', neighbor: address('172.16.1.1') },
    lines: ['%ASA-5-418018: neighbor 172.16.1.1 Up'],
  },
  {
    code: 'bgp-neighbor-down',
    details: { kind: 'bgp', neighbor: address('172.16.1.1'), reason: 'Interface flap' },
    lines: ['%ASA-5-418018: neighbor 172.16.1.1 Down Interface flap'],
  },
  {
    code: 'notification-sent',
    details: { kind: 'bgp', neighbor: address('172.16.1.1') },
    lines: ['%ASA-3-418019: words'],
  },
  {
    code: 'md5-invalid',
    details: { kind: 'tcp', local: local.address, remote: remote.address },
    lines: ['%WHEELWRIGHT-5-MD5_INVALID: words'],
  },
  {
    code: 'unknown-spi',
    details: {
      kind: 'esp',
      reason: 'unknown-spi',
      spi: 0xabcd,
      sequence: 1,
      local: local.address,
      remote: remote.address,
    },
    lines: [
      '%ASA-4-402114: IPSEC: Received an ESP packet (SPI= 0x0000ABCD, sequence number= 0x1) from 203.0.113.9 to 198.51.100.1 with an invalid SPI.',
    ],
  },
  {
    code: 'esp-dropped',
    details: esp,
    lines: [
      '%ASA-4-402119: IPSEC: Received an ESP packet (SPI= 0x01423106, sequence number= 0x1A) from 203.0.113.9 (user= spokes) to 198.51.100.1 that failed anti-replay checking.',
    ],
  },
  {
    code: 'esp-dropped',
    details: { ...esp, reason: 'integrity-failed' },
    lines: [
      '%ASA-4-402120: IPSEC: Received an ESP packet (SPI= 0x01423106, sequence number= 0x1A) from 203.0.113.9 (user= spokes) to 198.51.100.1 that failed authentication.',
    ],
  },
  {
    code: 'esp-dropped',
    details: {
      ...esp,
      reason: 'selector-mismatch',
      inner: { source: address('10.9.9.9'), destination: address('10.1.1.1'), protocol: 17 },
      localSelectors: [any],
      remoteSelectors: [{ ...any, start: address('10.2.2.2'), end: address('10.2.2.2') }],
    },
    lines: [
      "%ASA-4-402116: IPSEC: Received an ESP packet (SPI= 0x01423106, sequence number= 0x1A) from 203.0.113.9 (user= spokes) to 198.51.100.1. The decapsulated inner packet doesn't match the negotiated policy in the SA. The packet specifies its destination as 10.1.1.1, its source as 10.9.9.9, and its protocol as 17. The SA specifies its local proxy as 0.0.0.0-255.255.255.255/0/0 and its remote_proxy as 10.2.2.2/0/0.",
    ],
  },
  {
    code: 'esp-dropped',
    details: { ...esp, reason: 'bad-padding' },
    lines: [
      '%ASA-4-402121: IPSEC: Received an ESP packet (SPI= 0x01423106, sequence number= 0x1A) from 203.0.113.9 (user= spokes) to 198.51.100.1 that was dropped by IPsec (bad-padding).',
    ],
  },
  {
    code: 'path-mtu',
    details: { ...narrow, told: { from: address('192.0.2.7'), suggested: 1400, before: 1500 } },
    lines: [
      '%ASA-6-602103: IPSEC: Received an ICMP Destination Unreachable from 192.0.2.7 with suggested PMTU of 1400; PMTU updated for SA with peer 203.0.113.9, SPI 0x01423106, tunnel name 203.0.113.9, old PMTU 1500, new PMTU 1400.',
    ],
  },
  { code: 'path-mtu', details: narrow, lines: ['%WHEELWRIGHT-5-PATH_MTU: words'] },
  {
    code: 'acquire',
    details: { kind: 'tunnel', interface: 'Tunnel1', alias: 'VTI' },
    lines: [`%ASA-5-752003: Tunnel Manager dispatching a KEY_ACQUIRE message to IKEv2. ${MAP}`],
  },
  {
    code: 'tunnel-unusable',
    details: { kind: 'tunnel', interface: 'Tunnel1' },
    lines: ['%WHEELWRIGHT-5-TUNNEL_UNUSABLE: words'],
  },
  {
    code: 'configured',
    details: { kind: 'configuration', user: 'enable_15', command: 'interface Tunnel1' },
    lines: ["%ASA-5-111008: User 'enable_15' executed the 'interface Tunnel1' command."],
  },
];

for (const { code, details, cause, lines } of rows) {
  const why = cause === undefined ? '' : ` because of ${cause.code}`;
  test(`${code}${why}: ${lines[0]?.slice(0, 24)}`, () => {
    const event: GatewayLogEvent = {
      at: at(0),
      severity: 5,
      code,
      text: 'words',
      details,
      ...(cause === undefined ? {} : { cause }),
    };
    assert.deepEqual(
      asaMessages(event).map((message) => `${tagOf(message)}: ${message.text}`),
      lines,
    );
  });
}

test('a child SA that takes the place of another, or that the peer asked for, is no new tunnel', () => {
  for (const change of [{ replaces: 7 }, { role: 'responder' }] as const) {
    const event: GatewayLogEvent = {
      at: at(0),
      severity: 6,
      code: 'child-sa-up',
      text: 'words',
      details: { ...child, ...change },
    };
    assert.deepEqual(
      asaMessages(event).map(({ id }) => id),
      ['602303', '602303'],
    );
  }
});

test('an event without details goes out in our own words', () => {
  const [message] = asaMessages({ at: at(0), severity: 7, code: 'rekey-collision', text: 'both ends asked' });
  assert.deepEqual(message, { level: 7, id: 'REKEY_COLLISION', text: 'both ends asked' });
});
