import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceModel } from '../config/index.ts';
import type { IkePeer } from '../ike/index.ts';
import { type IkePlan, ikePlan } from './ike-config.ts';
import { gatewayText, modelOf } from './model.fixture.ts';
import { ModelIndex } from './model-index.ts';

const TEXT = gatewayText(1, [2]);

const plan = (model: DeviceModel): IkePlan => ikePlan(new ModelIndex(model));

/** The plan of the text with some lines replaced. */
function planOf(...changes: readonly (readonly [from: string | RegExp, to: string])[]): IkePlan {
  let text = TEXT;
  for (const [from, to] of changes) {
    const changed = text.replace(from, to);
    assert.notEqual(changed, text, `${from} stands in the text`);
    text = changed;
  }
  return plan(modelOf(text));
}

function onlyPeer({ config, unusable }: IkePlan): IkePeer {
  assert.deepEqual([...unusable], []);
  const [peer, ...others] = config.peers;
  assert.ok(peer);
  assert.equal(others.length, 0);
  return peer;
}

const unusable = [
  { name: 'no nameif', change: [' nameif to2\n', ''], reason: 'nameif is not configured' },
  { name: 'shut down', change: [' nameif to2\n', ' nameif to2\n shutdown\n'], reason: 'shutdown' },
  { name: 'no address', change: [/ ip address 172\S+ \S+\n/, ''], reason: 'it has no address' },
  {
    name: 'no destination',
    change: [' tunnel destination 10.0.0.2\n', ''],
    reason: 'tunnel destination is not configured',
  },
  { name: 'no mode', change: [' tunnel mode ipsec ipv4\n', ''], reason: 'tunnel mode is not configured' },
  {
    name: 'no profile',
    change: [' tunnel protection ipsec profile VTI\n', ''],
    reason: 'tunnel protection is not configured',
  },
  {
    name: 'IKEv2 not enabled there',
    change: ['crypto ikev2 enable outside', 'crypto ikev2 enable inside'],
    reason: 'IKEv2 is not enabled on outside (crypto ikev2 enable)',
  },
  {
    name: 'no key of ours',
    change: [' ikev2 local-authentication pre-shared-key between-1-2\n', ''],
    reason: 'tunnel-group 10.0.0.2 has no ikev2 local-authentication pre-shared-key or certificate',
  },
  {
    name: 'no key of the peer',
    change: [' ikev2 remote-authentication pre-shared-key between-1-2\n', ''],
    reason: 'tunnel-group 10.0.0.2 has no ikev2 remote-authentication pre-shared-key or certificate',
  },
  {
    name: 'no IKE policy',
    change: [/crypto ikev2 policy 10\n( .*\n)+/, ''],
    reason: 'no crypto ikev2 policy is configured',
  },
  {
    name: 'a group policy without ikev2',
    change: [
      'tunnel-group 10.0.0.2 ipsec-attributes',
      'group-policy GP internal\ngroup-policy GP attributes\n vpn-tunnel-protocol ikev1\n' +
        'tunnel-group 10.0.0.2 general-attributes\n default-group-policy GP\n' +
        'tunnel-group 10.0.0.2 ipsec-attributes',
    ],
    reason: 'its group-policy does not allow ikev2',
  },
] as const;

for (const { name, change, reason } of unusable) {
  test(`a static tunnel can not start: ${name}`, () => {
    const { config, unusable: told, bindings } = planOf(change);
    assert.deepEqual([...told], [['Tunnel2', reason]]);
    assert.deepEqual([config.peers, bindings], [[], []]);
  });
}

/** What lines can not say, as names that lead nowhere are refused when they are read: the model may still say it. */
const dangling: readonly Readonly<{ name: string; change: (model: DeviceModel) => DeviceModel; reason: string }>[] = [
  {
    name: 'the other mode',
    change: (model) => ({
      ...model,
      interfaces: model.interfaces.map((one) =>
        one.tunnel === undefined ? one : { ...one, tunnel: { ...one.tunnel, mode: 6 } },
      ),
    }),
    reason: 'tunnel mode ipsec ipv6 does not fit the destination 10.0.0.2',
  },
  {
    name: 'no tunnel-group',
    change: (model) => ({ ...model, tunnelGroups: [] }),
    reason: 'no tunnel-group 10.0.0.2',
  },
  {
    name: 'no such profile',
    change: (model) => ({ ...model, ipsecProfiles: [] }),
    reason: 'IPsec profile VTI is not configured',
  },
  {
    name: 'no such proposal',
    change: (model) => ({ ...model, espProposals: [] }),
    reason: 'IPsec profile VTI has no usable ikev2 ipsec-proposal',
  },
  {
    name: 'a source without address',
    change: (model) => ({
      ...model,
      interfaces: model.interfaces.map((one) => (one.alias === 'outside' ? { ...one, addresses: [] } : one)),
    }),
    reason: 'its source interface outside has no IPv4 address',
  },
  {
    name: 'no such source',
    change: (model) => ({ ...model, interfaces: model.interfaces.filter(({ alias }) => alias !== 'outside') }),
    reason: 'its source interface outside is not configured',
  },
];

