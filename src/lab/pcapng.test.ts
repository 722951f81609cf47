import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, toHex } from '../base/index.ts';
import { ethernetFrame, LAB_EPOCH_MS, PcapngWriter } from './pcapng.ts';

type Block = Readonly<{ type: number; body: Uint8Array }>;

/** Walks the blocks of a capture, both lengths checked. */
function blocks(bytes: Uint8Array): readonly Block[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const out: Block[] = [];
  let at = 0;
  while (at < bytes.length) {
    const length = view.getUint32(at + 4, true);
    assert.equal(length % 4, 0);
    assert.equal(view.getUint32(at + length - 4, true), length);
    out.push({ type: view.getUint32(at, true), body: bytes.subarray(at + 8, at + length - 4) });
    at += length;
  }
  return out;
}

/** Options as code and hexadecimal value, from where they begin. */
function options(body: Uint8Array, from: number): readonly string[] {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const out: string[] = [];
  for (let at = from; at < body.length; ) {
    const [code, length] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    out.push(`${code}=${toHex(body.subarray(at + 4, at + 4 + length))}`);
    at += 4 + length + (-length & 3);
  }
  return out;
}

for (const [resolution, digit, scale] of [
  ['us', '06', 1000n],
  ['ns', '09', 1_000_000n],
] as const) {
  test(`a capture in ${resolution} has a section, its interfaces and packets with the lab's time`, () => {
    const parts: Uint8Array[] = [];
    const writer = new PcapngWriter((block) => parts.push(block), { resolution });
    assert.equal(writer.addInterface('uplink', 'a:1 to b:1'), 0);
    assert.equal(writer.addInterface('lan'), 1);
    const packet = new Uint8Array([0x45, 1, 2, 3, 4]);
    writer.packet(1, 1.5, ethernetFrame(7, 8, packet), 'dropped');
    writer.packet(0, 2, ethernetFrame(undefined, 8, packet));
    const all = blocks(concat(...parts));
    assert.deepEqual(
      all.map(({ type }) => type),
      [0x0a0d0d0a, 1, 1, 6, 6],
    );
    const [section, first, , dropped, plain] = all;
    assert.ok(section && first && dropped && plain);
    assert.equal(toHex(section.body.subarray(0, 8)), '4d3c2b1a01000000');
    assert.equal(toHex(first.body.subarray(0, 8)), '0100000000000000');
    assert.deepEqual(options(first.body, 8), ['2=75706c696e6b', '3=613a3120746f20623a31', `9=${digit}`, '0=']);
    const view = new DataView(dropped.body.buffer, dropped.body.byteOffset);
    const stamp = (BigInt(view.getUint32(4, true)) << 32n) | BigInt(view.getUint32(8, true));
    assert.equal(stamp, BigInt(LAB_EPOCH_MS) * scale + (3n * scale) / 2n);
    assert.deepEqual([view.getUint32(0, true), view.getUint32(12, true), view.getUint32(16, true)], [1, 19, 19]);
    assert.equal(toHex(dropped.body.subarray(20, 39)), '0200000000070200000000080800' + '4501020304');
    assert.deepEqual(options(dropped.body, 40), ['1=64726f70706564', '0=']);
    assert.equal(toHex(plain.body.subarray(20, 34)), 'ffffffffffff0200000000080800');
    assert.equal(plain.body.length, 40);
    assert.equal(writer.packets, 2);
  });
}

test('IPv6 packets have their own ethertype', () => {
  assert.equal(toHex(ethernetFrame(1, 2, new Uint8Array([0x60])).subarray(12)), '86dd60');
});
