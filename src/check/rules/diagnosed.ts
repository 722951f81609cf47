/**
 * What the diagnosis of `explain` finds in configurations alone: the same rules that say why a running tunnel or session
 * is down, asked before anything runs. Their ids are its codes.
 */
import type { Family, Rule, Severity } from '../rule.ts';

type Row = readonly [id: string, severity: Severity, claim: string, explanation: string];

const TUNNEL: readonly Row[] = [
  [
    'nameif-missing',
    'error',
    'A tunnel interface has no nameif',
    'An ASA brings up no interface without a name. Write `nameif` in it.',
  ],
  [
    'tunnel-shutdown',
    'note',
    'A tunnel interface is shut down',
    'It is off by its own line; `no shutdown` lets it run.',
  ],
  [
    'tunnel-address-missing',
    'error',
    'A tunnel interface has no address',
    'Nothing is routed through an interface without one.',
  ],
  [
    'unnumbered-missing',
    'error',
    'A virtual template borrows its address from nothing',
    'Clones take the address of the interface that `ip unnumbered` names: it must exist and have one.',
  ],
  ['tunnel-source-missing', 'error', 'A tunnel has no source', 'Write `tunnel source interface`.'],
  [
    'tunnel-source-undefined',
    'error',
    'The source interface of a tunnel does not exist or has no address',
    'Outer packets have no address to come from.',
  ],
  [
    'tunnel-destination-missing',
    'error',
    'A tunnel has no destination',
    'Write `tunnel destination`, or use a virtual template for peers whose address is not known.',
  ],
  [
    'tunnel-destination-own',
    'error',
    'A tunnel leads to the device itself',
    'The destination is an address of its own.',
  ],
  [
    'tunnel-mode-missing',
    'error',
    'A tunnel has no mode',
    'Write `tunnel mode ipsec ipv4` or `ipv6`, as the destination is.',
  ],
  [
    'tunnel-family-mismatch',
    'error',
    'The mode of a tunnel does not fit its destination',
    'An IPv4 destination needs `tunnel mode ipsec ipv4`.',
  ],
  [
    'tunnel-twin',
    'error',
    'Two tunnels have the same two ends',
    'Packets could not be told apart: one of the two never comes up.',
  ],
  [
    'tunnel-protection-missing',
    'error',
    'A tunnel has no IPsec profile',
    'Write `tunnel protection ipsec profile NAME`.',
  ],
  [
    'profile-undefined',
    'error',
    'A tunnel names an IPsec profile that does not exist',
    'Define it, or correct the name.',
  ],
  [
    'ipsec-proposal-undefined',
    'error',
    'An IPsec profile names a proposal that does not exist',
    'Define it, or correct the name.',
  ],
  [
    'ikev2-not-enabled',
    'error',
    'IKEv2 is not enabled where a tunnel comes from',
    'Write `crypto ikev2 enable` for the outer interface.',
  ],
  ['ikev2-not-allowed', 'error', 'A group policy does not let IKEv2 in', 'Add `ikev2` to `vpn-tunnel-protocol`.'],
  ['ike-policy-missing', 'error', 'A device has no IKEv2 policy', 'It has nothing to offer and accepts nothing.'],
  [
    'tunnel-group-missing',
    'error',
    'No tunnel-group is for the other end',
    'Name one after the address of the peer, or its identity.',
  ],
  [
    'tunnel-group-of-another-name',
    'error',
    'The tunnel-group is named otherwise than the peer',
    'The group of a static tunnel has the name of its destination.',
  ],
  ['key-missing', 'error', 'A tunnel-group lacks a key', 'IKEv2 needs one for each direction: local and remote.'],
  [
    'virtual-template-missing',
    'error',
    'A tunnel-group of a hub has no virtual template',
    'Peers without a tunnel of their own need `virtual-template N`.',
  ],
  [
    'virtual-template-undefined',
    'error',
    'A virtual template that is named does not exist',
    'Define `interface Virtual-Template N type tunnel`.',
  ],
  [
    'certificate-missing',
    'error',
    'An end signs with a certificate that it does not have',
    'Name a trustpoint that is enrolled.',
  ],
  [
    'recursive-routing',
    'error',
    'The way to the end of a tunnel leads through the tunnel',
    'Outer packets would be put into the tunnel again. Give the destination a route by the outer interface.',
  ],
  ['outer-shutdown', 'error', 'The outer interface of a tunnel is shut down', 'No packet leaves or comes.'],
  [
    'outer-route-missing',
    'error',
    'There is no route to the other end of a tunnel',
    'Write a static route to it by the outer interface.',
  ],
  ['mtu-black-hole', 'warning', 'Large packets vanish', 'See `wheelwright explain mtu`.'],
  [
    'replay-window-too-small',
    'warning',
    'The replay window is too small for the path',
    'Packets that overtake one another are dropped.',
  ],
];