for (const { name, change, reason } of dangling) {
  test(`a static tunnel can not start: ${name}`, () => {
    assert.equal(plan(change(modelOf(TEXT))).unusable.get('Tunnel2'), reason);
  });
}

test('a static tunnel makes a peer that is initiated, and a binding', () => {
  const made = planOf();
  const peer = onlyPeer(made);
  assert.deepEqual(made.bindings, [{ kind: 'static', peer: 'Tunnel2', tunnel: 'Tunnel2' }]);
  assert.deepEqual(
    [peer.group, String(peer.remote), String(peer.local), peer.initiate, peer.isDefault],
    ['10.0.0.2', '10.0.0.2', '10.0.0.1', true, false],
  );
  assert.deepEqual(peer.liveness, { idleMs: 10_000, retryMs: 2000, tries: 3, mode: 'periodic' });
  assert.deepEqual([peer.sendRoutes, peer.acceptRoutes, peer.validateIdentity], [[], true, 'required']);
  assert.equal(peer.localIdentity, undefined, 'the address in use');
  assert.deepEqual(made.config.addresses.map(String), ['10.0.0.1']);
  assert.equal(
    planOf([' set ikev2 ipsec-proposal P\n', ' set ikev2 ipsec-proposal P\n responder-only\n']).config.peers[0]
      ?.initiate,
    false,
  );
  const quiet = planOf([
    'tunnel-group 10.0.0.2 ipsec-attributes\n',
    'tunnel-group 10.0.0.2 ipsec-attributes\n isakmp keepalive disable\n',
  ]);
  assert.equal(onlyPeer(quiet).liveness, undefined);
});

test('selectors: all of each family that the tunnel has addresses of', () => {
  const families = (made: IkePlan): string[] =>
    onlyPeer(made).child.localSelectors.map(({ start, end }) => `${start}-${end}`);
  const all4 = '0.0.0.0-255.255.255.255';
  const all6 = '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
  const address = / ip address 172\S+ \S+\n/;
  assert.deepEqual(families(planOf()), [all4]);
  assert.deepEqual(families(planOf([address, ' ipv6 address 2001:db8::1/64\n'])), [all6]);
  assert.deepEqual(families(planOf([' tunnel source', ' ipv6 address 2001:db8::1/64\n tunnel source'])), [all4, all6]);
  assert.deepEqual(families(planOf([' tunnel source', ' ipv6 enable\n tunnel source'])), [all4, all6]);
  const borrowed = planOf(
    [address, ' ip unnumbered lo\n'],
    [
      'interface Tunnel2',
      'interface Loopback1\n nameif lo\n ip address 172.16.0.1 255.255.255.255\n!\ninterface Tunnel2',
    ],
  );
  assert.deepEqual(families(borrowed), [all4]);
});

test('each IKE policy keeps its lifetime, by priority; none is unlimited', () => {
  const policy = (priority: number, line: string): string =>
    `crypto ikev2 policy ${priority}\n encryption aes-256\n integrity sha256\n group 19\n prf sha256\n${line}!\n`;
  const { config } = planOf([
    'crypto ikev2 policy 10\n',
    `${policy(30, ' lifetime seconds 3600\n')}${policy(5, ' lifetime seconds none\n')}crypto ikev2 policy 10\n`,
  ]);
  assert.deepEqual(
    config.proposals.map(({ groups, lifetimeMs }) => [groups, lifetimeMs]),
    [
      [[19], 'unlimited'],
      [[31], 86_400_000],
      [[19], 3_600_000],
    ],
  );
});

