/** SAs end, by order, by silence and by death, and come back: RFC 7296 sections 1.4.1, 2.4 and 3.16 (INITIAL_CONTACT). */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { matrix, Proof } from './matrix.ts';
import { type Setting, Site } from './site.ts';
import { until } from './until.ts';

/** The shortest time of silence there is: ten seconds of ours. */
const LIVENESS = 'isakmp keepalive threshold 10 retry 2';
const PATIENCE_MS = 30_000;

describe('endings', { timeout: 180_000 }, () => {
  let site: Site;

  before(async () => {
    site = await Site.open({ label: 'endings', rate: 10 });
  });
  after(() => site?.close());

  const proof = new Proof(matrix.endings);
  const theirsAreUp = async (): Promise<boolean> =>
    (await site.them.sas()).some(({ state }) => state === 'ESTABLISHED');

  /** Another IKE SA than the one before is up, the only one on both sides, and carries traffic. */
  const untilAnother = async (spi: string): Promise<void> => {
    await site.us.untilUp(PATIENCE_MS, ({ localSpi }) => localSpi !== spi);
    await untilOneEach();
    await site.pingBothWays();
  };
  const untilOneEach = (): Promise<true> =>
    until(
      'one IKE SA with one child SA on both sides',
      async () => {
        const [ours, theirs] = [(await site.us.view()).sas, await site.them.sas()];
        const children = [...ours, ...theirs].map((sa) => sa.children.length);
        return ours.length === 1 && theirs.length === 1 && children.every((count) => count === 1);
      },
      PATIENCE_MS,
    );

  proof.cell('IKE SA deleted', 'by us', () =>
    site.step(async () => {
      const { us } = await site.bringUp({ initiator: 'us' });
      await site.us.clear('ike');
      await untilAnother(us.localSpi);
      assert.match(site.them.log(), /received DELETE for IKE_SA/);
    }),
  );

  proof.cell('IKE SA deleted', 'by them', () =>
    site.step(async () => {
      const { us } = await site.bringUp({ initiator: 'us' });
      await site.them.terminate('ike', 'site');
      await untilAnother(us.localSpi);
    }),
  );

  for (const [column, act] of [
    ['by us', () => site.us.clear('child')],
    ['by them', () => site.them.terminate('child', 'net')],
  ] as const) {
    proof.cell('child SA deleted', column, () =>
      site.step(async () => {
        const { us } = await site.bringUp({ initiator: 'us' });
        await act();
        const spi = us.children[0]?.inboundSpi;
        await site.us.untilUp(PATIENCE_MS, ({ children }) => children[0]?.inboundSpi !== spi);
        await untilOneEach();
        await site.pingBothWays();
      }),
    );
  }

  proof.cell('stops answering and returns', 'by them', () =>
    site.step(async () => {
      await site.bringUp({ initiator: 'us', site: { group: [LIVENESS] } });
      site.them.suspend();
      try {
        const isDown = async () => (await site.us.view()).tunnels.every(({ up }) => !up);
        await until('we find it dead', isDown, PATIENCE_MS);
      } finally {
        site.them.resume();
      }
      await site.us.untilUp(PATIENCE_MS);
      await untilOneEach();
      await site.pingBothWays();
    }),
  );

  proof.cell('stops answering and returns', 'by us', () =>
    site.step(async () => {
      const setting: Setting = { initiator: 'us', connection: { connection: ['dpd_delay = 1s'] } };
      await site.bringUp(setting);
      site.us.suspend();
      try {
        await until('they find us dead', async () => !(await theirsAreUp()), PATIENCE_MS);
      } finally {
        site.us.resume();
      }
      await until('they have us back', theirsAreUp, PATIENCE_MS);
      await untilOneEach();
      await site.pingBothWays();
    }),
  );

  for (const initiator of ['us', 'them'] as const) {
    const row = `killed and started again, ${initiator === 'us' ? 'we' : 'they'} initiate`;

    proof.cell(row, 'by them', () =>
      site.step(async () => {
        const setting: Setting = { initiator, site: { group: [LIVENESS] } };
        const { us } = await site.bringUp(setting);
        await site.replaceThem(setting);
        if (initiator === 'them') await site.theyInitiate();
        await untilAnother(us.localSpi);
      }),
    );

    proof.cell(row, 'by us', () =>
      site.step(async () => {
        const dpd = { connection: ['dpd_delay = 1s'], child: ['dpd_action = restart', 'close_action = start'] };
        const setting: Setting = { initiator, connection: dpd };
        const { us } = await site.bringUp(setting);
        await site.replaceUs(setting);
        await untilAnother(us.localSpi);
      }),
    );
  }
});
