/** Of a generated fabric nothing is said, and every fault that is put into it is named at its line. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Checker, isAtLeast } from '../src/check/index.ts';
import { cleanFabric, inject, KINDS } from './check-fabric.ts';

test('a clean fabric of both dialects: nothing but notes; with faults: each of them', () => {
  const clean = cleanFabric(600, 3);
  const least = new Checker()
    .check({ sources: clean })
    .findings.filter(({ severity }) => isAtLeast(severity, 'warning'));
  assert.deepEqual(least, []);
  const { sources, injected } = inject(clean);
  assert.equal(new Set(injected.map(({ kind }) => kind)).size, KINDS.length);
  const places = new Set<string>();
  for (const { lines, severity, rule } of new Checker().check({ sources }).findings) {
    if (severity === 'note' && rule !== 'tunnel-destination-unknown') continue;
    for (const { position } of lines) places.add(`${position.file}:${position.line}`).add(position.file);
  }
  const missed = injected.filter(({ file, line }) => !places.has(line === 0 ? file : `${file}:${line}`));
  assert.deepEqual(missed, []);
});
