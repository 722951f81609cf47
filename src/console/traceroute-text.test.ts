/** The layout of `traceroute`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpAddress } from '../base/index.ts';
import { tracerouteText } from './traceroute-text.ts';

const address = (text: string): IpAddress => IpAddress.parse(text) ?? IpAddress.any(4);

test('hops answer, stay silent, change or refuse', () => {
  const target = address('10.250.0.10');
  const [a, b] = [address('172.16.1.253'), address('172.16.1.254')];
  const text = tracerouteText(target, [
    { hop: 1, result: 'ttl-exceeded', from: a, rttMs: 10.2 },
    { hop: 1, result: 'ttl-exceeded', from: a, rttMs: 9.7 },
    { hop: 1, result: 'ttl-exceeded', from: b, rttMs: 11 },
    { hop: 2, result: 'timeout' },
    { hop: 2, result: 'timeout' },
    { hop: 2, result: 'timeout' },
    { hop: 3, result: 'unreachable', from: b, rttMs: 20 },
    { hop: 3, result: 'reply', from: target, rttMs: 20 },
  ]);
  assert.equal(
    text,
    [
      '',
      'Type escape sequence to abort.',
      'Tracing the route to 10.250.0.10',
      '',
      ' 1  172.16.1.253 10 msec 10 msec 172.16.1.254 11 msec',
      ' 2  *  *  * ',
      ' 3  172.16.1.254 20 msec !H 10.250.0.10 20 msec',
      '',
    ].join('\n'),
  );
});
