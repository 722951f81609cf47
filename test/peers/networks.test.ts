/** The same tunnel over IPv4 and IPv6, and through NATs (RFC 7296 section 2.23, RFC 3948). */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { matrix, Proof } from './matrix.ts';
import { Site } from './site.ts';

describe('networks', { timeout: 120_000 }, () => {
  const proof = new Proof(matrix.networks);
  let plain: Site;
  let natBeforeUs: Site;
  let natBeforeThem: Site;

  before(async () => {
    plain = await Site.open({ label: 'plain' });
    natBeforeUs = await Site.open({ label: 'nat-us', nat: 'before us' });
    natBeforeThem = await Site.open({ label: 'nat-them', nat: 'before them' });
  });
  after(async () => {
    for (const site of [plain, natBeforeUs, natBeforeThem]) await site?.close();
  });

  for (const family of [4, 6] as const) {
    for (const initiator of ['us', 'them'] as const) {
      proof.cell(`IPv${family} outside`, initiator === 'us' ? 'we initiate' : 'they initiate', () =>
        plain.step(async () => {
          await plain.bringUp({ initiator, family });
          await plain.probeDuring(() => plain.pingBothWays());
        }),
      );
    }
  }

  proof.cell('we are behind a NAT', 'we initiate', () =>
    natBeforeUs.step(async () => {
      const { us, them } = await natBeforeUs.bringUp({ initiator: 'us' });
      assert.ok(us.natLocal);
      assert.equal(them.remoteAddress, '192.0.2.254');
      await natBeforeUs.pingBothWays();
    }),
  );

  proof.cell('they are behind a NAT', 'they initiate', () =>
    natBeforeThem.step(async () => {
      // Its address is a private one: as its identity it is not the tunnel-group's name.
      const { us } = await natBeforeThem.bringUp({ initiator: 'them', site: { group: ['peer-id-validate nocheck'] } });
      assert.ok(us.natRemote);
      assert.match(us.remote, /^192\.0\.2\.254 /);
      await natBeforeThem.pingBothWays();
    }),
  );
});
