import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from '../base/index.ts';
import { type DecisionRules, decide, explain } from './decision.ts';
import { ip, pfx } from './fabric.ts';
import type { Destination, Path } from './path.ts';
import { type PathAttributes, PLAIN } from './path-attributes.ts';

const rules: DecisionRules = {
  defaultLocalPreference: 100,
  alwaysCompareMed: false,
  maximumPaths: { ebgp: 4, ibgp: 1 },
};
const destination: Destination = {
  prefix: pfx('10.0.0.0/8'),
  paths: [],
  best: undefined,
  multipath: [],
  installed: undefined,
};

type Traits = Partial<PathAttributes> &
  Readonly<{ weight?: number; external?: boolean; metric?: number | undefined; routerId?: string; from?: string }>;

function path(traits: Traits): Path {
  const { weight = 0, external = true, metric = 0, routerId = '1.1.1.1', from = '192.0.2.1', ...rest } = traits;
  const attributes = { ...PLAIN, asPath: [{ kind: 'sequence', asns: [65001] }] as const, nextHop: ip(from), ...rest };
  return {
    destination,
    source: { address: ip(from), external, routerId: ip(routerId), isClient: {} },
    received: attributes,
    attributes,
    weight,
    hop: { address: ip(from), metric: 'metric' in traits ? traits.metric : metric, paths: new Set() },
  };
}

const local: Path = {
  destination,
  source: undefined,
  received: PLAIN,
  attributes: PLAIN,
  weight: 0,
  hop: undefined,
};
const sequence = (...asns: number[]): Pick<PathAttributes, 'asPath'> => ({ asPath: [{ kind: 'sequence', asns }] });

/** In each row the first path wins over the second. */
const rows = [
  { won: 'highest weight', a: path({ weight: 5, localPreference: 1 }), b: path({ localPreference: 200 }) },
  { won: 'highest local preference', a: path({ localPreference: 200, ...sequence(1, 2) }), b: path({}) },
  { won: 'locally originated', a: local, b: path({ ...sequence(1) }) },
  { won: 'shortest AS path', a: path({ origin: 'incomplete' }), b: path(sequence(1, 2)) },
  {
    won: 'shortest AS path',
    a: path({ asPath: [{ kind: 'set', asns: [1, 2, 3] }], origin: 'egp' }),
    b: path(sequence(1, 2)),
  },
  { won: 'lowest origin', a: path({ med: 9 }), b: path({ origin: 'egp' }) },
  { won: 'lowest MED', a: path({ external: false, med: 1 }), b: path({ med: 2 }) },
  { won: 'lowest MED', a: path({ external: false }), b: path({ med: 2 }) },
  { won: 'eBGP over iBGP', a: path({ metric: 9 }), b: path({ external: false }) },
  { won: 'lowest IGP metric to next hop', a: path({ metric: 1, routerId: '9.9.9.9' }), b: path({ metric: 2 }) },
  { won: 'lowest router ID', a: path({ from: '192.0.2.9' }), b: path({ routerId: '2.2.2.2' }) },
  {
    won: 'lowest router ID',
    a: path({ external: false, originatorId: IpAddress.v4(1), routerId: '9.9.9.9' }),
    b: path({ external: false, routerId: '0.0.0.2' }),
  },
  {
    won: 'shortest cluster list',
    a: path({ external: false, clusterList: [1], from: '192.0.2.9' }),
    b: path({ external: false, clusterList: [1, 2] }),
  },
  { won: 'lowest neighbor address', a: path({}), b: path({ from: '192.0.2.2' }) },
] as const;

for (const row of rows) {
  test(`decision: ${row.won} (RFC 4271 section 9.1.2.2)`, () => {
    for (const paths of [
      [row.a, row.b],
      [row.b, row.a],
    ]) {
      assert.equal(decide(paths, rules).best, row.a);
      const verdicts = explain(paths, rules);
      assert.equal(verdicts.find((verdict) => verdict.path === row.a)?.reason, row.won);
    }
  });
}

test('MED compares within one neighbouring AS only, unless always-compare-med', () => {
  const a = path({ ...sequence(1), med: 50, routerId: '1.1.1.1' });
  const b = path({ ...sequence(2), med: 10, routerId: '2.2.2.2', from: '192.0.2.2' });
  assert.equal(decide([a, b], rules).best, a);
  assert.equal(decide([a, b], { ...rules, alwaysCompareMed: true }).best, b);
});

test('an unreachable next hop and a denied path take no part (RFC 4271 section 9.1.2.1)', () => {
  const lost = path({ weight: 100, metric: undefined });
  const denied: Path = { ...path({ weight: 100 }), attributes: undefined };
  const good = path({});
  assert.equal(decide([lost, denied, good], rules).best, good);
  assert.equal(decide([lost, denied], rules).best, undefined);
  assert.deepEqual(
    explain([lost, denied, good], rules).map(({ reason }) => reason),
    ['next hop unreachable', 'denied by inbound policy', 'only path'],
  );
});

test('multipath takes equal paths of one kind and one AS path up to the limit', () => {
  const paths = [1, 2, 3].map((n) => path({ from: `192.0.2.${n}`, routerId: `${n}.0.0.0` }));
  const other = path({ ...sequence(65002), from: '192.0.2.4', routerId: '4.0.0.0' });
  const all = [...paths, other];
  assert.deepEqual(decide(all, rules).multipath, paths);
  assert.equal(decide(all, { ...rules, maximumPaths: { ebgp: 2, ibgp: 1 } }).multipath.length, 2);
  assert.equal(decide(all, { ...rules, maximumPaths: { ebgp: 1, ibgp: 8 } }).multipath.length, 1);
});

test('the decision does not depend on the order of the paths', () => {
  const small = fc.nat(1);
  const traits = fc.record({ med: small, metric: small, weight: small, localPreference: small, as: small, id: small });
  fc.assert(
    fc.property(fc.uniqueArray(traits, { minLength: 1, maxLength: 8 }), fc.nat(), (list, turn) => {
      const paths = list.map((t, i) =>
        path({
          med: t.med,
          metric: t.metric,
          weight: t.weight,
          localPreference: t.localPreference,
          ...sequence(t.as + 1),
          routerId: `0.0.0.${t.id + 1}`,
          from: `192.0.2.${i + 1}`,
        }),
      );
      const k = turn % paths.length;
      const turned = [...paths.slice(k), ...paths.slice(0, k)].reverse();
      assert.equal(decide(turned, rules).best, decide(paths, rules).best);
      const best = explain(paths, rules).filter(({ path: found }) => found === decide(paths, rules).best);
      assert.equal(best.length, 1);
    }),
    { numRuns: 150 },
  );
});