test('lifetimes of child SAs: the profile goes over the device', () => {
  const { lifetimeMs, lifetimeBytes, replayWindow, pfsGroup } = onlyPeer(planOf()).child;
  assert.deepEqual([lifetimeMs, lifetimeBytes, replayWindow, pfsGroup], [28_800_000, 4_608_000_000, 64, undefined]);
  const own = onlyPeer(
    planOf([
      ' set ikev2 ipsec-proposal P\n',
      ' set ikev2 ipsec-proposal P\n set pfs group19\n set security-association lifetime seconds 1200\n' +
        ' set security-association lifetime kilobytes unlimited\n',
    ]),
  ).child;
  assert.deepEqual([own.lifetimeMs, own.lifetimeBytes, own.pfsGroup], [1_200_000, undefined, 19]);
});

test('identity: the address in use, a key id, or the hostname', () => {
  const identity = (line: string): unknown =>
    onlyPeer(planOf(['crypto ikev2 enable outside\n', `crypto ikev2 enable outside\n${line}\n`])).localIdentity;
  assert.equal(identity('crypto isakmp identity address'), undefined);
  assert.equal(identity('crypto isakmp identity auto'), undefined);
  assert.deepEqual(identity('crypto isakmp identity hostname'), { type: 'fqdn', name: 'gw1' });
  assert.deepEqual(identity('crypto isakmp identity key-id branch'), {
    type: 'key-id',
    data: new TextEncoder().encode('branch'),
  });
});

test('group policies: nothing said lets IKEv2 in; what is said is inherited from DfltGrpPolicy', () => {
  const policies = (text: string): IkePlan =>
    planOf(['tunnel-group 10.0.0.2 ipsec-attributes', `${text}tunnel-group 10.0.0.2 ipsec-attributes`]);
  const named = 'group-policy GP internal\ntunnel-group 10.0.0.2 general-attributes\n default-group-policy GP\n';
  const ofAll = (protocols: string): string =>
    `group-policy DfltGrpPolicy attributes\n vpn-tunnel-protocol ${protocols}\n`;
  assert.ok(onlyPeer(policies(named)));
  assert.ok(onlyPeer(policies(named + ofAll('ikev1 ikev2'))));
  assert.equal(policies(named + ofAll('ikev1')).unusable.size, 1);
  assert.equal(policies(ofAll('ikev1')).unusable.size, 1, 'without a policy of its own');
  const own = 'group-policy GP attributes\n vpn-tunnel-protocol ikev2\n';
  assert.ok(onlyPeer(policies(named + own + ofAll('ikev1'))));
});

const HUB = `${gatewayText(1, [])}interface Loopback1
 nameif lo
 ip address 172.16.0.1 255.255.255.255
 ipv6 address 2001:db8::1/128
!
interface Virtual-Template 1 type tunnel
 nameif DVTI
 ip unnumbered lo
 ipv6 unnumbered lo
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile VTI
!
tunnel-group DefaultL2LGroup ipsec-attributes
 virtual-template 1
 ikev2 remote-authentication pre-shared-key a
 ikev2 local-authentication pre-shared-key b
 ikev2 route set interface
 peer-id-validate nocheck
!
tunnel-group branch type ipsec-l2l
tunnel-group branch ipsec-attributes
 virtual-template 1
 ikev2 remote-authentication pre-shared-key a
 ikev2 local-authentication pre-shared-key b
!
`;

test('groups with a virtual template become classes of peers that only respond; the default group takes the rest', () => {
  const { config, bindings, unusable: told } = plan(modelOf(HUB));
  assert.deepEqual([...told], []);
  const rows = config.peers.map(({ name, group, isDefault, initiate, remote, validateIdentity, sendRoutes }) => [
    name,
    group,
    isDefault,
    initiate,
    remote,
    validateIdentity,
    sendRoutes.map(String),
  ]);
  assert.deepEqual(rows.sort(), [
    [
      'tunnel-group DefaultL2LGroup',
      'DefaultL2LGroup',
      true,
      false,
      undefined,
      'none',
      ['172.16.0.1/32', '2001:db8::1/128'],
    ],
    ['tunnel-group branch', 'branch', false, false, undefined, 'required', []],
  ]);
  assert.ok(bindings.every((one) => one.kind === 'access' && one.template === 'Virtual-Template1'));
  assert.equal(config.peers[0]?.child.localSelectors.length, 2, 'a template takes both families');
  const noProfile = plan(modelOf(HUB.replace(' tunnel protection ipsec profile VTI\n', '')));
  assert.equal(noProfile.unusable.get('Virtual-Template1'), 'tunnel protection is not configured');
});

