import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from '../base/index.ts';
import { identitiesEqual } from './identity.ts';
import type { IkeSa } from './ike-sa.ts';
import { PeerSas } from './peer-sas.ts';
import type { Identity } from './policy.ts';

const IDENTITIES: readonly (Identity | undefined)[] = [
  undefined,
  { type: 'fqdn', name: 'a.example' },
  { type: 'fqdn', name: 'A.Example' },
  { type: 'rfc822', name: 'a.example' },
  { type: 'ipv4', address: IpAddress.v4(0x0a000001) },
  { type: 'key-id', data: Uint8Array.of(1, 2) },
  { type: 'key-id', data: Uint8Array.of(1, 2) },
  { type: 'der-asn1-dn', data: Uint8Array.of(1, 2) },
];

/** As much of an IKE SA as is looked at. */
function saOf(index: number, remoteIdentity: Identity | undefined): IkeSa {
  return { localSpi: BigInt(index), remoteIdentity, stage: { kind: 'established' } } as IkeSa;
}

test('what is found by identity is what a walk over all of them finds', () => {
  const order = fc.record({
    sa: fc.integer({ min: 0, max: 5 }),
    add: fc.boolean(),
    identity: fc.integer({ min: 0, max: IDENTITIES.length - 1 }),
  });
  fc.assert(
    fc.property(fc.array(order, { maxLength: 40 }), (orders) => {
      const all = Array.from({ length: 6 }, (_, i) => saOf(i, undefined));
      const sas = new PeerSas();
      const plain = new Set<IkeSa>();
      for (const { sa: index, add, identity } of orders) {
        const sa = all[index] ?? assert.fail();
        if (add) {
          // Who it is becomes known once, and stays.
          sa.remoteIdentity ??= IDENTITIES[identity];
          sas.add(sa);
          plain.add(sa);
        } else assert.equal(sas.delete(sa), plain.delete(sa));
        assert.deepEqual([...sas], [...plain]);
        assert.equal(sas.size, plain.size);
        assert.equal(sas.someEstablished(), plain.size > 0);
        for (const wanted of IDENTITIES) {
          const same = [...plain].filter(({ remoteIdentity }) =>
            wanted === undefined || remoteIdentity === undefined
              ? wanted === remoteIdentity
              : identitiesEqual(remoteIdentity, wanted),
          );
          const found = wanted === undefined ? sas.unnamed() : sas.of(wanted);
          assert.deepEqual(new Set(found), new Set(same));
        }
      }
    }),
  );
});
