/** No packet is lost over a rekey, RFC 7296 section 2.8: a plane as the contract describes it, sending all the time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHILD, established } from './pair.fixture.ts';
import { planesOf, traffic } from './plane.fixture.ts';

for (const loss of [0, 0.3]) {
  test(`no packet is lost while both ends rekey, with ${loss * 100} % of the IKE messages lost`, () => {
    for (let seed = 0; seed < 40; seed++) {
      const both = established(seed, { both: { child: CHILD } });
      const { lab, a, b } = both;
      const planes = planesOf(both);
      Object.assign(lab.link, { jitterMs: 60, loss });
      const [ofA = 0] = a.plane.keys();
      const [ofB = 0] = b.plane.keys();
      lab.do(a, { kind: 'child-limit', spi: ofA, limit: 'soft' });
      let lost = traffic(both, planes, (seed * 11) % 70);
      lab.do(b, { kind: 'child-limit', spi: ofB, limit: 'soft' });
      lost += traffic(both, planes, loss === 0 ? 1_000 : 8_000);
      assert.equal(lost, 0, `seed ${seed}`);
    }
  });
}
