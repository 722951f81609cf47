import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpAddress, Prefix, utf8 } from '../base/index.ts';
import {
  addressIdentity,
  decodeIdentity,
  encodeIdentity,
  identitiesEqual,
  identityPayload,
  identityText,
  peerIdentityAccepted,
  selectPeer,
} from './identity.ts';
import type { Identity, IkePath, IkePeer } from './policy.ts';
import { selectorOf } from './selectors.ts';

const SERVER = ip('198.51.100.1');
const SPOKE = ip('203.0.113.5');
const INNER = ip('10.25.20.2');

function peer(group: string, changes: Partial<IkePeer> = {}): IkePeer {
  const any = [selectorOf(Prefix.all(4))];
  return {
    name: group,
    group,
    isDefault: false,
    initiate: false,
    validateIdentity: 'required',
    ikeLifetimeMs: 86_400_000,
    child: {
      proposals: [],
      mode: 'tunnel',
      localSelectors: any,
      remoteSelectors: any,
      lifetimeMs: 28_800_000,
      replayWindow: 64,
    },
    sendRoutes: [],
    acceptRoutes: false,
    ...changes,
  };
}

const keyId = (text: string): Identity => ({ type: 'key-id', data: utf8(text) });
const fqdn = (name: string): Identity => ({ type: 'fqdn', name });

const groups = [
  peer('DefaultL2LGroup', { isDefault: true }),
  peer('203.0.113.5'),
  peer('10.25.20.2'),
  peer('spoke-1'),
  peer('hub', { name: 'hub static', remote: ip('192.0.2.1'), local: SERVER }),
  peer('hub'),
];

const rows = [
  { name: 'identity is a group', identity: keyId('spoke-1'), remote: SPOKE, found: 'spoke-1' },
  { name: 'identity comes before the address', identity: fqdn('spoke-1'), remote: SPOKE, found: 'spoke-1' },
  { name: 'address identity behind a NAT', identity: addressIdentity(INNER), remote: SPOKE, found: '10.25.20.2' },
  { name: 'source address is a group', identity: fqdn('nobody'), remote: SPOKE, found: '203.0.113.5' },
  { name: 'before the identity is known', identity: undefined, remote: SPOKE, found: '203.0.113.5' },
  { name: 'nothing fits', identity: fqdn('nobody'), remote: ip('192.0.2.77'), found: 'DefaultL2LGroup' },
  { name: 'a static peer at its address', identity: keyId('hub'), remote: ip('192.0.2.1'), found: 'hub static' },
  { name: 'its group from elsewhere', identity: keyId('hub'), remote: ip('192.0.2.9'), found: 'hub' },
];

for (const row of rows) {
  test(`peer by identity, then address, then default: ${row.name}`, () => {
    assert.equal(selectPeer(groups, row.identity, path(row.remote, SERVER))?.name, row.found);
  });
}

test('a static peer is not for another of our addresses, and without a default there may be none', () => {
  assert.equal(selectPeer(groups, keyId('hub'), path(ip('192.0.2.1'), INNER))?.name, 'hub');
  assert.equal(selectPeer([peer('spoke-1')], fqdn('nobody'), path(SPOKE, SERVER)), undefined);
});

const acceptRows = [
  { name: 'the group’s name', peer: peer('spoke-1'), identity: keyId('spoke-1'), accepted: true },
  { name: 'another name', peer: peer('spoke-1'), identity: keyId('spoke-2'), accepted: false },
  {
    name: 'another name, not checked',
    peer: peer('a', { validateIdentity: 'none' }),
    identity: fqdn('b'),
    accepted: true,
  },
  { name: 'anything in the default group', peer: peer('d', { isDefault: true }), identity: fqdn('b'), accepted: true },
  { name: 'the address', peer: peer('203.0.113.5'), identity: addressIdentity(SPOKE), accepted: true },
  {
    name: 'an inner address, maybe behind a NAT',
    peer: peer('203.0.113.5'),
    identity: addressIdentity(INNER),
    accepted: true,
  },
  {
    name: 'an inner address without NAT',
    peer: peer('203.0.113.5'),
    identity: addressIdentity(INNER),
    nat: false,
    accepted: false,
  },
  { name: 'a name for a group named by address', peer: peer('203.0.113.5'), identity: fqdn('x'), accepted: false },
  {
    name: 'the address of a static peer',
    peer: peer('hub', { remote: SPOKE }),
    identity: addressIdentity(SPOKE),
    accepted: true,
  },
  { name: 'an address for a group with a name', peer: peer('hub'), identity: addressIdentity(SPOKE), accepted: false },
];

for (const row of acceptRows) {
  test(`identity check: ${row.name}`, () => {
    assert.equal(peerIdentityAccepted(row.peer, row.identity, SPOKE, row.nat), row.accepted);
  });
}

const texts: readonly (readonly [Identity, string])[] = [
  [addressIdentity(ip('192.0.2.1')), '192.0.2.1'],
  [addressIdentity(ip('2001:db8::1')), '2001:db8::1'],
  [fqdn('hub.example.net'), 'hub.example.net'],
  [{ type: 'rfc822', name: 'a@example.net' }, 'a@example.net'],
  [keyId('Spoke 1'), 'Spoke 1'],
  [{ type: 'key-id', data: Uint8Array.of(0, 255) }, '0x00ff'],
  [{ type: 'der-asn1-dn', data: Uint8Array.of(0x30, 0) }, '0x3000'],
  [{ type: 'der-asn1-gn', data: Uint8Array.of(0x82, 0) }, '0x8200'],
];

for (const [identity, text] of texts) {
  test(`identity ${identity.type} ${text} as text and as payload body (RFC 7296 section 3.5)`, () => {
    assert.equal(identityText(identity), text);
    const { body } = identityPayload('idi', identity);
    const decoded = decodeIdentity(body);
    assert.ok(decoded.ok);
    assert.ok(identitiesEqual(decoded.value, identity));
    assert.deepEqual(encodeIdentity(decoded.value), body);
    for (const [other] of texts) assert.equal(identitiesEqual(identity, other), identity === other);
  });
}

test('domain names are the same without regard to case', () => {
  assert.ok(identitiesEqual(fqdn('Hub.Example'), fqdn('hub.example')));
});

function ip(text: string): IpAddress {
  const address = IpAddress.parse(text);
  assert.ok(address !== undefined);
  return address;
}

function path(remote: IpAddress, local: IpAddress): IkePath {
  return { local: { address: local, port: 500 }, remote: { address: remote, port: 500 } };
}
