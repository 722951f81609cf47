/**
 * MOBIKE (RFC 4555), reauthentication (RFC 7296 section 2.8.3) and postquantum preshared keys (RFC 8784) with strongSwan,
 * in both roles.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { siteConfig } from './asa-config.ts';
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

  /** The IKE SA that is there must be the one that was. */
  async function sameSa(spi: string): Promise<void> {
    const { sas } = await site.us.view();
    assert.deepEqual(
      sas.map(({ localSpi, status }) => [localSpi, status]),
      [[spi, 'established']],
    );
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
        await site.pingBothWays();
        await sameSa(us.localSpi);
      }
    }));

  for (const mobike of ['accept', 'off'] as const) {
    test(`strongSwan initiates and moves; MOBIKE here: ${mobike}`, () =>
      site.step(async () => {
        await site.us.settings([{ peer: '*', mobike }]);
        await site.theirNamespace.ip(`address replace ${THEIRS}/24 dev eth0`);
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
        await site.pingBothWays();
        await sameSa(us.localSpi);
        await site.theirNamespace.ip(`address replace ${THEIRS}/24 dev eth0`);
        await only(site.theirNamespace, THEIRS, THEIR_OTHER);
        const back = async () => (await site.us.view()).sas[0]?.remote.startsWith(`${THEIRS} `);
        await until('and the old one again', back);
        await site.pingBothWays();
        await sameSa(us.localSpi);
      }));
  }

  test('strongSwan authenticates anew, make before break: the session goes on', () =>
    site.step(async () => {
      await site.us.settings([]);
      const { us } = await site.bringUp({ initiator: 'them' });
      await site.probeDuring(async () => {
        await site.them.reauthenticate('site');
        const next = await site.us.untilUp(undefined, ({ localSpi }) => localSpi !== us.localSpi);
        assert.equal(next.session, us.session);
        await until('one IKE SA is left', async () => (await site.us.view()).sas.length === 1);
        await until('and one there', async () => (await site.them.sas()).length === 1);
      });
      await site.pingBothWays();
      assert.equal((await site.us.view()).counters['ike-sas-reauthenticated'], 1);
    }));

  test('we authenticate anew, again and again: no probe is lost', () =>
    site.step(async () => {
      await site.us.settings([{ peer: '*', reauthenticateMs: 8_000 }]);
      const { us } = await site.bringUp({ initiator: 'us' });
      const done = async () => ((await site.us.view()).counters['ike-sas-reauthenticated'] ?? 0) >= 4;
      await site.probeDuring(async () => void (await until('four times', done, 60_000)));
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
