/**
 * MOBIKE (RFC 4555), reauthentication (RFC 7296 section 2.8.3) and postquantum preshared keys (RFC 8784) with strongSwan,
 * in both roles.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { INSIDE, siteConfig } from './asa-config.ts';
import type { Namespace } from './namespaces.ts';
import { type Setting, Site } from './site.ts';
import { policyLines, profileLines, proposalLines, USUAL_ESP, USUAL_IKE } from './suites.ts';
import type { ConnectionOptions } from './swanctl-config.ts';
import { until } from './until.ts';

const OURS = '192.0.2.1';
const THEIRS = '192.0.2.2';
const OUR_OTHER = '192.0.2.11';
const THEIR_OTHER = '192.0.2.12';
const QUICK_DPD = ['isakmp keepalive threshold 10 retry 2'];

/** Our configuration with another outer address. */
function configAt(local: string, role: readonly string[] = []): string {
  const lines = { policy: policyLines(USUAL_IKE), proposal: proposalLines(USUAL_ESP) };
  const profile = [...profileLines(USUAL_ESP), ...role];
  return siteConfig({ local, remote: THEIRS, ...lines, profile, group: QUICK_DPD });
}

/** No other IPv4 address is there, whatever the test before left. */
async function alone(namespace: Namespace, stays: string): Promise<void> {
  await namespace.ip(`address replace ${stays}/24 dev eth0`);
  for (const goes of [OUR_OTHER, THEIR_OTHER]) {
    const shown = await namespace.ip(`address show dev eth0 to ${goes}`);
    if (shown !== '') await only(namespace, stays, goes);
  }
}

/** One address goes; the kernel takes others of its network along, so the one to stay is put back. */
async function only(namespace: Namespace, stays: string, goes: string): Promise<void> {
  await namespace.ip(`address delete ${goes}/24 dev eth0`);
  await namespace.ip(`address replace ${stays}/24 dev eth0`);
}

