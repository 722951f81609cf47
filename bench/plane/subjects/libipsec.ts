/** strongSwan's ESP in user space (kernel-libipsec): IKE and one worker pool in charon, ESP always in UDP. */
import { StrongSwan } from '../../../test/peers/strongswan.ts';
import { connectionConfig } from '../../../test/peers/swanctl-config.ts';
import { type Network, OUTER } from '../network.ts';
import type { Started, Subject, Suite } from '../subject.ts';

/** Its own AES and GCM are plain C, and ten times slower than OpenSSL's. */
const PREFERRED = { preferred: ['openssl'] };

const ESP: Readonly<Record<Suite, string>> = { 'aes-256-gcm': 'aes256gcm16', 'aes-128-cbc-sha1': 'aes128-sha1' };

export const libipsec: Subject = {
  name: 'libipsec',
  title: 'strongSwan kernel-libipsec',
  suites: ['aes-256-gcm', 'aes-128-cbc-sha1'],
  isAttacked: false,
  start,
};

async function start({ gateways }: Network, suite: Suite): Promise<Started> {
  const [one, two] = [await StrongSwan.start(gateways[0], PREFERRED), await StrongSwan.start(gateways[1], PREFERRED)];
  for (const [at, i] of [
    [one, 0],
    [two, 1],
  ] as const) {
    await at.load(
      connectionConfig({
        local: OUTER[i],
        remote: OUTER[1 - i] ?? '',
        proposals: 'aes256gcm16-prfsha256-x25519',
        espProposals: ESP[suite],
        localSelectors: `10.${i + 1}.0.0/24`,
        remoteSelectors: `10.${2 - i}.0.0/24`,
        keys: ['bench', 'bench'],
      }),
    );
  }
  const { status, stdout, stderr } = await one.initiate('net');
  if (status !== 0) throw new Error(`strongSwan's tunnel does not come up:\n${stdout}${stderr}${one.log()}`);
  const [sa] = await one.sas();
  return {
    pids: [one.pid, two.pid],
    runs: () => one.runs() && two.runs(),
    notes: [`child SA ${sa?.children[0]?.suite ?? 'unknown'}`],
    log: () => one.log() + two.log(),
  };
}
