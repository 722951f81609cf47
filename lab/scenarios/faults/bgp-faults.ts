/** The faults of routing and BGP: what is broken and what the diagnosis must say of it. */
import { type Fault, insert, type Named, named, type Question, remove, replace } from './fault.ts';

/** What a fault of BGP is asked: a neighbor, a tunnel or a destination. */
export type BgpQuestion = Question & Readonly<{ destination?: string }>;

export type BgpFault = Omit<Fault, 'ask' | 'healthy'> &
  Readonly<{
    ask: BgpQuestion;
    /** The same cause is found when another is asked. */
    also?: readonly BgpQuestion[];
    /** Sessions that are explained as up all the same. */
    healthySessions?: readonly BgpQuestion[];
  }>;

const HEALTHY = 'lab/scenarios/faults/healthy/topology.yaml';
const HUB = '172.16.1.253';
const SPOKE1 = '172.16.1.5';
const GROUP_HUB = 'tunnel-group 10.0.0.253 ipsec-attributes';
const GROUP_SPOKE1 = 'tunnel-group 10.0.0.1 ipsec-attributes';

const FROM_SPOKE: BgpQuestion = { device: 'spoke1', neighbor: HUB };
const FROM_HUB: BgpQuestion = { device: 'hub', neighbor: SPOKE1 };
const TUNNEL: BgpQuestion = { device: 'spoke1', tunnel: 'Tunnel1' };
const OTHERS: readonly BgpQuestion[] = [
  { device: 'spoke2', neighbor: HUB },
  { device: 'hub', neighbor: '172.16.1.9' },
];

type Part = Pick<BgpFault, 'name' | 'says' | 'changes' | 'code' | 'layer' | 'lines'> & Partial<BgpFault>;

const session = (part: Part): BgpFault => ({
  topology: HEALTHY,
  ask: FROM_SPOKE,
  also: [FROM_HUB],
  healthySessions: OTHERS,
  ...part,
});

const spoke = (line: string, within?: string): Named => named('spoke1.cfg', line, within);
const hub = (line: string, within?: string): Named => named('hub.cfg', line, within);
const REMOTE_HUB = `neighbor ${HUB} remote-as 65000`;
const REMOTE_SPOKE1 = `neighbor ${SPOKE1} remote-as 65001`;

/** Without this line of the hub a spoke has nothing but its static route. */
const HUB_SAYS_NOTHING = remove('hub.cfg', 'ikev2 route set interface', GROUP_SPOKE1);
const STATIC = `route VTI ${HUB} 255.255.255.255 ${HUB} 1`;

