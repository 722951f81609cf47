import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpAddress, SecretKey } from '../base/index.ts';
import { Encr, Integ } from '../crypto/index.ts';
import type { PlaneChildSa } from '../plane/contract.ts';
import { DecryptionTables, espSaRow, ikeDecryptionRow } from './decryption-tables.ts';

const key = (length: number, fill: number): SecretKey => new SecretKey(new Uint8Array(length).fill(fill));
const endpoint = (text: string): PlaneChildSa['local'] => ({
  address: IpAddress.parse(text) ?? IpAddress.any(4),
  port: 500,
});

test('rows of esp_sa carry the names of Wireshark 4.0', () => {
  const common = { source: '10.0.0.1', destination: '10.0.0.253', family: 4, spi: 0xa1b2 } as const;
  assert.equal(
    espSaRow({ ...common, encr: Encr.AES_GCM_16, key: key(20, 0x11), integ: Integ.NONE }),
    `"IPv4","10.0.0.1","10.0.0.253","0x0000a1b2","AES-GCM with 16 octet ICV [RFC4106]","0x${'11'.repeat(20)}","NULL",""`,
  );
  assert.equal(
    espSaRow({ ...common, encr: Encr.AES_CBC, key: key(16, 0x22), integ: Integ.HMAC_SHA1_96, integKey: key(20, 0x33) }),
    `"IPv4","10.0.0.1","10.0.0.253","0x0000a1b2","AES-CBC [RFC3602]","0x${'22'.repeat(16)}","HMAC-SHA-1-96 [RFC2404]","0x${'33'.repeat(20)}"`,
  );
  assert.equal(espSaRow({ ...common, encr: 99, key: key(1, 1), integ: 0 }), undefined);
});

test('rows of ikev2_decryption_table carry the names of Wireshark 4.0', () => {
  const spis = { initiatorSpi: new Uint8Array(8).fill(1), responderSpi: new Uint8Array(8).fill(2) };
  const cbc = {
    ...spis,
    encr: Encr.AES_CBC,
    keyBits: 256,
    integ: Integ.HMAC_SHA2_384_192,
    skEi: key(32, 3),
    skEr: key(32, 4),
    skAi: key(48, 5),
    skAr: key(48, 6),
  };
  const [ei, er, ai, ar] = ['03'.repeat(32), '04'.repeat(32), '05'.repeat(48), '06'.repeat(48)];
  assert.equal(
    ikeDecryptionRow(cbc),
    `0101010101010101,0202020202020202,${ei},${er},"AES-CBC-256 [RFC3602]",${ai},${ar},"HMAC_SHA2_384_192 [RFC4868]"`,
  );
  const gcm = { ...spis, encr: Encr.AES_GCM_16, keyBits: 256, integ: Integ.NONE, skEi: key(36, 3), skEr: key(36, 4) };
  assert.equal(
    ikeDecryptionRow(gcm),
    `0101010101010101,0202020202020202,${'03'.repeat(36)},${'04'.repeat(36)},"AES-GCM-256 with 16 octet ICV [RFC5282]",,,"NONE [RFC4306]"`,
  );
});

test('both ends of a child SA give each row once', () => {
  const [left, right] = [endpoint('10.0.0.1'), endpoint('10.0.0.2')];
  const common = {
    interface: 'Tunnel1',
    encr: Encr.AES_GCM_16,
    keyBits: 128,
    integ: 0,
    esn: false,
    mode: 'tunnel',
    localSelectors: [],
    remoteSelectors: [],
    udpEncapsulation: false,
    replayWindow: 64,
    startOutbound: 'now',
  } as const;
  const tables = new DecryptionTables();
  const keys = [key(20, 1), key(20, 2)] as const;
  tables.addChildSa({
    ...common,
    id: 1,
    outboundSpi: 2,
    inboundKey: keys[0],
    outboundKey: keys[1],
    local: left,
    remote: right,
  });
  tables.addChildSa({
    ...common,
    id: 2,
    outboundSpi: 1,
    inboundKey: keys[1],
    outboundKey: keys[0],
    local: right,
    remote: left,
  });
  assert.equal(tables.espSa.split('\n').length, 3);
  assert.match(tables.espSa, /^"IPv4","10\.0\.0\.2","10\.0\.0\.1","0x00000001"/);
});
