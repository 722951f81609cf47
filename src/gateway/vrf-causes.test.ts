/** What keeps a router's tunnel down, said where it can be mended. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fabric } from './fabric.fixture.ts';
import { ikePlan } from './ike-config.ts';
import { mixedTopology } from './interworking.fixture.ts';
import { routerHubText, routerText } from './iosxe.fixture.ts';
import { modelOf } from './model.fixture.ts';
import { ModelIndex } from './model-index.ts';

const TEXT = routerText(1, [2], { front: 'INET', inner: 'RED' });

const lacks: readonly Readonly<{ name: string; from: string | RegExp; to: string; reason: string | RegExp }>[] = [
  {
    name: 'the keyring',
    from: 'keyring local KR',
    to: 'keyring local OTHER',
    reason: 'keyring OTHER of IKEv2 profile IKE is not configured',
  },
  {
    name: 'a keyring in the profile',
    from: ' keyring local KR\n',
    to: '',
    reason: 'IKEv2 profile IKE has neither a keyring nor a key of its own',
  },
  {
    name: 'a peer in the keyring',
    from: '  address 10.0.0.2\n',
    to: '  address 10.0.0.7\n',
    reason: 'keyring KR has no peer with address 10.0.0.2',
  },
  {
    name: 'the key of the peer',
    from: '  pre-shared-key between-1-2\n',
    to: '  pre-shared-key local between-1-2\n',
    reason: 'peer gw2 of keyring KR has no pre-shared-key of the peer',
  },
  {
    name: 'the front VRF of the profile',
    from: /profile IKE\n match fvrf INET\n/,
    to: 'profile IKE\n',
    reason: "IKEv2 profile IKE is for front VRF global, the tunnel's is INET (match fvrf)",
  },
  {
    name: 'the front VRF of the policy',
    from: /policy P\n match fvrf INET\n/,
    to: 'policy P\n',
    reason: 'no crypto ikev2 policy with a usable proposal is for front VRF INET and address 10.0.0.1',
  },
  {
    name: 'the VRF of the source',
    from: ' tunnel vrf INET\n',
    to: '',
    reason:
      'its source interface GigabitEthernet0/0/0 is in VRF INET, its outer packets are in global (tunnel vrf INET)',
  },
  {
    name: 'the profile',
    from: 'set ikev2-profile IKE',
    to: 'set ikev2-profile GONE',
    reason: 'IKEv2 profile GONE is not configured',
  },
  {
    name: 'an identity',
    from: ' match identity remote any\n',
    to: '',
    reason: 'IKEv2 profile IKE has no match identity remote and no match certificate',
  },
  {
    name: 'how the peer proves itself',
    from: ' authentication remote pre-share\n',
    to: '',
    reason: 'IKEv2 profile IKE has no authentication remote',
  },
  {
    name: 'a certificate',
    from: ' authentication local pre-share\n',
    to: ' authentication local rsa-sig\n',
    reason: 'IKEv2 profile IKE has no pki trustpoint to sign with',
  },
  {
    name: 'the mode',
    from: ' tunnel mode ipsec ipv4\n',
    to: ' tunnel mode gre ipv6\n',
    reason: 'tunnel mode gre ipv6 does not fit the destination 10.0.0.2',
  },
  {
    name: 'the transform set',
    from: 'set transform-set T\n',
    to: 'set transform-set NONE\n',
    reason: 'IPsec profile VTI has no usable transform-set',
  },
];

for (const { name, from, to, reason } of lacks) {
  test(`without ${name}`, () => {
    const text = TEXT.replace(from, to);
    assert.notEqual(text, TEXT);
    assert.equal(ikePlan(new ModelIndex(modelOf(text))).unusable.get('Tunnel2'), reason);
  });
}

test('what nobody configured is there: profile, transform set and policy of the name `default`', () => {
  const text = `hostname gw1
crypto ikev2 keyring KR
 peer all
  address 0.0.0.0 0.0.0.0
  pre-shared-key k
crypto ikev2 profile default
 match identity remote any
 authentication remote pre-share
 authentication local pre-share
 keyring local KR
interface GigabitEthernet1
 ip address 10.0.0.1 255.255.255.0
interface Tunnel1
 ip address 172.16.0.1 255.255.255.0
 tunnel source GigabitEthernet1
 tunnel destination 10.0.0.2
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile default
`;
  const { config, unusable } = ikePlan(new ModelIndex(modelOf(text)));
  assert.deepEqual([...unusable], []);
  const [peer] = config.peers;
  assert.equal(peer?.child.mode, 'tunnel', 'transport mode is for hosts, not for all that a VTI carries');
  assert.deepEqual(peer?.child.proposals, [{ encryption: [{ encr: 12, keyBits: 128 }], integrity: [2], esn: [false] }]);
  assert.deepEqual(config.selections?.[0]?.proposals[0]?.groups, [19, 14, 21]);
});

/** What the second of two routers says of the first one's failure. */
function refusal(first: string, second: string): string | undefined {
  const fabric = new Fabric({ texts: [first, second], topology: mixedTopology(['iosxe', 'iosxe']) });
  fabric.run(5_000);
  return fabric.snapshot('gw2').log.find(({ code }) => code === 'ike-failed')?.text;
}

