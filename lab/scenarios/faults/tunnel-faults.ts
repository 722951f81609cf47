/** The faults of tunnels: what is broken and what the diagnosis must say of it. */
import assert from 'node:assert/strict';
import { after, IpAddress } from '../../../src/base/index.ts';
import { explainTunnel } from '../../../src/explain/index.ts';
import { HostNode, type Lab, labEvidence } from '../../../src/lab/index.ts';
import { type Change, type Fault, insert, named, remove, replace } from './fault.ts';

const HEALTHY = 'lab/scenarios/faults/healthy/topology.yaml';

const NAT = 'lab/scenarios/behind-nat/topology.yaml';
const PAIR = 'lab/scenarios/faults/pair/topology.yaml';
const EXAMPLE = 'examples/hub-and-spoke/topology.yaml';
const NAT_NODE = 'nat: { kind: nat, inside: [192.168.1.254/24], outside: 10.0.0.9/24 }';
const POLICY = 'crypto ikev2 policy 10';
const TUNNEL1 = { device: 'spoke1', tunnel: 'Tunnel1' };
/** What a fault of spoke1's tunnel leaves alone. */
const OTHERS = ['spoke2 Tunnel1'];

const broken = (fault: Omit<Fault, 'topology' | 'ask'> & Partial<Fault>): Fault => ({
  topology: HEALTHY,
  ask: TUNNEL1,
  ...fault,
});

/** A firewall between a device and the segment outside. */
function firewall(device: string, port: number): readonly Change[] {
  const link = `endpoints: ["${device}:GigabitEthernet0/0", "internet:p2"]`;
  const there = `endpoints: ["${device}:GigabitEthernet0/0", "guard:a"]`;
  return [
    insert(
      'topology.yaml',
      'internet: { kind: bridge }',
      `guard: { kind: firewall, drop: [{ protocol: udp, port: ${port} }] }`,
    ),
    replace(
      'topology.yaml',
      `- { name: ${device}-outside, ${link}, delay: 5ms }`,
      `- { name: ${device}-outside, ${there}, delay: 5ms }\n- { endpoints: ["guard:b", "internet:p2"] }`,
    ),
  ];
}

/** Group 19 everywhere but at spoke1. */
function pfsGroups(more: string): readonly Change[] {
  const line = 'set ikev2 ipsec-proposal IPSEC_PROP';
  return [
    insert('hub.cfg', line, `set pfs group19${more}`),
    insert('spoke2.cfg', line, `set pfs group19${more}`),
    insert('spoke1.cfg', line, `set pfs group14${more}`),
  ];
}

/** Large pings from spoke1's LAN, one each millisecond. */
function flood(lab: Lab): void {
  const destination = IpAddress.parse('10.250.0.10') ?? IpAddress.any(4);
  const request = { destination, count: 2000, size: 1300, df: false, timeoutMs: 2000, intervalMs: 1 };
  lab.node('lan1', HostNode).ping(request, lab.now, () => {});
}

const ikeMismatch = (word: string, from: string, to: string, code: string): Fault =>
  broken({
    name: `ike-${word}`,
    says: `spoke1 has another ${word} in its IKE policy`,
    changes: [replace('spoke1.cfg', from, to, POLICY)],
    code,
    layer: 'ike-sa-init',
    lines: [named('spoke1.cfg', to, POLICY), named('hub.cfg', from, POLICY)],
    alone: 'ike-proposal-mismatch',
    healthy: OTHERS,
  });

