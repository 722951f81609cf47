import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SecretKey, utf8 } from '../base/index.ts';
import type { PeerSettings } from './contract.ts';
import { ikePlan } from './ike-config.ts';
import { gatewayText, modelOf } from './model.fixture.ts';
import { ModelIndex } from './model-index.ts';
import { unmatchedSettings } from './peer-settings.ts';

const TEXT = gatewayText(1, [2, 3]);
const ppk = { id: utf8('blue'), type: 'fixed', key: new SecretKey(utf8('a key')), required: true } as const;

function peersOf(peerSettings: readonly PeerSettings[], text = TEXT) {
  return ikePlan(new ModelIndex(modelOf(text)), { peerSettings }).config.peers;
}

test('what is said of a tunnel counts before what is said of its group, and that before what is said of all', () => {
  const [second, third] = peersOf([
    { peer: 'Tunnel2', mobike: 'off' },
    { peer: '10.0.0.2', mobike: 'accept', reauthenticateMs: 7_200_000 },
    { peer: '*', mobike: 'offer', reauthenticateMs: 3_600_000, ppk },
  ]);
  assert.deepEqual([second?.mobike, second?.reauthenticateMs, second?.ppk], ['off', 7_200_000, ppk]);
  assert.deepEqual([third?.mobike, third?.reauthenticateMs, third?.ppk], ['offer', 3_600_000, ppk]);
});

test('nothing said: as the platform does it', () => {
  for (const peer of peersOf([])) {
    assert.deepEqual([peer.mobike, peer.reauthenticateMs, peer.ppk, peer.returnRoutability], Array(4).fill(undefined));
  }
});

test('settings for nobody are found', () => {
  const settings = [{ peer: '*' }, { peer: 'Tunnel2' }, { peer: '10.0.0.3' }, { peer: 'Tunnel9' }];
  assert.deepEqual(unmatchedSettings(settings, peersOf([])), [{ peer: 'Tunnel9' }]);
});

test('`ikev2 mobike-rrc` asks moved peers for a cookie', () => {
  const text = TEXT.replace('tunnel-group 10.0.0.2 ipsec-attributes\n', '$& ikev2 mobike-rrc\n');
  assert.notEqual(text, TEXT);
  assert.deepEqual(
    peersOf([], text).map(({ returnRoutability }) => returnRoutability),
    [true, undefined],
  );
});
