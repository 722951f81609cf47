import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex } from '../base/index.ts';
import { FAULTS, notificationText, treatmentOf } from './faults.ts';
import { decodeUpdate } from './wire/update.ts';

const ORIGIN = '40010100';
const AS_PATH = '4002060201 0000fde9';
const NEXT_HOP = '4003040a000001';
const NLRI = '180a0102';

/** An UPDATE body from its withdrawn routes, attributes and NLRI. */
function update(attributes: string, nlri: string = NLRI, withdrawn = ''): Uint8Array {
  const hex = (text: string): string => text.replaceAll(' ', '');
  const length = (text: string): string => (hex(text).length / 2).toString(16).padStart(4, '0');
  return fromHex(length(withdrawn) + hex(withdrawn) + length(attributes) + hex(attributes) + hex(nlri)) ?? fail();
}

function fail(): never {
  throw new Error('not hexadecimal');
}

const good = `${ORIGIN} ${AS_PATH} ${NEXT_HOP}`;
const reach = '800e1a 0002 01 10 20010db8000000000000000000000001 00 2020010db8';

/** What a malformed attribute leads to: RFC 7606 section 7, with an external neighbour unless told otherwise. */
const rows = [
  { name: 'an ORIGIN of two octets', attributes: `4001020000 ${AS_PATH} ${NEXT_HOP}`, fault: 'bad-origin' },
  { name: 'an unknown ORIGIN', attributes: `40010107 ${AS_PATH} ${NEXT_HOP}`, fault: 'bad-origin' },
  { name: 'an AS_PATH that overruns', attributes: `${ORIGIN} 4002060203 0000fde9 ${NEXT_HOP}`, fault: 'bad-as-path' },
  { name: 'an empty segment', attributes: `${ORIGIN} 4002020200 ${NEXT_HOP}`, fault: 'bad-as-path' },
  { name: 'an unknown segment', attributes: `${ORIGIN} 4002060901 0000fde9 ${NEXT_HOP}`, fault: 'bad-as-path' },
  { name: 'AS 0 (RFC 7607)', attributes: `${ORIGIN} 4002060201 00000000 ${NEXT_HOP}`, fault: 'bad-as-path' },
  { name: 'a short NEXT_HOP', attributes: `${ORIGIN} ${AS_PATH} 4003030a0000`, fault: 'bad-next-hop' },
  { name: 'a short MED', attributes: `${good} 80040100`, fault: 'bad-med' },
  { name: 'no ORIGIN', attributes: `${AS_PATH} ${NEXT_HOP}`, fault: 'missing-well-known' },
  { name: 'no NEXT_HOP', attributes: `${ORIGIN} ${AS_PATH}`, fault: 'missing-well-known' },
  { name: 'wrong flags', attributes: `c0010100 ${AS_PATH} ${NEXT_HOP}`, fault: 'attribute-flags' },
  { name: 'a last attribute that overruns', attributes: `${good} c0081000`, fault: 'attribute-overrun' },
  { name: 'COMMUNITIES of five octets', attributes: `${good} c008050000000000`, fault: 'bad-communities' },
  { name: 'empty COMMUNITIES', attributes: `${good} c00800`, fault: 'bad-communities' },
  { name: 'a short extended community', attributes: `${good} c0100400000000`, fault: 'bad-extended-communities' },
  { name: 'a short large community', attributes: `${good} c0200400000000`, fault: 'bad-large-communities' },
  {
    name: 'an internal short LOCAL_PREF',
    attributes: `${good} 40050100`,
    fault: 'bad-local-preference',
    internal: true,
  },
  { name: 'an internal short ORIGINATOR_ID', attributes: `${good} 800900`, fault: 'bad-originator-id', internal: true },
  { name: 'an internal odd CLUSTER_LIST', attributes: `${good} 800a0100`, fault: 'bad-cluster-list', internal: true },

  { name: 'an ATOMIC_AGGREGATE with a body', attributes: `${good} 40060100`, fault: 'bad-atomic-aggregate' },
  { name: 'a short AGGREGATOR', attributes: `${good} c0070100`, fault: 'bad-aggregator' },
  { name: 'an external LOCAL_PREF', attributes: `${good} 40050400000064`, fault: 'local-preference-from-external' },
  { name: 'an external ORIGINATOR_ID', attributes: `${good} 8009040a000001`, fault: 'originator-id-from-external' },
  { name: 'an external CLUSTER_LIST', attributes: `${good} 800a040a000001`, fault: 'cluster-list-from-external' },
  { name: 'an attribute twice', attributes: `${good} 40010101`, fault: 'repeated-attribute' },
  { name: 'AS4_PATH from a new speaker', attributes: `${good} c01100`, fault: 'as4-attribute-from-new-speaker' },

  { name: 'MP_REACH_NLRI twice', attributes: `${good} ${reach} ${reach}`, fault: 'repeated-multiprotocol-attribute' },
  { name: 'an odd MP next hop', attributes: `${good} 800e06 0002 01 01 00 00`, fault: 'bad-multiprotocol-attribute' },
  { name: 'a bad MP prefix', attributes: `${good} 800f04 0002 01 81`, fault: 'bad-multiprotocol-attribute' },
  { name: 'an unknown well-known type', attributes: `${good} 406300`, fault: 'unknown-well-known-attribute' },
  { name: 'a prefix of 33 bits', attributes: good, nlri: '210a010200ff', fault: 'bad-nlri' },
  { name: 'a fault without any NLRI', attributes: `40010107 ${AS_PATH}`, nlri: '', fault: 'faulty-without-nlri' },
] as const;