const routeFaults: readonly BgpFault[] = [
  session({
    name: 'route-missing',
    says: 'spoke1 has no route to the hub, and the hub tells it none',
    changes: [HUB_SAYS_NOTHING, remove('spoke1.cfg', STATIC)],
    code: 'route-missing',
    layer: 'route',
    lines: [spoke(REMOTE_HUB)],
    also: [FROM_HUB, TUNNEL],
  }),
  session({
    name: 'route-other-address',
    says: 'spoke1 has a route to another address than the hub has',
    changes: [HUB_SAYS_NOTHING, replace('spoke1.cfg', STATIC, 'route VTI 172.16.1.252 255.255.255.255 172.16.1.252 1')],
    code: 'route-wrong',
    layer: 'route',
    lines: [spoke('route VTI 172.16.1.252 255.255.255.255 172.16.1.252 1')],
    also: [FROM_HUB, TUNNEL],
    alone: 'neighbor-route-disagree',
  }),
  session({
    name: 'route-other-interface',
    says: 'spoke1 has its route to the hub out of the outside interface',
    changes: [replace('spoke1.cfg', STATIC, `route outside ${HUB} 255.255.255.255 10.0.0.253 1`)],
    code: 'route-wrong-interface',
    layer: 'route',
    lines: [spoke(`route outside ${HUB} 255.255.255.255 10.0.0.253 1`)],
    also: [FROM_HUB, TUNNEL],
    // The hub's own connection comes by the tunnel; what spoke1 sends goes beside it, in clear.
    state: 'carries-nothing',
  }),
  session({
    name: 'route-wrong-mask',
    says: "spoke1's route to the hub has a mask that does not cover it",
    changes: [HUB_SAYS_NOTHING, replace('spoke1.cfg', STATIC, `route VTI 172.16.1.0 255.255.255.128 ${HUB} 1`)],
    code: 'route-wrong',
    layer: 'route',
    lines: [spoke(`route VTI 172.16.1.0 255.255.255.128 ${HUB} 1`)],
    also: [FROM_HUB, TUNNEL],
  }),
  session({
    name: 'route-set-interface-missing',
    says: 'spoke1 does not tell the hub its tunnel address',
    changes: [remove('spoke1.cfg', 'ikev2 route set interface', GROUP_HUB)],
    code: 'route-set-interface-missing',
    layer: 'route',
    lines: [spoke('tunnel-group 10.0.0.253 type ipsec-l2l')],
    also: [FROM_HUB, TUNNEL],
    forMs: 40_000,
  }),
  session({
    name: 'route-accept-off',
    says: 'the hub takes no routes over IKEv2 from spoke1',
    changes: [replace('hub.cfg', 'ikev2 route accept any', 'no ikev2 route accept any', GROUP_SPOKE1)],
    ask: FROM_HUB,
    code: 'route-accept-off',
    layer: 'route',
    lines: [hub('no ikev2 route accept any', GROUP_SPOKE1)],
    also: [FROM_SPOKE, TUNNEL],
  }),
];

const readdressed = (to: string) =>
  ['remote-as 65000', 'description hub1', 'ebgp-multihop 2', 'activate'].map((rest) =>
    replace('spoke1.cfg', `neighbor ${HUB} ${rest}`, `neighbor ${to} ${rest}`),
  );

