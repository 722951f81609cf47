import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress, Prefix } from '../base/index.ts';
import type { TrafficSelector } from './policy.ts';
import { anySelectors, formatSelector, isSubset, narrow, prefixOf, selectorOf } from './selectors.ts';

/** Reads `A/L` or `A-B`, then `[protocol/port-port]`, as `formatSelector` prints it. */
function selector(text: string): TrafficSelector {
  const match = /^([^[]+)(?:\[(any|\d+)(?:\/(opaque|\d+)(?:-(\d+))?)?\])?$/.exec(text);
  const [, addresses = '', protocol = 'any', first, last = first] = match ?? [];
  const prefix = Prefix.parse(addresses);
  const [start, end] = prefix === undefined ? addresses.split('-').map(IpAddress.parse) : [prefix.address, prefix.last];
  assert.ok(start !== undefined && end !== undefined, text);
  const ports =
    first === undefined
      ? { startPort: 0, endPort: 65535 }
      : first === 'opaque'
        ? { startPort: 65535, endPort: 0 }
        : { startPort: Number(first), endPort: Number(last) };
  return { protocol: protocol === 'any' ? 0 : Number(protocol), ...ports, start, end };
}

const rows = [
  { name: 'any against any', own: ['0.0.0.0/0'], offered: ['0.0.0.0/0'], result: ['0.0.0.0/0'] },
  { name: 'a subset is taken as it is', own: ['0.0.0.0/0'], offered: ['10.1.0.0/16'], result: ['10.1.0.0/16'] },
  { name: 'a superset is narrowed', own: ['10.1.0.0/16'], offered: ['0.0.0.0/0'], result: ['10.1.0.0/16'] },
  {
    name: 'an overlap is cut out',
    own: ['10.0.0.0-10.0.0.100'],
    offered: ['10.0.0.50-10.0.0.200'],
    result: ['10.0.0.50-10.0.0.100'],
  },
  { name: 'apart', own: ['10.1.0.0/16'], offered: ['10.2.0.0/16'], result: [] },
  { name: 'families apart', own: ['0.0.0.0/0'], offered: ['::/0'], result: [] },
  { name: 'both families', own: ['0.0.0.0/0', '::/0'], offered: ['::/0', '0.0.0.0/0'], result: ['::/0', '0.0.0.0/0'] },
  {
    name: 'a dual offer to a policy of one',
    own: ['0.0.0.0/0'],
    offered: ['0.0.0.0/0', '::/0'],
    result: ['0.0.0.0/0'],
  },
  { name: 'our protocol', own: ['0.0.0.0/0[47]'], offered: ['0.0.0.0/0'], result: ['0.0.0.0/0[47]'] },
  { name: 'protocols apart', own: ['0.0.0.0/0[6]'], offered: ['0.0.0.0/0[17]'], result: [] },
  { name: 'ports', own: ['0.0.0.0/0[6/80-90]'], offered: ['10.0.0.1/32[6/85-443]'], result: ['10.0.0.1/32[6/85-90]'] },
  { name: 'ports apart', own: ['0.0.0.0/0[6/80]'], offered: ['0.0.0.0/0[6/443]'], result: [] },
  {
    name: 'the packet that triggered, inside the rest (2.9)',
    own: ['10.1.0.0/16'],
    offered: ['10.1.2.3/32[1/2048]', '10.0.0.0/8'],
    result: ['10.1.0.0/16'],
  },
  {
    name: 'several of ours',
    own: ['10.1.0.0/16', '10.2.0.0/16'],
    offered: ['10.0.0.0/8'],
    result: ['10.1.0.0/16', '10.2.0.0/16'],
  },
  {
    name: 'OPAQUE within any port',
    own: ['0.0.0.0/0'],
    offered: ['0.0.0.0/0[6/opaque]'],
    result: ['0.0.0.0/0[6/opaque]'],
  },
  { name: 'OPAQUE against ports', own: ['0.0.0.0/0[6/80]'], offered: ['0.0.0.0/0[6/opaque]'], result: [] },
] as const;

for (const row of rows) {
  test(`narrowing: ${row.name} (RFC 7296 section 2.9)`, () => {
    const result = narrow(row.own.map(selector), row.offered.map(selector));
    assert.deepEqual(result.map(formatSelector), row.result);
  });
}

const address = fc.nat(15).map((value) => IpAddress.v4(0x0a000000 + value));
const small: fc.Arbitrary<TrafficSelector> = fc
  .tuple(fc.constantFrom(0, 6, 17), fc.nat(7), fc.nat(7), address, address)
  .map(([protocol, p, q, a, b]) => ({
    protocol,
    startPort: Math.min(p, q),
    endPort: Math.max(p, q),
    start: a.compare(b) <= 0 ? a : b,
    end: a.compare(b) <= 0 ? b : a,
  }));
const lists = fc.array(small, { minLength: 1, maxLength: 4 });

function matches(selectors: readonly TrafficSelector[], at: IpAddress, protocol: number, port: number): boolean {
  return selectors.some(
    (s) =>
      (s.protocol === 0 || s.protocol === protocol) &&
      s.startPort <= port &&
      port <= s.endPort &&
      s.start.compare(at) <= 0 &&
      at.compare(s.end) <= 0,
  );
}

test('what is left matches exactly the packets that both sides match, and lies within both', () => {
  fc.assert(
    fc.property(lists, lists, (own, offered) => {
      const result = narrow(own, offered);
      assert.ok(isSubset(result, own) && isSubset(result, offered));
      for (let host = 0; host < 16; host++) {
        for (const protocol of [6, 17]) {
          for (let port = 0; port < 8; port++) {
            const at = IpAddress.v4(0x0a000000 + host);
            const both = matches(own, at, protocol, port) && matches(offered, at, protocol, port);
            assert.equal(matches(result, at, protocol, port), both);
          }
        }
      }
    }),
  );
});

test('a hostile offer cannot make more selectors than a payload holds', () => {
  const own = Array.from({ length: 40 }, (_, i) => selector(`10.0.${i}.0/24`));
  const offered = Array.from({ length: 255 }, (_, i) => selector(`10.0.0.0/8[17/${i}]`));
  assert.equal(narrow(own, offered).length, 255);
});

test('containment', () => {
  assert.ok(isSubset([], []));
  assert.ok(isSubset([selector('10.0.0.1/32[6/80]')], anySelectors(4)));
  assert.ok(!isSubset([selector('10.0.0.0/8')], [selector('10.0.0.0/8[6]')]));
  assert.ok(!isSubset(anySelectors(6), anySelectors(4)));
});

test('a range that is a prefix is known as one', () => {
  for (const text of ['0.0.0.0/0', '10.0.0.0/8', '192.0.2.1/32', '::/0', '2001:db8::/33', '2001:db8::1/128']) {
    const prefix = Prefix.parse(text);
    assert.ok(prefix !== undefined);
    assert.equal(prefixOf(selectorOf(prefix))?.toString(), text);
    assert.equal(formatSelector(selectorOf(prefix)), text);
  }
  assert.equal(prefixOf(selector('10.0.0.1-10.0.0.2')), undefined);
});
