import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EMPTY } from '../base/index.ts';
import { Encr, Integ, Ke, Prf } from '../crypto/index.ts';
import { acceptEsp, acceptIke, offerEsp, offerIke, selectEsp, selectIke } from './negotiation.ts';
import type { EspProposal, IkeProposal } from './policy.ts';
import type { Proposal, Transform } from './wire/message.ts';

const CBC128 = { encr: Encr.AES_CBC, keyBits: 128 };
const CBC256 = { encr: Encr.AES_CBC, keyBits: 256 };
const GCM128 = { encr: Encr.AES_GCM_16, keyBits: 128 };
const GCM256 = { encr: Encr.AES_GCM_16, keyBits: 256 };
const CHACHA = { encr: Encr.CHACHA20_POLY1305, keyBits: 256 };
const SHA1 = Integ.HMAC_SHA1_96;
const SHA256 = Integ.HMAC_SHA2_256_128;

function ike(changes: Partial<IkeProposal> = {}): IkeProposal {
  return { encryption: [CBC256], integrity: [SHA256], prf: [Prf.HMAC_SHA2_256], groups: [Ke.ECP_256], ...changes };
}

function esp(changes: Partial<EspProposal> = {}): EspProposal {
  return { encryption: [CBC256], integrity: [SHA256], esn: [false], ...changes };
}

const t = (type: number, id: number, keyBits?: number): Transform =>
  keyBits === undefined ? { type, id } : { type, id, keyBits };

function proposalOf(protocol: 1 | 3, ...transforms: Transform[]): Proposal {
  return { number: 1, protocol, spi: protocol === 1 ? EMPTY : Uint8Array.of(0, 0, 1, 0), transforms };
}

test('ciphers that authenticate by themselves are offered apart, without integrity (RFC 7296 section 3.3)', () => {
  const offer = offerIke([ike({ encryption: [GCM256, CBC256, CHACHA] })]);
  assert.deepEqual(
    offer.map(({ number, transforms }) => ({ number, transforms })),
    [
      { number: 1, transforms: [t(1, 20, 256), t(1, 28), t(2, 5), t(4, 19)] },
      { number: 2, transforms: [t(1, 12, 256), t(2, 5), t(3, 12), t(4, 19)] },
    ],
  );
});