const addressFaults: readonly BgpFault[] = [
  session({
    name: 'neighbor-outside',
    says: "spoke1 has the hub's outside address for a neighbor",
    changes: readdressed('10.0.0.253'),
    ask: { device: 'spoke1', neighbor: '10.0.0.253' },
    also: [FROM_HUB, TUNNEL],
    code: 'neighbor-not-tunnel-address',
    layer: 'configuration',
    lines: [spoke('neighbor 10.0.0.253 remote-as 65000'), hub(`ip address ${HUB} 255.255.255.255`)],
  }),
  session({
    name: 'neighbor-inside',
    says: "spoke1 has the hub's inside address for a neighbor",
    changes: readdressed('10.250.0.1'),
    ask: { device: 'spoke1', neighbor: '10.250.0.1' },
    also: [FROM_HUB, TUNNEL],
    code: 'neighbor-not-tunnel-address',
    layer: 'configuration',
    lines: [spoke('neighbor 10.250.0.1 remote-as 65000'), hub(`ip address ${HUB} 255.255.255.255`)],
    alone: 'neighbor-route-disagree',
  }),
  session({
    name: 'neighbor-nobody',
    says: 'spoke1 has an address for a neighbor that nobody has',
    changes: readdressed('172.16.1.252'),
    ask: { device: 'spoke1', neighbor: '172.16.1.252' },
    also: [FROM_HUB, TUNNEL],
    code: 'neighbor-not-tunnel-address',
    layer: 'configuration',
    lines: [spoke('neighbor 172.16.1.252 remote-as 65000'), hub(`ip address ${HUB} 255.255.255.255`)],
    alone: 'neighbor-route-disagree',
  }),
  session({
    name: 'neighbor-missing-hub',
    says: 'the hub has no line for spoke1',
    changes: ['remote-as 65001', 'description spoke1', 'ebgp-multihop 2', 'update-source vti', 'activate'].map((rest) =>
      remove('hub.cfg', `neighbor ${SPOKE1} ${rest}`),
    ),
    code: 'neighbor-missing',
    layer: 'configuration',
    lines: [spoke(REMOTE_HUB)],
    also: [FROM_HUB, TUNNEL],
    alone: 'neighbor-refuses',
  }),
  session({
    name: 'neighbor-missing-spoke',
    says: 'spoke1 has no line for the hub',
    changes: ['remote-as 65000', 'description hub1', 'ebgp-multihop 2', 'activate'].map((rest) =>
      remove('spoke1.cfg', `neighbor ${HUB} ${rest}`),
    ),
    code: 'neighbor-missing',
    layer: 'configuration',
    lines: [hub(REMOTE_SPOKE1)],
    also: [FROM_HUB, TUNNEL],
  }),
  session({
    name: 'update-source-wrong',
    says: 'spoke1 speaks to the hub from its inside address',
    changes: [insert('spoke1.cfg', REMOTE_HUB, `neighbor ${HUB} update-source inside`)],
    code: 'update-source-wrong',
    layer: 'tcp',
    lines: [spoke(`neighbor ${HUB} update-source inside`), hub(REMOTE_SPOKE1)],
    alone: 'unexplained',
    forMs: 40_000,
  }),
  session({
    name: 'update-source-missing',
    says: "spoke1 waits for a call from the hub's loopback, and the hub calls from its tunnel",
    changes: [
      ...readdressed('10.254.1.1'),
      insert(
        'spoke1.cfg',
        'neighbor 10.254.1.1 remote-as 65000',
        'neighbor 10.254.1.1 transport connection-mode passive',
      ),
      insert('spoke1.cfg', STATIC, `route VTI 10.254.1.1 255.255.255.255 ${HUB} 1`),
      remove('hub.cfg', `neighbor ${SPOKE1} update-source vti`),
    ],
    ask: { device: 'spoke1', neighbor: '10.254.1.1' },
    code: 'update-source-missing',
    layer: 'tcp',
    lines: [hub(REMOTE_SPOKE1), spoke('neighbor 10.254.1.1 remote-as 65000')],
    alone: 'unexplained',
  }),
];

const asn = (name: string, says: string, part: Partial<BgpFault> & Pick<BgpFault, 'changes' | 'lines'>): BgpFault =>
  session({ name, says, code: 'as-mismatch', layer: 'bgp', also: [FROM_HUB, TUNNEL], ...part });

