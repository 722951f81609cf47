import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Endpoint, fromHex, IpAddress } from '../base/index.ts';
import { detectNat, natNotifies } from './nat-detection.ts';
import type { IkePath } from './policy.ts';
import { decodeMessage } from './wire/codec.ts';
import type { Payload } from './wire/message.ts';

const spis = { initiatorSpi: 0x0123456789abcdefn, responderSpi: 0n };
const inside = endpoint('10.0.0.5', 500);
const outside = endpoint('203.0.113.9', 1024);
const server = endpoint('198.51.100.1', 500);

const rows = [
  { name: 'no NAT', sent: path(inside, server), seen: path(server, inside), local: false, remote: false },
  { name: 'sender behind NAT', sent: path(inside, server), seen: path(server, outside), local: false, remote: true },
  { name: 'receiver behind NAT', sent: path(server, outside), seen: path(inside, server), local: true, remote: false },
  { name: 'both', sent: path(inside, outside), seen: path(server, outside), local: true, remote: true },
  {
    name: 'a port translated alone',
    sent: path(inside, server),
    seen: path(server, { ...inside, port: 501 }),
    local: false,
    remote: true,
  },
];

for (const row of rows) {
  test(`NAT detection: ${row.name} (RFC 7296 section 2.23)`, () => {
    const { local, remote, supported } = detectNat(natNotifies(spis, row.sent), spis, row.seen);
    assert.deepEqual({ local, remote, supported }, { local: row.local, remote: row.remote, supported: true });
  });
}

test('a peer without the notifications does not support NAT traversal (RFC 7296 section 2.23)', () => {
  const [source] = natNotifies(spis, path(inside, server));
  assert.ok(source !== undefined);
  assert.equal(detectNat([], spis, path(server, inside)).supported, false);
  assert.equal(detectNat([source], spis, path(server, inside)).supported, false);
});

test('one of several source hashes is enough (RFC 7296 section 2.23)', () => {
  const payloads: Payload[] = [...natNotifies(spis, path(outside, server)), ...natNotifies(spis, path(inside, server))];
  assert.equal(detectNat(payloads, spis, path(server, inside)).remote, false);
});

test('hashes in a captured exchange are ours (RFC 7296 section 2.23)', () => {
  const capture: Readonly<Record<'initiator' | 'responder' | 'request' | 'response', string>> = JSON.parse(
    readFileSync(new URL('../../test/vectors/ike-sa-init-capture.json', import.meta.url), 'utf8'),
  );
  const initiator = endpoint(capture.initiator, 500);
  const responder = endpoint(capture.responder, 500);
  for (const [name, sentOn] of [
    ['request', path(initiator, responder)],
    ['response', path(responder, initiator)],
  ] as const) {
    const decoded = decodeMessage(fromHex(capture[name]) ?? new Uint8Array());
    assert.ok(decoded.ok);
    const { header, payloads } = decoded.value;
    const seenOn = path(sentOn.remote, sentOn.local);
    assert.deepEqual(detectNat(payloads, header, seenOn), { local: false, remote: false, supported: true });
  }
});

function path(local: Endpoint, remote: Endpoint): IkePath {
  return { local, remote };
}

function endpoint(text: string, port: number): Endpoint {
  const address = IpAddress.parse(text);
  assert.ok(address !== undefined);
  return { address, port };
}
