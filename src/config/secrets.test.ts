/** Keys and passwords never leave, not even from lines that were not understood. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance } from './edit-distance.ts';
import { maskSecrets } from './secrets.ts';

const rows = [
  [' ikev2 remote-authentication pre-shared-key k', ' ikev2 remote-authentication pre-shared-key *****'],
  ['ikev2 local-authentication pre-shared-key 0 k', 'ikev2 local-authentication pre-shared-key *****'],
  ['ikev2 local-authentication k', 'ikev2 local-authentication *****'],
  ['ikev2 local-authentication pre-sharedkey k', 'ikev2 local-authentication pre-sharedkey *****'],
  ['ikev2 local-authentication pre-shared-keyk3y', 'ikev2 local-authentication *****'],
  ['ikev2 remote-authentication certificate', 'ikev2 remote-authentication certificate'],
  ['neighbor 10.0.0.1 passwrod k', 'neighbor 10.0.0.1 passwrod *****'],
  ['username u password k privilege 15', 'username u password *****'],
  ['snmp-server community k', 'snmp-server *****'],
  ['crypto isakmp key k address 10.0.0.1', 'crypto isakmp key *****'],
  ['key 1', 'key 1'],
  ['key 1234', 'key *****'],
  ['key s3', 'key *****'],
  ['  key-string k', '  key-string *****'],
  ['set community 65000:1', 'set community 65000:1'],
  ['isakmp keepalive threshold 10', 'isakmp keepalive threshold 10'],
  ['neighbor 10.0.0.1 remote-as 1', 'neighbor 10.0.0.1 remote-as 1'],
  ['crypto ikev2 policy 10', 'crypto ikev2 policy 10'],
] as const;

for (const [line, masked] of rows) {
  test(`masked: ${masked}`, () => assert.equal(maskSecrets(line), masked));
}

test('edit distance counts swaps as one and stops at its limit', () => {
  assert.equal(editDistance('destintion', 'destination', 3), 1);
  assert.equal(editDistance('passwrod', 'password', 3), 1);
  assert.equal(editDistance('abc', 'xyz', 2), 3);
  assert.equal(editDistance('', 'abcdef', 2), 3);
});