export const tunnelFaults: readonly Fault[] = [
  ikeMismatch('encryption', 'encryption aes-256', 'encryption aes-192', 'ike-encryption-mismatch'),
  ikeMismatch('integrity', 'integrity sha384', 'integrity sha256', 'ike-integrity-mismatch'),
  ikeMismatch('prf', 'prf sha384', 'prf sha512', 'ike-prf-mismatch'),
  ikeMismatch('group', 'group 19', 'group 14', 'ike-group-mismatch'),
  broken({
    name: 'ike-aead',
    says: 'spoke1 has an IKE policy with AES-GCM, the hub one with AES-CBC',
    changes: [
      replace('spoke1.cfg', 'encryption aes-256', 'encryption aes-gcm-256', POLICY),
      replace('spoke1.cfg', 'integrity sha384', 'integrity null', POLICY),
    ],
    code: 'ike-encryption-mismatch',
    layer: 'ike-sa-init',
    lines: [named('hub.cfg', 'encryption aes-256', POLICY), named('spoke1.cfg', 'encryption aes-gcm-256', POLICY)],
    alone: 'ike-proposal-mismatch',
    healthy: OTHERS,
  }),
  broken({
    name: 'ike-several',
    says: 'spoke1 has another encryption and another group in its IKE policy',
    changes: [
      replace('spoke1.cfg', 'encryption aes-256', 'encryption aes', POLICY),
      replace('spoke1.cfg', 'group 19', 'group 21', POLICY),
    ],
    code: 'ike-proposal-mismatch',
    layer: 'ike-sa-init',
    lines: [
      named('hub.cfg', 'encryption aes-256', POLICY),
      named('spoke1.cfg', 'encryption aes', POLICY),
      named('hub.cfg', 'group 19', POLICY),
      named('spoke1.cfg', 'group 21', POLICY),
    ],
    healthy: OTHERS,
  }),
  broken({
    name: 'esp-encryption',
    says: 'spoke1 has another encryption in its ipsec-proposal',
    changes: [replace('spoke1.cfg', 'protocol esp encryption aes', 'protocol esp encryption aes-256')],
    code: 'esp-encryption-mismatch',
    layer: 'child-sa',
    lines: [named('hub.cfg', 'protocol esp encryption aes'), named('spoke1.cfg', 'protocol esp encryption aes-256')],
    alone: 'esp-proposal-mismatch',
    healthy: OTHERS,
  }),
  broken({
    name: 'esp-integrity',
    says: 'spoke1 has another integrity in its ipsec-proposal',
    changes: [replace('spoke1.cfg', 'protocol esp integrity sha-1', 'protocol esp integrity sha-256')],
    code: 'esp-integrity-mismatch',
    layer: 'child-sa',
    lines: [named('hub.cfg', 'protocol esp integrity sha-1'), named('spoke1.cfg', 'protocol esp integrity sha-256')],
    alone: 'esp-proposal-mismatch',
    healthy: OTHERS,
  }),
  broken({
    name: 'esp-aead',
    says: 'spoke1 has AES-GCM in its ipsec-proposal, the hub AES-CBC',
    changes: [
      replace('spoke1.cfg', 'protocol esp encryption aes', 'protocol esp encryption aes-gcm-256'),
      replace('spoke1.cfg', 'protocol esp integrity sha-1', 'protocol esp integrity null'),
    ],
    code: 'esp-encryption-mismatch',
    layer: 'child-sa',
    lines: [
      named('hub.cfg', 'protocol esp encryption aes'),
      named('spoke1.cfg', 'protocol esp encryption aes-gcm-256'),
    ],
    alone: 'esp-proposal-mismatch',
    healthy: OTHERS,
  }),
  broken({
    name: 'key-local',
    says: 'spoke1 proves another key than the hub expects',
    changes: [
      replace(
        'spoke1.cfg',
        'ikev2 local-authentication pre-shared-key spoke1-to-hub1',
        'ikev2 local-authentication pre-shared-key spoke1-to-hub0',
      ),
    ],
    code: 'key-mismatch',
    layer: 'ike-auth',
    lines: [
      named('spoke1.cfg', 'ikev2 local-authentication pre-shared-key spoke1-to-hub0'),
      named('hub.cfg', 'ikev2 remote-authentication pre-shared-key spoke1-to-hub1'),
    ],
    alone: 'authentication-refused',
    healthy: OTHERS,
  }),
  broken({
    name: 'key-remote',
    says: 'spoke1 expects another key than the hub proves',
    changes: [
      replace(
        'spoke1.cfg',
        'ikev2 remote-authentication pre-shared-key hub1-to-spoke1',
        'ikev2 remote-authentication pre-shared-key hub1-to-spoke9',
      ),
    ],
    code: 'key-mismatch',
    layer: 'ike-auth',
    lines: [
      named('spoke1.cfg', 'ikev2 remote-authentication pre-shared-key hub1-to-spoke9'),
      named('hub.cfg', 'ikev2 local-authentication pre-shared-key hub1-to-spoke1'),
    ],
    healthy: OTHERS,
  }),
  broken({
    name: 'key-hub',
    says: 'the hub has another key for spoke1; the question is put to the hub',
    changes: [
      replace(
        'hub.cfg',
        'ikev2 remote-authentication pre-shared-key spoke1-to-hub1',
        'ikev2 remote-authentication pre-shared-key spoke1-to-hub7',
      ),
    ],
    ask: { device: 'hub', tunnel: '10.0.0.1' },
    code: 'key-mismatch',
    layer: 'ike-auth',
    lines: [
      named('spoke1.cfg', 'ikev2 local-authentication pre-shared-key spoke1-to-hub1'),
      named('hub.cfg', 'ikev2 remote-authentication pre-shared-key spoke1-to-hub7'),
    ],
    healthy: OTHERS,
  }),
  broken({
    name: 'group-spoke-named-otherwise',
    says: "spoke1's tunnel-group is not named for its tunnel's destination",
    changes: [
      replace('spoke1.cfg', 'tunnel-group 10.0.0.253 type ipsec-l2l', 'tunnel-group 10.0.0.235 type ipsec-l2l'),
      replace('spoke1.cfg', 'tunnel-group 10.0.0.253 ipsec-attributes', 'tunnel-group 10.0.0.235 ipsec-attributes'),
    ],
    code: 'tunnel-group-name',
    layer: 'configuration',
    lines: [
      named('spoke1.cfg', 'tunnel destination 10.0.0.253'),
      named('spoke1.cfg', 'tunnel-group 10.0.0.235 type ipsec-l2l'),
    ],
    healthy: OTHERS,
  }),
  broken({
    name: 'ikev2-enable-spoke',
    says: 'spoke1 does not enable IKEv2',
    changes: [remove('spoke1.cfg', 'crypto ikev2 enable outside')],
    code: 'ikev2-not-enabled',
    layer: 'configuration',
    lines: [named('spoke1.cfg', 'tunnel source interface outside')],
    healthy: OTHERS,
  }),
  broken({
    name: 'ikev2-enable-hub',
    says: 'the hub does not enable IKEv2',
    changes: [remove('hub.cfg', 'crypto ikev2 enable outside')],
    code: 'ikev2-not-enabled',
    layer: 'ike-sa-init',
    lines: [named('spoke1.cfg', 'tunnel destination 10.0.0.253'), named('hub.cfg', 'nameif outside')],
    alone: 'no-answer',
    healthy: [],
  }),
  broken({
    name: 'tunnel-nameif',
    says: "spoke1's tunnel has no nameif",
    changes: [remove('spoke1.cfg', 'nameif VTI')],
    code: 'nameif-missing',
    layer: 'configuration',
    lines: [named('spoke1.cfg', 'interface Tunnel1')],
    healthy: OTHERS,
  }),
  broken({
    name: 'tunnel-shutdown',
    says: "spoke1's tunnel is shut down",
    changes: [insert('spoke1.cfg', 'nameif VTI', 'shutdown')],
    code: 'tunnel-shutdown',
    layer: 'configuration',
    lines: [named('spoke1.cfg', 'shutdown')],
    healthy: OTHERS,
  }),
  broken({
    name: 'tunnel-address',
    says: "spoke1's tunnel has no address",
    changes: [
      remove('spoke1.cfg', 'ip address 172.16.1.5 255.255.255.254'),
      remove('spoke1.cfg', 'ipv6 address 2001:db8:172::5/127'),
    ],
    code: 'tunnel-address-missing',
    layer: 'configuration',
    lines: [named('spoke1.cfg', 'interface Tunnel1')],
    mendable: false,
    healthy: OTHERS,
  }),
  broken({
    name: 'tunnel-source-missing',
    says: "spoke1's tunnel has no source",
    changes: [remove('spoke1.cfg', 'tunnel source interface outside')],
    code: 'tunnel-source-missing',
    layer: 'configuration',
    lines: [named('spoke1.cfg', 'interface Tunnel1')],
    healthy: OTHERS,
  }),
  broken({
    name: 'tunnel-source-undefined',
    says: "spoke1's tunnel leaves by an interface that is not there",
    changes: [replace('spoke1.cfg', 'tunnel source interface outside', 'tunnel source interface outsid')],
    code: 'tunnel-source-undefined',
    layer: 'configuration',
    lines: [named('spoke1.cfg', 'tunnel source interface outsid')],
    healthy: OTHERS,
  }),
  broken({
    name: 'tunnel-destination-missing',
    says: "spoke1's tunnel has no destination",
    changes: [remove('spoke1.cfg', 'tunnel destination 10.0.0.253')],
    code: 'tunnel-destination-missing',
    layer: 'configuration',
    lines: [named('spoke1.cfg', 'interface Tunnel1')],
    healthy: OTHERS,
  }),
  broken({
    name: 'tunnel-destination-wrong',
    says: "spoke1's tunnel leads to an address that nobody has",
    changes: [replace('spoke1.cfg', 'tunnel destination 10.0.0.253', 'tunnel destination 10.0.0.235')],
    code: 'tunnel-destination-unknown',
    layer: 'reachability',
    lines: [
      named('spoke1.cfg', 'tunnel destination 10.0.0.235'),
      named('hub.cfg', 'ip address 10.0.0.253 255.255.255.0'),
    ],
    alone: 'tunnel-group-name',
    healthy: OTHERS,
  }),
  broken({
    name: 'tunnel-mode-missing',
    says: "spoke1's tunnel has no mode",
    changes: [remove('spoke1.cfg', 'tunnel mode ipsec ipv4')],
    code: 'tunnel-mode-missing',
    layer: 'configuration',
    lines: [named('spoke1.cfg', 'interface Tunnel1')],
    healthy: OTHERS,
  }),
  broken({
    name: 'tunnel-mode-family',
    says: "spoke1's tunnel has an IPv6 mode and an IPv4 destination: its configuration is refused",
    changes: [replace('spoke1.cfg', 'tunnel mode ipsec ipv4', 'tunnel mode ipsec ipv6')],
    code: 'tunnel-family-mismatch',
    layer: 'configuration',
    lines: [named('spoke1.cfg', 'tunnel destination 10.0.0.253'), named('spoke1.cfg', 'tunnel mode ipsec ipv6')],
  }),
  broken({
    name: 'tunnel-protection-missing',
    says: "spoke1's tunnel has no protection",
    changes: [remove('spoke1.cfg', 'tunnel protection ipsec profile VTI')],
    code: 'tunnel-protection-missing',
    layer: 'configuration',
    lines: [named('spoke1.cfg', 'interface Tunnel1')],
    healthy: OTHERS,
  }),
  broken({
    name: 'profile-undefined',
    says: "spoke1's tunnel names a profile that is not there",
    changes: [replace('spoke1.cfg', 'tunnel protection ipsec profile VTI', 'tunnel protection ipsec profile VTl')],
    code: 'profile-undefined',
    layer: 'configuration',
    lines: [named('spoke1.cfg', 'tunnel protection ipsec profile VTl')],
    healthy: OTHERS,
  }),
  broken({
    name: 'ipsec-proposal-undefined',
    says: "spoke1's profile names a proposal that is not there",
    changes: [replace('spoke1.cfg', 'set ikev2 ipsec-proposal IPSEC_PROP', 'set ikev2 ipsec-proposal IPSEC_PROF')],
    code: 'ipsec-proposal-undefined',
    layer: 'configuration',
    lines: [named('spoke1.cfg', 'set ikev2 ipsec-proposal IPSEC_PROF')],
    healthy: OTHERS,
  }),
  broken({
    name: 'virtual-template-missing',
    says: "the hub's tunnel-group for spoke1 names no virtual template",
    changes: [remove('hub.cfg', 'virtual-template 1', 'tunnel-group 10.0.0.1 ipsec-attributes')],
    code: 'virtual-template-missing',
    layer: 'ike-auth',
    lines: [
      named('spoke1.cfg', 'tunnel destination 10.0.0.253'),
      named('hub.cfg', 'tunnel-group 10.0.0.1 type ipsec-l2l'),
    ],
    alone: 'authentication-refused',
    healthy: OTHERS,
  }),
  broken({
    name: 'virtual-template-undefined',
    says: "the hub's tunnel-group for spoke1 names a virtual template that is not there",
    changes: [replace('hub.cfg', 'virtual-template 1', 'virtual-template 7', 'tunnel-group 10.0.0.1 ipsec-attributes')],
    code: 'virtual-template-undefined',
    layer: 'ike-auth',
    lines: [named('spoke1.cfg', 'tunnel destination 10.0.0.253'), named('hub.cfg', 'virtual-template 7')],
    alone: 'authentication-refused',
    healthy: OTHERS,
  }),
  broken({
    name: 'template-unprotected',
    says: "the hub's virtual template has no protection",
    changes: [remove('hub.cfg', 'tunnel protection ipsec profile VTI')],
    code: 'tunnel-protection-missing',
    layer: 'ike-auth',
    lines: [named('hub.cfg', 'interface virtual-Template 1 type tunnel')],
    alone: 'authentication-refused',
    healthy: [],
  }),
  broken({
    name: 'group-hub-missing',
    says: 'the hub has no tunnel-group for spoke1',
    changes: [
      replace('hub.cfg', 'tunnel-group 10.0.0.1 type ipsec-l2l', 'tunnel-group 10.0.0.3 type ipsec-l2l'),
      replace('hub.cfg', 'tunnel-group 10.0.0.1 ipsec-attributes', 'tunnel-group 10.0.0.3 ipsec-attributes'),
    ],
    code: 'tunnel-group-missing',
    layer: 'ike-auth',
    lines: [named('spoke1.cfg', 'ip address 10.0.0.1 255.255.255.0')],
    alone: 'authentication-refused',
    healthy: OTHERS,
  }),
  broken({
    name: 'group-hub-keyless',
    says: "the hub's tunnel-group for spoke1 lacks a key",
    changes: [remove('hub.cfg', 'ikev2 local-authentication pre-shared-key hub1-to-spoke1')],
    code: 'key-missing',
    layer: 'ike-auth',
    lines: [named('hub.cfg', 'tunnel-group 10.0.0.1 type ipsec-l2l')],
    alone: 'authentication-refused',
    healthy: OTHERS,
  }),
  broken({
    name: 'group-policy',
    says: "the group policy of the hub's tunnel-group lets only IKEv1 in",
    changes: [
      insert(
        'hub.cfg',
        'tunnel-group 10.0.0.1 type ipsec-l2l',
        [
          'group-policy GP internal',
          'group-policy GP attributes',
          ' vpn-tunnel-protocol ikev1',
          'tunnel-group 10.0.0.1 general-attributes',
          ' default-group-policy GP',
        ].join('\n'),
      ),
    ],
    code: 'ikev2-not-allowed',
    layer: 'ike-auth',
    lines: [named('hub.cfg', 'default-group-policy GP'), named('hub.cfg', 'vpn-tunnel-protocol ikev1')],
    alone: 'authentication-refused',
    healthy: OTHERS,
  }),
  broken({
    name: 'identity-hostname',
    says: 'spoke1 calls itself by its name, and the hub knows it by its address',
    changes: [insert('spoke1.cfg', 'crypto ikev2 enable outside', 'crypto isakmp identity hostname')],
    code: 'identity-mismatch',
    layer: 'ike-auth',
    lines: [
      named('spoke1.cfg', 'crypto isakmp identity hostname'),
      named('hub.cfg', 'tunnel-group 10.0.0.1 type ipsec-l2l'),
    ],
    alone: 'authentication-refused',
    healthy: OTHERS,
  }),
  broken({
    name: 'identity-validated',
    says: 'the hub calls itself by a key-id, and spoke1 insists on the name of its tunnel-group',
    changes: [
      insert('hub.cfg', 'crypto ikev2 enable outside', 'crypto isakmp identity key-id centre'),
      insert('spoke1.cfg', 'tunnel-group 10.0.0.253 ipsec-attributes', ' peer-id-validate req'),
      insert('spoke2.cfg', 'tunnel-group 10.0.0.253 ipsec-attributes', ' peer-id-validate nocheck'),
    ],
    code: 'identity-mismatch',
    layer: 'ike-auth',
    lines: [named('hub.cfg', 'crypto isakmp identity key-id centre'), named('spoke1.cfg', 'peer-id-validate req')],
    healthy: OTHERS,
  }),
  broken({
    name: 'outer-shutdown',
    says: "spoke1's outer interface is shut down",
    changes: [replace('spoke1.cfg', 'no shutdown', 'shutdown', 'interface GigabitEthernet0/0')],
    code: 'outer-shutdown',
    layer: 'reachability',
    lines: [named('spoke1.cfg', 'shutdown')],
    healthy: OTHERS,
  }),
  broken({
    name: 'cable',
    says: "spoke1's outer cable is pulled after 40 seconds",
    changes: [],
    act: (lab) => lab.setLink('spoke1-outside', false),
    forMs: 40_000,
    code: 'outer-no-carrier',
    layer: 'reachability',
    lines: [],
    mendable: false,
    healthy: OTHERS,
  }),
  {
    name: 'outer-route',
    says: 'spoke1, behind a NAT, has no default route',
    topology: NAT,
    changes: [remove('spoke1.cfg', 'route outside 0.0.0.0 0.0.0.0 192.168.1.254 1')],
    ask: TUNNEL1,
    code: 'outer-route-missing',
    layer: 'reachability',
    lines: [named('spoke1.cfg', 'tunnel destination 10.0.0.253')],
    healthy: OTHERS,
  },
  broken({
    name: 'recursion',
    says: "spoke1's route to the hub's outer address leads through the tunnel",
    changes: [
      insert(
        'spoke1.cfg',
        'route VTI 172.16.1.253 255.255.255.255 172.16.1.253 1',
        'route VTI 10.0.0.253 255.255.255.255 172.16.1.253 1',
      ),
    ],
    code: 'recursive-routing',
    layer: 'reachability',
    state: 'carries-nothing',
    lines: [
      named('spoke1.cfg', 'tunnel destination 10.0.0.253'),
      named('spoke1.cfg', 'route VTI 10.0.0.253 255.255.255.255 172.16.1.253 1'),
    ],
    healthy: OTHERS,
  }),
  {
    name: 'recursion-learnt',
    says: 'the hub tells its outer subnet over the tunnels, which is longer than the default route of the spokes',
    topology: NAT,
    changes: [insert('hub.cfg', 'network 10.250.0.0 mask 255.255.255.0', 'network 10.0.0.0 mask 255.255.255.0')],
    ask: TUNNEL1,
    code: 'recursive-routing',
    layer: 'reachability',
    state: 'will-fail',
    lines: [
      named('spoke1.cfg', 'route outside 0.0.0.0 0.0.0.0 192.168.1.254 1'),
      named('hub.cfg', 'network 10.0.0.0 mask 255.255.255.0'),
    ],
  },
  broken({
    name: 'firewall-500',
    says: 'a firewall before spoke1 drops UDP 500',
    changes: firewall('spoke1', 500),
    code: 'udp-500-blocked',
    layer: 'ike-sa-init',
    alone: 'no-answer',
    lines: [],
    mendable: false,
    healthy: OTHERS,
  }),
  {
    name: 'firewall-4500',
    says: 'a firewall before spoke1, which is behind a NAT, drops UDP 4500',
    topology: NAT,
    changes: [
      insert(
        'topology.yaml',
        'home: { kind: bridge }',
        'guard: { kind: firewall, drop: [{ protocol: udp, port: 4500 }] }',
      ),
      replace(
        'topology.yaml',
        '- { name: spoke1-outside, endpoints: ["spoke1:GigabitEthernet0/0", "home:p1"] }',
        '- { name: spoke1-outside, endpoints: ["spoke1:GigabitEthernet0/0", "guard:a"] }\n- { endpoints: ["guard:b", "home:p1"] }',
      ),
    ],
    ask: TUNNEL1,
    code: 'udp-4500-blocked',
    layer: 'ike-auth',
    alone: 'no-answer',
    lines: [],
    mendable: false,
    healthy: OTHERS,
  },
  {
    name: 'nat-key',
    says: 'spoke1, behind a NAT, proves another key than the default group of the hub expects',
    topology: NAT,
    changes: [
      replace(
        'spoke1.cfg',
        'ikev2 local-authentication pre-shared-key from-spokes',
        'ikev2 local-authentication pre-shared-key from-spoke',
      ),
    ],
    ask: TUNNEL1,
    code: 'key-mismatch',
    layer: 'ike-auth',
    lines: [
      named('spoke1.cfg', 'ikev2 local-authentication pre-shared-key from-spoke'),
      named('hub.cfg', 'ikev2 remote-authentication pre-shared-key from-spokes'),
    ],
    alone: 'authentication-refused',
    healthy: OTHERS,
  },
  {
    name: 'nat-group',
    says: 'the hub has no tunnel-group that fits spokes behind a NAT',
    topology: NAT,
    changes: [
      replace(
        'hub.cfg',
        'tunnel-group DefaultL2LGroup ipsec-attributes',
        'tunnel-group 10.0.0.7 type ipsec-l2l\ntunnel-group 10.0.0.7 ipsec-attributes',
      ),
    ],
    ask: TUNNEL1,
    code: 'tunnel-group-missing',
    layer: 'ike-auth',
    lines: [named('spoke1.cfg', 'ip address 192.168.1.1 255.255.255.0')],
    alone: 'authentication-refused',
  },
  {
    name: 'nat-forgets',
    says: 'the NAT forgets after 30 seconds what spoke2 refreshes only every 120',
    topology: NAT,
    changes: [
      replace('topology.yaml', NAT_NODE, NAT_NODE.replace(' }', ', timeouts: { udp: 30s } }')),
      insert('spoke2.cfg', 'crypto ikev2 enable outside', 'crypto isakmp nat-traversal 120'),
      insert('hub.cfg', 'tunnel-group DefaultL2LGroup ipsec-attributes', ' isakmp keepalive threshold 600 retry 10'),
      insert('spoke2.cfg', 'tunnel-group 10.0.0.253 ipsec-attributes', ' isakmp keepalive threshold 600 retry 10'),
      replace('hub.cfg', 'timers bgp 5 15 0', 'timers bgp 60 180 0'),
      replace('spoke2.cfg', 'timers bgp 5 15 0', 'timers bgp 60 180 0'),
    ],
    ask: { device: 'spoke2', tunnel: 'Tunnel1' },
    forMs: 200_000,
    code: 'nat-forgets',
    layer: 'path',
    state: 'will-fail',
    lines: [named('spoke2.cfg', 'crypto isakmp nat-traversal 120')],
    alone: 'up',
    healthy: ['spoke1 Tunnel1'],
    mended: (lab) => {
      lab.run({ until: after(lab.now, 200_000) });
      const { log } = labEvidence(lab).get('hub')?.snapshot ?? { log: [] };
      assert.deepEqual(
        log.filter(({ code }) => code === 'peer-moved'),
        [],
      );
    },
  },
  {
    name: 'selectors',
    says: 'one end has only an IPv6 tunnel address, the other only an IPv4 one',
    topology: PAIR,
    changes: [replace('left.cfg', 'ip address 172.16.0.1 255.255.255.252', 'ipv6 address 2001:db8:172::1/126')],
    ask: { device: 'left', tunnel: 'Tunnel1' },
    code: 'selectors-mismatch',
    layer: 'child-sa',
    lines: [
      named('left.cfg', 'ipv6 address 2001:db8:172::1/126'),
      named('right.cfg', 'ip address 172.16.0.2 255.255.255.252'),
    ],
  },
  {
    name: 'nobody-begins',
    says: 'both ends only answer',
    topology: PAIR,
    changes: [
      insert('left.cfg', 'set ikev2 ipsec-proposal IPSEC_PROP', 'responder-only'),
      insert('right.cfg', 'set ikev2 ipsec-proposal IPSEC_PROP', 'responder-only'),
    ],
    ask: { device: 'left', tunnel: 'Tunnel1' },
    code: 'nobody-begins',
    layer: 'child-sa',
    lines: [named('left.cfg', 'responder-only'), named('right.cfg', 'responder-only')],
  },
  broken({
    name: 'pfs',
    says: 'spoke1 and the hub have different PFS groups: it shows at the first rekey',
    changes: pfsGroups(''),
    code: 'pfs-mismatch',
    layer: 'child-sa',
    state: 'will-fail',
    lines: [named('spoke1.cfg', 'set pfs group14'), named('hub.cfg', 'set pfs group19')],
    alone: 'up',
    healthy: OTHERS,
  }),
  broken({
    name: 'pfs-expired',
    says: 'the same with lifetimes of two minutes, after the first has ended',
    changes: pfsGroups('\nset security-association lifetime seconds 120'),
    forMs: 140_000,
    code: 'pfs-mismatch',
    layer: 'child-sa',
    lines: [named('spoke1.cfg', 'set pfs group14'), named('hub.cfg', 'set pfs group19')],
    healthy: OTHERS,
    mended: (lab) => {
      lab.run({ until: after(lab.now, 300_000) });
      assert.equal(explainTunnel(labEvidence(lab), 'spoke1', 'Tunnel1').state, 'up');
    },
  }),
  broken({
    name: 'volume-expiry',
    says: 'child SAs end after 10 kB, and a rekey takes longer than 10 kB do',
    changes: [
      insert('spoke1.cfg', 'set ikev2 ipsec-proposal IPSEC_PROP', 'set security-association lifetime kilobytes 10'),
    ],
    act: flood,
    code: 'volume-expiry',
    layer: 'tunnel',
    state: 'carries-nothing',
    lines: [named('spoke1.cfg', 'set security-association lifetime kilobytes 10')],
    healthy: OTHERS,
    mended: (lab) => {
      flood(lab);
      lab.run({ until: after(lab.now, 10_000) });
      assert.equal(explainTunnel(labEvidence(lab), 'spoke1', 'Tunnel1').state, 'up');
    },
  }),
  broken({
    name: 'unnumbered',
    says: "the hub's virtual template borrows no IPv4 address",
    changes: [remove('hub.cfg', 'ip unnumbered vti')],
    code: 'unnumbered-missing',
    layer: 'tunnel',
    state: 'carries-nothing',
    lines: [named('hub.cfg', 'interface virtual-Template 1 type tunnel'), named('spoke1.cfg', 'interface Tunnel1')],
    alone: 'up',
  }),
  broken({
    name: 'tunnel-address-twice',
    says: "spoke2's tunnel has the address of spoke1's",
    changes: [replace('spoke2.cfg', 'ip address 172.16.1.9 255.255.255.254', 'ip address 172.16.1.5 255.255.255.254')],
    ask: { device: 'spoke2', tunnel: 'Tunnel1' },
    code: 'tunnel-address-twice',
    layer: 'tunnel',
    state: 'carries-nothing',
    lines: [
      named('spoke1.cfg', 'ip address 172.16.1.5 255.255.255.254'),
      named('spoke2.cfg', 'ip address 172.16.1.5 255.255.255.254'),
    ],
    alone: 'as-mismatch',
  }),
  broken({
    name: 'tunnel-twin',
    says: "spoke1's second tunnel leads to the first one's destination",
    topology: EXAMPLE,
    changes: [replace('spoke1.cfg', 'tunnel destination 10.0.0.254', 'tunnel destination 10.0.0.253')],
    ask: { device: 'spoke1', tunnel: 'Tunnel2' },
    code: 'tunnel-twin',
    layer: 'configuration',
    lines: [
      named('spoke1.cfg', 'tunnel destination 10.0.0.253', 'interface Tunnel1'),
      named('spoke1.cfg', 'tunnel destination 10.0.0.253', 'interface Tunnel2'),
    ],
    healthy: ['spoke1 Tunnel1', 'spoke2 Tunnel1', 'spoke2 Tunnel2'],
  }),
];
