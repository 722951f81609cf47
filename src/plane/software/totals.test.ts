/** Sums of child SAs outlive the SAs: over all of them for good, by account as long as the account has one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, IpAddress, SecretKey, seededRandom } from '../../base/index.ts';
import { Encr, Integ } from '../../crypto/index.ts';
import type { PlaneChildSa } from '../contract.ts';
import { PlaneState } from './plane-state.ts';
import { SaDatabase } from './sa-database.ts';

const end = { address: IpAddress.parse('192.0.2.1') ?? IpAddress.any(4), port: 500 };

function config(id: number, account: number): PlaneChildSa {
  return {
    id,
    interface: 'Tunnel1',
    outboundSpi: id + 1000,
    encr: Encr.AES_GCM_16,
    keyBits: 128,
    integ: Integ.NONE,
    esn: false,
    mode: 'tunnel',
    inboundKey: new SecretKey(new Uint8Array(20)),
    outboundKey: new SecretKey(new Uint8Array(20)),
    localSelectors: [],
    remoteSelectors: [],
    local: end,
    remote: end,
    udpEncapsulation: false,
    replayWindow: 64,
    startOutbound: 'now',
    account,
  };
}

test('what gone child SAs carried stays in the sums', () => {
  const sas = new SaDatabase(
    new PlaneState({ transmit: () => undefined, event: () => undefined }),
    seededRandom(1, 'totals'),
  );
  const first = sas.install(config(1, 7));
  first.outboundPackets = 3;
  first.outboundBytes = 300;
  const second = sas.install(config(2, 7));
  second.outboundPackets = 2;
  const other = sas.install(config(3, 8));
  other.inboundPackets = 5;
  sas.remove(1, 0, at(0));

  const accounts = new Map(sas.totals.accounts(sas.all()).map(({ account, totals }) => [account, totals]));
  assert.equal(accounts.get(7)?.childSas, 2);
  assert.equal(accounts.get(7)?.outboundPackets, 5);
  assert.equal(accounts.get(7)?.outboundBytes, 300);
  assert.equal(accounts.get(8)?.inboundPackets, 5);

  sas.remove(2, 0, at(0));
  assert.deepEqual(
    sas.totals.accounts(sas.all()).map(({ account }) => account),
    [8],
  );
  const all = sas.totals.all(sas.all());
  assert.deepEqual([all.childSas, all.outboundPackets, all.inboundPackets], [3, 5, 5]);
});

test('an SA that lingers is counted once', () => {
  const state = new PlaneState({ transmit: () => undefined, event: () => undefined });
  const sas = new SaDatabase(state, seededRandom(1, 'totals'));
  sas.install(config(1, 7)).inboundPackets = 4;
  sas.remove(1, 1000, at(0));
  assert.equal(sas.totals.all(sas.all()).inboundPackets, 4);
  sas.tick(at(2000));
  assert.equal(sas.totals.all(sas.all()).inboundPackets, 4);
});
