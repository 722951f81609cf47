import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, fromUtf8, utf8, Writer } from '../../base/index.ts';
import {
  type ControlFrame,
  encodeFrame,
  FrameReader,
  MOST_BODY_BYTES,
  MOST_FRAME_BYTES,
  outputFrames,
} from './frames.ts';

/** Records that are like those of a decoder: with a prototype. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true });

const bytes = fc.uint8Array({ maxLength: 300 });
const u16 = fc.integer({ min: 0, max: 0xffff });
const action = fc.oneof(
  record({ kind: fc.constant('exec' as const), line: fc.string(), json: fc.boolean() }),
  record({ kind: fc.constant('console' as const), columns: u16, rows: u16 }),
  record({
    kind: fc.constant('monitor' as const),
    json: fc.boolean(),
    from: fc.constantFrom('now' as const, 'journal' as const),
    level: fc.integer({ min: 0, max: 7 }),
  }),
  record({ kind: fc.constant('reload' as const), json: fc.boolean(), dryRun: fc.boolean() }),
  record({ kind: fc.constant('status' as const), json: fc.boolean() }),
);
const frame: fc.Arbitrary<ControlFrame> = fc.oneof(
  action.map((one) => ({ kind: 'request' as const, request: { version: 1, ...one } })),
  record({ kind: fc.constantFrom('input' as const, 'output' as const, 'complaint' as const), bytes }),
  record({ kind: fc.constant('resize' as const), columns: u16, rows: u16 }),
  fc.constant({ kind: 'end' as const }),
  record({ kind: fc.constant('exit' as const), status: fc.integer({ min: 0, max: 255 }) }),
);

/** The stream in pieces of any size. */
function pieces(stream: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const out: Uint8Array[] = [];
  let from = 0;
  for (const size of sizes) {
    out.push(stream.subarray(from, from + size));
    from += size;
  }
  return [...out, stream.subarray(from)];
}

test('frames come out as they went in, however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.integer({ min: 0, max: 40 })), (frames, sizes) => {
      const reader = new FrameReader();
      const read = pieces(concat(...frames.map(encodeFrame)), sizes).flatMap((piece) => [...reader.push(piece)]);
      assert.deepEqual(
        read.map((one) => (one.ok ? one.value : one.error)),
        frames,
      );
    }),
  );
});

test('no bytes make the reader throw, and after a fault it reads nothing', () => {
  const near = fc
    .tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }), bytes)
    .map(([length, type, body]) => new Writer().u32(length).u8(type).bytes(body).finish());
  fc.assert(
    fc.property(fc.array(fc.oneof(bytes, near)), (stream) => {
      const reader = new FrameReader();
      const read = stream.flatMap((piece) => [...reader.push(piece)]);
      const fault = read.findIndex((one) => !one.ok);
      assert.ok(fault < 0 || fault === read.length - 1);
    }),
    { numRuns: 1000 },
  );
});

const refused = [
  { name: 'a frame without a type', bytes: new Writer().u32(0).finish(), kind: 'malformed' },
  { name: 'a frame that is too long', bytes: new Writer().u32(MOST_FRAME_BYTES + 1).finish(), kind: 'too-long' },
  { name: 'an unknown type', bytes: new Writer().u32(1).u8(99).finish(), kind: 'unknown-type' },
  { name: 'an end with a body', bytes: new Writer().u32(2).u8(4).u8(0).finish(), kind: 'malformed' },
  { name: 'a short resize', bytes: new Writer().u32(3).u8(3).u16(80).finish(), kind: 'malformed' },
  ...[
    '',
    '[]',
    '{}',
    '{"version":1}',
    '{"version":1,"kind":"exec"}',
    '{"version":1,"kind":"console","columns":-1,"rows":1}',
  ].map((text) => ({
    name: `the request ${text}`,
    bytes: new Writer()
      .u32(1 + text.length)
      .u8(1)
      .bytes(utf8(text))
      .finish(),
    kind: 'malformed',
  })),
];
for (const { name, bytes: stream, kind } of refused) {
  test(`${name} is refused`, () => {
    const [first] = [...new FrameReader().push(stream)];
    assert.equal(first?.ok === false ? first.error.kind : 'none', kind);
  });
}

test('another version is told what is spoken here', () => {
  const text = '{"version":2,"kind":"status"}';
  const stream = new Writer()
    .u32(1 + text.length)
    .u8(1)
    .bytes(utf8(text))
    .finish();
  const [first] = [...new FrameReader().push(stream)];
  assert.match(
    first?.ok === false ? first.error.text : '',
    /speaks version 1 of the control protocol, and this program 2/,
  );
});

test('output of any length is cut into frames that are allowed', () => {
  const long = 'x'.repeat(3 * MOST_BODY_BYTES + 5);
  const reader = new FrameReader();
  const read = [...outputFrames('output', utf8(long))].flatMap((one) => [...reader.push(one)]);
  assert.equal(read.length, 4);
  assert.equal(read.map((one) => (one.ok && 'bytes' in one.value ? fromUtf8(one.value.bytes) : '?')).join(''), long);
});
