/** What two ends agree on, and what they do when they can not: RFC 7296 sections 1.2, 1.3, 2.6, 2.7, 2.9 and 2.21. */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { INSIDE, siteConfig } from './asa-config.ts';
import { GatewayProcess } from './gateway-process.ts';
import { matrix, Proof } from './matrix.ts';
import { type Setting, Site } from './site.ts';
import { policyLines, proposalLines, USUAL_ESP, USUAL_IKE } from './suites.ts';
import { until } from './until.ts';

const ROLES = [
  ['us', 'we initiate'],
  ['them', 'they initiate'],
] as const;

describe('negotiation', { timeout: 180_000 }, () => {
  let site: Site;

  before(async () => {
    // One half-open IKE SA is enough for strongSwan to ask strangers for a cookie.
    site = await Site.open({
      label: 'talks',
      strongSwan: { settings: 'cookie_threshold = 1\n  half_open_timeout = 20\n  fragment_size = 300' },
    });
  });
  after(() => site?.close());

  const proof = new Proof(matrix.negotiation);

  /** What strongSwan logs while something is done. */
  const logged = async (act: () => Promise<void>): Promise<string> => {
    const before_ = site.them.log().length;
    await act();
    return site.them.log().slice(before_);
  };

  /** They meet and do not come together: nothing stays, and we can say why. */
  const fail = async (setting: Setting, ours: RegExp, theirs: RegExp): Promise<void> => {
    const before_ = site.us.log().length;
    const log = await logged(async () => {
      await assert.rejects(site.configure(setting).then(() => site.us.untilUp(3_000)));
    });
    assert.match(log, theirs);
    assert.match(site.us.log().slice(before_), ours);
    assert.deepEqual(
      (await site.us.view()).sas.filter(({ children }) => children.length > 0),
      [],
    );
  };

  proof.cell('cookie demanded by the responder', 'they initiate', () =>
    site.step(async () => {
      const log = await logged(async () => {
        await site.bringUp({ initiator: 'them', site: { device: ['crypto ikev2 cookie-challenge always'] } });
      });
      assert.match(log, /parsed IKE_SA_INIT response 0 \[ N\(COOKIE\) \]/);
      await site.pingBothWays();
    }),
  );

  proof.cell('cookie demanded by the responder', 'we initiate', () =>
    site.step(async () => {
      const keys = ['both', 'both'] as const;
      const connection = { remote: '%any', remoteId: '%any', keys };
      const local = '192.0.2.3';
      await site.ourNamespace.ip(`address add ${local}/24 dev eth0`);
      const deaf = new GatewayProcess(site.ourNamespace, { isDeaf: true });
      try {
        await site.configure({ initiator: 'them', site: { keys }, connection }).catch(() => {});
        await deaf.configure(
          siteConfig({
            ...{ local, remote: '192.0.2.2', keys },
            ...{ policy: policyLines(USUAL_IKE), proposal: proposalLines(USUAL_ESP) },
          }),
        );
        const log = await logged(async () => {
          await until('the deaf one is heard', () => site.them.log().includes(`${local} is initiating an IKE_SA`));
          await site.configure({ initiator: 'us', site: { keys }, connection });
          await site.us.untilUp();
        });
        assert.match(log, /generating IKE_SA_INIT response 0 \[ N\(COOKIE\) \]/);
        await site.pingBothWays();
      } finally {
        await deaf.stop('SIGKILL');
        await site.ourNamespace.ip(`address del ${local}/24 dev eth0`);
      }
    }),
  );

  proof.cell('another group demanded (INVALID_KE_PAYLOAD)', 'they initiate', () =>
    site.step(async () => {
      const connection = { proposals: 'aes256-sha256-modp2048-ecp256' };
      const log = await logged(async () => {
        assert.equal((await site.bringUp({ initiator: 'them', connection })).us.group, 19);
      });
      assert.match(log, /parsed IKE_SA_INIT response 0 \[ N\(INVAL_KE\) \]/);
    }),
  );

  proof.cell('another group demanded (INVALID_KE_PAYLOAD)', 'we initiate', () =>
    site.step(async () => {
      const policy = ['encryption aes-256', 'integrity sha256', 'group 14 19', 'prf sha256'];
      const connection = { proposals: 'aes256-sha256-ecp256' };
      const log = await logged(async () => {
        assert.equal((await site.bringUp({ initiator: 'us', site: { policy }, connection })).us.group, 19);
      });
      assert.match(log, /generating IKE_SA_INIT response 0 \[ N\(INVAL_KE\) \]/);
    }),
  );

  proof.cell('another group demanded while rekeying with PFS', 'they initiate', () =>
    site.step(async () => {
      const connection = { espProposals: 'aes256-sha256-modp2048-ecp256' };
      const { us } = await site.bringUp({ initiator: 'them', site: { profile: ['set pfs group19'] }, connection });
      const log = await logged(async () => {
        await site.them.rekey('child', 'net');
        await until('the child SA is replaced with group 19', async () => {
          const children = (await site.us.view()).sas[0]?.children ?? [];
          return children[0]?.group === 19 && children[0].inboundSpi !== us.children[0]?.inboundSpi;
        });
      });
      assert.match(log, /parsed CREATE_CHILD_SA response \d+ \[ N\(INVAL_KE\) \]/);
      await site.pingBothWays();
    }),
  );

  for (const [initiator, column] of ROLES) {
    proof.cell('several proposals, one in common', column, () =>
      site.step(async () => {
        const policy = [
          'encryption aes-gcm-256 aes-256',
          'integrity sha512 sha256',
          'group 21 14 20',
          'prf sha512 sha256',
        ];
        const ike = 'aes128-sha1-modp2048,aes256-aes192-sha256-prfsha256-modp3072-modp2048,aes256gcm16-prfsha1-ecp521';
        const proposal = ['protocol esp encryption aes-gcm-256 aes-192 aes', 'protocol esp integrity sha-512 sha-256'];
        const connection = { proposals: ike, espProposals: 'aes256-sha256,aes192-sha384-sha256,aes128-sha1' };
        const { us } = await site.bringUp({ initiator, site: { policy, proposal }, connection });
        assert.deepEqual([us.encr, us.keyBits, us.integ, us.prf, us.group], [12, 256, 12, 5, 14]);
        const [child] = us.children;
        assert.deepEqual([child?.encr, child?.keyBits, child?.integ], [12, 192, 12]);
        await site.pingBothWays();
      }),
    );

    proof.cell('IKE_AUTH in fragments (RFC 7383)', column, () =>
      site.step(async () => {
        const { counters: before_ } = await site.us.view();
        const log = await logged(async () => {
          await site.bringUp({ initiator, site: { device: ['crypto ikev2 fragmentation mtu 300'] } });
        });
        const { counters } = await site.us.view();
        for (const name of ['messages-fragmented', 'messages-reassembled']) {
          assert.ok((counters[name] ?? 0) > (before_[name] ?? 0), name);
        }
        assert.match(log, /parsed IKE_AUTH \w+ 1 \[ EF\(1\/\d\) \]/);
        assert.match(log, /generating IKE_AUTH \w+ 1 \[ EF\(1\/\d\) \]/);
        await site.pingBothWays();
      }),
    );

    proof.cell('no IKE proposal in common', column, () =>
      site.step(() =>
        fail(
          { initiator, connection: { proposals: 'aes128-sha1-modp2048' } },
          /no-proposal-chosen/,
          /NO_PROP|no acceptable|NO_PROPOSAL_CHOSEN/,
        ),
      ),
    );

    proof.cell('no ESP proposal in common', column, () =>
      site.step(() =>
        fail({ initiator, connection: { espProposals: 'aes128-sha1' } }, /no-proposal-chosen/, /NO_PROP/),
      ),
    );

    proof.cell('wrong key', column, () =>
      site.step(() =>
        fail(
          { initiator, connection: { keys: ['other-way', 'a typing mistake'] } },
          /authentication-failed/,
          /AUTH_FAILED|AUTHENTICATION_FAILED/,
        ),
      ),
    );

    proof.cell('wrong identity', column, () =>
      site.step(() =>
        fail(
          { initiator, connection: { localId: 'somebody.example' } },
          /authentication-failed|identity/,
          /AUTH_FAILED|AUTHENTICATION_FAILED/,
        ),
      ),
    );
  }

  proof.cell('selectors narrowed by the responder', 'we initiate', () =>
    site.step(async () => {
      const connection = { localSelectors: '172.16.1.2/32', remoteSelectors: '172.16.1.0/24' };
      const { us } = await site.bringUp({ initiator: 'us', connection });
      assert.deepEqual(us.children[0]?.remoteSelectors, ['172.16.1.2-172.16.1.2']);
      assert.deepEqual(us.children[0]?.localSelectors, ['172.16.1.0-172.16.1.255']);
      assert.equal((await site.us.ping(INSIDE.theirs)).replies, 1);
      assert.ok(await site.theirNamespace.pings(INSIDE.ours, INSIDE.theirs));
    }),
  );

  proof.cell('selectors narrowed by the responder', 'they initiate', () =>
    site.step(async () => {
      const device = ['access-list PART extended permit ip 172.16.1.0 255.255.255.0 host 172.16.1.2'];
      const tunnel = ['tunnel protection ipsec policy PART'];
      const { us, them } = await site.bringUp({ initiator: 'them', site: { device, tunnel } });
      assert.deepEqual(us.children[0]?.remoteSelectors, ['172.16.1.2-172.16.1.2']);
      assert.deepEqual(them.children[0]?.remoteSelectors, ['172.16.1.0/24']);
      assert.deepEqual(them.children[0]?.localSelectors, ['172.16.1.2/32']);
      assert.equal((await site.us.ping(INSIDE.theirs)).replies, 1);
    }),
  );

  proof.cell('extended sequence numbers offered', 'they initiate', () =>
    site.step(async () => {
      const { them } = await site.bringUp({
        initiator: 'them',
        connection: { espProposals: 'aes256-sha256-esn-noesn' },
      });
      assert.equal(them.children[0]?.suite, 'AES_CBC-256/HMAC_SHA2_256_128');
      await site.pingBothWays();
    }),
  );

  proof.cell('IKE SA without a first child SA (RFC 6023)', 'they initiate', () =>
    site.step(async () => {
      const log = await logged(async () => {
        await site.bringUp({ initiator: 'them', connection: { connection: ['childless = force'] } });
      });
      assert.match(log, /generating IKE_AUTH request 1 \[ (?!.* SA ).*AUTH/);
      assert.match(log, /generating CREATE_CHILD_SA request 2/);
      await site.pingBothWays();
    }),
  );
});