const ONE = routerText(1, [2], { front: 'INET' });
const hub = (change: (text: string) => string): string => change(routerHubText(2, [1], { front: 'INET' }));

const refusals: readonly Readonly<{ name: string; first?: string; second: string; text: RegExp }>[] = [
  {
    name: 'a wrong key',
    second: hub((text) => text.replace('pre-shared-key between-1-2', 'pre-shared-key other')),
    text: /the initiator 10\.0\.0\.1 does not know the key expected of it/,
  },
  {
    name: 'an identity that no profile matches',
    second: hub((text) => text.replace('match identity remote any', 'match identity remote fqdn spoke.example')),
    text: /no profile matches identity 10\.0\.0\.1 in front VRF INET \(match identity remote\)/,
  },
  {
    name: 'a profile for another front VRF',
    second: hub((text) =>
      text
        .replace('profile IKE\n match fvrf INET\n', 'profile IKE\n match fvrf WAN\n')
        .replace('tunnel vrf INET', 'tunnel vrf WAN')
        .replace('vrf definition INET', 'vrf definition WAN\n address-family ipv4\n!\nvrf definition INET'),
    ),
    text: /profile IKE matches identity 10\.0\.0\.1, but in front VRF WAN, not in INET \(match fvrf\)/,
  },
  {
    name: 'a key for somebody else alone',
    second: hub((text) => text.replace('  address 10.0.0.1\n', '  address 10.0.0.9\n')),
    text: /no pre-shared key for IKE/,
  },
  {
    name: 'proposals that have nothing in common',
    second: hub((text) => text.replace(' group 19\n', ' group 20\n')),
    text: /the peer offers .*; configured here: /,
  },
];

for (const { name, first = ONE, second, text } of refusals) {
  test(`the responder says: ${name}`, () => {
    assert.match(refusal(first, second) ?? '', text);
  });
}

test('identities decide which profile serves: each spoke gets the VRF of its own', () => {
  const spokes = [2, 3].map((n) =>
    routerText(n, [1], { profile: ` identity local fqdn spoke${n}.site${n}.example\n` }).replace(
      / ip address 172[^\n]*\n/,
      ` ip address 172.16.1${n}.${n} 255.255.255.0\n`,
    ),
  );
  const profile = (n: number, vrf: string): string => `vrf definition ${vrf}
 address-family ipv4
 exit-address-family
!
interface Loopback${n}
 vrf forwarding ${vrf}
 ip address 172.16.0.1 255.255.255.255
!
interface Virtual-Template${n} type tunnel
 vrf forwarding ${vrf}
 ip unnumbered Loopback${n}
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile VTI
!
crypto ikev2 keyring KR${n}
 peer site
  identity fqdn domain site${n}.example
  pre-shared-key between-1-${n}
 !
!
crypto ikev2 profile SITE${n}
 match identity remote fqdn domain site${n}.example
 authentication remote pre-share
 authentication local pre-share
 keyring local KR${n}
 aaa authorization group psk list FLEX SITE
 virtual-template ${n}
!
`;
  const first = `${routerText(1, []).replace(' match identity remote any\n', ' match identity remote key-id none\n')}${profile(2, 'RED')}${profile(3, 'BLUE')}`;
  const fabric = new Fabric({ texts: [first, ...spokes], topology: mixedTopology(['iosxe', 'iosxe', 'iosxe']) });
  fabric.run(5_000);
  assert.ok(fabric.routeIn('gw1', 'RED', '10.1.2.0/24'));
  assert.ok(fabric.routeIn('gw1', 'BLUE', '10.1.3.0/24'));
  assert.equal(fabric.routeIn('gw1', 'BLUE', '10.1.2.0/24'), undefined);
  assert.equal(fabric.routeIn('gw1', 'RED', '10.1.3.0/24'), undefined);
});