const bgpFaults: readonly BgpFault[] = [
  asn('as-wrong-at-spoke', 'spoke1 takes the hub to be another AS', {
    changes: [replace('spoke1.cfg', REMOTE_HUB, `neighbor ${HUB} remote-as 65009`)],
    lines: [spoke(`neighbor ${HUB} remote-as 65009`), hub('router bgp 65000')],
  }),
  asn('as-wrong-at-hub', 'the hub takes spoke1 to be another AS', {
    changes: [replace('hub.cfg', REMOTE_SPOKE1, `neighbor ${SPOKE1} remote-as 65011`)],
    lines: [hub(`neighbor ${SPOKE1} remote-as 65011`), spoke('router bgp 65001')],
  }),
  asn('ibgp-for-ebgp', 'spoke1 takes the hub for an internal neighbor', {
    changes: [replace('spoke1.cfg', REMOTE_HUB, `neighbor ${HUB} remote-as 65001`)],
    lines: [spoke(`neighbor ${HUB} remote-as 65001`), hub('router bgp 65000')],
    code: 'as-internal-external',
    alone: 'as-mismatch',
  }),
  session({
    name: 'multihop-spoke',
    says: 'spoke1 does not allow the hub to be some hops away',
    changes: [remove('spoke1.cfg', `neighbor ${HUB} ebgp-multihop 2`)],
    code: 'not-directly-connected',
    layer: 'tcp',
    lines: [spoke(REMOTE_HUB)],
    also: [FROM_HUB, TUNNEL],
  }),
  session({
    name: 'multihop-hub',
    says: 'the hub does not allow spoke1 to be some hops away',
    changes: [remove('hub.cfg', `neighbor ${SPOKE1} ebgp-multihop 2`)],
    code: 'not-directly-connected',
    layer: 'tcp',
    lines: [hub(REMOTE_SPOKE1)],
    alone: 'neighbor-refuses',
  }),
  session({
    name: 'hold-time',
    says: 'the hub asks for a longer hold time than spoke1 offers',
    changes: [insert('hub.cfg', REMOTE_SPOKE1, `neighbor ${SPOKE1} timers 10 30 20`)],
    code: 'hold-time-refused',
    layer: 'bgp',
    lines: [hub(`neighbor ${SPOKE1} timers 10 30 20`), spoke('timers bgp 5 15 0')],
    also: [FROM_HUB, TUNNEL],
  }),
  session({
    name: 'password-mismatch',
    says: 'spoke1 and the hub have different passwords',
    changes: [
      insert('hub.cfg', REMOTE_SPOKE1, `neighbor ${SPOKE1} password hub-and-spoke`),
      insert('spoke1.cfg', REMOTE_HUB, `neighbor ${HUB} password spoke-and-hub`),
    ],
    code: 'password-mismatch',
    layer: 'tcp',
    lines: [hub(`neighbor ${SPOKE1} password hub-and-spoke`), spoke(`neighbor ${HUB} password spoke-and-hub`)],
    also: [FROM_HUB, TUNNEL],
  }),
  session({
    name: 'password-hub-only',
    says: 'the hub has a password, and spoke1 has none',
    changes: [insert('hub.cfg', REMOTE_SPOKE1, `neighbor ${SPOKE1} password hub-and-spoke`)],
    code: 'password-missing',
    layer: 'tcp',
    lines: [hub(`neighbor ${SPOKE1} password hub-and-spoke`), spoke(REMOTE_HUB)],
    also: [FROM_HUB, TUNNEL],
  }),
  session({
    name: 'password-spoke-only',
    says: 'spoke1 has a password, and the hub has none',
    changes: [insert('spoke1.cfg', REMOTE_HUB, `neighbor ${HUB} password spoke-and-hub`)],
    code: 'password-missing',
    layer: 'tcp',
    lines: [spoke(`neighbor ${HUB} password spoke-and-hub`), hub(REMOTE_SPOKE1)],
    also: [FROM_HUB, TUNNEL],
  }),
  session({
    name: 'shutdown-spoke',
    says: 'spoke1 has the hub shut down',
    changes: [insert('spoke1.cfg', REMOTE_HUB, `neighbor ${HUB} shutdown`)],
    code: 'neighbor-shutdown',
    layer: 'configuration',
    lines: [spoke(`neighbor ${HUB} shutdown`)],
    also: [FROM_HUB, TUNNEL],
  }),
  session({
    name: 'shutdown-hub',
    says: 'the hub has spoke1 shut down',
    changes: [insert('hub.cfg', REMOTE_SPOKE1, `neighbor ${SPOKE1} shutdown`)],
    code: 'neighbor-shutdown',
    layer: 'configuration',
    lines: [hub(`neighbor ${SPOKE1} shutdown`)],
    also: [FROM_HUB, TUNNEL],
    alone: 'neighbor-refuses',
  }),
  session({
    name: 'activate-off',
    says: 'spoke1 takes back that it exchanges IPv4 routes',
    changes: [replace('spoke1.cfg', `neighbor ${HUB} activate`, `no neighbor ${HUB} activate`)],
    code: 'not-activated',
    layer: 'bgp',
    lines: [spoke(`no neighbor ${HUB} activate`)],
    also: [FROM_HUB, TUNNEL],
  }),
  session({
    name: 'activate-missing',
    says: 'spoke1 does not activate the hub for IPv6',
    changes: [remove('spoke1.cfg', 'neighbor 2001:db8:172::253 activate')],
    ask: { device: 'spoke1', neighbor: '2001:db8:172::253' },
    also: [{ device: 'hub', neighbor: '2001:db8:172::5' }, TUNNEL],
    code: 'not-activated',
    layer: 'bgp',
    lines: [spoke('neighbor 2001:db8:172::253 remote-as 65000')],
    healthySessions: [...OTHERS, FROM_SPOKE, FROM_HUB],
  }),
  session({
    name: 'maximum-prefix',
    says: 'spoke1 takes fewer prefixes than the hub has',
    changes: [insert('spoke1.cfg', REMOTE_HUB, `neighbor ${HUB} maximum-prefix 1`)],
    code: 'maximum-prefix-exceeded',
    layer: 'bgp',
    lines: [spoke(`neighbor ${HUB} maximum-prefix 1`)],
    also: [FROM_HUB, TUNNEL],
  }),
];

