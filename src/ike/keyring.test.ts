import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpAddress, Prefix, SecretKey, utf8 } from '../base/index.ts';
import { addressIdentity, fits, selectPeer, whyUnknown } from './identity.ts';
import { keyFor, withKeys } from './keyring.ts';
import { configOf, peerTo } from './pair.fixture.ts';
import {
  addressesIn,
  type Identity,
  type IdentityRule,
  type IkePath,
  type IkePeer,
  type KeyringEntry,
  proposalsFor,
} from './policy.ts';

const ip = (text: string): IpAddress => {
  const address = IpAddress.parse(text);
  assert.ok(address);
  return address;
};
const prefix = (text: string): Prefix => {
  const parsed = Prefix.parse(text);
  assert.ok(parsed);
  return parsed;
};
const fqdn = (name: string): Identity => ({ type: 'fqdn', name });
const at = (remote: string, local: string, vrf?: string): IkePath => ({
  local: { address: ip(local), port: 500 },
  remote: { address: ip(remote), port: 500 },
  ...(vrf === undefined ? {} : { vrf }),
});

const ring: readonly KeyringEntry[] = [
  { name: 'any', address: prefix('0.0.0.0/0'), identities: [], remoteKey: new SecretKey(utf8('any')) },
  { name: 'net', address: prefix('192.0.2.0/24'), identities: [] },
  { name: 'host', address: prefix('192.0.2.1/32'), identities: [] },
  { name: 'name', hostname: 'Spoke.example.net', identities: [] },
  { name: 'domain', identities: [{ kind: 'fqdn', name: 'example.net', domain: true }] },
  { name: 'exact', identities: [{ kind: 'fqdn', name: 'one.example.net', domain: false }] },
];

const keys: readonly (readonly [Identity | undefined, string, string])[] = [
  [undefined, '198.51.100.1', 'any'],
  [undefined, '192.0.2.9', 'net'],
  [undefined, '192.0.2.1', 'host'],
  [fqdn('other.example'), '192.0.2.1', 'host'],
  [fqdn('two.example.net'), '192.0.2.1', 'domain'],
  [fqdn('one.example.net'), '192.0.2.1', 'exact'],
  [fqdn('spoke.EXAMPLE.net'), '192.0.2.1', 'domain'],
  [addressIdentity(ip('10.0.0.1')), '203.0.113.7', 'any'],
];

for (const [identity, address, found] of keys) {
  test(`key of ${identity === undefined ? 'nobody known' : JSON.stringify(identity)} at ${address}: ${found}`, () => {
    assert.equal(keyFor(ring, identity, ip(address))?.name, found);
  });
}

test('a host name counts where no identity does', () => {
  const without = ring.filter(({ name }) => name !== 'domain');
  assert.equal(keyFor(without, fqdn('spoke.example.net'), ip('192.0.2.1'))?.name, 'name');
});

test('keys of a peer with a keyring are those of the entry alone', () => {
  const peer: IkePeer = { ...peerTo('192.0.2.1'), keyring: ring };
  assert.ok(withKeys(peer, undefined, ip('198.51.100.1')).remoteKey);
  assert.equal(withKeys(peer, undefined, ip('192.0.2.1')).remoteKey, undefined);
  const plain = peerTo('192.0.2.1');
  assert.equal(withKeys(plain, undefined, ip('198.51.100.1')), plain);
});

const rules: readonly (readonly [IdentityRule, Identity, boolean])[] = [
  [{ kind: 'any' }, fqdn('x'), true],
  [{ kind: 'address', prefix: prefix('10.0.0.0/8') }, addressIdentity(ip('10.9.9.9')), true],
  [{ kind: 'address', prefix: prefix('10.0.0.0/8') }, addressIdentity(ip('11.0.0.1')), false],
  [{ kind: 'address', prefix: prefix('0.0.0.0/0') }, fqdn('10.0.0.1'), false],
  [{ kind: 'fqdn', name: 'A.example', domain: false }, fqdn('a.EXAMPLE'), true],
  [{ kind: 'fqdn', name: 'example', domain: true }, fqdn('badexample'), false],
  [{ kind: 'fqdn', name: 'example', domain: true }, fqdn('a.b.example'), true],
  [{ kind: 'email', name: 'example.net', domain: true }, { type: 'rfc822', name: 'a@example.net' }, true],
  [{ kind: 'email', name: 'example.net', domain: true }, fqdn('a@example.net'), false],
  [{ kind: 'key-id', text: 'k' }, { type: 'key-id', data: utf8('k') }, true],
  [{ kind: 'key-id', text: 'k' }, { type: 'key-id', data: utf8('K') }, false],
];

