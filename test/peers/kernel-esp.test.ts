/**
 * ESP of the kernel against ours: strongSwan with XFRM on one machine, `wheelwright run` on the other, bare ESP without
 * UDP. Either begins, ciphers with and without an integrity algorithm of their own, and rekeying by either end.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { INSIDE, siteConfig } from './asa-config.ts';
import { lacksEsp } from './kernel-abilities.ts';
import { type Namespace, Namespaces } from './namespaces.ts';
import { StrongSwan, type StrongSwanChild } from './strongswan.ts';
import { connectionConfig } from './swanctl-config.ts';
import { until } from './until.ts';
import { type BuiltCommand, installCommand, Wheelwright } from './wheelwright.ts';

const [OURS, THEIRS] = ['192.0.2.1', '192.0.2.2'];
const SUITES = [
  {
    label: 'AES-GCM-256',
    proposal: ['protocol esp encryption aes-gcm-256', 'protocol esp integrity null'],
    theirs: 'aes256gcm16',
    integrity: [] as readonly string[],
  },
  {
    label: 'AES-CBC-256 with SHA-1',
    proposal: ['protocol esp encryption aes-256', 'protocol esp integrity sha-1'],
    theirs: 'aes256-sha1',
    integrity: [],
  },
] as const;

describe('ESP of the kernel', { skip: lacksEsp() }, () => {
  let command: BuiltCommand;
  let machines: Namespaces;
  let us: Namespace;
  let them: Namespace;
  let swan: StrongSwan;
  let gateway: Wheelwright | undefined;

  before(async () => {
    command = installCommand();
    machines = new Namespaces('esp');
    us = await machines.add('us');
    them = await machines.add('them');
    await machines.cable(
      { at: us, name: 'out', addresses: [`${OURS}/24`] },
      { at: them, name: 'out', addresses: [`${THEIRS}/24`] },
    );
    await them.ip(`link add ipsec0 type vti local ${THEIRS} remote ${OURS} key 42`);
    await them.ip(`address add ${INSIDE.theirs}/30 dev ipsec0`);
    await them.ip('link set ipsec0 mtu 1400');
    await them.ip('link set ipsec0 up');
    await them.sysctl('net.ipv4.conf.ipsec0.disable_policy=1');
    swan = await StrongSwan.start(them, { kernelEsp: true, settings: 'install_routes = no' });
  });

  after(async () => {
    await gateway?.stop();
    await machines?.close();
    command?.remove();
  });

  async function child(): Promise<StrongSwanChild | undefined> {
    const all = (await swan.sas()).flatMap(({ children }) => children);
    return all.find(({ state }) => state === 'INSTALLED');
  }

  for (const suite of SUITES) {
    for (const initiator of ['us', 'them'] as const) {
      test(`${suite.label}, ${initiator === 'us' ? 'we begin' : 'they begin'}, then both rekey`, async () => {
        const theirs = connectionConfig({
          local: THEIRS,
          remote: OURS,
          proposals: 'aes256-sha256-prfsha256-ecp256',
          espProposals: suite.theirs,
          bareEsp: true,
          child: ['mark_in = 42', 'mark_out = 42', `start_action = ${initiator === 'them' ? 'start' : 'none'}`],
        });
        const ours = siteConfig({
          local: OURS,
          remote: THEIRS,
          policy: ['encryption aes-256', 'integrity sha256', 'group 19', 'prf sha256'],
          proposal: suite.proposal,
          profile: initiator === 'us' ? [] : ['responder-only'],
        });
        gateway = await Wheelwright.start(command, us, ours, { 'GigabitEthernet0/0': 'out' });
        await swan.load(theirs);
        await until('the child SA is up', async () => (await child()) !== undefined, 30_000);
        const first = await child();
        assert.equal(first?.encapsulated, false, 'bare ESP');
        assert.match(
          first?.suite ?? '',
          suite.label.startsWith('AES-GCM') ? /^AES_GCM_16-256/ : /^AES_CBC-256\/HMAC_SHA1_96/,
        );
        assert.match(await them.run('ip', ['xfrm', 'state']), /proto esp/);
        const passes = async (): Promise<void> => {
          await until('pings pass', () => us.pings(INSIDE.theirs, INSIDE.ours), 15_000);
          assert.ok(await them.pings(INSIDE.ours, INSIDE.theirs, 20), 'the kernel sends and we answer');
          const large = ['-c', '3', '-i', '0.1', '-W', '2', '-s', '1300', '-M', 'do', INSIDE.theirs];
          assert.equal((await us.outcomeOf('ping', large)).status, 0, 'large ones as well');
        };
        await passes();
        const renewed = async (by: () => Promise<unknown>): Promise<void> => {
          const before = (await child())?.inboundSpi;
          await by();
          await until(
            'another child SA',
            async () => {
              const now = (await child())?.inboundSpi;
              return now !== undefined && now !== before;
            },
            20_000,
          );
          await passes();
        };
        await renewed(() => swan.rekey('child', 'net'));
        await renewed(() => swan.rekey('ike', 'site').then(() => swan.rekey('child', 'net')));
        const counters = await gateway.show('crypto', 'ipsec', 'sa');
        assert.match(counters, /#pkts decaps: [1-9]/);
        await gateway.stop();
        gateway = undefined;
        await until('they hear of the end', async () => (await swan.sas()).length === 0, 15_000);
      });
    }
  }
});