const carries = (part: Part): BgpFault => session({ state: 'carries-nothing', ...part });

const networkFaults: readonly BgpFault[] = [
  carries({
    name: 'network-without-route',
    says: 'spoke1 announces a network that its routing table does not have',
    changes: [replace('spoke1.cfg', 'network 10.1.1.0 mask 255.255.255.0', 'network 10.1.3.0 mask 255.255.255.0')],
    code: 'network-without-route',
    layer: 'route',
    lines: [spoke('network 10.1.3.0 mask 255.255.255.0')],
    also: [
      FROM_HUB,
      TUNNEL,
      { device: 'hub', destination: '10.1.1.10' },
      { device: 'spoke2', destination: '10.1.1.10' },
    ],
  }),
  carries({
    name: 'network-missing',
    says: 'spoke1 does not announce its LAN',
    changes: [remove('spoke1.cfg', 'network 10.1.1.0 mask 255.255.255.0')],
    code: 'lan-not-announced',
    layer: 'route',
    lines: [spoke('router bgp 65001')],
    also: [
      FROM_HUB,
      TUNNEL,
      { device: 'hub', destination: '10.1.1.10' },
      { device: 'spoke2', destination: '10.1.1.0/24' },
    ],
  }),
  carries({
    name: 'prefix-list-out',
    says: 'spoke1 denies its own network toward the hub',
    changes: [
      insert(
        'spoke1.cfg',
        'ipv6 route VTI 2001:db8:172::253/128 2001:db8:172::253',
        'prefix-list OUT seq 5 deny 10.1.1.0/24',
      ),
      insert('spoke1.cfg', REMOTE_HUB, `neighbor ${HUB} prefix-list OUT out`),
    ],
    code: 'prefix-list-denies',
    layer: 'route',
    lines: [spoke('prefix-list OUT seq 5 deny 10.1.1.0/24'), spoke(`neighbor ${HUB} prefix-list OUT out`)],
    also: [FROM_HUB, TUNNEL, { device: 'hub', destination: '10.1.1.10' }],
  }),
  carries({
    name: 'prefix-list-in',
    says: "spoke1's prefix list ends without an entry for what the hub tells",
    changes: [
      insert(
        'spoke1.cfg',
        'ipv6 route VTI 2001:db8:172::253/128 2001:db8:172::253',
        'prefix-list IN seq 5 permit 192.168.0.0/16 le 24',
      ),
      insert('spoke1.cfg', REMOTE_HUB, `neighbor ${HUB} prefix-list IN in`),
    ],
    code: 'prefix-list-denies',
    layer: 'route',
    lines: [spoke(`neighbor ${HUB} prefix-list IN in`)],
    also: [FROM_HUB, TUNNEL, { device: 'spoke1', destination: '10.250.0.10' }],
  }),
  carries({
    name: 'route-map-undefined',
    says: 'the hub uses a route map that is not there',
    changes: [insert('hub.cfg', REMOTE_SPOKE1, `neighbor ${SPOKE1} route-map NOWHERE out`)],
    code: 'route-map-undefined',
    layer: 'route',
    lines: [hub(`neighbor ${SPOKE1} route-map NOWHERE out`)],
    also: [FROM_HUB, TUNNEL, { device: 'spoke1', destination: '10.250.0.10' }],
    alone: 'up',
  }),
  carries({
    name: 'route-map-denies',
    says: 'the hub denies everything from spoke1 by a route map',
    changes: [
      insert('hub.cfg', 'same-security-traffic permit intra-interface', 'route-map FROM deny 10'),
      insert('hub.cfg', REMOTE_SPOKE1, `neighbor ${SPOKE1} route-map FROM in`),
    ],
    ask: FROM_HUB,
    code: 'route-map-denies',
    layer: 'route',
    lines: [hub('route-map FROM deny 10'), hub(`neighbor ${SPOKE1} route-map FROM in`)],
    also: [FROM_SPOKE, TUNNEL, { device: 'hub', destination: '10.1.1.10' }],
  }),
  carries({
    name: 'prefix-list-partly',
    says: 'the hub denies the LAN of spoke2 toward spoke1, and nothing else',
    changes: [
      insert(
        'hub.cfg',
        'same-security-traffic permit intra-interface',
        'prefix-list PART seq 5 deny 10.1.2.0/24\nprefix-list PART seq 10 permit 0.0.0.0/0 le 32',
      ),
      insert('hub.cfg', REMOTE_SPOKE1, `neighbor ${SPOKE1} prefix-list PART out`),
    ],
    ask: { device: 'spoke1', destination: '10.1.2.10' },
    state: 'down',
    code: 'prefix-list-denies',
    layer: 'route',
    lines: [hub('prefix-list PART seq 5 deny 10.1.2.0/24'), hub(`neighbor ${SPOKE1} prefix-list PART out`)],
    also: [],
    healthySessions: [...OTHERS, FROM_SPOKE, FROM_HUB],
    alone: 'no-route',
  }),
  carries({
    name: 'next-hop-unreachable',
    says: 'the hub gives spoke1 a next hop that it can not reach',
    changes: [
      insert(
        'hub.cfg',
        'same-security-traffic permit intra-interface',
        'route-map HOP permit 10\n set ip next-hop 192.0.2.9',
      ),
      insert('hub.cfg', REMOTE_SPOKE1, `neighbor ${SPOKE1} route-map HOP out`),
    ],
    code: 'next-hop-unreachable',
    layer: 'route',
    lines: [hub('set ip next-hop 192.0.2.9')],
    also: [FROM_HUB, TUNNEL, { device: 'spoke1', destination: '10.250.0.10' }],
  }),
  carries({
    name: 'static-route-wins',
    says: 'spoke1 has a static route to the LAN behind the hub out of the outside interface',
    changes: [insert('spoke1.cfg', STATIC, 'route outside 10.250.0.0 255.255.255.0 10.0.0.99 1')],
    code: 'other-route-wins',
    layer: 'route',
    lines: [spoke('route outside 10.250.0.0 255.255.255.0 10.0.0.99 1')],
    also: [FROM_HUB, TUNNEL, { device: 'spoke1', destination: '10.250.0.10' }],
  }),
  carries({
    name: 'same-as-spokes',
    says: 'both spokes are one AS, so each takes what the other tells for a loop',
    changes: [
      replace('spoke2.cfg', 'router bgp 65002', 'router bgp 65001'),
      replace('hub.cfg', 'neighbor 172.16.1.9 remote-as 65002', 'neighbor 172.16.1.9 remote-as 65001'),
      replace('hub.cfg', 'neighbor 2001:db8:172::9 remote-as 65002', 'neighbor 2001:db8:172::9 remote-as 65001'),
    ],
    ask: { device: 'spoke1', destination: '10.1.2.10' },
    state: 'down',
    code: 'as-loop',
    layer: 'route',
    lines: [spoke(REMOTE_HUB)],
    also: [],
    alone: 'no-route',
  }),
];

export const bgpTable: readonly BgpFault[] = [...routeFaults, ...addressFaults, ...bgpFaults, ...networkFaults];