for (const [rule, identity, expected] of rules) {
  test(`${JSON.stringify(rule)} ${expected ? 'is' : 'is not'} ${JSON.stringify(identity)}`, () => {
    assert.equal(fits(rule, identity), expected);
  });
}

const any: readonly IdentityRule[] = [{ kind: 'any' }];
const ruled = (name: string, change: Partial<IkePeer>): IkePeer => {
  const { remote: _, local: __, ...rest } = peerTo('192.0.2.1');
  return { ...rest, name, group: 'P', identities: any, ...change };
};

test('peers are for their VRF, their addresses and their identities; the most specific place counts', () => {
  const peers = [
    ruled('template', {}),
    ruled('static', { remote: ip('192.0.2.1') }),
    ruled('here', { remote: ip('192.0.2.1'), local: ip('10.0.0.1') }),
    ruled('red', { vrf: 'RED' }),
    ruled('bound', { vrf: 'BLUE', localAddresses: [ip('10.0.0.2'), ip('10.0.0.3')] }),
  ];
  const who = (path: IkePath): string | undefined => selectPeer(peers, fqdn('x'), path)?.name;
  assert.equal(who(at('192.0.2.9', '10.0.0.1')), 'template');
  assert.equal(who(at('192.0.2.1', '10.0.0.2')), 'static');
  assert.equal(who(at('192.0.2.1', '10.0.0.1')), 'here');
  assert.equal(who(at('192.0.2.1', '10.0.0.1', 'RED')), 'red');
  assert.equal(who(at('192.0.2.1', '10.0.0.3', 'BLUE')), 'bound');
  assert.equal(who(at('192.0.2.1', '10.0.0.1', 'BLUE')), undefined);
  assert.equal(selectPeer(peers, undefined, at('192.0.2.1', '10.0.0.1'))?.name, 'here', 'by address until it says');
});

test('why nobody is configured for who calls', () => {
  const path = at('192.0.2.1', '10.0.0.1', 'RED');
  const why = (change: Partial<IkePeer>): string => whyUnknown([ruled('p', change)], fqdn('x'), path);
  assert.match(why({ identities: [] }), /no profile matches identity x in front VRF RED/);
  assert.match(why({}), /in front VRF global, not in RED \(match fvrf\)/);
  assert.match(why({ vrf: 'RED', remote: ip('192.0.2.7') }), /serves a peer at 192\.0\.2\.7, not 192\.0\.2\.1/);
  assert.match(whyUnknown([], fqdn('x'), path), /no tunnel group for identity x/);
});

test('proposals and own addresses are those of the path', () => {
  const [first] = configOf('10.0.0.1', []).proposals;
  assert.ok(first);
  const named = (groups: number[]) => [{ ...first, groups }];
  const config = configOf('10.0.0.1', [], {
    vrfAddresses: [{ vrf: 'RED', addresses: [ip('10.0.0.7')] }],
    selections: [
      { localAddresses: [], proposals: named([1]) },
      { vrf: 'RED', localAddresses: [], proposals: named([2]) },
      { vrf: 'RED', localAddresses: [ip('10.0.0.7')], proposals: named([3]) },
    ],
  });
  const group = (path: IkePath): number | undefined => proposalsFor(config, path)[0]?.groups[0];
  assert.equal(group(at('192.0.2.1', '10.0.0.1')), 1);
  assert.equal(group(at('192.0.2.1', '10.0.0.1', 'RED')), 2);
  assert.equal(group(at('192.0.2.1', '10.0.0.7', 'RED')), 3);
  assert.deepEqual(addressesIn(config, {}).map(String), ['10.0.0.1']);
  assert.deepEqual(addressesIn(config, { vrf: 'RED' }).map(String), ['10.0.0.7']);
  assert.deepEqual(addressesIn(config, { vrf: 'BLUE' }), []);
  assert.deepEqual(proposalsFor({ ...config, selections: [] }, at('192.0.2.1', '10.0.0.1')), []);
});