const ROUTING: readonly Row[] = [
  [
    'route-set-interface-missing',
    'error',
    'A hub does not tell its tunnel address to the other end',
    'Write `ikev2 route set interface` in the tunnel-group, or a static route at the other end.',
  ],
  [
    'route-accept-off',
    'error',
    'A device takes no routes from IKE',
    '`no ikev2 route accept` leaves it without a way to the address of the other end.',
  ],
  [
    'route-missing',
    'error',
    'There is no route to a neighbor',
    'Sessions need a way to the address of the neighbor, through the tunnel.',
  ],
  [
    'route-astray',
    'error',
    'The route to a neighbor leads elsewhere than through its tunnel',
    'Correct the interface or the next hop of the static route.',
  ],
  ['neighbor-route-disagree', 'error', 'Neighbor and route do not name the same address', 'One of the two has a slip.'],
  [
    'neighbor-not-tunnel-address',
    'error',
    'A neighbor is not the address that the other end speaks from',
    'Name its tunnel address, or set `update-source` there.',
  ],
  ['no-such-neighbor', 'error', 'No device has the address of a neighbor', 'Correct the address.'],
  [
    'neighbor-refuses',
    'error',
    'The other end takes no session from this address',
    'Its neighbor lines are for another address.',
  ],
  ['neighbor-shutdown', 'note', 'A neighbor is shut down', 'It is off by its own line.'],
  [
    'update-source-unusable',
    'error',
    'The source of a session has no address of its family',
    'Correct `update-source`.',
  ],
  [
    'update-source-missing',
    'error',
    'A session comes from another address than the other end expects',
    'Write `update-source`.',
  ],
  [
    'update-source-mismatch',
    'error',
    'A session comes from another address than the other end expects',
    'Correct `update-source`.',
  ],
  ['password-missing', 'error', 'Only one end of a session has a password', 'Write it at both ends, or at none.'],
  [
    'firewall-breaks-md5',
    'warning',
    'A firewall in the path breaks signed sessions',
    'It must neither clear TCP option 19 nor change sequence numbers.',
  ],
  [
    'firewall-denies',
    'error',
    'A firewall in the path lets the session not pass',
    'Permit TCP port 179 in its access list.',
  ],
  [
    'ibgp-for-ebgp',
    'error',
    'One end takes the session for internal, the other for external',
    'Correct the AS numbers.',
  ],
  ['lan-not-announced', 'warning', 'A LAN is announced to nobody', 'No `network` or `redistribute` line is for it.'],
  [
    'network-without-route',
    'warning',
    'A network is to be announced that is not in the routing table',
    'The mask must be that of the route.',
  ],
  [
    'route-policy-denies',
    'warning',
    'A policy lets nothing pass',
    'A prefix list or route map denies what is to be told, or does not exist.',
  ],
  [
    'not-reflected',
    'error',
    'A hub does not pass routes between internal neighbors',
    'Write `route-reflector-client` for them (RFC 4456).',
  ],
  ['routing-loop', 'error', 'Packets go round in a circle', 'Follow the next hops.'],
  ['null-route', 'warning', 'A route drops what it matches', 'It goes before the way through the tunnel.'],
  ['no-route', 'error', 'There is no route', 'Packets are dropped.'],
];

const ofRows = (family: Family, rows: readonly Row[]): readonly Rule[] =>
  rows.map(([id, severity, claim, explanation]) => ({ id, family, severity, claim, explanation }));

export const diagnosedRules: readonly Rule[] = [...ofRows('tunnel', TUNNEL), ...ofRows('routing', ROUTING)];
