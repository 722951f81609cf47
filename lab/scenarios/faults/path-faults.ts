/** Faults of internal BGP, and of paths that lose packets of some lengths or in some order. */
import { IpAddress } from '../../../src/base/index.ts';
import { GatewayNode, HostNode, type Lab } from '../../../src/lab/index.ts';
import type { BgpFault } from './bgp-faults.ts';
import { insert, named, remove, replace } from './fault.ts';

const HEALTHY = 'lab/scenarios/faults/healthy/topology.yaml';
const IBGP = 'lab/scenarios/faults/ibgp/topology.yaml';
const CLIENT = 'route-reflector-client';
const TUNNEL = { device: 'spoke1', tunnel: 'Tunnel1' };
const TO_HUB = { device: 'spoke1', neighbor: '172.16.1.253' };
const TO_SPOKE1 = { device: 'hub', neighbor: '172.16.1.5' };

/** Pings from the LAN of spoke1 to the hub's, one every `everyMs`. */
function pings(lab: Lab, size: number, count: number, everyMs: number): void {
  const destination = IpAddress.parse('10.250.0.10');
  if (destination === undefined) return;
  const request = { destination, count, size, df: false, timeoutMs: 1000, intervalMs: everyMs };
  lab.node('lan1', HostNode).ping(request, lab.now, () => {});
}

const EXPLICIT = 'crypto ipsec security-association replay window-size 64';
const SPOKE_LINK = '- { name: spoke1-outside, endpoints: ["spoke1:GigabitEthernet0/0", "internet:p2"], delay: 5ms }';
const HUB_LINK = '- { name: hub-outside, endpoints: ["hub:GigabitEthernet0/0", "internet:p1"], delay: 5ms }';

export const pathTable: readonly BgpFault[] = [
  {
    name: 'reflector-client-missing',
    says: 'the hub of an internal BGP has no route-reflector clients',
    topology: IBGP,
    changes: [remove('hub.cfg', `neighbor 172.16.1.5 ${CLIENT}`), remove('hub.cfg', `neighbor 172.16.1.9 ${CLIENT}`)],
    ask: { device: 'spoke1', destination: '10.1.2.10' },
    code: 'not-reflected',
    layer: 'route',
    lines: [named('hub.cfg', 'neighbor 172.16.1.5 remote-as 65000')],
    also: [TO_HUB, TO_SPOKE1, TUNNEL],
    alone: 'no-route',
  },
  {
    name: 'ibgp-next-hop',
    says: 'spoke1 has no route to the tunnel addresses of other spokes, which are the next hops of their routes',
    topology: IBGP,
    changes: [remove('spoke1.cfg', 'route VTI 172.16.1.0 255.255.255.0 172.16.1.253 1')],
    ask: TO_HUB,
    code: 'next-hop-unreachable',
    layer: 'route',
    state: 'carries-nothing',
    lines: [named('spoke1.cfg', 'neighbor 172.16.1.253 remote-as 65000')],
    also: [TO_SPOKE1, TUNNEL, { device: 'spoke1', destination: '10.1.2.10' }],
  },
  {
    name: 'ebgp-for-ibgp',
    says: 'the hub takes spoke1 for an external neighbor, though they are one AS',
    topology: IBGP,
    changes: [replace('hub.cfg', 'neighbor 172.16.1.5 remote-as 65000', 'neighbor 172.16.1.5 remote-as 65001')],
    ask: TO_SPOKE1,
    code: 'as-internal-external',
    layer: 'bgp',
    lines: [named('hub.cfg', 'neighbor 172.16.1.5 remote-as 65001'), named('spoke1.cfg', 'router bgp 65000')],
    also: [TO_HUB, TUNNEL],
    alone: 'not-directly-connected',
  },
  {
    name: 'mtu-black-hole',
    says: "the hub's outside link takes 1400 bytes at most, and nobody says so",
    topology: HEALTHY,
    changes: [replace('topology.yaml', HUB_LINK, HUB_LINK.replace('5ms', '5ms, mtu: 1400'))],
    // As long as segments of TCP that the gateways let through.
    act: (lab) => {
      const clamps = lab.nodes(GatewayNode).map(({ model }) => model.clampMss);
      pings(lab, Math.min(1400, 40 + Math.min(...clamps)), 20, 20);
    },
    forMs: 5000,
    ask: TUNNEL,
    code: 'mtu-black-hole',
    layer: 'path',
    state: 'carries-nothing',
    lines: [],
    also: [{ device: 'hub', tunnel: '10.0.0.1' }],
    healthySessions: [TO_HUB, TO_SPOKE1, { device: 'spoke2', tunnel: 'Tunnel1' }],
    alone: 'up',
  },
  {
    name: 'replay-window',
    says: 'packets on the way are overtaken by more than the replay window holds',
    topology: HEALTHY,
    changes: [
      insert('spoke1.cfg', 'crypto ikev2 enable outside', EXPLICIT),
      replace('topology.yaml', SPOKE_LINK, SPOKE_LINK.replace('5ms', '100ms, reorder: 5%')),
    ],
    act: (lab) => {
      pings(lab, 100, 1000, 1);
    },
    forMs: 5000,
    ask: TUNNEL,
    code: 'replay-window-too-small',
    layer: 'path',
    state: 'carries-nothing',
    lines: [named('spoke1.cfg', EXPLICIT)],
    healthySessions: [TO_HUB, TO_SPOKE1, { device: 'spoke2', tunnel: 'Tunnel1' }],
  },
];
