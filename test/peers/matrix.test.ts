/** The document about interoperability says what the tests prove, no more and no less. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { matrix } from './matrix.ts';
import { matrixDocument } from './matrix-document.ts';

const here = dirname(fileURLToPath(import.meta.url));
const document = join(here, '../../docs/interoperability.md');

test('docs/interoperability.md is drawn from the matrix', () => {
  if (process.env['WHEELWRIGHT_GOLDENS'] === 'write') writeFileSync(document, matrixDocument());
  assert.equal(readFileSync(document, 'utf8'), matrixDocument());
});

test('every area of the matrix has a file of tests that proves it whole', () => {
  const texts = readdirSync(here)
    .filter((name) => name.endsWith('.test.ts') && name !== 'matrix.test.ts')
    .map((name) => readFileSync(join(here, name), 'utf8'));
  for (const name of Object.keys(matrix)) {
    const proofs = texts.flatMap((text) => text.match(new RegExp(`new Proof\\(matrix\\.${name}\\)`, 'g')) ?? []);
    assert.equal(proofs.length, 1, `matrix.${name}`);
  }
});
