/**
 * SAs are replaced, from either side and from both at once (RFC 7296 sections 1.3.2, 1.3.3, 2.8 and 2.8.1). Our time
 * passes 25 times as fast, so that lifetimes of a real configuration end while one looks on; every packet is held back
 * each way, so that two exchanges cross for certain.
 */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { groups } from './algorithms.ts';
import type { ChildView, IkeSaView } from './gateway-orders.ts';
import { matrix, Proof } from './matrix.ts';
import { type Setting, Site } from './site.ts';
import { USUAL_ESP } from './suites.ts';
import { until } from './until.ts';

const DELAY_MS = 60;
const group = groups.find(({ id }) => id === 19);

/** Small enough to be used up by the probes of a few seconds, large enough that its last 5 % last for an exchange. */
const SMALL_CHILD = 'set security-association lifetime kilobytes 50';
/** The shortest lifetimes there are: an SA is replaced after 60 to 90 seconds of ours. */
const SHORT_CHILD = 'set security-association lifetime seconds 120';
const SHORT_IKE = 'lifetime seconds 120';
/** On a busy machine one race may not come to a tie. */
const RACES = 4;

describe('rekeying', { timeout: 120_000 }, () => {
  let site: Site;

  before(async () => {
    site = await Site.open({
      label: 'rekeying',
      rate: 25,
      delayMs: DELAY_MS,
      strongSwan: { settings: 'delete_rekeyed_delay = 1' },
    });
  });
  after(() => site?.close());

  const current = async (): Promise<IkeSaView | undefined> =>
    (await site.us.view()).sas.find(({ status }) => status === 'established');

  /** One child SA alone, another than that; strongSwan agrees. */
  const untilReplaced = (before_: ChildView): Promise<ChildView> =>
    until('the child SA is replaced', async () => {
      const [child, ...more] = (await current())?.children ?? [];
      if (child === undefined || more.length > 0 || child.inboundSpi === before_.inboundSpi) return undefined;
      const theirs = (await site.them.sas()).flatMap(({ children }) => children);
      const installed = theirs.filter(({ state }) => state === 'INSTALLED');
      if (theirs.length !== 1 || installed[0]?.outboundSpi !== child.inboundSpi) return undefined;
      return child;
    });

  const untilIkeReplaced = (before_: IkeSaView): Promise<IkeSaView> =>
    until('the IKE SA is replaced', async () => {
      const { sas } = await site.us.view();
      const [sa] = sas;
      if (sas.length !== 1 || sa === undefined || sa.localSpi === before_.localSpi) return undefined;
      const theirs = await site.them.sas();
      const spis = [sa.localSpi, sa.remoteSpi].toSorted();
      const isSame = theirs.some(
        ({ initiatorSpi, responderSpi }) => [initiatorSpi, responderSpi].toSorted().join() === spis.join(),
      );
      return theirs.length === 1 && isSame && sa;
    });

  /** Both ends replace an SA while neither knows of the other; again if one was too late. */
  const race = async (
    counter: 'child-collisions' | 'ike-collisions',
    begin: () => Promise<() => Promise<number>>,
    theirs: () => Promise<void>,
    end: () => Promise<void>,
  ): Promise<void> => {
    const count = async (): Promise<number> => (await site.us.view()).counters[counter] ?? 0;
    for (let tries = 0; tries < RACES; tries++) {
      const rekeyInMs = await begin();
      const before_ = await count();
      await site.probeDuring(async () => {
        await until('our lifetime is about to end', async () => (await rekeyInMs()) < DELAY_MS / 2);
        await theirs();
        await end();
      });
      if ((await count()) > before_) return;
    }
    assert.fail('the exchanges never crossed');
  };

  const proof = new Proof(matrix.rekeying);
  const childRows = [
    ['child SA', undefined],
    ['child SA with PFS', group],
  ] as const;
  for (const [row, pfs] of childRows) {
    const setting: Setting = { initiator: 'us', esp: { ...USUAL_ESP, group: pfs } };
    const first = (sa: IkeSaView | undefined): ChildView => sa?.children[0] ?? assert.fail('no child SA');

    proof.cell(row, 'started by them', () =>
      site.step(async () => {
        const child = first((await site.bringUp(setting)).us);
        await site.probeDuring(async () => {
          await site.them.rekey('child', 'net');
          assert.equal((await untilReplaced(child)).group, pfs?.id ?? 0);
        });
        await site.pingBothWays();
      }),
    );

    proof.cell(row, 'started by us', () =>
      site.step(async () => {
        const child = first((await site.bringUp({ ...setting, site: { profile: [SMALL_CHILD] } })).us);
        await site.probeDuring(async () => {
          assert.equal((await untilReplaced(child)).group, pfs?.id ?? 0);
        }, 10);
        assert.ok(((await site.us.view()).counters['request-create-child-sa-sent'] ?? 0) > 0);
      }),
    );

    proof.cell(row, 'by both at once', () =>
      site.step(async () => {
        let child: ChildView | undefined;
        await race(
          'child-collisions',
          async () => {
            child = first((await site.bringUp({ ...setting, site: { profile: [SHORT_CHILD] } })).us);
            return async () => first(await current()).rekeyInMs;
          },
          () => site.them.rekey('child', 'net'),
          async () => {
            assert.ok(child !== undefined);
            assert.equal((await untilReplaced(child)).group, pfs?.id ?? 0);
          },
        );
      }),
    );
  }

  const usual: Setting = { initiator: 'us' };
  const short: Setting = { initiator: 'us', site: { policyMore: [SHORT_IKE] } };

  proof.cell('IKE SA', 'started by them', () =>
    site.step(async () => {
      const { us } = await site.bringUp(usual);
      await site.probeDuring(async () => {
        await site.them.rekey('ike', 'site');
        const sa = await untilIkeReplaced(us);
        assert.equal(sa.session, us.session);
        assert.equal(sa.children[0]?.inboundSpi, us.children[0]?.inboundSpi);
      });
      await site.pingBothWays();
    }),
  );

  proof.cell('IKE SA', 'started by us', () =>
    site.step(async () => {
      const { us } = await site.bringUp(short);
      await site.probeDuring(async () => {
        const sa = await untilIkeReplaced(us);
        assert.equal(sa.session, us.session);
        assert.equal(sa.children[0]?.inboundSpi, us.children[0]?.inboundSpi);
      });
    }),
  );

  proof.cell('IKE SA', 'by both at once', () =>
    site.step(async () => {
      let sa: IkeSaView | undefined;
      await race(
        'ike-collisions',
        async () => {
          sa = (await site.bringUp(short)).us;
          return async () => (await current())?.rekeyInMs ?? Number.POSITIVE_INFINITY;
        },
        () => site.them.rekey('ike', 'site'),
        async () => {
          assert.ok(sa !== undefined);
          await untilIkeReplaced(sa);
        },
      );
    }),
  );
});
