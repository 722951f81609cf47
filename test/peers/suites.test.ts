/** Every algorithm that both sides know, for IKE and for ESP, in both roles. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ciphers, groups, integrities, prfs } from './algorithms.ts';
import { matrix, Proof } from './matrix.ts';
import { Site } from './site.ts';
import { espSuites, ikeSuites } from './suites.ts';
import { until } from './until.ts';

const ROLES = [
  ['us', 'we initiate'],
  ['them', 'they initiate'],
] as const;

describe('algorithms', { timeout: 180_000 }, () => {
  let site: Site;

  before(async () => {
    site = await Site.open({ label: 'suites' });
  });
  after(() => site?.close());

  test('strongSwan knows every algorithm that has a row', async () => {
    const listed = await site.them.algorithms();
    const has = (...kinds: readonly string[]): string[] => kinds.flatMap((kind) => listed.get(kind) ?? []);
    const missing = [
      ...ciphers.filter((one) => !has('encryption', 'aead').includes(one.listed)),
      ...integrities.filter((one) => !has('integrity').includes(one.listed)),
      ...prfs.filter((one) => !has('prf').includes(one.listed)),
      ...groups.filter((one) => !has('dh').includes(one.listed)),
    ];
    assert.deepEqual(missing, []);
  });

  describe('of IKE SAs', () => {
    const proof = new Proof(matrix.ike);
    for (const suite of ikeSuites) {
      for (const [initiator, column] of ROLES) {
        proof.cell(suite.label, column, () =>
          site.step(async () => {
            const { us, them } = await site.bringUp({ initiator, ike: suite });
            const { encr, keyBits, integ, prf, group } = us;
            assert.deepEqual(
              { encr, keyBits, integ, prf, group },
              {
                ...{ encr: suite.cipher.id, keyBits: suite.cipher.keyBits, integ: suite.integrity?.id ?? 0 },
                ...{ prf: suite.prf.id, group: suite.group.id },
              },
            );
            const words = [`${suite.cipher.listed}-${suite.cipher.keyBits}`, suite.integrity?.listed];
            const expected = [...words, suite.prf.listed, suite.group.listed];
            assert.equal(them.suite, expected.filter((word) => word !== undefined).join('/'));
            await site.pingBothWays();
          }),
        );
      }
    }
  });

  describe('of ESP', () => {
    const proof = new Proof(matrix.esp);
    for (const suite of espSuites) {
      for (const [initiator, column] of ROLES) {
        proof.cell(suite.label, column, () =>
          site.step(async () => {
            const { us } = await site.bringUp({ initiator, esp: suite });
            const [first] = us.children;
            await site.pingBothWays();
            await site.them.rekey('child', 'net');
            const renewed = await until('the child SA is replaced', async () => {
              const [sa] = (await site.us.view()).sas;
              return sa?.children.length === 1 && sa.children[0]?.inboundSpi !== first?.inboundSpi && sa.children[0];
            });
            const expected = {
              ...{ encr: suite.cipher.id, keyBits: suite.cipher.keyBits },
              ...{ integ: suite.integrity?.id ?? 0 },
            };
            for (const { encr, keyBits, integ } of [first ?? renewed, renewed]) {
              assert.deepEqual({ encr, keyBits, integ }, expected);
            }
            // RFC 7296 section 1.3.1: the first child SA has no key exchange of its own.
            assert.equal(first?.group, 0);
            assert.equal(renewed.group, suite.group?.id ?? 0);
            const words = [`${suite.cipher.listed}-${suite.cipher.keyBits}`, suite.integrity?.listed];
            const [child] = (await site.them.sas())[0]?.children.filter(({ state }) => state === 'INSTALLED') ?? [];
            const inUse = [...words, suite.group?.listed].filter((word) => word !== undefined).join('/');
            assert.equal(child?.suite, inUse);
            await site.pingBothWays();
          }),
        );
      }
    }
  });
});
