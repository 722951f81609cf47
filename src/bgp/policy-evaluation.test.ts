import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ip, pfx } from './fabric.ts';
import { type PathAttributes, PLAIN } from './path-attributes.ts';
import type { PrefixList, RouteMapClause } from './policy.ts';
import { applyPolicy, asPathExpression, permits } from './policy-evaluation.ts';

const list = (...entries: PrefixList['entries']): PrefixList => ({ name: 'L', entries });

const listRows = [
  { entry: { prefix: '10.0.0.0/8' }, prefix: '10.0.0.0/8', permits: true },
  { entry: { prefix: '10.0.0.0/8' }, prefix: '10.1.0.0/16', permits: false },
  { entry: { prefix: '10.0.0.0/8', le: 24 }, prefix: '10.1.0.0/16', permits: true },
  { entry: { prefix: '10.0.0.0/8', le: 24 }, prefix: '10.1.1.1/32', permits: false },
  { entry: { prefix: '10.0.0.0/8', ge: 16 }, prefix: '10.1.1.1/32', permits: true },
  { entry: { prefix: '10.0.0.0/8', ge: 16 }, prefix: '10.0.0.0/8', permits: false },
  { entry: { prefix: '10.0.0.0/8', ge: 16, le: 24 }, prefix: '10.2.0.0/24', permits: true },
  { entry: { prefix: '0.0.0.0/0', le: 32 }, prefix: '203.0.113.0/24', permits: true },
  { entry: { prefix: '10.0.0.0/8', le: 32 }, prefix: '11.0.0.0/8', permits: false },
] as const;

for (const { entry, prefix, permits: expected } of listRows) {
  test(`prefix list ${JSON.stringify(entry)} ${expected ? 'permits' : 'denies'} ${prefix}`, () => {
    const { prefix: text, ...bounds } = entry;
    const found = permits(list({ sequence: 5, action: 'permit', prefix: pfx(text), ...bounds }), pfx(prefix));
    assert.equal(found, expected);
  });
}

test('the first matching entry decides, and an empty list permits everything', () => {
  const entries = [
    { sequence: 5, action: 'deny', prefix: pfx('10.1.0.0/16') },
    { sequence: 10, action: 'permit', prefix: pfx('10.0.0.0/8'), le: 32 },
  ] as const;
  assert.equal(permits(list(...entries), pfx('10.1.0.0/16')), false);
  assert.equal(permits(list(...entries), pfx('10.2.0.0/16')), true);
  assert.equal(permits(list(), pfx('10.2.0.0/16')), true);
});

const expressionRows = [
  { expression: '^$', path: '', matches: true },
  { expression: '^$', path: '65001', matches: false },
  { expression: '_65001_', path: '65001', matches: true },
  { expression: '_65001_', path: '1 65001 2', matches: true },
  { expression: '_65001_', path: '1 650010 2', matches: false },
  { expression: '_65001_', path: '1 {2,65001}', matches: true },
  { expression: '^65001_', path: '65001 7', matches: true },
  { expression: '_65001$', path: '7 65001', matches: true },
  { expression: '^[0-9]+$', path: '7', matches: true },
  { expression: '^[0-9]+$', path: '7 8', matches: false },
  { expression: '^(1|2)_3*$', path: '2 333', matches: true },
  { expression: '.*', path: '', matches: true },
  { expression: '(unclosed', path: '(unclosed', matches: false },
] as const;

for (const { expression, path, matches } of expressionRows) {
  test(`AS-path expression ${expression} ${matches ? 'matches' : 'does not match'} '${path}'`, () => {
    assert.equal(asPathExpression(expression).test(path), matches);
  });
}

const route: PathAttributes = {
  ...PLAIN,
  asPath: [{ kind: 'sequence', asns: [65001, 65002] }],
  nextHop: ip('192.0.2.1'),
  med: 7,
  communities: [1, 2],
};

const clause = (change: Partial<RouteMapClause>): RouteMapClause => ({
  sequence: 10,
  action: 'permit',
  match: [],
  set: [],
  ...change,
});
const through = (...clauses: readonly RouteMapClause[]): ReturnType<typeof applyPolicy> =>
  applyPolicy({ routeMap: { name: 'R', clauses } }, pfx('10.0.0.0/8'), route);

test('a route map sets what it says', () => {
  const permitted = through(
    clause({
      match: [
        { kind: 'as-path', entries: [{ action: 'permit', expression: '_65002$' }] },
        { kind: 'metric', value: 7 },
        { kind: 'community', communities: [1], exact: false },
        { kind: 'next-hop', lists: [list({ sequence: 5, action: 'permit', prefix: pfx('192.0.2.0/24'), le: 32 })] },
      ],
      set: [
        { kind: 'local-preference', value: 300 },
        { kind: 'metric', value: 9 },
        { kind: 'weight', value: 11 },
        { kind: 'as-path-prepend', asns: [65009, 65009] },
        { kind: 'community', communities: [3, 2], additive: true },
        { kind: 'next-hop', address: ip('192.0.2.99') },
        { kind: 'origin', origin: 'incomplete' },
      ],
    }),
  );
  assert.deepEqual(permitted, {
    weight: 11,
    setsNextHop: true,
    setsMed: true,
    attributes: {
      ...route,
      localPreference: 300,
      med: 9,
      asPath: [{ kind: 'sequence', asns: [65009, 65009, 65001, 65002] }],
      communities: [1, 2, 3],
      nextHop: ip('192.0.2.99'),
      origin: 'incomplete',
    },
  });
});

test('no matching clause denies, a deny clause denies, an exact community list compares all', () => {
  assert.equal(through(), undefined);
  assert.equal(through(clause({ action: 'deny' }), clause({ sequence: 20 })), undefined);
  assert.equal(through(clause({ match: [{ kind: 'community', communities: [1], exact: true }] })), undefined);
  assert.equal(through(clause({ match: [{ kind: 'tag', values: [1] }] })), undefined);
});