test('the kind of the first cipher is offered first, and proposals are numbered through', () => {
  const offer = offerIke([ike({ encryption: [CBC128, GCM128] }), ike()], Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  assert.deepEqual(
    offer.map(({ number, spi, transforms }) => [number, spi.length, transforms[0]?.id]),
    [
      [1, 8, 12],
      [2, 8, 20],
      [3, 8, 12],
    ],
  );
});

test('what we cannot do is not offered', () => {
  assert.deepEqual(offerIke([ike({ encryption: [{ encr: 3, keyBits: 0 }] })]), []);
  assert.deepEqual(offerIke([ike({ groups: [2] })]), []);
  assert.deepEqual(offerEsp([esp({ integrity: [] })], 1), []);
});

test('ESP offers ESN always, KE with PFS alone (RFC 7296 sections 1.2 and 3.3.3)', () => {
  const [plain] = offerEsp([esp({ esn: [true, false] })], 0x01020304);
  assert.deepEqual(plain?.transforms, [t(1, 12, 256), t(3, 12), t(5, 1), t(5, 0)]);
  assert.deepEqual([...(plain?.spi ?? [])], [1, 2, 3, 4]);
  const [pfs] = offerEsp([esp({ encryption: [GCM256] })], 1, Ke.CURVE25519);
  assert.deepEqual(pfs?.transforms, [t(1, 20, 256), t(4, 31), t(5, 0)]);
});

const ikeRows = [
  { name: 'the same on both sides', own: [ike()], offered: offerIke([ike()]), chosen: [12, 256, 12, 5, 19] },
  {
    name: 'our order of ciphers, not the peer’s',
    own: [ike({ encryption: [GCM256, CBC256] })],
    offered: offerIke([ike({ encryption: [CBC256, GCM256] })]),
    chosen: [20, 256, 0, 5, 19],
  },
  {
    name: 'our first policy, though the peer offers it last',
    own: [ike({ encryption: [CBC128] }), ike()],
    offered: offerIke([ike(), ike({ encryption: [CBC128] })]),
    chosen: [12, 128, 12, 5, 19],
  },
  {
    name: 'our order of groups and hashes',
    own: [ike({ groups: [31, 19], prf: [7, 5], integrity: [SHA1, SHA256] })],
    offered: offerIke([ike({ groups: [19, 31], prf: [5, 7], integrity: [SHA256, SHA1] })]),
    chosen: [12, 256, 2, 7, 31],
  },
  { name: 'another key length', own: [ike()], offered: offerIke([ike({ encryption: [CBC128] })]) },
  { name: 'no common group', own: [ike()], offered: offerIke([ike({ groups: [14] })]) },
  { name: 'no common PRF', own: [ike()], offered: offerIke([ike({ prf: [2] })]) },
  {
    name: 'AES without key length (3.3.5)',
    own: [ike()],
    offered: [proposalOf(1, t(1, 12), t(2, 5), t(3, 12), t(4, 19))],
  },
  {
    name: 'ChaCha20 with a key length (RFC 7634 section 4)',
    own: [ike({ encryption: [CHACHA] })],
    offered: [proposalOf(1, t(1, 28, 256), t(2, 5), t(4, 19))],
  },
  {
    name: 'an AEAD cipher with an integrity transform (RFC 5282 section 8)',
    own: [ike({ encryption: [GCM256] })],
    offered: [proposalOf(1, t(1, 20, 256), t(2, 5), t(3, 12), t(4, 19))],
  },
  {
    name: 'an AEAD cipher with integrity NONE (RFC 5282 section 8)',
    own: [ike({ encryption: [GCM256] })],
    offered: [proposalOf(1, t(1, 20, 256), t(2, 5), t(3, 0), t(4, 19))],
    chosen: [20, 256, 0, 5, 19],
  },
  { name: 'CBC without integrity', own: [ike()], offered: [proposalOf(1, t(1, 12, 256), t(2, 5), t(4, 19))] },
  {
    name: 'CBC with integrity NONE',
    own: [ike()],
    offered: [proposalOf(1, t(1, 12, 256), t(2, 5), t(3, 0), t(4, 19))],
  },
  {
    name: 'an unknown transform type spoils its proposal (3.3.6)',
    own: [ike()],
    offered: [proposalOf(1, t(1, 12, 256), t(2, 5), t(3, 12), t(4, 19), t(6, 35))],
  },
  {
    name: 'an unknown attribute spoils its transform alone (3.3.6)',
    own: [ike()],
    offered: [
      proposalOf(
        1,
        { ...t(1, 12, 256), attributes: [{ type: 0x8011, value: Uint8Array.of(0, 1) }] },
        t(1, 12, 256),
        t(2, 5),
        t(3, 12),
        t(4, 19),
      ),
    ],
    chosen: [12, 256, 12, 5, 19],
  },
  { name: 'an ESP proposal in IKE_SA_INIT', own: [ike()], offered: offerEsp([esp()], 1) },
  { name: 'nothing offered', own: [ike()], offered: [] },
];

for (const row of ikeRows) {
  test(`IKE selection: ${row.name} (RFC 7296 section 2.7)`, () => {
    const chosen = selectIke(row.own, row.offered);
    const values = chosen && [chosen.encr, chosen.keyBits, chosen.integ, chosen.prf, chosen.group];
    assert.deepEqual(values, row.chosen);
  });
}

const espRows = [
  { name: 'without PFS', own: [esp()], offered: offerEsp([esp()], 5), chosen: [12, 256, 12, false, 0] },
  {
    name: 'PFS on the peer’s side alone is accepted',
    own: [esp()],
    offered: offerEsp([esp()], 5, 14),
    chosen: [12, 256, 12, false, 14],
  },
  { name: 'PFS on our side alone is not', own: [esp()], offered: offerEsp([esp()], 5), group: 19 },
  { name: 'different groups', own: [esp()], offered: offerEsp([esp()], 5, 14), group: 19 },
  {
    name: 'the same group',
    own: [esp()],
    offered: offerEsp([esp()], 5, 19),
    group: 19,
    chosen: [12, 256, 12, false, 19],
  },
  { name: 'a group that we do not know', own: [esp()], offered: offerEsp([esp()], 5, 2) },
  { name: 'KE in IKE_AUTH (1.2)', own: [esp()], offered: offerEsp([esp()], 5, 14), group: 0 },
  {
    name: 'KE NONE in IKE_AUTH (1.2)',
    own: [esp()],
    offered: [proposalOf(3, t(1, 12, 256), t(3, 12), t(4, 0), t(5, 0))],
    group: 0,
    chosen: [12, 256, 12, false, 0],
  },
  {
    name: 'no ESN transform means 32-bit numbers',
    own: [esp()],
    offered: [proposalOf(3, t(1, 12, 256), t(3, 12))],
    chosen: [12, 256, 12, false, 0],
  },
  { name: 'ESN demanded, not offered', own: [esp({ esn: [true] })], offered: offerEsp([esp()], 5) },
  {
    name: 'ESN in our order',
    own: [esp({ esn: [true, false] })],
    offered: offerEsp([esp({ esn: [false, true] })], 5),
    chosen: [12, 256, 12, true, 0],
  },
  { name: 'SPI zero', own: [esp()], offered: offerEsp([esp()], 0) },
  { name: 'a PRF in an ESP proposal', own: [esp()], offered: [proposalOf(3, t(1, 12, 256), t(2, 5), t(3, 12))] },
  {
    name: 'GCM before CBC as we like it',
    own: [esp({ encryption: [GCM128, CBC256] })],
    offered: offerEsp([esp({ encryption: [CBC256, GCM128] })], 5),
    chosen: [20, 128, 0, false, 0],
  },
];

for (const row of espRows) {
  test(`ESP selection: ${row.name} (RFC 7296 section 3.3)`, () => {
    const chosen = selectEsp(row.own, row.offered, row.group);
    const values = chosen && [chosen.encr, chosen.keyBits, chosen.integ, chosen.esn, chosen.group];
    assert.deepEqual(values, row.chosen);
  });
}

const cipher = fc.constantFrom(CBC128, CBC256, GCM128, GCM256, CHACHA);
const list = <T>(...values: T[]): fc.Arbitrary<T[]> => fc.shuffledSubarray(values, { minLength: 1 });
const ikePolicy = fc.array(
  fc.record({
    encryption: fc.uniqueArray(cipher, { minLength: 1, maxLength: 3 }),
    integrity: list<number>(SHA1, SHA256),
    prf: list<number>(Prf.HMAC_SHA1, Prf.HMAC_SHA2_256),
    groups: list<number>(Ke.MODP_2048, Ke.ECP_256, Ke.CURVE25519),
  }),
  { minLength: 1, maxLength: 3 },
);
const espPolicy = fc.array(
  fc.record({
    encryption: fc.uniqueArray(cipher, { minLength: 1, maxLength: 3 }),
    integrity: list<number>(SHA1, SHA256),
    esn: list(false, true),
  }),
  { minLength: 1, maxLength: 3 },
);

test('what a responder selects from our offer, we accept, and both mean the same', () => {
  fc.assert(
    fc.property(ikePolicy, ikePolicy, (initiator, responder) => {
      const selected = selectIke(responder, offerIke(initiator));
      if (selected === undefined) return;
      const types = selected.proposal.transforms.map((transform) => transform.type);
      assert.equal(new Set(types).size, types.length);
      assert.deepEqual(acceptIke(initiator, [selected.proposal]), selected);
    }),
  );
  fc.assert(
    fc.property(espPolicy, espPolicy, fc.constantFrom(undefined, 14, 31), (initiator, responder, group) => {
      const selected = selectEsp(responder, offerEsp(initiator, 77, group), group);
      if (selected === undefined) return;
      assert.equal(selected.spi, 77);
      assert.deepEqual(acceptEsp(initiator, [selected.proposal], group), selected);
    }),
  );
});

const offered = offerIke([ike({ encryption: [CBC128, CBC256], groups: [19, 31] })]);
const answer = selectIke([ike()], offered)?.proposal;
assert.ok(answer !== undefined);
const answerRows = [
  { name: 'none', answered: [] },
  { name: 'two proposals', answered: [answer, answer] },
  { name: 'another number', answered: [{ ...answer, number: 2 }] },
  { name: 'two of one type', answered: [{ ...answer, transforms: [...answer.transforms, t(1, 12, 128)] }] },
  { name: 'one type missing', answered: [{ ...answer, transforms: answer.transforms.slice(0, 3) }] },
  {
    name: 'one that was not offered',
    answered: [{ ...answer, transforms: [t(1, 12, 192), ...answer.transforms.slice(1)] }],
  },
];

for (const row of answerRows) {
  test(`an answer is refused: ${row.name} (RFC 7296 section 3.3.6)`, () => {
    assert.equal(acceptIke([ike({ encryption: [CBC128, CBC256], groups: [19, 31] })], row.answered), undefined);
  });
}

test('an ESP answer without ESN transform is 32-bit numbers, if we offered those', () => {
  const bare = proposalOf(3, t(1, 12, 256), t(3, 12));
  assert.equal(acceptEsp([esp({ esn: [true, false] })], [bare])?.esn, false);
  assert.equal(acceptEsp([esp({ esn: [true] })], [bare]), undefined);
});