describe('mobility', { timeout: 300_000 }, () => {
  let site: Site;

  before(async () => {
    const settings = 'make_before_break = yes\nretransmit_timeout = 1.0\nretransmit_base = 1.4';
    site = await Site.open({ label: 'mobility', strongSwan: { settings } });
  });
  after(() => site?.close());
  beforeEach(async () => {
    await alone(site.ourNamespace, OURS);
    await alone(site.theirNamespace, THEIRS);
  });

  /** The IKE SA that is there must be the one that was. */
  async function sameSa(spi: string): Promise<void> {
    const { sas } = await site.us.view();
    assert.deepEqual(
      sas.map(({ localSpi, status }) => [localSpi, status]),
      [[spi, 'established']],
    );
  }

  /** How much that has to do with SAs was dropped here. */
  async function refused(): Promise<readonly (number | undefined)[]> {
    const { drops } = await site.us.view();
    return ['no-sa', 'unknown-spi', 'replayed', 'integrity-failed', 'selector-mismatch'].map((reason) => drops[reason]);
  }

  /** strongSwan's ESP in user space can not move a child SA: it makes a new one after each move. */
  async function settled(): Promise<void> {
    await until('strongSwan has its new child SA', async () => {
      const [sa, ...others] = (await site.us.view()).sas;
      return others.length === 0 && sa?.children.length === 1 && sa.children[0]?.rekeying === false;
    });
    const passes = async () => (await site.us.ping(INSIDE.theirs, { count: 2 })).replies === 2;
    await until('traffic passes again', passes, 30_000);
  }

  test('we initiate and move: strongSwan follows, the same IKE SA goes on', () =>
    site.step(async () => {
      await site.us.settings([{ peer: '*', mobike: 'offer' }]);
      const { us } = await site.bringUp({ initiator: 'us', site: { group: QUICK_DPD } });
      assert.equal(us.mobike, true);
      await site.pingBothWays();
      for (const [to, from] of [
        [OUR_OTHER, OURS],
        [OURS, OUR_OTHER],
      ] as const) {
        await site.ourNamespace.ip(`address replace ${to}/24 dev eth0`);
        await site.us.configure(configAt(to));
        await until(`strongSwan sees ${to}`, async () => (await site.them.sas())[0]?.remoteAddress === to);
        await only(site.ourNamespace, to, from);
        await settled();
        await site.pingBothWays();
        await sameSa(us.localSpi);
      }
    }));

  for (const mobike of ['accept', 'off'] as const) {
    test(`strongSwan initiates and moves; MOBIKE here: ${mobike}`, () =>
      site.step(async () => {
        await site.us.settings([{ peer: '*', mobike }]);
        const connection: Partial<ConnectionOptions> = {
          local: '%any',
          localId: THEIRS,
          connection: ['mobike = yes', 'dpd_delay = 2s'],
        };
        const { us } = await site.bringUp({ initiator: 'them', connection });
        assert.equal(us.mobike, mobike === 'accept');
        await site.pingBothWays();
        if (mobike === 'off') return;
        await site.theirNamespace.ip(`address add ${THEIR_OTHER}/24 dev eth0`);
        await only(site.theirNamespace, THEIR_OTHER, THEIRS);
        const moved = async () => (await site.us.view()).sas[0]?.remote.startsWith(`${THEIR_OTHER} `);
        await until('we see the new address', moved);
        await settled();
        await site.pingBothWays();
        await sameSa(us.localSpi);
        await site.theirNamespace.ip(`address replace ${THEIRS}/24 dev eth0`);
        await only(site.theirNamespace, THEIRS, THEIR_OTHER);
        const back = async () => (await site.us.view()).sas[0]?.remote.startsWith(`${THEIRS} `);
        await until('and the old one again', back);
        await settled();
        await site.pingBothWays();
        await sameSa(us.localSpi);
      }));
  }

  test('strongSwan authenticates anew, make before break: the session goes on', () =>
    site.step(async () => {
      await site.us.settings([]);
      const { us } = await site.bringUp({ initiator: 'them' });
      // Its own packets wait while it changes its policies: what counts is that we let in whatever comes.
      const before = await refused();
      const traffic = site.us.ping(INSIDE.theirs, { count: 200 });
      await site.them.reauthenticate('site');
      const next = await site.us.untilUp(undefined, ({ localSpi }) => localSpi !== us.localSpi);
      assert.equal(next.session, us.session);
      await until('one IKE SA is left', async () => (await site.us.view()).sas.length === 1);
      await until('and one there', async () => (await site.them.sas()).length === 1);
      await traffic;
      assert.deepEqual(await refused(), before);
      assert.ok((await site.us.view()).tunnels.every(({ up }) => up));
      await site.pingBothWays();
      assert.equal((await site.us.view()).counters['ike-sas-reauthenticated'], 1);
    }));

  test('we authenticate anew, again and again: no probe is lost here', () =>
    site.step(async () => {
      await site.us.settings([{ peer: '*', reauthenticateMs: 8_000 }]);
      const { us } = await site.bringUp({ initiator: 'us' });
      const done = async () => ((await site.us.view()).counters['ike-sas-reauthenticated'] ?? 0) >= 4;
      // As responder strongSwan sends on the new child SA before its answer, and so our keys of it, can be here: what
      // comes in that moment has an unknown SPI. Nothing else may be lost.
      const early = async () => (await site.us.view()).drops['unknown-spi'] ?? 0;
      const before = await early();
      let lost = 0;
      await until(
        'four times',
        async () => {
          const { replies } = await site.us.ping(INSIDE.theirs, { count: 20 });
          lost += 20 - replies;
          return done();
        },
        60_000,
      );
      assert.ok(lost <= (await early()) - before, `${lost} lost`);
      const next = await site.us.untilUp();
      assert.equal(next.session, us.session);
      assert.notEqual(next.localSpi, us.localSpi);
    }));

  describe('postquantum preshared keys', () => {
    const theirs = (required: boolean, id = 'blue'): Partial<ConnectionOptions> => ({
      connection: [`ppk_id = ${id}`, `ppk_required = ${required ? 'yes' : 'no'}`],
      secrets: [`ppk-1 { secret = "a shared key of enough bytes"\n id-1 = ${id} }`],
    });
    const ours = (required: boolean, id = 'blue', key = 'a shared key of enough bytes') =>
      [{ peer: '*', ppk: { id, key, required } }] as const;
    const rows: readonly Readonly<{
      name: string;
      us: Parameters<Site['us']['settings']>[0];
      them: Partial<ConnectionOptions>;
      safe: boolean | 'refused';
      /** As responder strongSwan takes no other id than its own, though it does not require one. */
      strict?: boolean;
    }>[] = [
      { name: 'required by both', us: ours(true), them: theirs(true), safe: true },
      { name: 'optional for both', us: ours(false), them: theirs(false), safe: true },
      { name: 'optional here, none there', us: ours(false), them: {}, safe: false },
      { name: 'none here, optional there', us: [], them: theirs(false), safe: false },
      { name: 'required here, none there', us: ours(true), them: {}, safe: 'refused' },
      { name: 'none here, required there', us: [], them: theirs(true), safe: 'refused' },
      { name: 'another key of the same id', us: ours(true, 'blue', 'wrong'), them: theirs(true), safe: 'refused' },
      { name: 'other ids, optional', us: ours(false, 'green'), them: theirs(false), safe: false, strict: true },
    ];
    for (const { name, us, them, safe: usually, strict = false } of rows) {
      for (const initiator of ['us', 'them'] as const) {
        const safe = strict && initiator === 'us' ? 'refused' : usually;
        test(`${name}, ${initiator === 'us' ? 'we' : 'they'} initiate`, () =>
          site.step(async () => {
            await site.us.settings(us);
            const setting: Setting = { initiator, connection: them };
            if (safe !== 'refused') {
              const up = await site.bringUp(setting);
              assert.equal(up.us.quantumSafe, safe);
              await site.pingBothWays();
              return;
            }
            const failed = async () => (await site.us.view()).counters['negotiations-failed'] ?? 0;
            const before = await failed();
            await site.configure(setting).catch(() => undefined);
            if (initiator === 'us') await until('it fails', async () => (await failed()) > before, 30_000);
            assert.deepEqual(
              (await site.us.view()).sas.flatMap(({ children }) => children),
              [],
            );
            assert.deepEqual(
              (await site.them.sas()).flatMap(({ children }) => children),
              [],
            );
            // One that they gave up half-way stands half open until its time is over.
            await until(
              'nothing is left',
              async () => (await site.us.view()).sas.every(({ status }) => status !== 'negotiating'),
              45_000,
            );
          }));
      }
    }
  });
});
