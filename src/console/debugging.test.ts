/** `debug` of one terminal: what it shows, and what it does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, IpAddress } from '../base/index.ts';
import type { GatewayLogEvent } from '../gateway/index.ts';
import { Debugging } from './debugging.ts';

const end = { address: IpAddress.parse('192.0.2.1') ?? IpAddress.any(4), port: 500 };

const refused: GatewayLogEvent = {
  at: at(0),
  severity: 4,
  code: 'ike-failed',
  text: 'IKE negotiation failed',
  remote: end.address,
  cause: { code: 'a', text: 'first\u001b[2J', because: { code: 'b', text: 'second' } },
  details: { kind: 'ike', local: end, remote: end },
};
const line: GatewayLogEvent = {
  at: at(0),
  severity: 5,
  code: 'line',
  text: 'up',
  details: { kind: 'line', interface: 'x', up: true },
};

test('nothing is shown before it is asked for, of other things nothing at all, after the end nothing more', () => {
  const debugging = new Debugging();
  assert.deepEqual(debugging.lines(refused), []);
  debugging.set('platform', 255);
  assert.deepEqual(debugging.lines(refused), []);
  debugging.set('protocol', 1);
  assert.deepEqual(debugging.lines(line), []);
  assert.deepEqual(debugging.lines(refused), ['IKEv2-PROTO-1: [192.0.2.1] IKE negotiation failed']);
  debugging.clear('protocol');
  assert.deepEqual(debugging.lines(refused), []);
  assert.deepEqual(debugging.list(), [{ subject: 'platform', level: 255 }]);
  debugging.clear();
  assert.deepEqual(debugging.list(), []);
});

test('higher levels tell the chain of causes; control characters of strangers do not get through', () => {
  const debugging = new Debugging();
  debugging.set('protocol', 127);
  assert.deepEqual(debugging.lines(refused), [
    'IKEv2-PROTO-1: [192.0.2.1] IKE negotiation failed',
    'IKEv2-PROTO-1: [192.0.2.1]   because first.[2J (a)',
    'IKEv2-PROTO-1: [192.0.2.1]   because second (b)',
  ]);
});