for (const row of rows) {
  const treatment = treatmentOf(row.fault);
  test(`${row.name} leads to ${treatment} (${FAULTS[row.fault].section})`, () => {
    const context = { fourOctetAs: true, internal: 'internal' in row };
    const decoded = decodeUpdate(update(row.attributes, 'nlri' in row ? row.nlri : NLRI), context);
    if (treatment === 'session-reset') {
      assert.ok(!decoded.ok);
      assert.equal(decoded.error.kind, row.fault);
      return;
    }
    assert.ok(decoded.ok);
    assert.ok(decoded.value.faults.some((fault) => fault.kind === row.fault));
    const isWithdrawn = treatment === 'treat-as-withdraw';
    assert.deepEqual(decoded.value.withdrawn.map(String), isWithdrawn ? ['10.1.2.0/24'] : []);
    assert.equal(decoded.value.announced.length, isWithdrawn ? 0 : 1);
  });
}

test('a sound UPDATE has no faults', () => {
  const decoded = decodeUpdate(update(good, NLRI, '10c0a8'), { fourOctetAs: true, internal: false });
  assert.ok(decoded.ok);
  assert.deepEqual(decoded.value.faults, []);
  assert.deepEqual(decoded.value.withdrawn.map(String), ['192.168.0.0/16']);
});

test('lengths that disagree reset the session (RFC 7606 section 3 b)', () => {
  const decoded = decodeUpdate(Uint8Array.of(0, 9, 0, 0), { fourOctetAs: true, internal: false });
  assert.ok(!decoded.ok);
  assert.equal(decoded.error.kind, 'update-lengths-disagree');
});

test('every fault that resets the session has words for its NOTIFICATION', () => {
  for (const { code, subcode } of Object.values(FAULTS))
    assert.doesNotMatch(notificationText(code, subcode), /unknown error/);
});

test('a NOTIFICATION reads as an ASA logs it, with its data', () => {
  assert.equal(notificationText(2, 2, Uint8Array.of(0xfd, 0xe8)), '2/2 (peer in wrong AS) 2 bytes FDE8');
  assert.equal(notificationText(6, 4), '6/4 (administrative reset)');
  assert.match(notificationText(3, 1, new Uint8Array(4000)), /^3\/1 .* 4000 bytes 0{64}$/);
});
