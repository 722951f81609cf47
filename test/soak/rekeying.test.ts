/**
 * A probe of 1 kHz through a hundred child and a hundred IKE rekeys with strongSwan: started by them, by us, and by both
 * without regard for each other. None lost, none twice, none out of order.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Setting, Site } from '../peers/site.ts';
import { until } from '../peers/until.ts';

const REKEYS = 100;
const LEAST_PROBES = 2_000;
const PATIENCE_MS = 240_000;
/** The shortest lifetimes there are: a minute or a little more until the soft end. */
const SHORT: Setting['site'] = {
  profile: ['set security-association lifetime seconds 120'],
  policyMore: ['lifetime seconds 120'],
};

describe('a probe of 1 kHz through rekeys', { timeout: 900_000 }, () => {
  let site: Site;

  before(async () => {
    // Ours pass a hundred times as fast: an SA of two minutes is replaced within a second.
    site = await Site.open({ label: 'soak', rate: 100, strongSwan: { settings: 'delete_rekeyed_delay = 1' } });
  });
  after(() => site?.close());

  const counts = async (): Promise<Readonly<{ children: number; ikeSas: number }>> => {
    const { counters } = await site.us.view();
    return { children: counters['child-sas-made'] ?? 0, ikeSas: counters['ike-sas-rekeyed'] ?? 0 };
  };

  /** Runs the probe until both kinds were replaced often enough, `act` being done again and again. */
  const through = async (setting: Setting, act?: () => Promise<void>): Promise<void> => {
    await site.bringUp(setting);
    const first = await counts();
    const probes = await site.probeDuring(async () => {
      const isDone = async (): Promise<boolean> => {
        const { children, ikeSas } = await counts();
        return children - first.children >= REKEYS && ikeSas - first.ikeSas >= REKEYS;
      };
      await until(
        `${REKEYS} child SAs and ${REKEYS} IKE SAs replaced`,
        async () => {
          await act?.();
          return isDone();
        },
        PATIENCE_MS,
      );
    }, 1);
    assert.ok(probes > LEAST_PROBES, `only ${probes} probes`);
    assert.equal((await site.us.view()).sas.filter(({ status }) => status === 'established').length, 1);
  };

  const theirs = async (): Promise<void> => {
    await site.them.rekey('child', 'net');
    await site.them.rekey('ike', 'site');
  };

  test('started by them', () => site.step(() => through({ initiator: 'us' }, theirs)));
  test('started by us', () => site.step(() => through({ initiator: 'us', site: SHORT })));
  test('started by both', () => site.step(() => through({ initiator: 'us', site: SHORT }, theirs)));
});