test('a static tunnel without a group of its own uses DefaultL2LGroup, and is still known by its address', () => {
  const text = TEXT.replace('tunnel-group 10.0.0.2 type ipsec-l2l\n', '').replace(
    'tunnel-group 10.0.0.2 ipsec',
    'tunnel-group DefaultL2LGroup ipsec',
  );
  const peer = onlyPeer(plan(modelOf(text)));
  assert.deepEqual([peer.group, peer.isDefault], ['10.0.0.2', false]);
});

test('cookies are asked for past a share of the half-open limit', () => {
  const model = modelOf(TEXT);
  const threshold = (cookieChallengePercent: number): number =>
    plan({ ...model, maxHalfOpen: 200, cookieChallengePercent }).config.cookieThreshold;
  assert.deepEqual([threshold(0), threshold(50), threshold(100)], [0, 100, 200]);
});

test('a flood is met by its rate, unless cookies are never asked for', () => {
  const rate = (change: Partial<DeviceModel>) => plan({ ...modelOf(TEXT), ...change }).config.cookieRate;
  assert.deepEqual(
    [rate({}), rate({ cookieChallengePercent: 100 }), rate({ cookieChallengeCount: 3 })],
    [500, undefined, 500],
  );
});

test('fragmentation and limits are as configured', () => {
  const configOf = (change: string) => plan(modelOf(`${TEXT}${change}\n`)).config;
  assert.deepEqual([configOf('').fragmentation, configOf('').maxSas], [{}, undefined]);
  assert.deepEqual(configOf('crypto ikev2 fragmentation mtu 1400').fragmentation, { mtu: 1400 });
  assert.equal(configOf('no crypto ikev2 fragmentation').fragmentation, undefined);
  assert.equal(configOf('crypto ikev2 limit max-sa 7').maxSas, 7);
  assert.equal(configOf('').forceEncapsulation, undefined);
  assert.equal(ikePlan(new ModelIndex(modelOf(TEXT)), { forceEncapsulation: true }).config.forceEncapsulation, true);
});

test('what is not supported is neither offered nor accepted; where too little is left the tunnel says so', () => {
  const { config } = planOf([/ encryption aes-256\n/, ' encryption aes-256 3des\n']);
  assert.deepEqual(config.proposals[0]?.encryption, [{ encr: 12, keyBits: 256 }]);
  const alone = planOf([/ encryption aes-256\n/, ' encryption 3des\n']);
  assert.deepEqual(alone.config.proposals, []);
  assert.deepEqual([...alone.unusable.values()], ['no crypto ikev2 policy has algorithms that are supported']);
  const esp = planOf([/ protocol esp encryption \S+\n/, ' protocol esp encryption 3des\n']);
  assert.match([...esp.unusable.values()].join(), /no usable ikev2 ipsec-proposal/);
  const pfs = planOf([/( set ikev2 ipsec-proposal \S+\n)/, '$1 set pfs group24\n']);
  assert.deepEqual([...pfs.unusable.values()], ['group 24 of set pfs is not supported']);
});

test('a policy access list gives the selectors: sources are ours, destinations the peer’s', () => {
  const list = 'access-list SEL extended permit tcp 10.1.1.0 255.255.255.0 10.1.2.0 255.255.255.0 eq bgp\n';
  const changes = [
    [
      ' tunnel protection ipsec profile VTI\n',
      ' tunnel protection ipsec profile VTI\n tunnel protection ipsec policy SEL\n',
    ],
    [/^hostname/, `${list}hostname`],
  ] as const;
  const { child } = onlyPeer(planOf(...changes));
  const texts = (selectors: typeof child.localSelectors): string[] =>
    selectors.map((one) => `${one.protocol} ${one.start}-${one.end} ${one.startPort}-${one.endPort}`);
  assert.deepEqual(texts(child.localSelectors), ['6 10.1.1.0-10.1.1.255 0-65535']);
  assert.deepEqual(texts(child.remoteSelectors), ['6 10.1.2.0-10.1.2.255 179-179']);
  const denied = planOf(changes[0], [/^hostname/, `${list.replace('permit', 'deny')}hostname`]);
  assert.match([...denied.unusable.values()].join(), /access-list SEL of its tunnel protection has no permit entry/);
});
